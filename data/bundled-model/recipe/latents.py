"""The pictures as the autoencoder sees them, once: mean and log-variance in 16 bits, for 256 and for 128 pixels."""

import json
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import nets
from pictures import shard_path
from training import averaged


def latent_path(work, size, number):
    return Path(work) / "latents" / f"{size}-{number:03d}.npy"


def encode_shard(job):
    work, number = job
    torch.set_num_threads(1)
    (net,) = averaged(work, "autoencoder", [nets.autoencoder()])
    pixels = np.load(shard_path(work, number), mmap_mode="r")
    for size in (256, 128):
        out = []
        for i in range(0, len(pixels), 20):
            x = torch.from_numpy(pixels[i:i + 20].copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                out.append(net.encode(F.avg_pool2d(x, 256 // size) if size < 256 else x).latent_dist.parameters.float().half().numpy())
        np.save(latent_path(work, size, number), np.concatenate(out))


def encode_all(options):
    latent_path(options.work, 256, 0).parent.mkdir(exist_ok=True)
    numbers = [n for n in range(options.shards) if shard_path(options.work, n).exists() and not latent_path(options.work, 128, n).exists()]
    with Pool(options.processes) as pool:
        for done, _ in enumerate(pool.imap_unordered(encode_shard, [(options.work, n) for n in numbers]), 1):
            print(f"latents: {done} of {len(numbers)} shards", flush=True)
    mean = np.load(latent_path(options.work, 256, 0))[:, :4].astype(np.float32)
    scaling = {"scaling_factor": round(float(1 / mean.std()), 4)}
    (options.work / "latents" / "scaling.json").write_text(json.dumps(scaling))
    print(scaling, "mean of each channel", mean.mean((0, 2, 3)))


class Latents:
    """Random scaled samples, with the records they belong to."""

    def __init__(self, work, size, shards):
        numbers = [n for n in range(shards) if latent_path(work, size, n).exists()]
        self.numbers = numbers
        self.values = [np.load(latent_path(work, size, n), mmap_mode="r") for n in numbers]
        self.scaling = json.loads((Path(work) / "latents" / "scaling.json").read_text())["scaling_factor"]

    def __len__(self):
        return sum(len(v) for v in self.values)

    def sample(self, indices, rng):
        size = len(self.values[0])
        v = torch.from_numpy(np.stack([self.values[i // size][i % size] for i in indices])).float()
        mean, logvar = v.chunk(2, 1)
        return (mean + (0.5 * logvar).exp() * torch.randn(mean.shape, generator=rng)) * self.scaling
