"""Reads or changes a world with zarr-python, as the JSON request on standard input says.

{"world": path, "make": [...], "write": [...], "read": [...]}, each optional, done in this order:

make   {"array", "like", "index_location"}: a lod made by zarr-python with the shape of another
write  {"array", "start", "shape", "first", "step"}: cells become first + step * i, modulo 60000
read   {"array", "start", "shape"}: cells, little-endian uint16, to standard output
"""

import json
import sys
import warnings

import numpy as np
import zarr
from zarr.codecs import ZstdCodec

warnings.simplefilter("ignore")


def make(world, array, like, index_location):
    like = world[like]
    lods = int(array.split("lod")[1]) - int(like.path.split("lod")[1])
    origin = [cells >> lods for cells in like.attrs["origin"]]
    world.create_array(
        name=array,
        shape=tuple(cells >> lods for cells in like.shape),
        dtype="uint16",
        chunks=like.chunks,
        shards={"shape": like.shards, "index_location": index_location},
        compressors=ZstdCodec(level=5),
        fill_value=65535,
        dimension_names=["y", "z", "x"],
        attributes={"cell_m": like.attrs["cell_m"] * 2**lods, "origin": origin},
    )


def box(start, shape):
    return tuple(slice(first, first + cells) for first, cells in zip(start, shape))


def write(world, array, start, shape, first, step):
    cells = (first + step * np.arange(np.prod(shape), dtype=np.int64)) % 60000
    world[array][box(start, shape)] = cells.astype("uint16").reshape(shape)


def read(world, array, start, shape):
    cells = world[array][box(start, shape)]
    assert cells.dtype == np.uint16 and cells.shape == tuple(shape), (cells.dtype, cells.shape)
    sys.stdout.buffer.write(cells.astype("<u2").tobytes())


def check_images(world):
    """Every lod that a region names is there, and is as large as it says."""
    for name in world.attrs["bluemarble"]["regions"]:
        if name not in world:
            continue
        region = world[name]
        (image,) = region.attrs["ome"]["multiscales"]
        assert [axis["name"] for axis in image["axes"]] == ["y", "z", "x"]
        for dataset in image["datasets"]:
            array = region[dataset["path"]]
            scale, _ = dataset["coordinateTransformations"]
            assert scale["scale"] == [array.attrs["cell_m"]] * 3, (array.path, scale)
            assert list(array.metadata.dimension_names) == ["y", "z", "x"]


request = json.load(sys.stdin)
world = zarr.open_group(request["world"], mode="r+")
check_images(world)
for step in request.get("make", []):
    make(world, **step)
for step in request.get("write", []):
    write(world, **step)
for step in request.get("read", []):
    read(world, **step)
