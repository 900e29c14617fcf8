"""The zarr-python side of the imports bench: writes lod 0 of a volume as our arrays hold it, times itself, and compares.

Needs zarr and numcodecs. Usage: zarr_python.py VOLUME.npy TARGET OURS INDEX
OURS is the array of lod 0 of a world, or `-` to compare nothing; INDEX is where the volume begins along each of its axes.
"""

import sys
import warnings
from time import perf_counter

import numpy as np
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ZstdCodec

warnings.simplefilter("ignore")
from numcodecs.zarr3 import Shuffle  # noqa: E402

SHARD = 256


def main():
    source, target, ours, index = sys.argv[1:]
    volume = np.load(source, mmap_mode="r")
    start = perf_counter()
    array = zarr.create_array(
        target,
        shape=volume.shape,
        dtype="uint16",
        chunks=(64, 64, 64),
        shards=(SHARD, SHARD, SHARD),
        fill_value=65535,
        filters=None,
        serializer=BytesCodec(),
        compressors=[Shuffle(elementsize=2), ZstdCodec(level=1), Crc32cCodec()],
    )
    steps = [range(0, edge, SHARD) for edge in volume.shape]
    for y in steps[0]:
        for z in steps[1]:
            for x in steps[2]:
                part = np.s_[y : y + SHARD, z : z + SHARD, x : x + SHARD]
                array[part] = volume[part]
    seconds = perf_counter() - start
    if ours != "-":
        array, at, edge = zarr.open_array(ours, mode="r"), int(index), volume.shape[1]
        for y in steps[0]:
            expected = volume[y : y + SHARD]
            top = at + y + len(expected)
            found = array[at + y : top, at : at + edge, at : at + edge]
            # What is not stored is as the baseline has it: air above the ground and below it.
            if not np.array_equal(np.where(found == 65535, expected, found), expected):
                sys.exit(f"ours differs from the volume between layers {y} and {y + SHARD}")
    print(seconds)


main()
