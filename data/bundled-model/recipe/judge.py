"""The judge: a small network that says of a picture what its scene's record says. Evaluation asks it; it is not shipped.

It answers for the whole picture (kind, time, style, ground) and for each thing whether it is there, and if so its colour, how many
there are and where. A thing is found as a map over 16 x 16 places; what is asked of it is read where its map is high.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from optimiser import Optimiser
from palette import NAMED, TIMES
from pictures import Pictures
from scene import KINDS, PLACES
from styles import STYLES
from things import THINGS
from training import Run, averaged
from wear import worn

COLOURS, COUNTS, NAMES, WHERE = tuple(NAMED), (1, 2, 3, 5), tuple(THINGS), tuple(PLACES)
WHOLE = {"kind": KINDS, "time": tuple(TIMES), "style": STYLES, "ground": COLOURS}
OF_THINGS = {"colour": COLOURS, "count": COUNTS, "place": WHERE}
SIZE, WIDTH = 128, 96             # pixels that it sees, channels of its features
UNSAID = -100                     # an answer that is not asked for (what cross_entropy ignores)


class Block(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.body = nn.Sequential(nn.GroupNorm(8, wide), nn.SiLU(), nn.Conv2d(wide, wide, 3, padding=1),
                                  nn.GroupNorm(8, wide), nn.SiLU(), nn.Conv2d(wide, wide, 3, padding=1))
        nn.init.zeros_(self.body[-1].weight)

    def forward(self, x):
        return x + self.body(x)


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        down = lambda a, b: nn.Conv2d(a, b, 3, stride=2, padding=1)
        self.eye = nn.Sequential(nn.Conv2d(3, 32, 4, stride=2, padding=1), nn.SiLU(), down(32, 64), Block(64), nn.SiLU(), down(64, WIDTH),
                                 Block(WIDTH), Block(WIDTH))
        self.wide = nn.Sequential(down(WIDTH, WIDTH), Block(WIDTH), Block(WIDTH), nn.Upsample(scale_factor=2))
        self.found = nn.Conv2d(WIDTH, len(NAMES), 1)
        nn.init.constant_(self.found.bias, -7.0)
        self.whole = nn.ModuleDict({k: nn.Linear(4 * WIDTH, len(v)) for k, v in WHOLE.items()})
        self.colour = nn.Sequential(nn.Linear(2 * WIDTH + len(NAMES), 128), nn.SiLU(), nn.Linear(128, len(COLOURS)))
        self.spread = nn.Sequential(nn.Linear(16 + len(NAMES), 128), nn.SiLU(), nn.Linear(128, len(COUNTS) + len(WHERE)))

    def forward(self, pixels):
        """The answers' logits: whole ones N x answers; "there" N x things; those of things N x things x answers."""
        x = self.eye(pixels)
        x = x + self.wide(x)
        x = F.silu(x)
        found = self.found(x)
        bands = F.adaptive_avg_pool2d(x, (4, 1)).flatten(1)
        said = {key: head(bands) for key, head in self.whole.items()}
        said["there"] = found.flatten(2).logsumexp(2)
        at = found.flatten(2).softmax(2) @ x.flatten(2).transpose(1, 2)
        which = torch.eye(len(NAMES), dtype=at.dtype).expand(len(x), -1, -1)
        everywhere = x.mean((2, 3))[:, None].expand_as(at)
        said["colour"] = self.colour(torch.cat([at, everywhere, which], 2))
        columns = F.softplus(found.logsumexp(2) + 2)
        said["count"], said["place"] = self.spread(torch.cat([columns, which], 2)).split([len(COUNTS), len(WHERE)], 2)
        return said


