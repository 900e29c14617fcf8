#!/usr/bin/env python3
"""Makes the land cover of the Earth: a raster of surface classes, and the materials that they are.

The land pixels of a picture of the Earth are clustered by colour (k-means in CIE Lab, with the climate
belt and high plateaus as further axes), snow and glaciers apart from other ground. Each pixel then takes
the class that is near in colour and common around it (iterated conditional modes: J. Besag, "On the
statistical analysis of dirty pictures", 1986), so that classes lie in patches. Sea and lakes take the
class of the nearest land, so that coasts do not turn blue.

Needs numpy, scipy and Pillow. About three minutes; the same input gives the same output.

    scripts/earth/make_land_cover.py \\
        --picture assets/earth/bluemarble.jpg --relief assets/earth/relief2m5.tif \\
        --glaciers glaciers.geojson --lakes lakes.geojson \\
        --cover assets/earth/land_cover.png --materials assets/materials.ron

glaciers.geojson and lakes.geojson are Natural Earth's 1:10 million outlines (public domain). The rows of
the material table between the two marking comments are replaced. Old worlds know materials by the order
of rows: keep the classes of a published table.
"""

import argparse
import json

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin
from scipy import ndimage

Image.MAX_IMAGE_PIXELS = None
SEED = 7
# How many classes each group has.
GROUPS = {"ground": 40, "arctic snow": 3, "mountain snow": 3, "ice": 3, "salt": 1, "lava": 2}
FROZEN = ("arctic snow", "mountain snow", "ice")
# A pixel gains this much (squared colour difference) for each of 8 neighbours of its class.
COHERENCE = 1.0
# What a class costs that no neighbour has.
ODD = 40.0
PASSES = 5
# Squared colour differences grow by the squares of these where belts or heights differ.
BELT_WEIGHT = 6.0
PLATEAU_WEIGHT = 11.0
# Snow and ice are no brighter than this sRGB value, so that light can shape their slopes.
BRIGHTEST = 0.92
MARKS = ("    // Land cover begins: made by scripts/earth/make_land_cover.py.", "    // Land cover ends.")


def to_linear(srgb):
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def to_srgb(linear):
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def to_lab(srgb):
    """CIE Lab (D65) of sRGB 0..=1."""
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_linear(srgb) @ matrix.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    ).astype(np.float32)


