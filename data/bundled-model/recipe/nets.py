"""The networks: Stable Diffusion 1.x's four parts at small widths, and how their weights start."""

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from diffusers.models.attention import FeedForward
from diffusers.models.attention_processor import Attention
from diffusers.models.resnet import ResnetBlock2D
from transformers import CLIPTextConfig, CLIPTextModel

MERGES = 8192                     # of CLIP's list; the ids of a prefix are CLIP's own, only start and end move
TEXT_WIDTH = 96
SCALING = 0.5                     # latents times this have about unit deviation; measured by latents.py


def autoencoder():
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, block_out_channels=(16, 32, 64, 96),
        layers_per_block=1, latent_channels=4, norm_num_groups=8, sample_size=256, scaling_factor=SCALING)


def unet():
    return UNet2DConditionModel(
        sample_size=32, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(64, 96, 128, 128),
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",), up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        attention_head_dim=(1, 2, 4, 4), cross_attention_dim=TEXT_WIDTH, norm_num_groups=32)


def text_encoder(merges=MERGES):
    words = 514 + merges
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=words, hidden_size=TEXT_WIDTH, intermediate_size=4 * TEXT_WIDTH, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=77, hidden_act="quick_gelu", projection_dim=TEXT_WIDTH, bos_token_id=words - 2, eos_token_id=words - 1,
        pad_token_id=words - 1))


def preview_decoder():
    """TAESD's architecture at 32 channels; only its decoder is trained and shipped."""
    return AutoencoderTiny(encoder_block_out_channels=(16,) * 4, decoder_block_out_channels=(32,) * 4, num_encoder_blocks=(1, 2, 2, 2),
                           num_decoder_blocks=(2, 2, 2, 1), latent_channels=4)


def quiet(net):
    """Every residual branch starts as zero and every shortcut as orthogonal, so that the net starts near the identity."""
    for module in net.modules():
        if isinstance(module, ResnetBlock2D):
            torch.nn.init.zeros_(module.conv2.weight)
            if module.conv_shortcut is not None:
                torch.nn.init.orthogonal_(module.conv_shortcut.weight)
        elif isinstance(module, Attention):
            torch.nn.init.zeros_(module.to_out[0].weight)
        elif isinstance(module, FeedForward):
            torch.nn.init.zeros_(module.net[-1].weight)
    return net
