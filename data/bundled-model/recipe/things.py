"""The things a scene can hold. Each stands with its foot at (x, y), is `h` pixels high and has one main colour.

`THINGS` says for each: how to draw it, which colours it takes, how wide it is against its height.
"""

from dataclasses import dataclass
from typing import Callable

from palette import shade

WOOD = (118, 78, 50)
LEAF = (66, 132, 66)
WINDOW = (255, 226, 140)


def boat(b, x, y, h, colour, rng, night):
    hull, sail = b.lit(shade(colour, 0.72)), b.lit(colour)
    b.line([(x, y - h * 0.2), (x, y - h)], b.lit(WOOD), h * 0.03)
    b.polygon([(x + h * 0.03, y - h), (x + h * 0.03, y - h * 0.24), (x + h * 0.42, y - h * 0.24)], sail)
    b.polygon([(x - h * 0.04, y - h * 0.9), (x - h * 0.04, y - h * 0.24), (x - h * 0.32, y - h * 0.24)], b.lit(shade(colour, 1.25)))
    b.polygon([(x - h * 0.42, y - h * 0.18), (x + h * 0.48, y - h * 0.18), (x + h * 0.32, y), (x - h * 0.28, y)], hull)


def house(b, x, y, h, colour, rng, night):
    w = h * 0.95
    wall, roof = b.lit(colour), b.lit((120, 62, 52) if sum(colour) > 300 else (176, 168, 160))
    b.box(x - w / 2, y - h * 0.58, x + w / 2, y, wall)
    b.box(x + w * 0.22, y - h, x + w * 0.34, y - h * 0.62, b.lit((110, 84, 76)))
    b.polygon([(x - w * 0.6, y - h * 0.55), (x, y - h), (x + w * 0.6, y - h * 0.55)], roof)
    pane = WINDOW if night else b.lit((96, 122, 148))
    if night:
        b.glow(x + w * 0.22, y - h * 0.34, h * 0.4, WINDOW, 0.35)
    b.box(x + w * 0.12, y - h * 0.44, x + w * 0.34, y - h * 0.22, pane)
    b.box(x - w * 0.3, y - h * 0.4, x - w * 0.06, y, b.lit(shade(colour, 0.5)))


def pine(b, x, y, h, colour, rng, night):
    b.box(x - h * 0.04, y - h * 0.16, x + h * 0.04, y, b.lit(WOOD))
    for top, foot, half in ((0.50, 0.12, 0.30), (0.76, 0.36, 0.23), (1.0, 0.62, 0.16)):
        b.polygon([(x, y - h * top), (x + h * half, y - h * foot), (x - h * half, y - h * foot)], b.lit(shade(colour, 0.62 + 0.3 * top)))


def tree(b, x, y, h, colour, rng, night):
    b.polygon([(x - h * 0.05, y), (x + h * 0.05, y), (x + h * 0.03, y - h * 0.5), (x - h * 0.03, y - h * 0.5)], b.lit(WOOD))
    dark, light = b.lit(shade(colour, 0.72)), b.lit(shade(colour, 1.12))
    for dx, dy, r in ((-0.2, 0.52, 0.2), (0.2, 0.54, 0.2), (0.0, 0.7, 0.28)):
        b.ellipse(x + dx * h, y - dy * h, r * h, r * h, dark)
    for dx, dy, r in ((-0.19, 0.57, 0.14), (-0.03, 0.78, 0.18), (0.14, 0.62, 0.13)):
        b.ellipse(x + dx * h, y - dy * h, r * h, r * h, light)


def balloon(b, x, y, h, colour, rng, night):
    r = h * 0.36
    b.polygon([(x - r * 0.75, y - h * 0.5), (x + r * 0.75, y - h * 0.5), (x + h * 0.07, y - h * 0.16), (x - h * 0.07, y - h * 0.16)],
              b.lit(shade(colour, 0.8)))
    b.ball(x, y - h + r, r, r, b.lit(colour))
    b.ellipse(x, y - h + r, r * 0.36, r, b.lit(shade(colour, 1.35)), alpha=0.75)
    b.box(x - h * 0.07, y - h * 0.12, x + h * 0.07, y, b.lit(WOOD))


