"""A small world and the models `gate_models.py` teaches in it: good ones and twenty spoiled ones.

A thing has a kind and six properties; a noisy picture of 48 numbers shows them, a caption of
synonyms and idle words names some. Every month brings new kinds. One tower reads pictures, one
texts; many models are trained beside each other, each as if it were alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from scrubjay.core.types import Modality
from scrubjay.evaluate.retrieval import TIE
from scrubjay.retrain.gating.frozen import FOUND_AMONG

Floats: TypeAlias = NDArray[np.float32]

KINDS, PROPERTIES, VALUES, SYNONYMS, IDLE = 6, 6, 6, 3, 40
GENERAL, EARLIER, THIS = 0, (1, 2, 3), 4
NAMES = ("general", "2026-08", "2026-09", "2026-10", "2026-11")
PIXELS, HIDDEN, DIM, SCALE = 48, 64, 24, 14.0
FIRST_VALUE = KINDS * len(NAMES)
FIRST_IDLE = (FIRST_VALUE + PROPERTIES * VALUES) * SYNONYMS
WORDS = FIRST_IDLE + IDLE
HELD_OUT, OF_EARLIER = 1000, 400
AT_ONCE = 20
"""Models trained beside each other; each has its own seed and its own batches."""


@dataclass(frozen=True, slots=True, eq=False)
class Things:
    """Pictures (n, PIXELS) and what their captions hold (n, WORDS), row by row."""

    pictures: Floats
    words: Floats

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is fitted; half of every batch is of this month, as replay has it.

    Attributes:
        pairs: of this month that are learned from.
    """

    pairs: int
    steps: int
    rate: float
    batch: int = 128


@dataclass(frozen=True, slots=True, eq=False)
class Towers:
    """Some models of one shape, the first axis of every weight; a picture tower and a text tower.

    Attributes:
        spoil: what happens to the vectors of a modality on their way out.
    """

    weights: Mapping[str, Tensor]
    spoil: Callable[[Modality, Floats], Floats] | None = None

    def picture(self, pixels: Tensor) -> Tensor:
        """(models, n, DIM) of (models, n, PIXELS), of no particular length."""
        w = self.weights
        hidden = functional.gelu(pixels @ w["in"] + w["in_bias"])
        return hidden @ w["out"] + w["out_bias"]

    def text(self, words: Tensor) -> Tensor:
        """(models, n, DIM) of (models, n, WORDS), of no particular length."""
        return words @ self.weights["words"]

    def one(self, place: int) -> Towers:
        """A single model of them."""
        return Towers({k: w[place : place + 1] for k, w in self.weights.items()}, self.spoil)

    def encode(self, things: Things) -> dict[Modality, Floats]:
        """Unit rows (n, DIM) of the first model, or what became of them."""
        with torch.no_grad():
            rows = {
                Modality.IMAGE: self.picture(torch.from_numpy(things.pictures)[None])[0],
                Modality.TEXT: self.text(torch.from_numpy(things.words)[None])[0],
            }
            units = {m: functional.normalize(row, dim=1).numpy() for m, row in rows.items()}
        spoil = self.spoil
        return units if spoil is None else {m: spoil(m, row) for m, row in units.items()}


class World:
    """Draws things; how they look and what they are called never changes."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self._look = rng.standard_normal((FIRST_VALUE + PROPERTIES * VALUES, 96)) / 3
        self._camera = rng.standard_normal((96, PIXELS)) / np.sqrt(96)

    def draw(self, rng: np.random.Generator, month: int, n: int) -> Things:
        """Things of a month's kinds; some pictures are noisier, some captions say less."""
        kinds = rng.integers(KINDS, size=(n, 1)) + month * KINDS
        values = rng.integers(VALUES, size=(n, PROPERTIES)) + np.arange(PROPERTIES) * VALUES
        facts = np.concatenate([kinds, FIRST_VALUE + values], axis=1)
        noise = rng.uniform(0, 1, (n, 1)) * rng.standard_normal((n, PIXELS))
        pictures = np.tanh(self._look[facts].sum(axis=1)) @ self._camera + noise
        said = rng.random(facts.shape) < rng.uniform(0.3, 1, (n, 1))
        named = facts * SYNONYMS + rng.choice(SYNONYMS, p=[0.6, 0.3, 0.1], size=facts.shape)
        words = np.zeros((n, WORDS), np.float32)
        rows = np.broadcast_to(np.arange(n)[:, None], facts.shape)
        words[rows[said], named[said]] = 1
        words[rows[:, :3], FIRST_IDLE + rng.integers(IDLE, size=(n, 3))] = 1
        return Things(pictures.astype(np.float32), words)

    def frozen(self, rng: np.random.Generator) -> Things:
        """This month's held-out things, then every earlier month's."""
        earlier = [self.draw(rng, month, OF_EARLIER) for month in EARLIER]
        return together([self.draw(rng, THIS, HELD_OUT), *earlier])


