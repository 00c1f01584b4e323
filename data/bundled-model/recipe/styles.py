"""Painting styles as array operations on a drawn picture (float32, 256 x 256 x 3, 0..255)."""

import numpy as np
from scipy import ndimage

STYLES = ("plain", "watercolour", "oil", "pixel", "line")


def apply(style, picture, rng):
    """The picture in that style, as uint8."""
    painted = {"plain": lambda p, r: p, "watercolour": watercolour, "oil": oil, "pixel": pixel, "line": line}[style](picture, rng)
    return np.clip(painted + 0.5, 0, 255).astype(np.uint8)


def cloud(rng, scale, shape=(256, 256)):
    """Smooth noise of about unit size; features are `scale` pixels wide."""
    cells = [max(2, n // scale + 3) for n in shape]
    coarse = rng.normal(size=cells)
    big = ndimage.zoom(coarse, [n / (c - 2) for n, c in zip(shape, cells)], order=3, mode="nearest")
    off = [(b - n) // 2 for b, n in zip(big.shape, shape)]
    return big[off[0]:off[0] + shape[0], off[1]:off[1] + shape[1]]


def displaced(picture, dx, dy):
    y, x = np.mgrid[0:256, 0:256].astype(np.float32)
    at = [np.clip(y + dy, 0, 255), np.clip(x + dx, 0, 255)]
    return np.stack([ndimage.map_coordinates(picture[:, :, c], at, order=1) for c in range(3)], -1)


def watercolour(picture, rng):
    """Wet edges, pigment that gathers, washed colours, and the paper's ragged margin."""
    wet = displaced(picture, cloud(rng, 16) * 1.6, cloud(rng, 16) * 1.6)
    soft = ndimage.gaussian_filter(wet, (1.4, 1.4, 0))
    wide = ndimage.gaussian_filter(wet, (5, 5, 0))
    edge = np.clip(np.abs(soft - wide).mean(-1, keepdims=True) * 1.1, 0, 34)
    pigment = 1 + 0.055 * (cloud(rng, 30) + 0.7 * cloud(rng, 12))[:, :, None]
    washed = 255 - (255 - (soft - edge * 0.7)) * 0.84 * pigment
    y, x = np.mgrid[0:256, 0:256]
    inside = np.minimum(np.minimum(x, 255 - x), np.minimum(y, 255 - y)) + cloud(rng, 16) * 2.2
    cover = np.clip((inside - 11) / 3, 0, 1)[:, :, None]
    rim = np.clip(1 - np.abs(inside - 15) / 4, 0, 1)[:, :, None] * 16
    return np.array((250, 248, 242)) * (1 - cover) + (washed - rim) * cover


def oil(picture, rng):
    """Kuwahara filter on a swirled picture: flat dabs with crisp edges, then a little relief along the strokes."""
    swirl = displaced(picture, cloud(rng, 12) * 1.5, cloud(rng, 12) * 1.5)
    size, best, lowest = 7, None, None
    mean = ndimage.uniform_filter(swirl, (size, size, 1))
    grey = swirl.mean(-1)
    spread = ndimage.uniform_filter(grey * grey, size) - ndimage.uniform_filter(grey, size) ** 2
    for dy in (-3, 3):
        for dx in (-3, 3):
            m, s = (np.pad(a, [(3, 3), (3, 3), (0, 0)][: a.ndim], mode="edge")[3 + dy:259 + dy, 3 + dx:259 + dx] for a in (mean, spread))
            if best is None:
                best, lowest = m.copy(), s.copy()
            else:
                less = s < lowest
                best[less], lowest[less] = m[less], s[less]
    stroke = ndimage.gaussian_filter1d(cloud(rng, 8), 6, axis=1)
    rich = (best - 128) * 1.10 + 130 + (best - best.mean(-1, keepdims=True)) * 0.18
    return rich + stroke[:, :, None] * 6


def pixel(picture, rng):
    """Blocks of 8 x 8, one for each place of the latent, with few levels a channel, without dithering."""
    small = picture.reshape(32, 8, 32, 8, 3).mean((1, 3))
    small = np.round(small / 255 * 9) / 9 * 255
    return small.repeat(8, 0).repeat(8, 1)


def line(picture, rng):
    """Ink contours on cream paper with a light wash of grey."""
    soft = ndimage.gaussian_filter(picture, (1.2, 1.2, 0))
    gx, gy = ndimage.sobel(soft, 1), ndimage.sobel(soft, 0)
    strength = np.sqrt((gx * gx + gy * gy).max(-1))
    ink = ndimage.gaussian_filter(np.clip((strength - 26) / 60, 0, 1), 0.7)
    grey = soft.mean(-1)
    wash = np.clip((grey - 30) / 200, 0, 1) * 0.10 + 0.90
    paper = np.array((248, 244, 232)) * wash[:, :, None]
    return paper * (1 - ink[:, :, None] * 0.9) + np.array((36, 34, 44)) * ink[:, :, None] * 0.9