def lighthouse(b, x, y, h, colour, rng, night):
    b.curve([(x - h * 0.4, y), (x - h * 0.26, y - h * 0.16), (x + h * 0.2, y - h * 0.17), (x + h * 0.42, y)], b.lit((108, 98, 96)))
    foot, top = 0.15, 0.09
    for k in range(5):
        lo, hi = 0.1 + k * 0.13, 0.1 + (k + 1) * 0.13
        a, c = foot + (top - foot) * (lo - 0.1) / 0.65, foot + (top - foot) * (hi - 0.1) / 0.65
        b.polygon([(x - a * h, y - lo * h), (x + a * h, y - lo * h), (x + c * h, y - hi * h), (x - c * h, y - hi * h)],
                  b.lit(colour if k % 2 == 0 else (246, 244, 238)))
    b.box(x - h * 0.12, y - h * 0.78, x + h * 0.12, y - h * 0.75, b.lit((60, 56, 62)))
    if night:
        b.glow(x, y - h * 0.83, h * 0.75, WINDOW, 0.7)
    b.box(x - h * 0.07, y - h * 0.89, x + h * 0.07, y - h * 0.78, WINDOW)
    b.polygon([(x - h * 0.1, y - h * 0.89), (x + h * 0.1, y - h * 0.89), (x, y - h)], b.lit(shade(colour, 0.8)))


def island(b, x, y, h, colour, rng, night):
    b.curve([(x - h * 1.0, y), (x - h * 0.5, y - h * 0.3), (x + h * 0.4, y - h * 0.32), (x + h * 1.0, y)], b.lit((222, 192, 132)))
    b.line([(x - h * 0.04, y - h * 0.2), (x + h * 0.05, y - h * 0.55), (x + h * 0.12, y - h * 0.82)], b.lit(WOOD), h * 0.06)
    leaf = b.lit(colour)
    tx, ty = x + h * 0.12, y - h * 0.82
    for ex, ey in ((-0.46, 0.12), (-0.34, -0.14), (0.02, -0.22), (0.38, -0.12), (0.46, 0.14)):
        b.curve([(tx, ty), (tx + ex * h * 0.5, ty + ey * h - h * 0.1), (tx + ex * h, ty + ey * h + h * 0.06),
                 (tx + ex * h * 0.5, ty + ey * h + h * 0.02)], leaf)
    b.curve([(x - h * 0.7, y - h * 0.1), (x - h * 0.4, y - h * 0.36), (x - h * 0.2, y - h * 0.14)], b.lit(shade(colour, 0.8)))


def cactus(b, x, y, h, colour, rng, night):
    c, w = b.lit(colour), h * 0.16
    b.line([(x, y), (x, y - h + w)], c, w * 1.25)
    b.line([(x, y - h * 0.36), (x - h * 0.26, y - h * 0.36), (x - h * 0.26, y - h * 0.66)], c, w)
    b.line([(x, y - h * 0.28), (x + h * 0.26, y - h * 0.28), (x + h * 0.26, y - h * 0.54)], c, w)
    b.line([(x - w * 0.2, y - h * 0.06), (x - w * 0.2, y - h * 0.92)], b.lit(shade(colour, 1.3)), w * 0.2)


def pyramid(b, x, y, h, colour, rng, night):
    b.polygon([(x, y - h), (x + h * 0.85, y), (x - h * 0.85, y)], b.lit(colour))
    b.polygon([(x, y - h), (x + h * 0.85, y), (x + h * 0.18, y)], b.lit(shade(colour, 0.66)))


