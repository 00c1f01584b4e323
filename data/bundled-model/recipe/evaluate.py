"""Measures an exported model: `python evaluate.py --model FOLDER --work WORK [--prompts 300] [--sheet FILE.png] [--json FILE]`.

Prompts and noise are of held-out seeds, wordings of held-out templates. The judge (`train.py judge`) looks at the model's pictures, at the
drawn pictures of the same scenes, which is the most that can be reached, and at these through the autoencoder. Settings are the defaults.
"""

import argparse
import itertools
import json
import os
from pathlib import Path

import numpy as np
import torch
from diffusers.utils import logging

import scene
from checks import ALSO, REQUIRED, all_checks, failed, rates
from effects import NEGATIVES, negatives, samplers
from fidelity import fidelity, preview_of, through
from judge import judged, trained
from painter import GUIDANCE, STEPS, Painter
from pictures import CHECK_SEEDS
from sheet import sheet
from templates import prompt, unknown_words


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with the judge")
    parser.add_argument("--prompts", type=int, default=300)
    parser.add_argument("--subset", type=int, default=60, help="prompts for guidance 1 and DDIM")
    parser.add_argument("--negatives", type=int, default=16, help="prompts for each negative prompt")
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--sheet", type=Path, help="a contact sheet as PNG")
    parser.add_argument("--on-sheet", type=int, default=48, help="how many prompts, from the first")
    parser.add_argument("--json", type=Path, help="everything, prompt by prompt")
    return parser.parse_args()


def plain_scenes(count):
    """Held-out scenes in no painting style, others than those of the checks."""
    scenes = (scene.make(CHECK_SEEDS + 1_000_000 + i) for i in itertools.count())
    return list(itertools.islice((s for s in scenes if s.style == "plain"), count))


def measure(options):
    """All figures as one dictionary, and what the sheet shows."""
    judge, painter, preview = trained(options.work), Painter(options.model, options.batch), preview_of(options.model)
    scenes = [scene.make(CHECK_SEEDS + i) for i in range(options.prompts)]
    drawn = np.stack([scene.draw(s) for s in scenes])
    prompts, saids = (list(x) for x in zip(*(prompt(s) for s in scenes)))
    seeds = [s.seed for s in scenes]
    full, quick = through(painter.pipe.vae, preview, drawn)
    made = painter.paint("pictures", prompts, seeds)
    outcomes = {name: all_checks(saids, judged(judge, x)) for name, x in (("model", made), ("drawn", drawn), ("drawn, through the autoencoder", full))}
    few = options.subset
    result = {
        "adherence": {name: rates(outcome) for name, outcome in outcomes.items()},
        "fidelity": fidelity(drawn, full, quick, [s.style for s in scenes]),
        "samplers": samplers(painter, judge, prompts[:few], saids[:few], seeds[:few], outcomes["model"][:few]),
        "negatives": negatives(painter, plain_scenes(options.negatives)),
        "unknown words": unknown_words(prompts),
        "prompts": [{"seed": seed, "prompt": text, "failed": failed(own), "failed by the drawn picture": failed(ceiling)}
                    for seed, text, own, ceiling in zip(seeds, prompts, outcomes["model"], outcomes["drawn"])]}
    return result, made


def table(head, rows):
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def report(result):
    percent = lambda share: f"{100 * share:.1f} %"
    model, drawn, coded = (result["adherence"][k] for k in ("model", "drawn", "drawn, through the autoencoder"))
    print(f"{len(result['prompts'])} prompts, {STEPS} steps of DPM++ 2M, guidance {GUIDANCE:g}")
    table(("check", "asked", "model", "drawn pictures", "these through the autoencoder", "model / drawn"),
          [(key, str(model[key][1]), *(percent(r[key][0]) for r in (model, drawn, coded)), percent(model[key][0] / max(drawn[key][0], 1e-9)))
           for key in (*REQUIRED, "mean", *ALSO) if key in model])
    kinds = result["samplers"]
    table(("same prompts and noise", *(k for k in REQUIRED if k in kinds["usual"]), "mean"),
          [(name, *(percent(r[k][0]) for k in (*REQUIRED, "mean") if k in r)) for name, r in kinds.items()])
    table(("negative prompt", "of that colour before", "after", "less in"),
          [(word, f"{r['before']:.4f}", f"{r['after']:.4f}", percent(r["less in"])) for word, r in ((w, result["negatives"][w]) for w in NEGATIVES)])
    dB = result["fidelity"]
    table(("dB", *dB["autoencoder"]), [(name, *(f"{v:.2f}" for v in values.values())) for name, values in dB.items()])
    print("\nThe preview decoder is", f"{dB['autoencoder']['all'] - dB['preview']['all']:.2f} dB below the autoencoder.")
    perfect = sum(not p["failed"] for p in result["prompts"])
    print(f"Pictures without any failed check: {perfect} of {len(result['prompts'])}. Words unknown to training:",
          ", ".join(result["unknown words"]) or "none")


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    logging.set_verbosity_error()
    result, made = measure(options)
    report(result)
    if options.sheet:
        shown = result["prompts"][:options.on_sheet]
        sheet(options.sheet, made[:options.on_sheet], [p["prompt"] for p in shown], [p["failed"] for p in shown])
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
