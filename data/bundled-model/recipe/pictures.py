"""The training pictures: shards of drawn scenes and their records, made once from seeds and kept in the work folder."""

import pickle
from multiprocessing import Pool
from pathlib import Path

import numpy as np

import scene

CHECK_SEEDS = 900_000_000         # seeds from here on are never trained on


def shard_path(work, number):
    return Path(work) / "pictures" / f"{number:03d}.npy"


def draw_shard(job):
    work, number, size = job
    path = shard_path(work, number)
    if path.exists():
        return
    scenes = [scene.make(number * size + i) for i in range(size)]
    pixels = np.stack([scene.draw(s) for s in scenes])       # also fills in where things stand
    path.with_suffix(".pickle").write_bytes(pickle.dumps(scenes))
    temporary = path.with_suffix(".part.npy")
    np.save(temporary, pixels)
    temporary.rename(path)


def draw_all(work, shards, processes, size):
    shard_path(work, 0).parent.mkdir(parents=True, exist_ok=True)
    with Pool(processes) as pool:
        for done, _ in enumerate(pool.imap_unordered(draw_shard, [(work, n, size) for n in range(shards)]), 1):
            print(f"pictures: {done} of {shards} shards", flush=True)


class Pictures:
    """All drawn shards as one array of uint8 pictures, read from disk as needed."""

    def __init__(self, work, shards):
        numbers = [n for n in range(shards) if shard_path(work, n).exists()]
        self.shards = [np.load(shard_path(work, n), mmap_mode="r") for n in numbers]
        self.scenes = [s for n in numbers for s in pickle.loads(shard_path(work, n).with_suffix(".pickle").read_bytes())]

    def __len__(self):
        return len(self.scenes)

    def __getitem__(self, index):
        size = len(self.shards[0])
        return self.shards[index // size][index % size]
