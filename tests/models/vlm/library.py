"""What the transformers library itself says, by its documented calls and nothing of ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from scrubjay.core.looking import Message, Sampling
from scrubjay.models.conversation import pictures_of
from scrubjay.models.pretrained.processor import read_processor


@dataclass(frozen=True)
class Said:
    text: str
    tokens: int
    confidence: float


class Library:
    """A model and its processor, loaded anew."""

    def __init__(self, folder: Path, kind: str, loaded_by: Any = None) -> None:
        from transformers import AutoModelForImageTextToText, AutoProcessor

        try:
            self.processor = AutoProcessor.from_pretrained(folder)
        except (ImportError, ValueError):  # its part for videos needs torchvision
            self.processor = read_processor(folder, kind=kind)
        loaded_by = loaded_by or AutoModelForImageTextToText
        self.model = loaded_by.from_pretrained(folder, dtype="float32").eval()

    def chat(self, messages: Sequence[Message]):
        """Inputs by the processor's chat template."""
        return self.processor.apply_chat_template(
            [conversed(one) for one in messages],
            chat_template=self.processor.chat_template or self.processor.tokenizer.chat_template,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )

    def prompted(self, prompt: str, messages: Sequence[Message]):
        """Inputs by a prompt written out."""
        images = [[Image.fromarray(one) for one in pictures_of(messages)]]
        made = self.processor(text=prompt, images=images, return_tensors="pt")
        made.pop("labels", None)
        return made

    def generate(self, inputs, sampling: Sampling, *, after: int | None = None) -> Said:
        """Text, number of tokens, and the geometric mean of their probabilities.

        `after` is the number of tokens of the prompt that `generate` gives back first.
        """
        drawn = sampling.temperature > 0
        options = {"temperature": sampling.temperature, "top_k": sampling.top_k or 0}
        options["top_p"] = sampling.top_p or 1.0
        if sampling.seed is not None:
            torch.manual_seed(sampling.seed)
        with torch.no_grad():
            made = self.model.generate(
                **inputs,
                do_sample=drawn,
                **(options if drawn else {}),
                repetition_penalty=sampling.repetition_penalty,
                max_new_tokens=sampling.max_new_tokens,
                return_dict_in_generate=True,
                output_logits=True,
                output_scores=True,
            )
        tokens = made.sequences[0, inputs["input_ids"].shape[1] if after is None else after :]
        logs = [
            float(torch.log_softmax(one[0].float(), -1)[token])
            for one, token in zip(made.logits, tokens, strict=True)
        ]
        return Said(
            text=self.processor.tokenizer.decode(tokens, skip_special_tokens=True).strip(),
            tokens=len(tokens),
            confidence=math.exp(sum(logs) / len(logs)),
        )


def conversed(message: Message) -> dict:
    content = [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image", "image": Image.fromarray(part)}
        for part in message.parts
    ]
    return {"role": message.role.value, "content": content}
