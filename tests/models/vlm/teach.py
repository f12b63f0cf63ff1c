"""Lessons of coloured shapes, and plain loops that teach them to a small model.

A lesson is a drawn picture, a question and its answer. There are 27 scenes; training sees each
drawn a few times, turned, mirrored and shifted, and what is asked afterwards is drawn anew. As in
large models, the part that sees is taught alone before the whole is taught to answer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw

from scrubjay.core.looking import Message, Role
from scrubjay.core.types import Picture
from scrubjay.media.world.shapes import OUTLINES

COLOURS = {"red": (220, 40, 40), "green": (40, 160, 60), "blue": (40, 80, 220)}
SHAPES = ("circle", "triangle", "cross")
COUNTS = ("one", "two", "three")
SCENES = tuple(itertools.product(COLOURS, SHAPES, COUNTS))
QUESTIONS = ("What colour is it?", "Which shape is it?", "How many are there?")
SIDE = 48
FINE = 4
"""Pictures are drawn so much larger, and scaled down."""
SHIFT = 1
SIZE = 32
"""Lessons a step."""


@dataclass(frozen=True)
class Lesson:
    picture: Picture
    question: str
    answer: str


def lessons(renderings: int, *, seed: int) -> list[Lesson]:
    """Every question about every scene, each scene drawn so many times."""
    random = np.random.default_rng(seed)
    made = []
    for scene in SCENES:
        for _ in range(renderings):
            picture = drawn(*scene, random)
            made += [
                Lesson(picture, question, answer)
                for question, answer in zip(QUESTIONS, scene, strict=True)
            ]
    return made


def drawn(colour: str, shape: str, count: str, random: np.random.Generator) -> Picture:
    """So many shapes of a colour in some of four places, on a pale ground; no two alike."""
    ground = tuple(int(value) for value in random.integers(190, 250, 3))
    image = Image.new("RGB", (SIDE * FINE, SIDE * FINE), ground)
    pen = ImageDraw.Draw(image)
    rgb = tuple(int(np.clip(v + random.integers(-18, 19), 0, 255)) for v in COLOURS[colour])
    for place in random.permutation(4)[: 1 + COUNTS.index(count)]:
        x, y = (
            SIDE * (0.25 + 0.5 * (place >> axis & 1)) + random.uniform(-2, 2) for axis in (0, 1)
        )
        radius, turn = random.uniform(8.0, 9.5), random.uniform(-0.2, 0.2)
        points = [
            (
                FINE * (x + radius * (u * math.cos(turn) - v * math.sin(turn))),
                FINE * (y + radius * (u * math.sin(turn) + v * math.cos(turn))),
            )
            for u, v in OUTLINES[shape]
        ]
        pen.polygon(points, fill=rgb)
    small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    return np.clip(small + random.normal(0, 4, small.shape), 0, 255).astype(np.uint8)


def ask(lesson: Lesson) -> list[Message]:
    return [Message(Role.USER, (lesson.picture, lesson.question))]


class Lessons:
    """Lessons as tensors: what a model reads up to the answer's end, and its pictures."""

    def __init__(self, asks, tokenizer, given: Sequence[Lesson]) -> None:
        self.pixels, places, texts = [], {}, {}
        answers: dict[int, list[str]] = {}
        self.picture, self.text, rows = [], [], []
        for lesson in given:
            if id(lesson.picture) not in places:
                places[id(lesson.picture)] = len(self.pixels)
                self.pixels.append(asks.inputs(ask(lesson))["pixel_values"][0])
            answers.setdefault(places[id(lesson.picture)], []).append(lesson.answer)
            if (lesson.question, lesson.answer) not in texts:
                texts[lesson.question, lesson.answer] = len(rows)
                rows.append(self._row(asks, tokenizer, lesson))
            self.picture.append(places[id(lesson.picture)])
            self.text.append(texts[lesson.question, lesson.answer])
        self.pixels = torch.stack(self.pixels)
        known = (tuple(COLOURS), SHAPES, COUNTS)
        self.scene = torch.tensor(
            [[of.index(one) for of, one in zip(known, answers[at], strict=True)] for at in answers]
        )
        self.picture, self.text = torch.tensor(self.picture), torch.tensor(self.text)
        longest = max(len(row) for row, _ in rows)
        self.ids = torch.full((len(rows), longest), tokenizer.pad_token_id)
        self.mask = torch.zeros_like(self.ids)
        self.labels = torch.full_like(self.ids, -100)
        for place, (row, read) in enumerate(rows):
            self.ids[place, : len(row)] = row
            self.mask[place, : len(row)] = 1
            self.labels[place, read : len(row)] = row[read:]

    @staticmethod
    def _row(asks, tokenizer, lesson: Lesson) -> tuple[torch.Tensor, int]:
        read = asks.inputs(ask(lesson))["input_ids"][0]
        answer = tokenizer(" " + lesson.answer, add_special_tokens=False)["input_ids"]
        return torch.cat([read, torch.tensor([*answer, tokenizer.eos_token_id])]), len(read)

    def shown(self, size: int, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures, and which colour, shape and number each shows."""
        chosen = torch.randint(len(self.pixels), (size,), generator=random)
        pixels = torch.stack([varied(self.pixels[at], random) for at in chosen])
        return pixels, self.scene[chosen]

    def batch(self, size: int, random: torch.Generator) -> dict[str, torch.Tensor]:
        chosen = torch.randint(len(self.text), (size,), generator=random)
        text = self.text[chosen]
        pixels = torch.stack([varied(self.pixels[at], random) for at in self.picture[chosen]])
        return {
            "pixel_values": pixels,
            "input_ids": self.ids[text],
            "attention_mask": self.mask[text],
            "labels": self.labels[text],
        }


def varied(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """(3, h, w) turned by quarters, mirrored and shifted; what is asked stays right."""
    turns, mirror = (int(torch.randint(n, (), generator=random)) for n in (4, 2))
    down, across = torch.randint(-SHIFT, SHIFT + 1, (2,), generator=random).tolist()
    pixels = torch.rot90(pixels, turns, (1, 2))
    if mirror:
        pixels = pixels.flip(2)
    edges = torch.nn.functional.pad(pixels[None], [SHIFT] * 4, mode="replicate")[0]
    side = pixels.shape[-1]
    return edges[:, SHIFT + down : SHIFT + down + side, SHIFT + across : SHIFT + across + side]


def teach_to_see(
    model, see: Callable[[torch.Tensor], torch.Tensor], lessons: Lessons, *, steps: int, rate: float
) -> list[float]:
    """Train what sees, (n, 3, h, w) to (n, patches, width), to tell scenes apart; the losses."""
    random = torch.Generator().manual_seed(0)
    width = see(lessons.pixels[:1]).shape[-1]
    told = torch.nn.Linear(width, sum(len(of) for of in (COLOURS, SHAPES, COUNTS)))

    def loss() -> torch.Tensor:
        pixels, scene = lessons.shown(SIZE, random)
        guessed = told(see(pixels).mean(1)).split([len(COLOURS), len(SHAPES), len(COUNTS)], -1)
        return sum(
            torch.nn.functional.cross_entropy(one, scene[:, at]) for at, one in enumerate(guessed)
        )

    return descend([*model.parameters(), *told.parameters()], loss, steps=steps, rate=rate)


def teach(model, lessons: Lessons, *, steps: int, rate: float) -> list[float]:
    """Train all weights by the model's own loss; the losses."""
    random = torch.Generator().manual_seed(0)
    model.train()
    losses = descend(
        list(model.parameters()),
        lambda: model(**lessons.batch(SIZE, random)).loss,
        steps=steps,
        rate=rate,
    )
    model.eval()
    return losses


def descend(
    parameters: list[torch.nn.Parameter],
    loss: Callable[[], torch.Tensor],
    *,
    steps: int,
    rate: float,
) -> list[float]:
    torch.manual_seed(0)
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / 60, 0.5 + 0.5 * math.cos(math.pi * step / steps)),
    )
    losses = []
    for _ in range(steps):
        made = loss()
        optimiser.zero_grad()
        made.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(made.item())
    return losses