def smoothstep(low, high, value):
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def outlines(path, width, height):
    """The share of each pixel inside the polygons of a GeoJSON file, 0..=1."""
    fine = 2
    canvas = Image.new("L", (width * fine, height * fine))
    draw = ImageDraw.Draw(canvas)
    scale = width * fine / 360
    for feature in json.load(open(path, encoding="utf-8"))["features"]:
        shape = feature["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        for rings in polygons:
            for index, ring in enumerate(rings):
                places = [((lon + 180) * scale, (90 - lat) * scale) for lon, lat, *_ in ring]
                if len(places) >= 3:
                    draw.polygon(places, fill=255 if index == 0 else 0)
    return np.asarray(canvas.reduce(fine), np.float32) / 255


def heights(path, lat, lon):
    """Metres above the sea at the middles of pixels; the file is point-registered from 90 N, 180 W."""
    grid = np.asarray(Image.open(path)).astype(np.float32)
    rows = (90 - lat) / 180 * (grid.shape[0] - 1)
    columns = (lon + 180) / 360 * grid.shape[1]
    grid = np.concatenate([grid, grid[:, :1]], 1)
    return ndimage.map_coordinates(grid, np.meshgrid(rows, columns, indexing="ij"), order=1)


# Where dark ground is lava: west, south, east, north.
LAVA = [
    (-24.6, 63.2, -13.4, 66.6), (-156.5, 18.8, -154.7, 21.0), (16, 19.3, 19.6, 22), (36, 20, 42.5, 33),
    (-92, -1.5, -89, 1), (-18.5, 27.5, -13, 29.5), (14.7, 37.4, 15.3, 38), (155, 51, 162, 57), (40, 10, 43, 15),
    (-70, -37.2, -68, -35.5), (55.6, -21.2, 55.8, -21.4), (-9.3, 70.7, -7.8, 71.3),
]  # fmt: skip


def masks(lab, srgb, height_m, lat, lon, glaciers, lakes):
    """Which pixels show land, and to which group each of them belongs."""
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    red, green, blue = (srgb[..., i] * 255 for i in range(3))
    blueish = (blue > red + 2) & (light < 78)
    black = (np.max(srgb, -1) * 255 < 11) & (green < blue + 6)
    turquoise = (lab[..., 1] < -9) & (lab[..., 2] < 8) & (light < 78)
    in_lake = (lakes > 0.3) & ((light < 13) | (lab[..., 2] < 4) & (light < 60))
    water = blueish | black | turquoise | in_lake
    land = ~water & ((height_m > 0) | (height_m > -60) & (lab[..., 2] > 4))
    # Pixels next to water show some of it: where there is land behind them, that speaks for them.
    sea = ~land
    shore = land & ndimage.binary_dilation(sea, np.ones((3, 3)))
    behind = ndimage.binary_dilation(land & ~shore, np.ones((5, 5)))
    near = land & ndimage.binary_dilation(sea, np.ones((7, 7)))
    land &= ~(shore & (behind | (lab[..., 2] < 5)))
    land &= ~(near & (lab[..., 2] < 5) & (light < 70) & (np.abs(lat)[:, None] < 60))
    # Specks of land are noise of the picture.
    land &= ndimage.uniform_filter(land.astype(np.float32), 3) > 0.3

    volcanic = np.zeros(light.shape, bool)
    for west, south, east, north in LAVA:
        volcanic |= (
            (lat > south)[:, None] & (lat < north)[:, None] & (lon > west) & (lon < east)
        )
    away = np.abs(lat)[:, None]
    # Below this, a white pixel is salt or sand. Snow lies lower than what stays all summer.
    snow_floor_m = np.interp(
        away, [0, 26, 32, 37, 48, 56, 90], [4700, 4400, 3600, 2300, 700, -100, -100]
    )
    cold = height_m > snow_floor_m
    pale = (light > 72) & (chroma < 11) | (light > 62) & (chroma < 7)
    greyish = (light > 52) & (chroma < 7) & (away > 54)
    snow = cold & (pale | greyish)
    arctic = (away > 60) & (height_m < 1100)
    ice = (glaciers >= 0.5) & (light > 50) & (chroma < 14)
    ice |= (away > 60) & (lat[:, None] < 0) & (light > 60)
    group = np.zeros(light.shape, np.int8)
    group[volcanic & ((light < 30) & (chroma < 17) | (light < 38) & (away < 34) & (chroma < 19))] = 5
    group[snow & arctic] = 1
    group[snow & ~arctic] = 2
    group[ice] = 3
    group[~cold & (light > 72) & (chroma < 12) & (away < 52)] = 4
    return land, group


def spread(features, weights, count, random):
    """First centres, far from each other (k-means++: D. Arthur and S. Vassilvitskii, 2007)."""
    centres = [features[random.choice(len(features), p=weights / weights.sum())]]
    nearest = np.full(len(features), np.inf)
    for _ in range(count - 1):
        nearest = np.minimum(nearest, ((features - centres[-1]) ** 2).sum(1))
        chance = nearest * weights
        centres.append(features[random.choice(len(features), p=chance / chance.sum())])
    return np.array(centres)


def cluster(features, weights, count, random):
    """Centres by weighted k-means."""
    centres = spread(features, weights, count, random)
    for _ in range(60):
        distance = (centres**2).sum(1) - 2 * features @ centres.T
        label = distance.argmin(1)
        total = np.bincount(label, weights, count)
        for axis in range(centres.shape[1]):
            sums = np.bincount(label, weights * features[:, axis], count)
            centres[:, axis] = np.where(total > 0, sums / np.maximum(total, 1e-9), centres[:, axis])
    return centres


def rarity(lab):
    """Weights that let rare colours have a say."""
    bins = np.clip((lab - [0, -40, -30]) / [5, 4, 4], 0, 31).astype(np.int64)
    index = (bins[:, 0] * 32 + bins[:, 1]) * 32 + bins[:, 2]
    return np.maximum(np.bincount(index)[index], 30) ** -0.45


def around(mask):
    """How many of the 8 neighbours of each pixel are set; longitude wraps."""
    wide = np.pad(np.pad(mask.astype(np.uint8), ((1, 1), (0, 0))), ((0, 0), (1, 1)), mode="wrap")
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    return rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:] - mask


