"""Which of CLIP's merges the model ships with."""

import pickle
from pathlib import Path

import numpy as np

import captions
import words
from nets import MERGES


def said(work, wordings=2):
    """Every word of many captions of the first drawn scenes, the checks' template words among them."""
    talk = np.random.default_rng(0)
    found = set()
    for file in sorted((Path(work) / "pictures").glob("*.pickle")):
        for scene in pickle.loads(file.read_bytes()):
            for _ in range(wordings):
                found.update(captions.caption(scene, talk).lower().split())
    return found


def path(word, ranks):
    """The merges that byte-pair encoding makes on the way to a plain word's tokens."""
    parts = list(word)
    parts[-1] += "</w>"
    made = []
    while len(parts) > 1:
        rank, at = min((ranks.get((a, b), MERGES), i) for i, (a, b) in enumerate(zip(parts, parts[1:])))
        if rank == MERGES:
            break
        made.append(rank)
        parts[at:at + 2] = [parts[at] + parts[at + 1]]
    return made


def kept_merges(work, common):
    """Returns the rows of the embedding table to keep, and the merges as lines."""
    lines = words.merge_lines(MERGES)
    ranks = {tuple(line.split()): i for i, line in enumerate(lines)}
    keep = set(range(common))
    for phrase in said(work):
        for word in words.split(phrase):
            keep.update(path(word, ranks))
    kept = sorted(keep)
    return [*range(512), *(512 + i for i in kept), 512 + MERGES, 513 + MERGES], [lines[i] for i in kept]
