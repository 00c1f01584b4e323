"""Colours: the named ones that captions speak of, and what each time of day does to sky and light."""

from dataclasses import dataclass

import numpy as np

NAMED = {
    "red": (206, 48, 42), "orange": (240, 136, 36), "yellow": (247, 208, 62), "green": (76, 152, 74),
    "blue": (48, 100, 204), "purple": (132, 72, 172), "pink": (242, 142, 178), "white": (244, 242, 236),
    "black": (42, 40, 48), "brown": (132, 86, 52), "teal": (38, 158, 152),
}

SYNONYMS = {
    "red": ["red", "scarlet", "crimson"], "orange": ["orange"], "yellow": ["yellow", "golden"], "green": ["green", "emerald"],
    "blue": ["blue", "azure"], "purple": ["purple", "violet"], "pink": ["pink", "rose"], "white": ["white"],
    "black": ["black"], "brown": ["brown"], "teal": ["teal", "turquoise"],
}


@dataclass(frozen=True)
class Light:
    """What a time of day does: sky colours from top to horizon, a factor for every surface, the colour of distance."""
    sky: tuple
    tint: tuple
    haze: tuple
    thick: float          # how much of the haze colour the farthest layer takes


TIMES = {
    "day": Light(((72, 146, 216), (138, 194, 236), (214, 234, 244)), (1.00, 1.00, 1.00), (190, 216, 236), 0.60),
    "dawn": Light(((132, 158, 214), (236, 190, 204), (255, 228, 194)), (1.00, 0.93, 0.90), (244, 208, 204), 0.66),
    "sunset": Light(((70, 58, 128), (214, 92, 98), (255, 186, 92)), (0.92, 0.70, 0.64), (236, 132, 96), 0.62),
    "night": Light(((8, 12, 40), (20, 30, 76), (48, 66, 118)), (0.40, 0.46, 0.68), (36, 50, 98), 0.62),
    "fog": Light(((190, 198, 206), (206, 212, 216), (222, 225, 226)), (0.88, 0.90, 0.92), (214, 219, 222), 0.88),
}


def mix(a, b, amount):
    """`amount` of b in a."""
    return tuple(x + (y - x) * amount for x, y in zip(a, b))


def shade(colour, factor):
    """Darker (factor < 1) or lighter (> 1, towards white)."""
    return mix(colour, (255, 255, 255), factor - 1) if factor > 1 else tuple(x * factor for x in colour)


def jitter(colour, rng, amount=10):
    """The same colour by another hand: a little off in every channel."""
    return tuple(float(np.clip(x + rng.normal() * amount, 0, 255)) for x in colour)


def custom_sky(colour, light):
    """A sky in a colour of its own, as bright as the time of day has it."""
    bright = sum(sum(c) for c in light.sky) / 9 / 190
    base = tuple(min(255.0, x * min(1.0, 0.35 + 0.65 * bright)) for x in colour)
    return (shade(base, 0.82), base, mix(base, light.sky[2], 0.45))