def classify(features, group, land, centres, owner):
    """The class of each pixel of the land, coherent with its neighbours'; -1 elsewhere."""
    label = np.full(land.shape, -1, np.int16)
    places = np.flatnonzero(land)
    own_group = group.ravel()[places]
    for step in range(PASSES):
        best = np.full(len(places), np.inf, np.float32)
        choice = np.zeros(len(places), np.int16)
        for index, centre in enumerate(centres):
            cost = ((features - centre) ** 2).sum(1)
            # Snow and ice keep to their pixels, unless they are odd ones out.
            cost += np.where(own_group == owner[index], 0, 60).astype(np.float32)
            if step > 0:
                same = around(label == index).ravel()[places]
                cost += np.where(same == 0, ODD, -COHERENCE * same.astype(np.float32))
            nearer = cost < best
            best[nearer] = cost[nearer]
            choice[nearer] = index
        label.ravel()[places] = choice
    return label


def filled(label, frozen):
    """Pixels without a class take the nearest one: rather bare ground than snow or ice, which seldom reach
    the shore."""
    reach = 100
    wide = np.pad(label, ((0, 0), (reach, reach)), mode="wrap")
    white = np.isin(wide, frozen)
    found = []
    for missing in ((wide < 0) | white, (wide < 0) | ~white):
        away, nearest = ndimage.distance_transform_edt(missing, return_indices=True)
        found.append((away, wide[tuple(nearest)]))
    (to_bare, bare), (to_white, snow) = found
    nearest = np.where(to_bare < to_white + 5, bare, snow)
    return np.where(wide < 0, nearest, wide)[:, reach:-reach]


# Lands under the plough: west, south, east, north.
FARMLANDS = [
    (-10, 36, 45, 56), (45, 50, 62, 56), (-104, 32, -80, 49), (-114, 49, -97, 54), (74, 18, 88, 32),
    (110, 29, 122, 40), (122, 42, 130, 49), (-66, -39, -50, -28), (138, -38, 150, -32), (70, 28, 76, 33),
]  # fmt: skip


def kind_of(group, lab, share):
    """What to call a class: its group, mean colour, and where it mostly lies."""
    light, red, yellow = lab
    hue = np.degrees(np.arctan2(yellow, red))
    chroma = np.hypot(red, yellow)
    if group == "ice":
        return "glacier ice"
    if group == "mountain snow":
        return "snow field"
    if group == "arctic snow":
        return "arctic snow" if light > 80 else "snowy tundra"
    if group in ("salt", "lava"):
        return {"salt": "salt flat", "lava": "lava field"}[group]
    if share["polar"] > 0.5 or share["boreal"] > 0.6:
        return "boreal forest" if light < 26 else "tundra"
    if share["high"] > 0.5 and hue < 100:
        return "high plateau"
    if red > 11:
        return "red desert"
    arid, tropical = share["arid"] > 0.45, share["tropics"] > 0.45
    if light > 55 and chroma < 12:
        return "stone desert"
    if arid and light > 50 and (hue < 97 or chroma < 10):
        return "sand desert" if light > 58 and chroma > 13 else "stone desert"
    if hue < 83:
        if arid:
            return "stone desert"
        return "dry savanna" if tropical else "dry steppe"
    if share["farmland"] > (0.5 if tropical else 0.33) and light > 24 and not (arid and hue < 97):
        return "farmland"
    if hue < 97:
        if tropical:
            return "savanna"
        return "dry steppe" if light > 34 else "steppe"
    if light > 33:
        return "savanna" if tropical else "farmland"
    return "rain forest" if tropical else "temperate forest"


