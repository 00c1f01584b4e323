"""The autoencoder's decoder alone, on latents that are made already: they stay what they are, so that the UNet is not touched.

What is left to learn then is sharpness, above all in pixel art: its blocks lie on the places of the latent, so that a decoder that has
seen enough of them can draw their borders. A quarter of what it sees is therefore pixel art by choice, and slopes count more.
"""

import numpy as np
import torch

import nets
import start
from latents import Latents
from optimiser import Optimiser
from pictures import Pictures
from train_autoencoder import likeness, slopes
from training import Run, averaged


def beginning(options):
    """The whole autoencoder, of which the decoder's side is to be trained."""
    if options.start is None:
        (net,) = averaged(options.work, "autoencoder", [nets.autoencoder()])
    else:
        net = nets.autoencoder()
        start.load(options.start, vae=net)
    net.requires_grad_(False).train()
    for part in (net.post_quant_conv, net.decoder):
        part.requires_grad_(True)
    return net


def stage(rank, options):
    torch.manual_seed(5)
    net = beginning(options)
    optimiser = Optimiser([net], 2e-3, 1e-3, lambda name: "conv_in" in name or "conv_out" in name, rank=rank, world=options.processes)
    run = Run("decoder", [net], optimiser, options, rank)
    latents, pictures = Latents(options.work, 256, options.shards), Pictures(options.work, options.shards)
    blocks = [i for i, scene in enumerate(pictures.scenes[:len(latents)]) if scene.style == "pixel"]
    while run.going():
        chosen = options.batch // 4 if blocks else 0
        indices = torch.randint(0, len(latents), (options.batch - chosen,), generator=run.rng).tolist()
        indices += [blocks[i] for i in torch.randint(0, len(blocks), (chosen,), generator=run.rng)]
        wanted = torch.from_numpy(np.stack([pictures[i] for i in indices])).permute(0, 3, 1, 2).float().contiguous() / 127.5 - 1
        with torch.autocast("cpu", torch.bfloat16):
            got = net.decode(latents.sample(indices, run.rng) / latents.scaling).sample.float()
        loss = likeness(got, wanted) + slopes(got - wanted)
        loss.backward()
        error = (got.detach() - wanted).square().mean((1, 2, 3)) / 4
        run.update(options.batch, loss=loss.detach(), psnr=(-10 * error.log10()).mean())
    run.save()