def answers(scene):
    """What the record says, as numbers, in the same order and shapes as the judge's logits (without the last axis)."""
    said = {"kind": KINDS.index(scene.kind), "time": tuple(TIMES).index(scene.time), "style": STYLES.index(scene.style),
            "ground": COLOURS.index(scene.ground), "there": [0] * len(NAMES), **{key: [UNSAID] * len(NAMES) for key in OF_THINGS}}
    for group in scene.groups:
        i = NAMES.index(group.kind)
        said["there"][i] = 1
        said["count"][i] = COUNTS.index(group.count)
        if scene.style != "line":
            said["colour"][i] = COLOURS.index(group.colour)
        if len(scene.groups) == 2 or group.count == 1:
            said["place"][i] = WHERE.index(group.place)
    if scene.style == "line":
        said["ground"] = UNSAID
    return said


def losses(said, wanted):
    """One figure a question. Where nothing in the batch answers a question its figure is 0."""
    out = {"there": F.binary_cross_entropy_with_logits(said["there"].float(), wanted["there"].float(), reduction="sum") / len(wanted["there"])}
    for key in (*WHOLE, *OF_THINGS):
        target = wanted[key].flatten()
        total = F.cross_entropy(said[key].float().flatten(0, -2), target, ignore_index=UNSAID, reduction="sum")
        out[key] = total / max(1, int((target != UNSAID).sum()))
    return out


def seen(pixels):
    """uint8 pictures of 256 pixels, N x 256 x 256 x 3, as the judge takes them: half the size, -1..1, NCHW."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).view(-1, SIZE, 2, SIZE, 2, 3).to(torch.int16)
    summed = x[:, :, 0, :, 0] + x[:, :, 0, :, 1] + x[:, :, 1, :, 0] + x[:, :, 1, :, 1]
    return summed.permute(0, 3, 1, 2).float().contiguous() / 510 - 1


def stage(rank, options):
    torch.manual_seed(4)
    net = Judge()
    optimiser = Optimiser([net], 4e-3, 2e-3, lambda name: name.endswith("eye.0.weight") or "found" in name, rank=rank, world=options.processes)
    run = Run("judge", [net], optimiser, options, rank)
    pictures = Pictures(options.work, options.shards)
    while run.going():
        indices = torch.randint(0, len(pictures), (options.batch,), generator=run.rng).tolist()
        pixels = worn(seen(np.stack([pictures[i] for i in indices])), run.rng)
        records = [answers(pictures.scenes[i]) for i in indices]
        wanted = {key: torch.tensor([r[key] for r in records]) for key in records[0]}
        with torch.autocast("cpu", torch.bfloat16):
            said = net(pixels)
        parts = losses(said, wanted)
        loss = sum(parts.values())
        loss.backward()
        run.update(options.batch, loss=loss.detach(), **{k: v.detach() for k, v in parts.items()})
    run.save()


def blocky(pixels):
    """Which pictures change at the borders of 8 x 8 blocks and little elsewhere: pixel art is all there, a smooth picture an eighth."""
    edges = [np.abs(np.diff(pixels.astype(np.float32), axis=axis)).mean(axis=(3 - axis, 3)) for axis in (1, 2)]
    total, border = sum(e.sum(1) for e in edges), sum(e[:, 7::8].sum(1) for e in edges)
    return border > 0.4 * total


def judged(net, pixels):
    """What the judge sees in each picture: a dict a picture; "there" is the set of things found, and of all things the rest is told.

    The network knows pixel art by its few levels too, so that it is believed only where there are blocks.
    """
    out = []
    for part in np.array_split(pixels, max(1, len(pixels) // 50)):
        with torch.no_grad():
            said = {key: value.float() for key, value in net(seen(part)).items()}
        blocks = blocky(part)
        for i in range(len(part)):
            one = {key: values[int(said[key][i].argmax())] for key, values in WHOLE.items()}
            if one["style"] == "pixel" and not blocks[i]:
                one["style"] = "plain"
            one["there"] = {name for name, logit in zip(NAMES, said["there"][i]) if logit > 0}
            for key, values in OF_THINGS.items():
                one[key] = {name: values[int(row.argmax())] for name, row in zip(NAMES, said[key][i])}
            out.append(one)
    return out


def trained(work):
    return averaged(work, "judge", [Judge()])[0]
