"""A scene: a small record of what a picture shows, made from a seed, and the drawing of that record.

The record is all that captions and checks ever look at, so that what is said of a picture is true of it.
"""

import math
from dataclasses import dataclass, field

import numpy as np

import styles
from brush import SIZE, Brush
from palette import NAMED, TIMES, custom_sky, jitter, mix, shade
from things import THINGS

KINDS = ("sea", "lake", "meadow", "mountains", "desert", "snow", "city", "table", "underwater")
SHARES = (0.21, 0.10, 0.22, 0.10, 0.08, 0.07, 0.05, 0.11, 0.06)
HOLDS = {
    "sea": ("boat", "boat", "boat", "island", "lighthouse", "balloon"), "lake": ("boat", "house", "pine", "tree", "balloon"),
    "meadow": ("house", "house", "tree", "tree", "pine", "balloon", "cat", "rabbit", "bird", "sheep", "mushroom"),
    "mountains": ("pine", "house", "balloon", "tree"), "desert": ("cactus", "cactus", "pyramid", "balloon"),
    "snow": ("pine", "house", "rabbit", "bird", "cat"), "city": ("balloon", "tree"),
    "table": ("apple", "orange", "lemon", "pear", "vase", "cat"), "underwater": ("fish",),
}
GROUND = {"sea": ("blue", "teal"), "lake": ("blue", "teal"), "meadow": ("green",), "mountains": ("blue", "purple", "green"),
          "desert": ("yellow",), "snow": ("white",), "city": ("blue",), "table": ("brown",), "underwater": ("blue",)}
OTHER_GROUND = {"sea": ("green", "purple", "pink", "orange"), "meadow": ("yellow", "purple", "red", "orange"),
                "mountains": ("red", "orange", "pink", "teal"), "desert": ("orange", "red", "pink", "white"),
                "table": ("white", "blue", "red", "green", "yellow", "purple"), "underwater": ("teal", "purple", "green")}
SKIES = ("pink", "orange", "purple", "yellow", "green", "teal", "red")
SUNS = ("yellow", "yellow", "orange", "red", "white", "pink", "blue", "green", "purple")
PLACES = {"left": 0.24, "middle": 0.5, "right": 0.76}


@dataclass
class Group:
    """`count` things of one kind and colour. `place` is where their middle is: left, middle or right."""
    kind: str
    colour: str
    count: int
    place: str
    large: bool = False
    xs: list = field(default_factory=list)


@dataclass
class Scene:
    seed: int
    kind: str
    time: str
    style: str
    ground: str
    plain_ground: bool            # the colour such a ground has by itself
    sky: str                      # a colour of its own, or "" for what the time of day gives
    light: str                    # "sun", "moon", "crescent" or ""
    light_colour: str
    light_place: str
    clouds: bool
    groups: list


def make(seed):
    """The scene of a seed. Training takes seeds from 0, checks take them from 900 000 000."""
    rng = np.random.default_rng(seed)
    pick = lambda values, p=None: values[rng.choice(len(values), p=p)]
    kind = pick(KINDS, SHARES)
    indoors = kind in ("table", "underwater")
    time = "day" if indoors else pick(tuple(TIMES), (0.36, 0.12, 0.21, 0.21, 0.10))
    style = pick(styles.STYLES, (0.50, 0.15, 0.14, 0.11, 0.10))
    if time == "night" and style in ("line", "watercolour"):
        style = "plain"
    plain_ground = kind not in OTHER_GROUND or rng.random() < 0.72
    ground = pick(GROUND[kind]) if plain_ground else pick(OTHER_GROUND[kind])
    sky = pick(SKIES) if (kind == "table" and rng.random() < 0.75) or (time == "day" and not indoors and rng.random() < 0.14) else ""
    light = ""
    if not indoors and time != "fog":
        light = pick(("moon", "crescent", ""), (0.46, 0.30, 0.24)) if time == "night" else pick(("sun", ""), (0.68, 0.32))
    light_colour = "" if not light else pick(SUNS) if light == "sun" and rng.random() < 0.62 else "yellow" if light == "sun" \
        else "white" if rng.random() < 0.6 else pick(("yellow", "orange", "pink", "blue"))
    scene = Scene(seed, kind, time, style, ground, plain_ground, sky, light, light_colour, pick(tuple(PLACES)),
                  bool(not indoors and time != "night" and rng.random() < 0.35), [])
    wanted = pick((0, 1, 2), (0.10, 0.56, 0.34) if not indoors else (0.0, 0.62, 0.38))
    names = list(dict.fromkeys(pick(HOLDS[kind]) for _ in range(wanted)))
    places = list(rng.permutation(list(PLACES)))
    for name in names:
        thing = THINGS[name]
        count = int(pick((1, 2, 3, 5), (0.52, 0.21, 0.17, 0.10)))
        if name in ("lighthouse", "island", "vase") or len(names) == 2 and count > 3:
            count = 1
        place = places.pop() if len(names) == 2 or count == 1 else "middle"
        if len(names) == 2 and place == "middle":
            place = places.pop()
        scene.groups.append(Group(name, pick(thing.colours), count, place, bool(rng.random() < 0.3)))
    return scene