KIND_MATTER = {
    # kind: roughness, density in kg/m3, Mohs hardness
    "glacier ice": (0.45, 917, 1.5),
    "snow field": (0.8, 400, 1.0),
    "arctic snow": (0.8, 350, 1.0),
    "snowy tundra": (0.9, 900, 1.0),
    "salt flat": (0.7, 2000, 2.0),
    "lava field": (0.95, 2600, 6.0),
    "stone desert": (0.95, 2200, 5.0),
    "high plateau": (0.95, 1900, 3.0),
    "sand desert": (0.95, 1600, 1.0),
    "red desert": (0.95, 1650, 1.0),
}


def shares(weights, lat, lon, height_m):
    total = weights.sum()
    away = np.abs(lat)
    part = lambda mask: float(weights[mask].sum() / total)
    farmed = np.zeros(len(lat), bool)
    for west, south, east, north in FARMLANDS:
        farmed |= (lon > west) & (lon < east) & (lat > south) & (lat < north)
    # The dry belts: northern Africa to Mongolia, south-western Africa, Australia, the Andes, the Basin.
    dry = (lat > 14) & (lat < 38) & (lon > -18) & (lon < 75) | (lat > 35) & (lat < 50) & (lon > 48) & (lon < 116)
    dry |= (lat > -32) & (lat < -18) & ((lon > 12) & (lon < 26) | (lon > 113) & (lon < 147) | (lon > -72) & (lon < -65))
    dry |= (lat > -52) & (lat < -30) & (lon > -72) & (lon < -63) | (lat > 23) & (lat < 42) & (lon > -120) & (lon < -102)
    return {
        "tropics": part(away < 25), "boreal": part(away > 52), "polar": part(away > 63),
        "farmland": part(farmed), "arid": part(dry), "high": part(height_m > 3000),
    }  # fmt: skip


def rows_of(classes):
    for row in classes:
        red, green, blue = row["srgb"]
        roughness, density, hardness = KIND_MATTER.get(row["kind"], (0.95, 1300, 1.0))
        yield (
            f'    (name: "{row["name"]}", colour: ({red:.3f}, {green:.3f}, {blue:.3f}), roughness: {roughness}, '
            f"cover: true, density_kg_m3: {density:.1f}, hardness_mohs: {hardness:.1f}),"
        )


def write_materials(path, classes):
    text = open(path, encoding="utf-8").read()
    block = "\n".join([MARKS[0], *rows_of(classes), MARKS[1]])
    if MARKS[0] in text:
        before, rest = text.split(MARKS[0])
        text = before + block + rest.split(MARKS[1])[1]
    else:
        text = text.rstrip().removesuffix("]").rstrip() + "\n" + block + "\n]\n"
    open(path, "w", encoding="utf-8").write(text)


