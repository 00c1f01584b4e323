"""The scale of guidance, so that the strength at which a model paints best is the one that programs start with.

Guidance g paints u + g (c - u), where c is the answer with words and u the one without. A model that is taught u + k (c - u) for c
paints at g as it would have painted at k g. u is what a frozen copy answers, so that only c moves.
"""

import torch
from diffusers.models.attention_processor import AttnProcessor

import nets
import start
import words


class Rescaling:
    def __init__(self, folder, factor, tokenizer):
        """`folder`: the exported model whose guidance is to count `factor` times."""
        self.factor = factor
        self.unet, text = nets.unet(), nets.text_encoder()
        start.load(folder, unet=self.unet, text_encoder=text)
        with torch.no_grad():
            self.silence = text(words.tokens(tokenizer, [""])).last_hidden_state.bfloat16()
        self.unet.set_attn_processor(AttnProcessor())
        self.unet.bfloat16().requires_grad_(False)

    def wanted(self, v, noised, t, has_words):
        """What is to be learnt in place of `v`, which the pictures say: of those without words exactly the copy's answer."""
        with torch.no_grad():
            u = self.unet(noised, t, self.silence.expand(len(noised), -1, -1)).sample.float()
        return u + (self.factor * has_words.float()).view(-1, 1, 1, 1) * (v - u)