def cat(b, x, y, h, colour, rng, night):
    c, dark = b.lit(colour), b.lit(shade(colour, 0.7))
    b.line([(x + h * 0.24, y - h * 0.1), (x + h * 0.46, y - h * 0.2), (x + h * 0.42, y - h * 0.5)], dark, h * 0.1)
    b.ellipse(x, y - h * 0.3, h * 0.28, h * 0.3, c)
    for s in (-1, 1):
        b.polygon([(x + s * h * 0.24, y - h), (x + s * h * 0.25, y - h * 0.7), (x + s * h * 0.04, y - h * 0.84)], dark)
    b.ellipse(x, y - h * 0.68, h * 0.26, h * 0.22, c)
    for s in (-1, 1):
        b.ellipse(x + s * h * 0.1, y - h * 0.7, h * 0.04, h * 0.055, (250, 236, 140) if sum(colour) < 260 else (36, 34, 38))
    b.ellipse(x, y - h * 0.6, h * 0.03, h * 0.025, b.lit((230, 130, 140)))
    b.ellipse(x, y - h * 0.26, h * 0.13, h * 0.19, b.lit(shade(colour, 1.35)))


def rabbit(b, x, y, h, colour, rng, night):
    c, dark = b.lit(colour), b.lit(shade(colour, 0.82))
    b.ellipse(x, y - h * 0.22, h * 0.26, h * 0.23, c)
    for s in (-1, 1):
        b.ellipse(x + s * h * 0.09, y - h * 0.8, h * 0.065, h * 0.2, dark)
        b.ellipse(x + s * h * 0.09, y - h * 0.78, h * 0.03, h * 0.14, b.lit((238, 160, 170)))
    b.ellipse(x, y - h * 0.5, h * 0.2, h * 0.18, c)
    for s in (-1, 1):
        b.ellipse(x + s * h * 0.08, y - h * 0.53, h * 0.03, h * 0.04, (36, 34, 38))
    b.ellipse(x + h * 0.26, y - h * 0.16, h * 0.09, h * 0.09, b.lit((250, 248, 244)))


def bird(b, x, y, h, colour, rng, night):
    c = b.lit(colour)
    for s in (-0.06, 0.08):
        b.line([(x + s * h, y - h * 0.2), (x + s * h, y)], b.lit((214, 140, 50)), h * 0.05)
    b.polygon([(x + h * 0.24, y - h * 0.5), (x + h * 0.62, y - h * 0.56), (x + h * 0.26, y - h * 0.28)], b.lit(shade(colour, 0.7)))
    b.ellipse(x + h * 0.04, y - h * 0.42, h * 0.33, h * 0.26, c)
    b.polygon([(x - h * 0.38, y - h * 0.84), (x - h * 0.36, y - h * 0.66), (x - h * 0.6, y - h * 0.72)], b.lit((242, 166, 50)))
    b.ellipse(x - h * 0.22, y - h * 0.76, h * 0.21, h * 0.21, c)
    b.ellipse(x - h * 0.27, y - h * 0.8, h * 0.045, h * 0.045, (30, 28, 32))
    b.ellipse(x + h * 0.12, y - h * 0.43, h * 0.19, h * 0.13, b.lit(shade(colour, 0.7)))


def sheep(b, x, y, h, colour, rng, night):
    dark = b.lit((70, 62, 64))
    for s in (-0.26, -0.14, 0.16, 0.28):
        b.line([(x + s * h, y - h * 0.3), (x + s * h, y)], dark, h * 0.08)
    c = b.lit(colour)
    for dx, dy, r in ((-0.26, 0.5, 0.22), (0.0, 0.58, 0.27), (0.26, 0.5, 0.22), (0.0, 0.42, 0.26), (-0.18, 0.4, 0.2), (0.2, 0.4, 0.2)):
        b.ellipse(x + dx * h, y - dy * h, r * h, r * h, c)
    b.ellipse(x - h * 0.46, y - h * 0.6, h * 0.16, h * 0.2, dark)
    b.ellipse(x - h * 0.44, y - h * 0.8, h * 0.14, h * 0.09, c)


