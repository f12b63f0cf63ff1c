"""Teach a small LLaVA what the numbers of drawings and pictograms measure, on generated panels.

    python bench/extract_teach.py FOLDER

The model is of the real class with the real processor, begins at random, and is saved as hubs keep
models: `vlm=transformers vlm.source=FOLDER` loads it. It learns from panels of the taught part, of
seeds that neither `extract_fit.py` nor `extract.py` draws, and of the held-out part it sees none.
As in large models, the part that sees is taught alone before the whole is taught to answer.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from extract_looking import ALIKE, alike
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.extraction import found_in
from scrubjay.ask.extracting.fusing import NOTHING, question, surroundings
from scrubjay.core.looking import Message
from scrubjay.core.reading import Reading, TextLine
from scrubjay.core.types import Picture
from scrubjay.media.panels.panel import Flat, draw_flat
from scrubjay.media.panels.sheet import Mark
from scrubjay.media.panels.vocabulary import Part

SIDE, PATCH = 80, 10
FROM = 100_000
"""First seed of the panels it is taught on."""
PANELS = 4000
OTHERS = 0.12
"""Share of the panels kept that are neither drawings nor pictograms."""
SEEN = frozenset({"arrows", "pictogram_strip"})
SIZE = 48
TEMPLATE = (
    "{% for message in messages %}{{ message['role'].upper() + ': ' }}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}{{ '<image>\n' }}"
    "{% else %}{{ content['text'] + ' ' }}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
CLASSES: tuple[Entity | None, ...] = (*dict.fromkeys(e for some in ALIKE for e in some), None)


@dataclass(frozen=True)
class Lesson:
    """A number's surroundings, what is offered, and what it measures."""

    shown: Picture
    offered: tuple[Entity, ...]
    entity: Entity | None

    @property
    def asked(self) -> Message:
        """As the model is asked."""
        return question(self.shown, self.offered)

    @property
    def answer(self) -> str:
        """As it should answer."""
        return NOTHING if self.entity is None else self.entity.words


def lessons(seeds: Sequence[int]) -> list[Lesson]:
    """Of the numbers on the flat panels of some seeds that a picture may tell apart."""
    made: list[Lesson] = []
    random = np.random.default_rng(7)
    for seed in seeds:
        flat = draw_flat(seed, Part.TAUGHT)
        if flat.layout in SEEN or random.random() < OTHERS:
            made += _lessons(flat)
    return made


def _lessons(flat: Flat) -> list[Lesson]:
    height, width = flat.picture.shape[:2]
    lines = tuple(_line(mark, width, height) for mark in flat.marks)
    found = found_in(Reading(lines, width, height, "drawn"))
    made = []
    for one in found.candidates:
        offered = alike(one)
        if len(offered) < 2:
            continue
        told = [
            entity
            for entity in offered
            if (fact := flat.facts.get(entity.value)) is not None
            and (fact.value, fact.unit) == (one.value, one.unit)
        ]
        shown = surroundings(flat.picture, found.page, one)
        made.append(Lesson(shown, offered, told[0] if told else None))
    return made


def _line(mark: Mark, width: int, height: int) -> TextLine:
    left, top, right, bottom = mark.box
    x0, x1, y0, y1 = left / width, right / width, top / height, bottom / height
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    if mark.turned:
        corners = ((x0, y1), (x0, y0), (x1, y0), (x1, y1))
    return TextLine(mark.text, 1.0, corners)