def draw(scene):
    """The scene as uint8, 256 x 256 x 3."""
    rng = np.random.default_rng(scene.seed + 1)
    b = Brush(TIMES[scene.time])
    backdrop = {"table": draw_table, "underwater": draw_underwater}.get(scene.kind, draw_outdoors)
    floor = backdrop(b, scene, rng)
    draw_groups(b, scene, floor, rng)
    return styles.apply(scene.style, b.pixels(), np.random.default_rng(scene.seed + 2))


def ridge(rng, base, height, rough, steps=64):
    """A skyline from left to right by a few sine waves and midpoint noise."""
    t = np.linspace(0, 1, steps)
    y = sum(np.sin(t * math.tau * f + rng.random() * math.tau) * a for f, a in ((rng.uniform(0.5, 1.2), 0.5), (rng.uniform(1.6, 2.8), 0.3)))
    noise = np.zeros(steps)
    for octave in (4, 8, 16, 32):
        noise += np.interp(t, np.linspace(0, 1, octave + 1), rng.normal(size=octave + 1)) * rough / octave * 3
    y = base - height * (0.5 + 0.5 * np.clip(y + noise, -1.2, 1.2))
    return [(float(x * SIZE), float(v)) for x, v in zip(t, y)]


def land(b, points, colour, depth, fade=0.84):
    ys = [y for _, y in points]
    b.filled(points + [(SIZE, SIZE), (0, SIZE)], b.lit(shade(colour, 1.06), depth), b.lit(shade(colour, fade), depth * 0.7), min(ys), max(ys) + 60)


def draw_sky(b, scene, rng):
    light = b.light
    colours = custom_sky(NAMED[scene.sky], light) if scene.sky else light.sky
    horizon = rng.uniform(140, 172)
    b.gradient(0, SIZE, [jitter(c, rng, 4) for c in colours] + [colours[-1]])
    sx = PLACES[scene.light_place] * SIZE + rng.uniform(-14, 14)
    sy = rng.uniform(38, 76) if scene.time in ("day", "night") else rng.uniform(66, 112)
    if scene.time == "night":
        for _ in range(34):
            x, y, r = rng.uniform(0, SIZE), rng.uniform(0, horizon), rng.choice((0.9, 1.1, 1.6), p=(0.5, 0.3, 0.2))
            b.ellipse(x, y, r, r, (236, 238, 255), alpha=float(rng.uniform(0.55, 1)))
    if scene.light:
        colour = jitter(NAMED[scene.light_colour], rng, 5)
        r = rng.uniform(17, 26)
        b.glow(sx, sy, r * 3.6, mix(colour, (255, 255, 255), 0.25), 0.5)
        disc = mix(colour, (255, 255, 255), 0.12)
        if scene.light == "crescent":
            b.crescent(sx, sy, r * 1.1, disc)
        else:
            b.ellipse(sx, sy, r, r, disc)
    if scene.clouds:
        base = mix((255, 255, 255), colours[2], 0.35) if scene.time != "fog" else (214, 218, 222)
        for _ in range(rng.integers(2, 4)):
            cx, cy, s = rng.uniform(20, SIZE - 20), rng.uniform(24, 96), rng.uniform(0.7, 1.25)
            for dx, dy, rx, ry in ((-24, 2, 24, 9), (0, -6, 24, 14), (24, 1, 26, 10), (0, 6, 46, 8)):
                b.ellipse(cx + dx * s, cy + dy * s, rx * s, ry * s, base, alpha=0.9, blur=2.0)
    return horizon, sx


