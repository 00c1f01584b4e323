"""The autoencoder: crops of 128 pixels first, whole pictures for the last part (attention in the middle sees another number of places)."""

import numpy as np
import torch
import torch.nn.functional as F

import nets
import start
from optimiser import Optimiser
from pictures import Pictures
from training import Run


def slopes(d):
    """L1 of the gradients of a difference."""
    return (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()


def likeness(got, wanted):
    """L1 of pixels, of gradients, of three coarser levels, and of colour by itself, which else comes back pale."""
    d = got - wanted
    loss = d.abs().mean() + 2.0 * d.square().mean()
    loss = loss + 0.35 * slopes(d)
    loss = loss + 0.6 * (d - d.mean(1, keepdim=True)).abs().mean()
    for _ in range(3):
        d = F.avg_pool2d(d, 2)
        loss = loss + 0.35 / 3 * d.abs().mean()
    return loss


def batch(pictures, rng, count, size):
    """`count` crops, -1..1, NCHW."""
    out = np.empty((count, size, size, 3), np.uint8)
    for i in range(count):
        y, x = (int(torch.randint(0, 257 - size, (), generator=rng)) for _ in range(2))
        crop = pictures[int(torch.randint(0, len(pictures), (), generator=rng))][y:y + size, x:x + size]
        out[i] = crop[:, ::-1] if torch.rand((), generator=rng) < 0.5 else crop
    return torch.from_numpy(out).permute(0, 3, 1, 2).float().contiguous() / 127.5 - 1


def stage(rank, options):
    torch.manual_seed(1)
    net = nets.quiet(nets.autoencoder())
    start.load(options.start, vae=net)
    optimiser = Optimiser([net], 4e-3, 2e-3, lambda name: "conv_in" in name or "conv_out" in name, rank=rank, world=options.processes)
    run = Run("autoencoder", [net], optimiser, options, rank)
    pictures = Pictures(options.work, options.shards)
    while run.going():
        whole = run.cool_from is not None
        pixels = batch(pictures, run.rng, options.batch if not whole else max(1, options.batch // 4), 256 if whole else 128)
        with torch.autocast("cpu", torch.bfloat16):
            posterior = net.encode(pixels).latent_dist
            mean, logvar = posterior.mean.float(), posterior.logvar.float()
            latent = mean + (0.5 * logvar).exp() * torch.randn(mean.shape, generator=run.rng)
            got = net.decode(latent).sample.float()
        kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
        loss = likeness(got, pixels) + 2e-4 * kl
        loss.backward()
        error = (got.detach() - pixels).square().mean((1, 2, 3)) / 4
        run.update(len(pixels), loss=loss.detach(), psnr=(-10 * error.log10()).mean(), kl=kl.detach())
    run.save()
