"""What all stages share: processes, checkpoints that a killed run goes on from, the learning rate, averaged weights."""

import os
import signal
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from optimiser import average


def launch(work, stage, options):
    """Runs `stage(rank, options)` in options.processes processes of one thread each (small layers do not scale over threads)."""
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", str(29500 + os.getpid() % 2000))
    if options.processes == 1:
        enter(0, stage, options)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))    # so that the children end too
        mp.spawn(enter, (stage, options), nprocs=options.processes, daemon=True)


def enter(rank, stage, options):
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    if options.processes > 1:
        dist.init_process_group("gloo", rank=rank, world_size=options.processes)
    stage(rank, options)
    if options.processes > 1:
        dist.destroy_process_group()


class Run:
    """A stage's state: nets, their running average, optimiser, step. One file, written whole or not at all."""

    def __init__(self, name, nets, optimiser, options, rank):
        self.path = Path(options.work) / f"{name}.pt"
        self.nets, self.optimiser, self.options, self.rank = nets, optimiser, options, rank
        self.average = [{k: v.clone() for k, v in net.state_dict().items()} for net in nets]
        self.step, self.cool_from, self.seen = 0, None, 0
        if self.path.exists():
            saved = torch.load(self.path, weights_only=True)
            self.step, self.cool_from, self.seen = saved["step"], saved["cool_from"], saved["seen"]
            for net, weights, mean, own in zip(nets, saved["nets"], saved["average"], self.average):
                net.load_state_dict(weights)
                own.update(mean)
            optimiser.load(saved["optimiser"])
            if self.cool_from is not None:
                if self.step >= self.cool_from + saved["cool"]:
                    self.cool_from = None         # a cooled run that is to go on: warm again
                else:
                    options.cool = saved["cool"]  # one that was stopped while it cooled
        if options.cool and self.cool_from is None:
            self.cool_from = self.step
        self.end = time.time() + options.minutes * 60
        self.rng = torch.Generator().manual_seed(self.step * 64 + rank)
        self.log, self.since = {}, time.time()

    def rate(self):
        """Warm-up, then flat; while cooling, linearly down to nothing."""
        factor = min(1.0, (self.step + 1) / 100)
        if self.cool_from is not None:
            factor *= max(0.0, 1 - (self.step - self.cool_from) / self.options.cool)
        return factor

    def going(self):
        """All processes agree on whether there is another step."""
        more = time.time() < self.end and (self.options.steps == 0 or self.step < self.options.steps)
        more = more and (self.cool_from is None or self.step < self.cool_from + self.options.cool)
        flag = torch.tensor([float(more)])
        average([flag], self.options.processes)
        return flag.item() == 1.0

    def update(self, samples, **figures):
        """After backward(): one optimiser step, the running average, a log line now and then."""
        norm = self.optimiser.step(self.rate())
        self.step += 1
        self.seen += samples * self.options.processes
        keep = min(self.options.average, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for net, mean in zip(self.nets, self.average):
                for key, value in net.state_dict().items():
                    mean[key].lerp_(value, 1 - keep) if value.is_floating_point() else mean[key].copy_(value)
        for key, value in {**figures, "norm": norm}.items():
            total, count = self.log.get(key, (0.0, 0))
            self.log[key] = (total + float(value), count + 1)
        if self.step % 50 == 0 and self.rank == 0:
            spent, self.since = time.time() - self.since, time.time()
            text = " ".join(f"{k} {t / c:.4f}" for k, (t, c) in self.log.items() if c)
            print(f"step {self.step} seen {self.seen} {text} rate {self.rate():.3f} {50 * samples * self.options.processes / spent:.1f}/s", flush=True)
            self.log = {}
        if self.step % self.options.save_every == 0:
            self.save()

    def save(self):
        if self.rank != 0:
            return
        temporary = self.path.with_suffix(".part")
        torch.save({"step": self.step, "seen": self.seen, "cool_from": self.cool_from, "cool": self.options.cool,
                    "nets": [n.state_dict() for n in self.nets], "average": self.average, "optimiser": self.optimiser.state()}, temporary)
        temporary.rename(self.path)


def averaged(work, name, nets):
    """Loads a stage's averaged weights into fresh nets. Returns the nets, not to be trained."""
    saved = torch.load(Path(work) / f"{name}.pt", weights_only=True)
    for net, mean in zip(nets, saved["average"]):
        net.load_state_dict(mean)
        net.requires_grad_(False).eval()
    return nets