def draw_outdoors(b, scene, rng):
    horizon, sx = draw_sky(b, scene, rng)
    ground = jitter(NAMED[scene.ground], rng, 9)
    kind = scene.kind
    if kind in ("sea", "lake"):
        if kind == "lake" or rng.random() < 0.3:
            far = NAMED["purple" if scene.time in ("sunset", "dawn") else "blue"]
            for k, depth in enumerate((1.0, 0.78)[: 2 if kind == "lake" else 1]):
                land(b, ridge(rng, horizon + 2, 58 - 22 * k, 0.5), mix(far, (86, 110, 110), 0.4), depth)
        draw_water(b, scene, horizon, sx, ground, rng)
        if kind == "lake":
            land(b, ridge(rng, 244, 20, 0.1), (84, 138, 74), 0.0)
        return horizon
    if kind == "mountains":
        for k in range(4):
            base = horizon - 8 + k * 26
            points = ridge(rng, base, 92 - 17 * k, 0.75 - 0.12 * k)
            land(b, points, shade(ground, 1.0 - 0.14 * k), 1.0 - 0.28 * k, fade=0.9)
        return horizon + 50
    if kind == "city":
        for depth, low, high in ((0.9, 50, 120), (0.35, 26, 84)):
            x = -rng.uniform(0, 20)
            while x < SIZE:
                w, h = rng.uniform(18, 38), rng.uniform(low, high)
                top = horizon + 34 - h
                b.box(x, top, x + w, SIZE, b.lit(mix(jitter((106, 110, 136), rng, 12), ground, 0.25), depth))
                if depth < 0.5:
                    for wx in np.arange(x + 5, x + w - 5, 8):
                        for wy in np.arange(top + 6, horizon + 44, 11):
                            if rng.random() < 0.6:
                                lit = scene.time in ("night", "sunset")
                                b.box(wx, wy, wx + 4, wy + 5, (255, 220, 130) if lit else b.lit((170, 196, 214), 0.2))
                x += w + rng.uniform(0, 5)
        b.gradient(horizon + 50, SIZE, [b.lit((96, 98, 104), 0.1), b.lit((70, 72, 80))])
        return horizon + 44
    if kind == "meadow" and rng.random() < 0.45:
        land(b, ridge(rng, horizon + 6, 52, 0.5), (112, 128, 168), 0.95)
    rough = {"meadow": 0.05, "desert": 0.02, "snow": 0.06}[kind]
    for k in range(3):
        colour = shade(ground, (1.02, 0.95, 0.88)[k]) if kind != "snow" else shade((226, 234, 244), (0.95, 0.98, 1.0)[k])
        land(b, ridge(rng, horizon + 14 + 32 * k, 30 - 6 * k, rough), colour, 0.6 - 0.28 * k, fade=0.8 if kind != "snow" else 0.92)
    return horizon + 24


def draw_water(b, scene, horizon, sx, ground, rng):
    sky = custom_sky(NAMED[scene.sky], b.light)[2] if scene.sky else b.light.sky[2]
    top = mix(b.lit(ground, 0.4), sky, 0.35)
    b.gradient(horizon, SIZE, [top, b.lit(ground, 0.1), b.lit(shade(ground, 0.72))])
    for _ in range(12):
        y = horizon + 4 + (rng.random() ** 1.4) * (SIZE - horizon)
        scale = (y - horizon) / (SIZE - horizon)
        x, w = rng.uniform(0, SIZE), 12 + 40 * scale
        b.ellipse(x, y, w, 0.8 + 1.6 * scale, mix(top, (255, 255, 255), 0.25), alpha=0.35)
    if scene.light:
        colour = mix(NAMED[scene.light_colour], (255, 255, 255), 0.35)
        y = horizon + 3
        while y < SIZE:
            scale = (y - horizon) / (SIZE - horizon)
            b.ellipse(sx + rng.normal() * 4 * (0.4 + scale), y, (7 + 20 * scale) * rng.uniform(0.6, 1.1), 1.0 + 1.8 * scale, colour, alpha=0.75 - 0.4 * scale)
            y += 4 + 5.5 * scale


