"""How well autoencoder and preview decoder give pictures back, in dB."""

import numpy as np
import torch
from safetensors.torch import load_file

import nets
from painter import as_bytes, as_floats
from start import diffusers_names
from styles import STYLES


def preview_of(folder):
    decoder = nets.preview_decoder().decoder
    decoder.load_state_dict({k: v.float() for k, v in diffusers_names(load_file(folder / "taesd_decoder.safetensors")).items()})
    return decoder.eval()


def through(vae, preview, pictures):
    """Pictures as the autoencoder gives them back, and as the preview decoder shows the same latents."""
    full, quick = [], []
    for i in range(0, len(pictures), 10):
        with torch.no_grad():
            latents = vae.encode(as_floats(pictures[i:i + 10])).latent_dist.mean
            full.append(as_bytes(vae.decode(latents).sample))
            quick.append(as_bytes(preview(latents * vae.config.scaling_factor)))
    return np.concatenate(full), np.concatenate(quick)


def decibels(a, b):
    """PSNR of each picture."""
    error = (a.astype(np.float32) - b.astype(np.float32)).reshape(len(a), -1)
    return 20 * np.log10(255) - 10 * np.log10(np.maximum((error ** 2).mean(1), 1e-3))


def by_style(values, styles):
    """The mean of all, and of each style that is there."""
    out = {"all": float(values.mean())}
    for style in STYLES:
        mine = [v for v, s in zip(values, styles) if s == style]
        if mine:
            out[style] = float(np.mean(mine))
    return out


def fidelity(pictures, full, quick, styles):
    return {"autoencoder": by_style(decibels(full, pictures), styles), "preview": by_style(decibels(quick, pictures), styles),
            "preview against autoencoder": by_style(decibels(quick, full), styles)}
