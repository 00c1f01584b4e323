"""The recipe's one command: `python train.py STAGE --work FOLDER [options]`. Any stage can be stopped and started again."""

import argparse
import importlib
from pathlib import Path

STAGES = {"autoencoder": "train_autoencoder", "decoder": "train_decoder", "preview": "train_preview", "unet": "train_unet", "judge": "judge"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=["pictures", "latents", *STAGES])
    parser.add_argument("--work", type=Path, required=True, help="folder for pictures and checkpoints (8 GB)")
    parser.add_argument("--shards", type=int, default=30, help="how many files of pictures")
    parser.add_argument("--shard-size", type=int, default=1000, help="pictures of each file")
    parser.add_argument("--from", type=Path, dest="start", help="an exported model to start from where there is no checkpoint")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this time, with a checkpoint")
    parser.add_argument("--steps", type=int, default=0, help="stop at this step, 0: never")
    parser.add_argument("--batch", type=int, default=8, help="of each process")
    parser.add_argument("--cool", type=int, default=0, help="let the learning rate fall to nothing over so many steps, then stop")
    parser.add_argument("--average", type=float, default=0.999, help="decay of the running average of the weights")
    parser.add_argument("--save-every", type=int, default=200)
    parser.add_argument("--size", type=int, default=256, choices=(128, 256), help="of the pictures that the UNet learns")
    parser.add_argument("--rescale", type=float, default=1, help="let guidance count so many times in the UNet of --from")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.stage == "pictures":
        from pictures import draw_all
        draw_all(options.work, options.shards, options.processes, options.shard_size)
    elif options.stage == "latents":
        from latents import encode_all
        encode_all(options)
    else:
        from training import launch
        launch(options.work, importlib.import_module(STAGES[options.stage]).stage, options)


if __name__ == "__main__":
    main()