def draw_table(b, scene, rng):
    wall = jitter(NAMED[scene.sky] if scene.sky else (214, 206, 192), rng, 8)
    top = jitter(NAMED[scene.ground], rng, 8)
    edge = rng.uniform(146, 170)
    b.gradient(0, edge, [shade(wall, 1.12), shade(wall, 0.86)])
    b.glow(rng.uniform(40, 120), rng.uniform(20, 60), 150, (255, 255, 255), 0.28)
    b.gradient(edge, SIZE, [shade(top, 1.1), shade(top, 0.74)])
    return edge


def draw_underwater(b, scene, rng):
    water = jitter(NAMED[scene.ground], rng, 8)
    b.gradient(0, SIZE, [shade(water, 1.45), water, shade(water, 0.55)])
    for _ in range(4):
        x, w = rng.uniform(-30, SIZE), rng.uniform(12, 30)
        b.polygon([(x, 0), (x + w, 0), (x + w * 2.4 + 40, SIZE), (x + 40, SIZE)], (255, 255, 255), alpha=0.07, blur=6)
    land(b, ridge(rng, 238, 22, 0.1), (222, 200, 150), 0.0)
    for _ in range(rng.integers(2, 6)):
        x, h = rng.uniform(8, SIZE - 8), rng.uniform(36, 84)
        sway = rng.uniform(-10, 10)
        b.line([(x, 250), (x + sway, 250 - h * 0.4), (x - sway * 0.5, 250 - h * 0.75), (x + sway, 250 - h)], (44, 128, 84), 6)
    for _ in range(8):
        r = rng.uniform(1.5, 4)
        b.ellipse(rng.uniform(0, SIZE), rng.uniform(10, 190), r, r, (255, 255, 255), alpha=0.4)
    return 70


def draw_groups(b, scene, floor, rng):
    """Far things first. Sets each group's `xs`, the middles of its things in 0..1."""
    marks = []
    two = len(scene.groups) == 2
    for group in scene.groups:
        thing = THINGS[group.kind]
        base = {1: 92, 2: 70, 3: 60}.get(group.count, 46) * (1.16 if group.large else 1.0) * (0.84 if two else 1.0)
        h = base * thing.height * (0.72 if group.kind == "balloon" else 1.0)
        h = min(h, 190 / thing.width / 2 / (1.0 if group.count == 1 else group.count * 0.62))
        spread = (0.30 if two else 0.74) * SIZE if group.count > 1 else 0
        half = h * thing.width
        spread = max(spread, min(SIZE - 2.1 * half, 1.9 * half * (group.count - 1)))
        middle = PLACES[group.place] * SIZE if group.count == 1 or two else SIZE / 2
        middle = float(np.clip(middle + rng.uniform(-8, 8), spread / 2 + half + 3, SIZE - spread / 2 - half - 3))
        for i in range(group.count):
            x = middle + spread * (i / max(1, group.count - 1) - 0.5) + (rng.uniform(-4, 4) if group.count > 1 else 0)
            marks.append((foot(group, scene, floor, h, rng), x, h, group))
            group.xs.append(float(x / SIZE))
    for y, x, h, group in sorted(marks, key=lambda m: m[0]):
        grounded = group.kind not in ("balloon", "fish", "boat", "island", "lighthouse") and scene.kind != "table"
        if grounded:
            b.ellipse(x + h * 0.06, y, h * THINGS[group.kind].width * 0.9, h * 0.06, (16, 20, 30), alpha=0.25, blur=h * 0.025)
        elif group.kind in ("boat", "island", "lighthouse"):
            b.ellipse(x, y + h * 0.03, h * THINGS[group.kind].width, h * 0.05, (16, 24, 50), alpha=0.28, blur=h * 0.02)
        THINGS[group.kind].draw(b, x, y, h, jitter(NAMED[group.colour], rng, 6), rng, scene.time == "night")


def foot(group, scene, floor, h, rng):
    """Where a thing stands (y of its foot)."""
    room = SIZE - floor
    if group.kind == "balloon":
        return float(np.clip(rng.uniform(0.30, 0.52) * SIZE, h + 6, SIZE * 0.62))
    if group.kind == "fish":
        return float(np.clip(rng.uniform(0.30, 0.80) * SIZE, h + 10, 222))
    if group.kind in ("house", "pine", "tree") and scene.kind == "lake":
        return rng.uniform(236, 246)
    if group.kind in ("island", "lighthouse"):
        return floor + room * rng.uniform(0.22, 0.42)
    return floor + room * rng.uniform(0.48, 0.86)
