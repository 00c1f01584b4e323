"""Weights from an exported folder into fresh nets, so that training can go on where no checkpoint is left (`--from FOLDER`)."""

from pathlib import Path

from safetensors.torch import load_file

import words
from nets import MERGES


def rows_of(folder):
    """The rows of the full embedding table that an exported one has, in its order: the reverse of `vocabulary.kept_merges`."""
    rank = {line: i for i, line in enumerate(words.merge_lines(MERGES))}
    text = (Path(folder) / "tokenizer" / "merges.txt").read_text(encoding="utf-8")
    merges = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [*range(512), *(512 + rank[line] for line in merges), 512 + MERGES, 513 + MERGES]


def diffusers_names(state):
    """TAESD's own names as diffusers has them: the reverse of `export.original_names`."""
    shifted = {}
    for key, value in state.items():
        place, rest = key.split(".", 1)
        shifted[f"layers.{int(place) - 1}.{rest}"] = value
    return shifted


def weights(folder, part):
    """A part's exported weights in 32 bits, under the names that its net has."""
    folder = Path(folder)
    if part == "preview":
        state = diffusers_names(load_file(folder / "taesd_decoder.safetensors"))
    else:
        state = load_file(folder / part / ("model.safetensors" if part == "text_encoder" else "diffusion_pytorch_model.safetensors"))
    return {key.removeprefix("text_model."): value.float() for key, value in state.items()}


def load(folder, **nets):
    """`load(folder, unet=net, text_encoder=net)`. Of the words only the exported ones are set, the others stay as they were."""
    if folder is None:
        return
    for part, net in nets.items():
        state, own = weights(folder, part), net.state_dict()
        if part == "text_encoder":
            key = next(k for k in own if k.endswith("token_embedding.weight"))
            table = own[key].clone()
            table[rows_of(folder)] = state[key]
            state[key] = table
        net.load_state_dict({**{k: v for k, v in own.items() if k.endswith("position_ids")}, **state})