def fish(b, x, y, h, colour, rng, night):
    y -= h * 0.5
    c = b.lit(colour)
    b.polygon([(x + h * 0.4, y), (x + h * 0.86, y - h * 0.36), (x + h * 0.76, y), (x + h * 0.86, y + h * 0.36)], b.lit(shade(colour, 0.75)))
    b.polygon([(x - h * 0.1, y - h * 0.34), (x + h * 0.3, y - h * 0.58), (x + h * 0.3, y - h * 0.2)], b.lit(shade(colour, 0.75)))
    b.ellipse(x, y, h * 0.6, h * 0.4, c)
    b.ellipse(x + h * 0.06, y - h * 0.02, h * 0.09, h * 0.36, b.lit(shade(colour, 1.5)))
    b.ellipse(x - h * 0.34, y - h * 0.1, h * 0.1, h * 0.1, (250, 250, 246))
    b.ellipse(x - h * 0.36, y - h * 0.1, h * 0.05, h * 0.05, (24, 24, 30))


def fruit(b, x, y, h, colour, rx, ry, leaf=True):
    b.ellipse(x + h * 0.1, y, h * rx * 1.15, h * 0.09, (20, 16, 20), alpha=0.28, blur=h * 0.04)
    b.ball(x, y - h * ry, h * rx, h * ry, b.lit(colour))
    top = y - h * ry * 2
    b.line([(x, top + h * 0.06), (x + h * 0.05, top - h * 0.1)], b.lit(WOOD), h * 0.05)
    if leaf:
        b.curve([(x + h * 0.04, top - h * 0.02), (x + h * 0.2, top - h * 0.16), (x + h * 0.32, top - h * 0.02)], b.lit(LEAF))


def apple(b, x, y, h, colour, rng, night):
    fruit(b, x, y, h, colour, 0.45, 0.42)


def orange(b, x, y, h, colour, rng, night):
    fruit(b, x, y, h, (242, 140, 36), 0.43, 0.43, leaf=False)


def lemon(b, x, y, h, colour, rng, night):
    c = b.lit((250, 220, 70))
    b.ellipse(x + h * 0.1, y, h * 0.55, h * 0.09, (20, 16, 20), alpha=0.28, blur=h * 0.04)
    b.curve([(x - h * 0.72, y - h * 0.36), (x - h * 0.34, y - h * 0.62), (x + h * 0.34, y - h * 0.62), (x + h * 0.72, y - h * 0.36),
             (x + h * 0.34, y - h * 0.08), (x - h * 0.34, y - h * 0.08)], c)
    b.ball(x, y - h * 0.36, h * 0.46, h * 0.33, c)


def pear(b, x, y, h, colour, rng, night):
    b.ellipse(x + h * 0.1, y, h * 0.45, h * 0.09, (20, 16, 20), alpha=0.28, blur=h * 0.04)
    b.ellipse(x, y - h * 0.7, h * 0.22, h * 0.26, b.lit(shade(colour, 1.05)))
    b.ball(x, y - h * 0.38, h * 0.38, h * 0.38, b.lit(colour))
    b.line([(x, y - h * 0.92), (x + h * 0.06, y - h * 1.06)], b.lit(WOOD), h * 0.05)


def vase(b, x, y, h, colour, rng, night):
    b.ellipse(x + h * 0.1, y, h * 0.3, h * 0.05, (20, 16, 20), alpha=0.28, blur=h * 0.03)
    for dx, dy in ((-0.2, 0.78), (0.2, 0.8), (0.0, 0.92), (-0.08, 0.7), (0.1, 0.68)):
        b.line([(x, y - h * 0.4), (x + dx * h, y - dy * h)], b.lit(LEAF), h * 0.025)
    petal = b.lit((250, 214, 80) if colour[0] > colour[2] + 60 and colour[1] < 190 else (236, 96, 110))
    for dx, dy in ((-0.2, 0.78), (0.2, 0.8), (0.0, 0.92), (-0.08, 0.7), (0.1, 0.68)):
        b.ellipse(x + dx * h, y - dy * h, h * 0.1, h * 0.1, petal)
        b.ellipse(x + dx * h, y - dy * h, h * 0.04, h * 0.04, b.lit((120, 70, 40)))
    b.curve([(x - h * 0.14, y - h * 0.5), (x + h * 0.14, y - h * 0.5), (x + h * 0.28, y - h * 0.22), (x + h * 0.12, y + h * 0.02),
             (x - h * 0.12, y + h * 0.02), (x - h * 0.28, y - h * 0.22)], b.lit(colour))
    b.ellipse(x - h * 0.08, y - h * 0.28, h * 0.04, h * 0.1, b.lit(shade(colour, 1.45)))


