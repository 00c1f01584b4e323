"""CLIP's tokenizer with a prefix of its merges: same ids, a table a sixth of the size."""

import json
import re
from pathlib import Path

import torch
from transformers import CLIPTokenizer

from nets import MERGES

CLIP_MERGES = Path(__file__).resolve().parents[2] / "clip" / "merges.txt"


def byte_letters():
    """The 256 letters that stand for bytes in CLIP's vocabulary, in the order of their ids."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + i) for i in range(len(other))]


def merge_lines(count):
    """The first merges of CLIP's list, as "left right"."""
    return [line for line in CLIP_MERGES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")][:count]


def split(phrase):
    """Words and marks as CLIP separates them, for plain English."""
    return re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]+", phrase)


def write_files(folder, merges):
    """vocab.json and merges.txt of a vocabulary with these merges."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    letters = byte_letters()
    words = letters + [letter + "</w>" for letter in letters] + ["".join(line.split()) for line in merges] + ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")


def tokenizer(folder):
    if not (Path(folder) / "vocab.json").exists():
        write_files(folder, merge_lines(MERGES))
    return CLIPTokenizer(f"{folder}/vocab.json", f"{folder}/merges.txt", model_max_length=77, pad_token="<|endoftext|>")


def tokens(tok, captions):
    return torch.tensor(tok(captions, padding="max_length", truncation=True, max_length=77)["input_ids"])
