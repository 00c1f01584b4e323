"""Pictures from an exported model by diffusers, for evaluation."""

import sys
import time

import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline

STEPS, GUIDANCE, SIZE = 20, 7.5, 256          # what the program starts with


def as_bytes(x):
    """-1..1 NCHW to uint8 NHWC."""
    return ((x.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def as_floats(pictures):
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


class Painter:
    def __init__(self, folder, batch):
        self.pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, safety_checker=None)
        self.pipe.set_progress_bar_config(disable=True)
        self.batch = batch
        self.usual = self.pipe.scheduler
        self.ddim = DDIMScheduler.from_config(self.usual.config, clip_sample=False, set_alpha_to_one=False)

    def paint(self, what, prompts, seeds, steps=STEPS, guidance=GUIDANCE, negative="", ddim=False):
        """uint8, N x 256 x 256 x 3. Noise is of each picture's own seed, whatever the batch."""
        self.pipe.scheduler = self.ddim if ddim else self.usual
        out, start = [], time.time()
        for i in range(0, len(prompts), self.batch):
            some = prompts[i:i + self.batch]
            noise = [torch.Generator().manual_seed(seed) for seed in seeds[i:i + self.batch]]
            with torch.no_grad():
                x = self.pipe(some, negative_prompt=[negative] * len(some), num_inference_steps=steps, guidance_scale=guidance, generator=noise,
                              height=SIZE, width=SIZE, output_type="pt").images
            out.append(as_bytes(x * 2 - 1))
            done = i + len(some)
            print(f"{what}: {done} of {len(prompts)}, {(time.time() - start) / done:.2f} s each", file=sys.stderr, flush=True)
        return np.concatenate(out)
