#!/usr/bin/env python3
"""Removes spikes from relief2m5.tif: single nodes far above all eight around them that no other source knows.

    clean_relief.py RELIEF.tif ETOPO5.tif SUMMITS.csv OUT.tif

A node is a spike if it is more than RISE_M above its highest neighbour, more than DOUBT_M above everything that
ETOPO5 has around, and no mountain of the list stands near by that is as high. It takes the mean of its neighbours.
Everything else of the file, tags included, stays as it is. Needs numpy.
"""

import csv
import struct
import sys
import zlib

import numpy as np

RISE_M = 350
DOUBT_M = 500
# How far around a node, in steps of its own grid, ETOPO5 and the list of summits are asked.
AROUND = 4
TAGS = {256: "width", 257: "height", 273: "offsets", 278: "rows", 279: "counts", 317: "predictor"}
KINDS = {3: ("H", 2), 4: ("I", 4)}


def read(path):
    """The bytes of a TIFF of 16-bit strips, its tags and its samples."""
    data = open(path, "rb").read()
    assert data[:4] == b"II*\0", f"{path}: no little-endian TIFF"
    (start,) = struct.unpack_from("<I", data, 4)
    tags = {}
    for k in range(struct.unpack_from("<H", data, start)[0]):
        tag, kind, count, value = struct.unpack_from("<HHII", data, start + 2 + 12 * k)
        if tag in TAGS:
            code, size = KINDS[kind]
            place = start + 2 + 12 * k + 8 if count * size <= 4 else value
            tags[TAGS[tag]] = (struct.unpack_from(f"<{count}{code}", data, place), place, code)
    width, height = tags["width"][0][0], tags["height"][0][0]
    strips = []
    for offset, count in zip(tags["offsets"][0], tags["counts"][0]):
        raw = data[offset : offset + count]
        raw = zlib.decompress(raw) if len(raw) and raw[:1] == b"\x78" else raw
        strips.append(np.frombuffer(raw, "<i2").reshape(-1, width))
    samples = np.concatenate(strips)
    if tags.get("predictor", ((1,),))[0][0] == 2:
        samples = np.cumsum(samples, axis=1, dtype=np.int16)
    assert samples.shape == (height, width), f"{path}: {samples.shape}"
    return data, tags, samples


def write(path, data, tags, samples):
    """The same TIFF with other samples: new strips at its end."""
    out = bytearray(data[: min(tags["offsets"][0])])
    assert max(place for _, place, _ in tags.values()) < len(out), "tags behind the strips"
    differences = np.diff(samples, axis=1, prepend=np.zeros((len(samples), 1), np.int16))
    rows = tags["rows"][0][0]
    offsets, counts = [], []
    for first in range(0, len(samples), rows):
        strip = zlib.compress(differences[first : first + rows].astype("<i2").tobytes(), 9)
        offsets.append(len(out))
        counts.append(len(strip))
        out += strip
    for name, values in (("offsets", offsets), ("counts", counts)):
        _, place, code = tags[name]
        struct.pack_into(f"<{len(values)}{code}", out, place, *values)
    open(path, "wb").write(out)


def shifted(grid, south, east):
    """The grid moved by some nodes; rows beyond a pole repeat the last."""
    rows = np.clip(np.arange(len(grid)) + south, 0, len(grid) - 1)
    return np.roll(grid[rows], -east, axis=1)


def main(relief_path, etopo_path, summits_path, out_path):
    data, tags, relief = read(relief_path)
    relief = relief.astype(np.int32)
    _, _, etopo = read(etopo_path)
    etopo = etopo.astype(np.int32)
    around = [shifted(relief, i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    rise = relief - np.maximum.reduce(around)
    mean = np.rint(sum(around) / 8).astype(np.int32)
    rows, columns = np.nonzero((rise > RISE_M) & (relief > 0))
    # Both grids begin at 90 degrees north and 180 degrees west or Greenwich; both have nodes at the poles.
    step = 180 / (len(relief) - 1)
    lats, lons = 90 - rows * step, -180 + columns * step
    tall = [
        (float(row["lat_deg"]), float(row["lon_deg"]), float(row["elevation_m"]))
        for row in csv.DictReader(open(summits_path, encoding="utf-8"))
        if row["kind"] == "mountain"
    ]
    lat_s, lon_s, height_s = np.array(tall).T
    removed = 0
    cleaned = relief.copy()
    for row, column, lat, lon in zip(rows, columns, lats, lons):
        wide = AROUND * step / max(np.cos(np.radians(lat)), 0.05)
        r = np.arange((row - AROUND) // 2, (row + AROUND) // 2 + 1).clip(0, len(etopo) - 1)
        c = np.arange(int((lon - wide + 180) * 12), int((lon + wide + 180) * 12) + 2)
        known = etopo[np.ix_(r, c % etopo.shape[1])].max()
        apart = np.hypot(lat_s - lat, (lon_s - lon) * np.cos(np.radians(lat)))
        near = height_s[apart < AROUND * step]
        is_listed = near.size and near.max() > relief[row, column] - 200
        if relief[row, column] > known + DOUBT_M and not is_listed:
            cleaned[row, column] = mean[row, column]
            removed += 1
    write(out_path, data, tags, cleaned.astype(np.int16))
    print(f"{removed} of {len(rows)} lone nodes were spikes")


if __name__ == "__main__":
    main(*sys.argv[1:])
