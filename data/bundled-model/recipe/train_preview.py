"""The preview decoder: TAESD's architecture, taught the drawn pictures from the frozen latents.

It has few layers, so what it learns is weighed as it is measured: by each picture's own decibels, of which a picture that is nearly right
(pixel art, watercolour) can still win as many as another; and a quarter of what it sees is pixel art by choice.
"""

import numpy as np
import torch

import nets
import start
from latents import Latents
from optimiser import Optimiser
from pictures import Pictures
from train_autoencoder import likeness
from training import Run

CROP = 16                         # places of the latent
FLOOR = 2e-5                      # squared error that counts as none: about what rounding to bytes leaves


def chosen(latents, blocks, rng, count):
    """Indices of `count` pictures, a quarter of them from `blocks`."""
    share = count // 4 if blocks else 0
    anything = torch.randint(0, len(latents), (count - share,), generator=rng).tolist()
    return anything + [blocks[i] for i in torch.randint(0, max(1, len(blocks)), (share,), generator=rng)]


def stage(rank, options):
    torch.manual_seed(3)
    net = nets.preview_decoder().decoder
    start.load(options.start, preview=net)
    net.to(memory_format=torch.channels_last)                  # twice as fast as the other order
    optimiser = Optimiser([net], 2e-3, 2e-3, lambda name: name.endswith(("layers.0.weight", "layers.15.weight")), rank=rank, world=options.processes)
    run = Run("preview", [net], optimiser, options, rank)
    latents, pictures = Latents(options.work, 256, options.shards), Pictures(options.work, options.shards)
    blocks = [i for i, scene in enumerate(pictures.scenes[:len(latents)]) if scene.style == "pixel"]
    while run.going():
        indices = chosen(latents, blocks, run.rng, options.batch)
        whole = latents.sample(indices, run.rng)
        corners = torch.randint(0, 33 - CROP, (options.batch, 2), generator=run.rng).tolist()
        x = torch.stack([z[:, y:y + CROP, x:x + CROP] for z, (y, x) in zip(whole, corners)])
        crops = np.stack([pictures[i][8 * y:8 * (y + CROP), 8 * x:8 * (x + CROP)] for i, (y, x) in zip(indices, corners)])
        wanted = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 127.5 - 1           # channels last, as it lies in memory
        with torch.autocast("cpu", torch.bfloat16):
            got = net(x.contiguous(memory_format=torch.channels_last)).float()
        error = (got - wanted).square().mean((1, 2, 3))
        loss = likeness(got, wanted) + 0.2 * (error + FLOOR).log().mean()
        loss.backward()
        run.update(options.batch, loss=loss.detach(), psnr=(-10 * (error.detach() / 4).log10()).mean())
    run.save()