def write_cover(path, label, classes):
    image = Image.fromarray(label.astype(np.uint8), "P")
    palette = np.array([row["srgb"] for row in classes])
    image.putpalette(np.round(palette * 255).astype(np.uint8).tobytes())
    names = PngImagePlugin.PngInfo()
    names.add_text("Classes", "\n".join(row["name"] for row in classes))
    image.save(path, compress_level=9, pnginfo=names, bits=8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    for name in ("picture", "relief", "glaciers", "lakes", "cover", "materials"):
        parser.add_argument(f"--{name}", required=True)
    paths = parser.parse_args()
    random = np.random.default_rng(SEED)

    srgb = np.asarray(Image.open(paths.picture).convert("RGB"), np.float32) / 255
    height, width = srgb.shape[:2]
    lat = 90 - (np.arange(height) + 0.5) * 180 / height
    lon = (np.arange(width) + 0.5) * 360 / width - 180
    lab = to_lab(srgb)
    height_m = heights(paths.relief, lat, lon)
    land, group = masks(
        lab, srgb, height_m, lat, lon,
        outlines(paths.glaciers, width, height), outlines(paths.lakes, width, height),
    )  # fmt: skip

    places = np.flatnonzero(land)
    at_lat, at_lon = lat[places // width], lon[places % width]
    at_lab, at_group, at_m = (v.reshape(-1, *v.shape[2:])[places] for v in (lab, group, height_m))
    weights = np.cos(np.radians(at_lat))
    away = np.abs(at_lat)
    belt = smoothstep(20, 30, away) + smoothstep(44, 60, away)
    plateau = smoothstep(2200, 3600, at_m)
    # White is white: no class is spent on what the table cannot show.
    white = at_lab[:, :1] > 90
    seen_lab = np.column_stack([np.minimum(at_lab[:, 0], 92), np.where(white, 0, at_lab[:, 1:])])
    features = np.column_stack([seen_lab, BELT_WEIGHT * belt, PLATEAU_WEIGHT * plateau]).astype(np.float32)
    centres, owner = [], []
    for index, (name, count) in enumerate(GROUPS.items()):
        members = np.flatnonzero(at_group == index)
        sample = random.choice(members, min(len(members), 400_000), replace=False)
        say = weights[sample] * rarity(at_lab[sample])
        centres.append(cluster(features[sample], say, count, random))
        owner += [index] * count
    centres = np.concatenate(centres).astype(np.float32)
    label = classify(features, group, land, centres, owner)

    names, found = list(GROUPS), label.ravel()[places]
    linear = to_linear(srgb.reshape(-1, 3)[places])
    classes, exact = [], []
    for index in range(len(centres)):
        mine = found == index
        mean = (linear[mine] * weights[mine, None]).sum(0) / weights[mine].sum()
        exact.append(to_lab(to_srgb(mean)[None])[0])
        colour = np.round(np.minimum(to_srgb(mean), BRIGHTEST + 0.1 * (to_srgb(mean) - to_srgb(mean).max())), 3)
        where = shares(weights[mine], at_lat[mine], at_lon[mine], at_m[mine])
        shade = to_lab(colour[None])[0]
        classes.append({
            "index": index, "srgb": colour, "lab": shade, "share": weights[mine].sum() / weights.sum(),
            "kind": kind_of(names[owner[index]], shade, where), "where": where,
        })  # fmt: skip
    classes.sort(key=lambda row: (row["kind"], row["lab"][0]))
    order = np.zeros(len(classes), np.int16)
    seen = {}
    for new, row in enumerate(classes):
        order[row["index"]] = new
        seen[row["kind"]] = seen.get(row["kind"], 0) + 1
        row["name"] = f"{row['kind']} {seen[row['kind']]}"
    frozen = [index for index, of in enumerate(owner) if names[of] in FROZEN]
    label = order[filled(label, frozen)]
    write_cover(paths.cover, label, classes)
    write_materials(paths.materials, classes)

    dimmed = np.array([row["lab"] for row in sorted(classes, key=lambda row: row["index"])])
    for what, shades in (("as measured", np.array(exact)), ("as in the table", dimmed)):
        difference = np.sqrt(((shades[found] - at_lab) ** 2).sum(1))
        mean = (difference * weights).sum() / weights.sum()
        print(f"mean colour difference over land (CIE 1976), colours {what}: {mean:.2f}")
    for row in classes:
        where = " ".join(f"{key} {value:.2f}" for key, value in row["where"].items())
        shade = " ".join(f"{v:6.1f}" for v in row["lab"])
        print(f"{row['name']:20} {100 * row['share']:5.2f} %  Lab {shade}  {where}")


if __name__ == "__main__":
    main()
