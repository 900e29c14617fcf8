"""Writes the cells of chunks of a world to standard output, as zarr-python reads them.

read_chunks.py WORLD REGION,LOD,Y,Z,X...
"""

import sys

import zarr

world = zarr.open_group(sys.argv[1], mode="r")
for argument in sys.argv[2:]:
    region, lod, y, z, x = (int(number) for number in argument.split(","))
    array = world[f"region{region}/lod{lod}"]
    cells = array[y * 64 : y * 64 + 64, z * 64 : z * 64 + 64, x * 64 : x * 64 + 64]
    assert cells.shape == (64, 64, 64), cells.shape
    assert (cells != array.fill_value).all(), f"{argument} is not stored"
    sys.stdout.buffer.write(cells.astype("<u2").tobytes())
