"""What guidance, the negative prompt and the sampler do, on the first prompts."""

import numpy as np

from checks import all_checks, rates
from judge import judged
from templates import prompt

NEGATIVES = ("red", "green", "blue")


def strength(pictures, channel):
    """How much each picture is of a colour: the mean excess of that channel over the larger of the others, 0..1."""
    x = pictures.astype(np.float32) / 255
    others = np.delete(x, channel, axis=3).max(3)
    return np.maximum(x[..., channel] - others, 0).mean((1, 2))


def samplers(painter, judge, prompts, saids, seeds, usual):
    """Adherence on the same prompts and noise: as usual (already judged), without guidance, and with 50 steps of DDIM."""
    plain = painter.paint("guidance 1", prompts, seeds, guidance=1.0)
    ddim = painter.paint("DDIM, 50 steps", prompts, seeds, steps=50, ddim=True)
    return {"usual": rates(usual), "guidance 1": rates(all_checks(saids, judged(judge, plain))),
            "DDIM 50": rates(all_checks(saids, judged(judge, ddim)))}


def negatives(painter, scenes):
    """For prompts that name no colour: how much there is of a colour without and with its word as the negative prompt."""
    prompts = [prompt(scene, coloured=False)[0] for scene in scenes]
    seeds = [scene.seed for scene in scenes]
    usual, out = painter.paint("no negative prompt", prompts, seeds), {}
    for channel, word in enumerate(NEGATIVES):
        without = painter.paint(f"negative prompt: {word}", prompts, seeds, negative=word)
        old, new = strength(usual, channel), strength(without, channel)
        out[word] = {"before": float(old.mean()), "after": float(new.mean()), "less in": float((new < old).mean())}
    return out
