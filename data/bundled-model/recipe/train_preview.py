"""The preview decoder: TAESD's architecture, taught the drawn pictures from the frozen latents."""

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


def stage(rank, options):
    torch.manual_seed(3)
    net = nets.preview_decoder().decoder
    start.load(options.start, preview=net)
    optimiser = Optimiser([net], 2e-3, 2e-3, lambda name: name.endswith(("layers.0.weight", "layers.15.weight")), rank=rank, world=options.processes)
    run = Run("preview", [net], optimiser, options, rank)
    latents, pictures = Latents(options.work, 256, options.shards), Pictures(options.work, options.shards)
    while run.going():
        indices = torch.randint(0, len(latents), (options.batch,), generator=run.rng).tolist()
        whole = latents.sample(indices, run.rng)
        corners = torch.randint(0, 33 - CROP, (options.batch, 2), generator=run.rng).tolist()
        x = torch.stack([z[:, y:y + CROP, x:x + CROP] for z, (y, x) in zip(whole, corners)])
        crops = np.stack([pictures[i][8 * y:8 * (y + CROP), 8 * x:8 * (x + CROP)] for i, (y, x) in zip(indices, corners)])
        wanted = torch.from_numpy(crops).permute(0, 3, 1, 2).float().contiguous() / 127.5 - 1
        with torch.autocast("cpu", torch.bfloat16):
            got = net(x).float()
        loss = likeness(got, wanted)
        loss.backward()
        error = (got.detach() - wanted).square().mean((1, 2, 3)) / 4
        run.update(options.batch, loss=loss.detach(), psnr=(-10 * error.log10()).mean())
    run.save()
