#!/usr/bin/env python3
"""Makes assets/earth/plates.txt: the Earth's plates on a grid, and how they turn.

    make_plates.py PB2002_plates.json PB2002_poles.dat.txt OUT.txt

The inputs are those of Bird 2003 (doi 10.1029/2001GC000252): outlines as GeoJSON, and poles by which plates turn against the
Pacific. What turns against the hot spots is written: the Pacific turns against them as Gripp and Gordon 2002 say
(doi 10.1046/j.1365-246X.2002.01627.x). Needs numpy.
"""

import json
import sys

import numpy as np

COLUMNS, ROWS = 1440, 720
PACIFIC = (-61.467, 90.326, 1.0613)
HEADING = """\
# The Earth's plates: a line for each plate (code, name, degrees north and east of the pole about which it turns counterclockwise,
# degrees in a million years), and a line for each quarter of a degree of latitude, from 90 north to 90 south: runs of plates from
# 180 west to 180 east, code and how many quarters of a degree. Made by scripts/earth/make_plates.py; see README.md.
"""


def vector(north, east, speed):
    north, east = np.radians(north), np.radians(east)
    return speed * np.array([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


def pole(vector):
    speed = np.linalg.norm(vector)
    x, y, z = vector / speed
    return np.degrees(np.arcsin(z)), np.degrees(np.arctan2(y, x)), speed


def main():
    outlines, poles, out = sys.argv[1:]
    turns = {}
    for line in open(poles):
        code, north, east, speed = line.split()[:4]
        turns[code] = vector(float(north), float(east), float(speed)) + vector(*PACIFIC)
    grid = np.full((ROWS, COLUMNS), -1)
    plates = []
    east = (np.arange(COLUMNS) + 0.5) * 360 / COLUMNS - 180
    north = 90 - (np.arange(ROWS) + 0.5) * 180 / ROWS
    for feature in json.load(open(outlines))["features"]:
        code, name = feature["properties"]["Code"], feature["properties"]["PlateName"]
        if (code, name) not in plates:
            plates.append((code, name))
        shape = feature["geometry"]
        parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        inside = np.zeros((ROWS, COLUMNS), bool)
        for ring in (ring for part in parts for ring in part):
            for (x0, y0, *_), (x1, y1, *_) in zip(ring, ring[1:] + ring[:1]):
                rows = np.flatnonzero((north > min(y0, y1)) & (north <= max(y0, y1)))
                for row in rows:
                    inside[row] ^= east > x0 + (north[row] - y0) / (y1 - y0) * (x1 - x0)
        grid[inside & (grid < 0)] = plates.index((code, name))
    print(f"{(grid < 0).sum()} cells lie in no plate and take the one beside them")
    while (grid < 0).any():
        for shift in (1, -1):
            beside = np.roll(grid, shift, axis=1)
            grid = np.where(grid < 0, beside, grid)
    with open(out, "w") as file:
        file.write(HEADING)
        for code, name in plates:
            north, east, speed = pole(turns[code])
            file.write(f"plate {code},{name},{north:.3f},{east:.3f},{speed:.4f}\n")
        for row in grid:
            starts = np.flatnonzero(np.diff(row, prepend=-1))
            counts = np.diff(starts, append=COLUMNS)
            runs = " ".join(f"{plates[row[at]][0]} {count}" for at, count in zip(starts, counts))
            file.write(f"row {runs}\n")


main()