def build(folder: Path) -> tuple[Any, Any]:
    """A LLaVA of random weights and its processor, both saved into a folder."""
    from transformers import (
        AutoProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    named = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos")}
    small = {"hidden_size": 96, "intermediate_size": 192, "num_attention_heads": 4}
    torch.manual_seed(1)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=CLIPVisionConfig(
                **small, num_hidden_layers=5, image_size=SIDE, patch_size=PATCH
            ),
            text_config=LlamaConfig(
                **small,
                num_hidden_layers=2,
                num_key_value_heads=4,
                vocab_size=len(tokenizer),
                max_position_embeddings=512,
                pad_token_id=tokenizer.pad_token_id,
                **named,
            ),
            image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
            image_seq_length=(SIDE // PATCH) ** 2,
            vision_feature_layer=-1,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    CLIPImageProcessorPil(size=size, crop_size=size).save_pretrained(folder)
    settings = {
        "processor_class": "LlavaProcessor",
        "patch_size": PATCH,
        "vision_feature_select_strategy": "default",
        "num_additional_image_tokens": 1,
    }
    (folder / "processor_config.json").write_text(json.dumps(settings))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return model, AutoProcessor.from_pretrained(folder)


def _tokenizer() -> Any:  # noqa: ANN401 - transformers has no types
    """Byte-level tokens learned from what is asked and answered."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "</s>", "<image>"]
    asked = [question(np.zeros((1, 1, 3), np.uint8), some).text for some in ALIKE]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        [*asked, "USER: ", " ASSISTANT:", *(f" {e.words}" for e in Entity), f" {NOTHING}"] * 9,
        trainers.BpeTrainer(
            vocab_size=500,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    made.post_processor = processors.TemplateProcessing(
        single=["<s>", "$A"], special_tokens=[("<s>", made.token_to_id("<s>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        model_max_length=512,
    )


class School:
    """Lessons as tensors, and the batches a model learns from."""

    def __init__(self, given: Sequence[Lesson], processor: Any) -> None:  # noqa: ANN401
        from scrubjay.models.pretrained.chat import Chat

        chat = Chat(processor, kind="llava", name="llava")
        texts: dict[tuple[tuple[Entity, ...], Entity | None], int] = {}
        rows: list[tuple[Tensor, int]] = []
        self.pixels = torch.stack([_pixels(chat, one.asked) for one in given])
        self.kinds = torch.tensor([CLASSES.index(one.entity) for one in given])
        picked = []
        for one in given:
            if (one.offered, one.entity) not in texts:
                texts[one.offered, one.entity] = len(rows)
                rows.append(_row(chat, processor.tokenizer, one))
            picked.append(texts[one.offered, one.entity])
        self.text = torch.tensor(picked)
        longest = max(len(row) for row, _ in rows)
        self.ids = torch.full((len(rows), longest), processor.tokenizer.pad_token_id)
        self.mask = torch.zeros_like(self.ids)
        self.labels = torch.full_like(self.ids, -100)
        for at, (row, read) in enumerate(rows):
            self.ids[at, : len(row)] = row
            self.mask[at, : len(row)] = 1
            self.labels[at, read : len(row)] = row[read:]
        counts = torch.bincount(self.kinds, minlength=len(CLASSES)).clamp(min=1)
        self.chance = (1.0 / counts.float()).sqrt()[self.kinds]

    def draw(self) -> tuple[Tensor, Tensor]:
        """Varied pictures, and which lessons they are of."""
        chosen = torch.multinomial(self.chance, SIZE, replacement=True)
        return varied(self.pixels[chosen]), chosen

    def batch(self) -> dict[str, Tensor]:
        """What the model learns to answer from."""
        pixels, chosen = self.draw()
        text = self.text[chosen]
        return {
            "pixel_values": pixels,
            "input_ids": self.ids[text],
            "attention_mask": self.mask[text],
            "labels": self.labels[text],
        }


def _pixels(chat: Any, asked: Message) -> Tensor:  # noqa: ANN401
    pixels: Tensor = chat.inputs([asked])["pixel_values"][0]
    return pixels


def _row(chat: Any, tokenizer: Any, lesson: Lesson) -> tuple[Tensor, int]:  # noqa: ANN401
    read = chat.inputs([lesson.asked])["input_ids"][0]
    answer = tokenizer(f" {lesson.answer}", add_special_tokens=False)["input_ids"]
    ids = [one for one in answer if one != tokenizer.bos_token_id]
    return torch.cat([read, torch.tensor([*ids, tokenizer.eos_token_id])]), len(read)


def varied(pixels: Tensor) -> Tensor:
    """(n, 3, h, w) leaning, mirrored, larger or smaller, shifted, paler or darker."""
    count = len(pixels)
    lean = (torch.rand(count) - 0.5) * 2 * math.radians(15)
    grow = 1 + (torch.rand(count) - 0.5) * 0.3
    flip = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    shift = (torch.rand(count, 2) - 0.5) * 0.12
    cos, sin = torch.cos(lean) * grow, torch.sin(lean) * grow
    rows = [torch.stack([cos * flip, -sin, shift[:, 0]], 1)]
    rows.append(torch.stack([sin * flip, cos, shift[:, 1]], 1))
    grid = torch.nn.functional.affine_grid(torch.stack(rows, 1), list(pixels.shape), False)
    made = torch.nn.functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    tone = 1 + (torch.rand(count, 1, 1, 1) - 0.5) * 0.4
    # Dark on pale and pale on dark say the same; the frame stays what it is only in its place.
    dark = torch.where(torch.rand(count, 1, 1, 1) < 0.3, -1.0, 1.0)
    return made * tone * dark + 0.1 * torch.randn_like(made)


def teach(
    parameters: Sequence[torch.nn.Parameter],
    loss: Callable[[], Tensor],
    *,
    steps: int,
    rate: float,
    name: str,
) -> None:
    """Descend so many steps; the rate falls towards the last."""
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / 50, 0.51 + 0.49 * math.cos(math.pi * step / steps)),
    )
    losses: list[float] = []
    for step in range(1, steps + 1):
        made = loss()
        optimiser.zero_grad()
        made.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(made.item())
        if step % 100 == 0:
            print(f"  {name}: step {step}, loss {np.mean(losses[-100:]):.3f}", flush=True)


def taught(folder: Path, given: Sequence[Lesson], *, seeing: int, answering: int) -> None:
    """Build a model, teach it, and save it into a folder."""
    model, processor = build(folder)
    school = School(given, processor)
    seer = model.model.vision_tower
    head = torch.nn.Linear(96, len(CLASSES))

    def see() -> Tensor:
        pixels, chosen = school.draw()
        seen = seer(pixels).last_hidden_state[:, 1:].mean(1)
        return torch.nn.functional.cross_entropy(head(seen), school.kinds[chosen])

    def tell() -> Tensor:
        told: Tensor = model(**school.batch()).loss
        return told

    model.train()
    alone = [*seer.parameters(), *head.parameters()]
    teach(alone, see, steps=seeing, rate=1.2e-3, name="seeing")
    teach(list(model.parameters()), tell, steps=answering, rate=8e-4, name="answering")
    model.eval().save_pretrained(folder)


def shares(given: Sequence[Lesson], folder: Path) -> dict[str, float]:
    """Share of right answers of each kind, asked through the real path."""
    from scrubjay.ask.extracting.fusing import SHORT
    from scrubjay.models.load import load_vlm

    model = load_vlm("transformers", source=folder)
    right: dict[str, list[bool]] = {}
    for one in given:
        said = model.reply([one.asked], SHORT).text
        right.setdefault(one.answer, []).append(said == one.answer)
    return {name: float(np.mean(some)) for name, some in right.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeing", type=int, default=2000, help="steps that teach to see")
    parser.add_argument("--answering", type=int, default=800, help="steps that teach to answer")
    parser.add_argument("--panels", type=int, default=PANELS)
    options = parser.parse_args()
    given = lessons(range(FROM, FROM + options.panels))
    print(f"{len(given)} lessons", flush=True)
    taught(options.folder, given, seeing=options.seeing, answering=options.answering)
    unseen = lessons(range(FROM - 300, FROM))
    print({name: round(share, 2) for name, share in shares(unseen, options.folder).items()})


if __name__ == "__main__":
    main()