def mushroom(b, x, y, h, colour, rng, night):
    b.curve([(x - h * 0.14, y), (x - h * 0.1, y - h * 0.6), (x + h * 0.1, y - h * 0.6), (x + h * 0.14, y)], b.lit((240, 230, 212)))
    b.curve([(x - h * 0.55, y - h * 0.46), (x - h * 0.42, y - h * 0.98), (x + h * 0.42, y - h * 0.98), (x + h * 0.55, y - h * 0.46)], b.lit(colour))
    for dx, dy in ((-0.2, 0.66), (0.06, 0.8), (0.24, 0.6)):
        b.ellipse(x + dx * h, y - dy * h, h * 0.075, h * 0.065, b.lit((250, 246, 238)))


@dataclass(frozen=True)
class Kind:
    draw: Callable
    words: tuple                  # what captions call one of them; the plural is made by `captions.plural`
    colours: tuple
    height: float = 1.0           # against the scene's usual height of things
    width: float = 1.0            # half width over height


THINGS = {
    "boat": Kind(boat, ("boat", "sailboat", "sailing boat"), ("red", "white", "blue", "yellow", "green", "purple", "orange", "black"), 1.0, 0.48),
    "house": Kind(house, ("house", "cottage"), ("red", "white", "blue", "yellow", "green", "pink", "orange", "purple"), 0.95, 0.58),
    "pine": Kind(pine, ("pine tree", "pine", "fir tree"), ("green", "teal", "blue"), 1.25, 0.32),
    "tree": Kind(tree, ("tree",), ("green", "orange", "red", "yellow", "pink", "purple"), 1.15, 0.42),
    "balloon": Kind(balloon, ("hot air balloon", "balloon"), ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white"), 1.0, 0.38),
    "lighthouse": Kind(lighthouse, ("lighthouse",), ("red", "blue", "black", "green"), 1.6, 0.42),
    "island": Kind(island, ("island", "small island", "palm island"), ("green",), 0.9, 1.0),
    "cactus": Kind(cactus, ("cactus",), ("green", "teal"), 1.1, 0.36),
    "pyramid": Kind(pyramid, ("pyramid",), ("yellow", "brown", "white", "red"), 0.9, 0.87),
    "cat": Kind(cat, ("cat", "kitten"), ("orange", "black", "white", "brown"), 1.0, 0.45),
    "rabbit": Kind(rabbit, ("rabbit", "bunny"), ("white", "brown", "black", "pink"), 1.0, 0.35),
    "bird": Kind(bird, ("bird",), ("red", "blue", "yellow", "white", "black", "pink"), 0.8, 0.6),
    "sheep": Kind(sheep, ("sheep",), ("white", "black", "pink"), 0.8, 0.6),
    "fish": Kind(fish, ("fish",), ("orange", "yellow", "red", "pink", "white", "purple", "green"), 0.75, 0.86),
    "apple": Kind(apple, ("apple",), ("red", "green", "yellow"), 0.9, 0.46),
    "orange": Kind(orange, ("orange fruit",), ("orange",), 0.9, 0.44),
    "lemon": Kind(lemon, ("lemon",), ("yellow",), 0.8, 0.7),
    "pear": Kind(pear, ("pear",), ("green", "yellow", "red"), 1.0, 0.4),
    "vase": Kind(vase, ("vase of flowers", "vase"), ("blue", "white", "red", "purple", "teal", "pink"), 1.5, 0.3),
    "mushroom": Kind(mushroom, ("mushroom",), ("red", "brown", "purple", "white"), 0.85, 0.55),
}
