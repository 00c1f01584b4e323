"""From checkpoints to the folder that the program loads: `python export.py --work FOLDER --out FOLDER`.

Everything in 16 bits. Of CLIP's merges only the first ones and those that some caption needs are kept: the embeddings of all others were
never trained, and a word that is not known becomes pieces of known ones.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

import nets
import words
from train_unet import SCHEDULE
from training import averaged
from vocabulary import kept_merges

COMMON_MERGES = 1024              # of the first ones, so that unknown words do not fall into letters


def save_part(folder, name, net, config):
    """A network as diffusers keeps it, the configuration without what only this machine's library version says."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    file = "model.safetensors" if name == "text_encoder" else "diffusion_pytorch_model.safetensors"
    weights = {k: v.to(torch.float16).contiguous() for k, v in net.state_dict().items() if not k.endswith("position_ids")}
    save_file(weights, folder / name / file, metadata={"format": "pt"})
    (folder / name / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def original_names(state):
    """The decoder as TAESD's own files name it: places in the list, whose first member is a clamp without weights."""
    shifted = {}
    for key, value in state.items():
        _, place, rest = key.split(".", 2)
        shifted[f"{int(place) + 1}.{rest}"] = value.to(torch.float16).contiguous()
    return shifted


def shortened_text_encoder(text, work, out):
    """The text encoder with the rows of the kept words, and its vocabulary's files."""
    rows, merges = kept_merges(work, COMMON_MERGES)
    words.write_files(out / "tokenizer", merges)
    (out / "tokenizer" / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}, indent=2) + "\n")
    small = nets.text_encoder(len(merges))
    state = text.state_dict()
    key = next(k for k in state if k.endswith("token_embedding.weight"))
    state[key] = state[key][rows]
    small.load_state_dict(state)
    return small


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    out = options.out
    for part in ("unet", "text_encoder", "vae", "tokenizer", "scheduler"):
        shutil.rmtree(out / part, ignore_errors=True)
    scaling = json.loads((options.work / "latents" / "scaling.json").read_text())["scaling_factor"]

    unet, text = averaged(options.work, "unet", [nets.unet(), nets.text_encoder()])
    save_part(out, "unet", unet, {"_class_name": "UNet2DConditionModel", **public(unet.config)})
    text = shortened_text_encoder(text, options.work, out)
    save_part(out, "text_encoder", text, {"architectures": ["CLIPTextModel"], "model_type": "clip_text_model", **text_config(text.config)})
    sharpened = (options.work / "decoder.pt").exists()
    (vae,) = averaged(options.work, "decoder" if sharpened else "autoencoder", [nets.autoencoder()])
    save_part(out, "vae", vae, {"_class_name": "AutoencoderKL", **public(vae.config), "scaling_factor": scaling})
    (preview,) = averaged(options.work, "preview", [nets.preview_decoder().decoder])
    save_file(original_names(preview.state_dict()), out / "taesd_decoder.safetensors", metadata={"format": "pt"})

    (out / "scheduler").mkdir()
    (out / "scheduler" / "scheduler_config.json").write_text(json.dumps({
        "_class_name": "DPMSolverMultistepScheduler", **SCHEDULE, "prediction_type": "v_prediction", "timestep_spacing": "linspace"}, indent=2) + "\n")
    (out / "model_index.json").write_text(json.dumps({
        "_class_name": "StableDiffusionPipeline", "_title": "Sfumato Starter", "feature_extractor": [None, None], "requires_safety_checker": False, "safety_checker": [None, None],
        "scheduler": ["diffusers", "DPMSolverMultistepScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]},
        indent=2) + "\n")
    for file in out.rglob("*.safetensors"):
        file.chmod(0o644)
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file() and "recipe" not in f.parts)
    print(f"{out}: {size / 1e6:.2f} MB")


def public(config):
    return {k: v for k, v in config.items() if not k.startswith("_")}


def text_config(config):
    keys = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings", "hidden_act",
            "layer_norm_eps", "projection_dim", "bos_token_id", "eos_token_id", "pad_token_id")
    return {k: getattr(config, k) for k in keys}


if __name__ == "__main__":
    main()
