"""Muon on matrices, AdamW on the rest, for one or more processes that average their gradients.

Muon: Keller Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024. The update of a matrix is its momentum, orthogonalised
by a few Newton-Schulz iterations; the scale 0.2 sqrt(max(rows, columns)) makes its size that of Adam's (Moonshot AI, arXiv 2502.16982).
"""

import torch
import torch.distributed as dist


def orthogonalised(matrix, steps=4):
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16()
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(steps):
        s = x @ x.T
        x = a * x + (b * s + c * (s @ s)) @ x
    return (x.T if tall else x).float()


def average(tensors, world):
    """The mean over all processes, in place, as one message."""
    if world == 1:
        return
    flat = torch.cat([t.reshape(-1) for t in tensors])
    dist.all_reduce(flat)
    flat /= world
    for t, part in zip(tensors, flat.split([t.numel() for t in tensors])):
        t.copy_(part.view_as(t))


class Optimiser:
    """`nets` are trained together. `plain(name)` says which matrices are AdamW's as well (embeddings, first and last layers)."""

    def __init__(self, nets, muon_rate, adam_rate, plain, decay=0.01, rank=0, world=1):
        named = [(f"{i}.{name}", p) for i, net in enumerate(nets) for name, p in net.named_parameters() if p.requires_grad]
        self.params = [p for _, p in named]
        self.matrices = [p for name, p in named if p.dim() >= 2 and not plain(name)]
        chosen = {id(p) for p in self.matrices}
        rest = [p for p in self.params if id(p) not in chosen]
        self.adam = torch.optim.AdamW(rest, lr=adam_rate, betas=(0.9, 0.99), weight_decay=0.0)
        self.momentum = [torch.zeros_like(p) for p in self.matrices]
        self.muon_rate, self.adam_rate, self.decay, self.rank, self.world = muon_rate, adam_rate, decay, rank, world

    def step(self, factor, clip=1.0):
        """One update with the learning rates times `factor`. Returns the norm of the gradient."""
        for p in self.params:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        average([p.grad for p in self.params], self.world)
        norm = torch.nn.utils.clip_grad_norm_(self.params, clip)
        for group in self.adam.param_groups:
            group["lr"] = self.adam_rate * factor
        self.adam.step()
        updates = []
        for i, (p, m) in enumerate(zip(self.matrices, self.momentum)):
            m.mul_(0.95).add_(p.grad)
            mine = i % self.world == self.rank
            flat = p.grad.add(m, alpha=0.95).flatten(1)
            updates.append(orthogonalised(flat) * (0.2 * max(flat.shape) ** 0.5 * self.world) if mine else torch.zeros_like(flat))
        average(updates, self.world)
        rate = self.muon_rate * factor
        with torch.no_grad():
            for p, u in zip(self.matrices, updates):
                p.mul_(1 - rate * self.decay).add_(u.view_as(p), alpha=-rate)
        for p in self.params:
            p.grad = None
        return float(norm)

    def state(self):
        return {"adam": self.adam.state_dict(), "momentum": self.momentum}

    def load(self, state):
        self.adam.load_state_dict(state["adam"])
        for mine, saved in zip(self.momentum, state["momentum"]):
            mine.copy_(saved)