def together(some: Sequence[Things]) -> Things:
    return Things(
        np.concatenate([one.pictures for one in some]), np.concatenate([one.words for one in some])
    )


def some_of(things: Things, rows: NDArray[np.int64] | slice) -> Things:
    return Things(things.pictures[rows], things.words[rows])


def fresh(seeds: Sequence[int]) -> Towers:
    """Models that have learned nothing, one a seed."""
    made = []
    for seed in seeds:
        dice = torch.Generator().manual_seed(seed)
        made.append(
            {
                "in": torch.randn(PIXELS, HIDDEN, generator=dice) * PIXELS**-0.5,
                "in_bias": torch.zeros(1, HIDDEN),
                "out": torch.randn(HIDDEN, DIM, generator=dice) * HIDDEN**-0.5,
                "out_bias": torch.zeros(1, DIM),
                "words": torch.randn(WORDS, DIM, generator=dice) * 0.1,
            }
        )
    return Towers({name: torch.stack([one[name] for one in made]) for name in made[0]})


def fit(
    start: Towers | None, old: Things | None, new: Things, recipe: Recipe, seeds: Sequence[int]
) -> Towers:
    """One model a seed, trained beside each other but each as if it were alone.

    Args:
        start: the model they all begin from; None lets each begin from weights of its own.
        old: half of every batch when there is any.
    """
    begun = fresh(seeds) if start is None else start
    weights = {
        name: w.expand(len(seeds), -1, -1).clone().requires_grad_()
        for name, w in begun.weights.items()
    }
    towers = Towers(weights)
    parts = [one for one in (old, new) if one is not None]
    pairs = [(torch.from_numpy(one.pictures), torch.from_numpy(one.words)) for one in parts]
    dice = [torch.Generator().manual_seed(1000 + seed) for seed in seeds]
    adam = torch.optim.AdamW(weights.values(), lr=recipe.rate, weight_decay=0.02)
    right = torch.arange(recipe.batch).expand(len(seeds), -1)
    for step in range(recipe.steps):
        adam.param_groups[0]["lr"] = recipe.rate * (1 + np.cos(np.pi * step / recipe.steps)) / 2
        pixels, words = [], []
        for pictures, captions in pairs:
            size = (recipe.batch // len(pairs),)
            rows = torch.stack([torch.randint(len(pictures), size, generator=one) for one in dice])
            pixels.append(pictures[rows])
            words.append(captions[rows])
        seen = functional.normalize(towers.picture(torch.cat(pixels, 1)), dim=2)
        read = functional.normalize(towers.text(torch.cat(words, 1)), dim=2)
        logits = SCALE * seen @ read.transpose(1, 2)
        # A sum over models: each model's gradient is its own.
        loss = sum(
            (functional.cross_entropy(way, right, reduction="sum") for way in (logits, logits.mT)),
            start=torch.zeros(()),
        )
        adam.zero_grad()
        (loss / recipe.batch).backward()  # type: ignore[no-untyped-call]
        adam.step()
    return Towers({name: w.detach() for name, w in weights.items()})


def found(model: Towers, things: Things) -> NDArray[np.bool_]:
    """(n,) whether each caption's picture is among the first ten; ties lose, as in `rank`."""
    rows = model.encode(things)
    scores = rows[Modality.TEXT] @ rows[Modality.IMAGE].T
    before = scores >= np.diag(scores)[:, None] - np.float32(TIE)
    ranks: NDArray[np.int64] = np.add.reduce(before.view(np.int8), axis=1, dtype=np.int64)
    # What is no number is not even before itself.
    return (ranks >= 1) & (ranks <= FOUND_AMONG)


@dataclass(frozen=True, slots=True, eq=False)
class School:
    """What every model of a study learns from.

    Attributes:
        base: what fits start from; None is nothing.
        months: pairs of the earlier months, by month.
        new: this month's pairs, more than any recipe takes.
    """

    base: Towers | None
    months: Mapping[int, Things]
    new: Things

    @property
    def old(self) -> Things:
        """Pairs of all earlier months."""
        return together(list(self.months.values()))

    def fit(self, recipe: Recipe, seeds: Sequence[int]) -> list[Towers]:
        """One model a seed by a recipe."""
        new = some_of(self.new, slice(recipe.pairs))
        made: list[Towers] = []
        for at in range(0, len(seeds), AT_ONCE):
            some = seeds[at : at + AT_ONCE]
            towers = fit(self.base, self.old, new, recipe, some)
            made += [towers.one(place) for place in range(len(some))]
        return made


CHAMPION = {"base": Recipe(400, 60, 4e-3), "nothing": Recipe(400, 400, 5e-3)}
BETTER = {"base": Recipe(3000, 105, 4e-3), "nothing": Recipe(860, 400, 5e-3)}
"""More pairs, and from the base more steps: found by trying to be 5 points truly better."""


def open_school(world: World, start: str) -> School:
    rng = np.random.default_rng(1)
    general = world.draw(rng, GENERAL, 20_000)
    base = fit(None, None, general, Recipe(0, 500, 5e-3), [0]) if start == "base" else None
    months = {month: world.draw(rng, month, 600) for month in EARLIER}
    return School(base, months, world.draw(rng, THIS, 8000))


def exchanged(things: Things, rng: np.random.Generator, share: float = 1.0) -> Things:
    """A share of the captions change places."""
    chosen = np.flatnonzero(rng.random(len(things)) < share)
    words = things.words.copy()
    words[chosen] = words[rng.permutation(chosen)]
    return Things(things.pictures, words)


def degraded(school: School, recipe: Recipe, rich: Recipe) -> dict[str, Towers]:
    """Twenty challengers, each spoiled in its own way, some of them in spite of a better recipe."""
    rng = np.random.default_rng(2)
    months, new, seed = school.months, school.new, [5000]
    (good,) = school.fit(rich, seed)
    w, dead = good.weights, torch.arange(DIM) >= DIM // 3

    def taught(recipe: Recipe, months: Mapping[int, Things] = months, new: Things = new) -> Towers:
        return School(school.base, months, new).fit(recipe, seed)[0]

    def altered(**changed: Tensor) -> Towers:
        return Towers({**w, **changed})

    def served(spoil: Callable[[Modality, Floats], Floats]) -> Towers:
        return Towers(w, spoil)

    def confused(words: Sequence[int]) -> Towers:
        kept = w["words"].clone()
        kept[:, words] = 4 * w["words"][:, words].roll(SYNONYMS, dims=1)
        return altered(words=kept)

    def called(kinds: Sequence[int]) -> list[int]:
        return [kind * SYNONYMS + word for kind in kinds for word in range(SYNONYMS)]

    def some_broken(modality: Modality, rows: Floats) -> Floats:
        broken = rows.copy()
        broken[::20] = np.nan if modality is Modality.IMAGE else rows[::20]
        return broken

    noise = {
        name: 0.3 * one.std() * torch.from_numpy(rng.standard_normal(one.shape)).float()
        for name, one in w.items()
    }
    mixed = {month: exchanged(one, rng) for month, one in months.items()}
    oldest, earlier = range(KINDS, 2 * KINDS), range(KINDS, THIS * KINDS)
    return {
        "all captions exchanged": taught(rich, mixed, exchanged(new, rng)),
        "this month's captions exchanged": taught(rich, new=exchanged(new, rng)),
        "half of this month's exchanged": taught(recipe, new=exchanged(new, rng, 0.5)),
        "earlier months' captions exchanged": taught(rich, mixed),
        "this month never seen": taught(recipe, new=school.old),
        "twenty pairs by heart": taught(replace(recipe, pairs=20, steps=2 * recipe.steps)),
        "a tenth of the steps": taught(replace(recipe, steps=recipe.steps // 10)),
        "rate fifty times too high": taught(replace(recipe, rate=50 * recipe.rate)),
        "nothing learned at all": fresh(seed),
        "weights with noise": Towers({name: one + noise[name] for name, one in w.items()}),
        "weights of one bit": Towers({k: one.sign() * one.abs().mean() for k, one in w.items()}),
        "an earlier month's kinds taken wrong": confused(called(oldest)),
        "all earlier kinds taken wrong": confused(called(earlier)),
        "a tenth of all words lost": altered(
            words=w["words"] * (torch.arange(WORDS) % 10 > 0)[:, None]
        ),
        "text tower of another model": altered(words=fresh(seed).weights["words"]),
        "two thirds of the dimensions dead": altered(
            out=w["out"].masked_fill(dead, 0), out_bias=w["out_bias"].masked_fill(dead, 0)
        ),
        "sees pictures in negative": altered(**{"in": -w["in"]}),
        "everything at one point": served(lambda _, rows: np.repeat(rows[:1], len(rows), axis=0)),
        "one picture in twenty not a number": served(some_broken),
        "not of unit length": served(lambda _, rows: rows * np.float32(1.01)),
    }
