"""UNet and text encoder together, from nothing, with v-prediction.

A small head on the text encoder's last place also has to say what the caption's scene holds, from the scene's record; without it the
text encoder learns little but the style words for a long time. The head is thrown away afterwards.
"""

from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from diffusers.models.attention_processor import AttnProcessor

import captions
import nets
import start
import words
from latents import Latents
from optimiser import Optimiser
from palette import NAMED, TIMES
from pictures import Pictures
from rescaling import Rescaling
from scene import KINDS, PLACES
from styles import STYLES
from things import THINGS
from training import Run
from working_copy import WorkingCopy

SCHEDULE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000)
COLOURS, NAMES = tuple(NAMED), tuple(THINGS)
COUNTS = (1, 2, 3, 5)
# What the head answers: name, how many answers there are.
QUESTIONS = (("kind", len(KINDS)), ("time", len(TIMES)), ("style", len(STYLES)), ("ground", len(COLOURS)), ("light", len(COLOURS) + 1),
             ("thing", len(NAMES) + 1), ("colour", len(COLOURS) + 1), ("count", 5), ("place", 4), ("second", len(NAMES) + 1),
             ("second colour", len(COLOURS) + 1), ("second count", 5), ("second place", 4))


def answers(scene):
    """What the record says, as numbers; the last answer of optional questions is 'none'."""
    first = scene.groups[0] if scene.groups else None
    second = scene.groups[1] if len(scene.groups) > 1 else None
    return (KINDS.index(scene.kind), tuple(TIMES).index(scene.time), STYLES.index(scene.style), COLOURS.index(scene.ground),
            COLOURS.index(scene.light_colour) if scene.light else len(COLOURS),
            NAMES.index(first.kind) if first else len(NAMES), COLOURS.index(first.colour) if first else len(COLOURS),
            COUNTS.index(first.count) if first else 4, tuple(PLACES).index(first.place) if first else 3,
            NAMES.index(second.kind) if second else len(NAMES), COLOURS.index(second.colour) if second else len(COLOURS),
            COUNTS.index(second.count) if second else 4, tuple(PLACES).index(second.place) if second else 3)


def shares(scenes):
    """How often to train on each scene: those with rare things more often, and with two of them, which are learnt last."""
    often = Counter(group.kind for scene in scenes for group in scene.groups)
    mean = sum(often.values()) / len(often)
    rarity = {kind: (mean / n) ** 0.7 for kind, n in often.items()}
    return torch.tensor([sum(rarity[group.kind] for group in scene.groups) or 0.5 for scene in scenes])


class Head(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.out = torch.nn.Linear(nets.TEXT_WIDTH, sum(n for _, n in QUESTIONS))

    def forward(self, state, wanted):
        parts = self.out(state).split([n for _, n in QUESTIONS], 1)
        return sum(F.cross_entropy(p.float(), wanted[:, i]) for i, p in enumerate(parts)) / len(parts)


def plain(name):
    return any(part in name for part in ("embedding", "conv_in", "conv_out", "2.out"))


def stage(rank, options):
    torch.manual_seed(2)
    unet, text, head = nets.quiet(nets.unet()), nets.text_encoder(), Head()
    torch.nn.init.zeros_(unet.conv_out.weight)
    start.load(options.start, unet=unet, text_encoder=text)
    unet.set_attn_processor(AttnProcessor())
    optimiser = Optimiser([unet, text, head], 2.5e-3, 1.5e-3, plain, rank=rank, world=options.processes)
    run = Run("unet", [unet, text, head], optimiser, options, rank)
    worker = WorkingCopy(unet)
    latents = Latents(options.work, options.size, options.shards)
    scenes = Pictures(options.work, options.shards).scenes[:len(latents)]
    often = shares(scenes)
    tok = words.tokenizer(options.work / "tokenizer")
    rescaling = Rescaling(options.start, options.rescale, tok) if options.rescale != 1 else None
    alphas = DDPMScheduler(**SCHEDULE).alphas_cumprod
    talk = np.random.default_rng(run.step * 64 + rank)
    while run.going():
        n = options.batch
        indices = torch.multinomial(often, n, replacement=True, generator=run.rng).tolist()
        x = latents.sample(indices, run.rng)
        said = ["" if talk.random() < 0.1 else captions.caption(scenes[i], talk, full=talk.random() < 0.4) for i in indices]
        wanted = torch.tensor([answers(scenes[i]) for i in indices])
        t = ((torch.arange(n) + torch.rand(n, generator=run.rng)) / n * 1000).long()
        a = alphas[t].view(-1, 1, 1, 1)
        noise = torch.randn(x.shape, generator=run.rng)
        with torch.autocast("cpu", torch.bfloat16):
            state = text(words.tokens(tok, said)).last_hidden_state
            asked = torch.tensor([bool(s) for s in said])
            helped = head(state[asked, -1], wanted[asked])
        noised, v = (a.sqrt() * x + (1 - a).sqrt() * noise).bfloat16(), a.sqrt() * noise - (1 - a).sqrt() * x
        if rescaling is not None:
            v = rescaling.wanted(v, noised, t, asked)
        got = worker(noised, t, state.bfloat16()).sample.float()
        error = (got - v).square().mean((1, 2, 3))
        weight = (6 / (a / (1 - a) + 1)).clamp(max=1).flatten()
        loss = (error * weight).mean() + 0.05 * helped
        loss.backward()
        worker.collect()
        quarters = error.detach().view(4, -1).mean(1)
        run.update(n, loss=loss.detach(), helped=helped.detach(), **{f"v{q}": quarters[q] for q in range(4)})
    run.save()
