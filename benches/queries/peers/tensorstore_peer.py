"""The TensorStore side of the queries bench: commands on stdin, one line back for each.

Needs tensorstore and numpy. Usage: tensorstore_peer.py DIR SX SY SZ
"""

import sys
from pathlib import Path
from time import perf_counter_ns

import numpy as np
import tensorstore as ts

EDGE = 64


def fail(text):
    print(f"tensorstore: {text}", file=sys.stderr)
    sys.exit(2)


def load(path, dtype, per_item):
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    item = np.dtype(dtype).itemsize * per_item
    if len(data) % item != 0:
        fail(f"{path} has {len(data)} bytes, not a multiple of {item}")
    return np.frombuffer(data, dtype)


def build(volume):
    # One thread, and room for all chunks: nothing is decoded twice.
    context = ts.Context({"cache_pool": {"total_bytes_limit": 4 << 30}, "data_copy_concurrency": {"limit": 1}})
    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "memory"},
        "metadata": {
            "shape": list(volume.shape),
            "data_type": "uint16",
            "fill_value": 0,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [EDGE] * 3}},
            "codecs": [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "zstd", "configuration": {"level": 1}},
            ],
        },
    }
    array = ts.open(spec, context=context, create=True).result()
    array.write(volume).result()
    array.read().result()
    return array


def regions(array, path, out):
    corners = load(path, "<i4", 3).reshape(-1, 3)
    size_y, size_z, size_x = array.shape
    if (corners < 0).any() or (corners > np.array([size_x, size_y, size_z]) - EDGE).any():
        fail(f"{path} has a region that leaves the volume")
    sums = np.zeros(len(corners), "<u8")
    elapsed = 0
    for i, (x, y, z) in enumerate(corners.tolist()):
        start = perf_counter_ns()
        voxels = array[y : y + EDGE, z : z + EDGE, x : x + EDGE].read().result()
        elapsed += perf_counter_ns() - start
        sums[i] = voxels.sum(dtype=np.uint64)
    overhead = 0
    for _ in corners:
        start = perf_counter_ns()
        array[0:0, 0:0, 0:0].read().result()
        overhead += perf_counter_ns() - start
    try:
        sums.tofile(out)
    except OSError as error:
        fail(f"{out}: {error.strerror}")
    return f"elapsed_ns {elapsed} overhead_ns {overhead}"


def stored_bytes(array):
    return sum(len(array.kvstore.read(key).result().value) for key in array.kvstore.list().result())


def main():
    if len(sys.argv) != 5 or not all(text.isdecimal() for text in sys.argv[2:]):
        fail("usage: tensorstore_peer.py DIR SX SY SZ")
    folder = sys.argv[1]
    size_x, size_y, size_z = map(int, sys.argv[2:])
    volume = load(f"{folder}/volume.u16", "<u2", 1)
    if volume.size != size_x * size_y * size_z:
        fail(f"{folder}/volume.u16 has {volume.size} voxels, not {size_x * size_y * size_z}")
    array = build(volume.reshape(size_y, size_z, size_x))
    del volume
    print("ready", flush=True)
    for line in sys.stdin:
        match line.strip().split(maxsplit=2):
            case ["bytes"]:
                answer = f"bytes {stored_bytes(array)}"
            case ["regions", name, out]:
                answer = regions(array, f"{folder}/regions_{name}.i32", out)
            case _:
                answer = f"error unknown command: {line.strip()}"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
