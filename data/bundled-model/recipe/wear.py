"""What generated pictures have and drawn ones lack, in small doses: the judge learns to look past it. Pictures are -1..1, NCHW."""

import math

import torch
import torch.nn.functional as F


def cosines():
    """The 8-point discrete cosine transform as a matrix."""
    k = torch.arange(8.0)
    matrix = torch.cos(math.pi / 8 * (k + 0.5) * k[:, None]) / 2
    matrix[0] /= math.sqrt(2)
    return matrix


COSINES = cosines()


def some(x, chance, rng, change):
    """`change` applied to a random share of the batch."""
    chosen = torch.rand(len(x), generator=rng) < chance
    if chosen.any():
        x[chosen] = change(x[chosen])
    return x


def blurred(x, rng):
    sigma = float(0.3 + 0.7 * torch.rand((), generator=rng))
    taps = torch.exp(-0.5 * (torch.arange(-3.0, 4.0) / sigma) ** 2)
    taps = (taps / taps.sum()).expand(3, 1, 7)
    x = F.conv2d(F.pad(x, (3, 3, 0, 0), mode="replicate"), taps[:, :, None, :], groups=3)
    return F.conv2d(F.pad(x, (0, 0, 3, 3), mode="replicate"), taps[:, :, :, None], groups=3)


def small_and_back(x, rng):
    """Detail lost as by an autoencoder, more or less."""
    amount = torch.rand((len(x), 1, 1, 1), generator=rng)
    return x.lerp(F.interpolate(F.avg_pool2d(x, 2), scale_factor=2, mode="bilinear"), amount)


def compressed(x, rng):
    """Blocks of 8 x 8 lose high frequencies, as in JPEG."""
    n, c, h, w = x.shape
    blocks = x.view(n, c, h // 8, 8, w // 8, 8).transpose(3, 4)
    waves = COSINES @ blocks @ COSINES.T
    step = (0.03 + 0.1 * torch.rand((n, 1, 1, 1, 1, 1), generator=rng)) * (1 + torch.arange(8.0)[:, None] + torch.arange(8.0)) / 2
    blocks = COSINES.T @ ((waves / step).round() * step) @ COSINES
    return blocks.transpose(3, 4).reshape(n, c, h, w)


def tinted(x, rng):
    """Every channel a little brighter or darker, with more or less contrast, and smooth stains."""
    size = (len(x), 3, 1, 1)
    gain, shift = 1 + 0.06 * torch.randn(size, generator=rng), 0.05 * torch.randn(size, generator=rng)
    stains = F.interpolate(torch.randn((len(x), 3, 6, 6), generator=rng), size=x.shape[2:], mode="bilinear")
    return x * gain + shift + 0.03 * stains


def noisy(x, rng):
    return x + 0.05 * torch.rand((len(x), 1, 1, 1), generator=rng) * torch.randn(x.shape, generator=rng)


def moved(x, rng):
    """The whole batch a few pixels aside: little enough for left to stay left."""
    dx, dy = (int(torch.randint(-4, 5, (), generator=rng)) for _ in range(2))
    return F.pad(x, (4, 4, 4, 4), mode="replicate")[:, :, 4 + dy:4 + dy + x.shape[2], 4 + dx:4 + dx + x.shape[3]].contiguous()


def worn(x, rng):
    x = moved(x, rng)
    for change, chance in ((small_and_back, 0.2), (blurred, 0.25), (compressed, 0.25), (tinted, 0.7), (noisy, 0.4)):
        x = some(x, chance, rng, lambda part: change(part, rng))
    return x.clamp(-1, 1)
