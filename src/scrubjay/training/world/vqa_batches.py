"""Batches for the question model: drawn scenes with questions, mosaics, pictures from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from scrubjay.core.errors import BadConfig
from scrubjay.core.types import Media, Picture
from scrubjay.media.world.draw import MOSAIC, SIDE, Drawn, cells, mosaic, signs
from scrubjay.media.world.lexicon import SIGN_WORDS
from scrubjay.media.world.outside import outside
from scrubjay.media.world.questions import Kind
from scrubjay.media.world.scene import Sampler, shape_of
from scrubjay.models.image_input import ImageInput
from scrubjay.training.epochs import EpochData
from scrubjay.training.order import EpochOrder
from scrubjay.training.world.vqa_examples import Example, example, read, softened
from scrubjay.training.world.vqa_lexicon import answer_places, kind_of

OUTSIDE, INSIDE, NEITHER = 0, 1, -1


class VqaBatch(NamedTuple):
    """Pictures and questions about the first of them.

    Attributes:
        pixel_values: (n, 3, size, size).
        kinds: (n, cells) what covers each cell, see `kind_of`; -1 for nothing.
        colours: (n, cells) colour of the shape there; -1 for none.
        object: (n, cells) 1 where an object's middle is.
        box: (n, cells, 4) there: middle right of and below the cell's, log width and height, all
            in cells.
        familiar: (n,) INSIDE, OUTSIDE or NEITHER.
        asked: (q,) picture each question is about.
        words: (q, tokens); see `Lexicon.read`.
        slots: (q, tokens, SLOTS).
        answers: (q,) place of the right answer; one past the last where nobody can tell.
        about: (q,) place of the question's kind in `Kind`.
    """

    pixel_values: Tensor
    kinds: Tensor
    colours: Tensor
    object: Tensor
    box: Tensor
    familiar: Tensor
    asked: Tensor
    words: Tensor
    slots: Tensor
    answers: Tensor
    about: Tensor


class VqaWorld(EpochData):
    """Endless scenes and questions; an epoch is so many batches of them."""

    def __init__(
        self,
        *,
        size: int = SIDE,
        across: int = 6,
        scenes: int = 40,
        mosaics: int = 20,
        signs: int = 10,
        outsiders: int = 14,
        questions: int = 4,
        batches: int = 100,
        epochs: int = 20,
        tests: int = 6,
        workers: int = 1,
        seed: int = 0,
    ) -> None:
        """Say how much of it.

        Args:
            size: side of a picture in pixels.
            across: cells in a row of the network's grid.
            scenes: in a batch, each with questions.
            mosaics: pictures of nine objects in a batch, at first; they become fewer.
            signs: pictures of three signs in a batch, at first; they become more.
            outsiders: pictures from outside the world in a batch.
            questions: about a scene, at most.
            batches: in an epoch.
            epochs: over which mosaics become fewer.
            tests: batches of scenes and questions kept for testing, asked after every epoch.
            workers: processes that draw; 0 draws in this one.
            seed: of everything.

        Raises:
            BadConfig: a number that cannot be.
        """
        super().__init__()
        some = min(scenes, questions, batches, tests)
        if some < 1 or min(mosaics, signs, outsiders, workers) < 0:
            raise BadConfig(
                "datamodule.scenes, questions, batches and tests are 1 or more, others 0 or more"
            )
        self._workers = workers
        more: dict[str, Any] = {
            "size": size,
            "across": across,
            "scenes": scenes,
            "questions": questions,
        }
        self._data = VqaBatches(
            **more,
            mosaics=mosaics,
            signs=signs,
            outsiders=outsiders,
            batches=batches,
            epochs=epochs,
            seed=seed,
        )
        self._tests = VqaBatches(
            **more,
            mosaics=0,
            signs=0,
            outsiders=4,
            batches=tests,
            epochs=epochs,
            seed=seed,
            held_out=True,
        )

    def train_dataloader(self) -> DataLoader[VqaBatch]:
        """The batches of the epoch that is next."""
        order = EpochOrder(len(self._data))
        order.set_epoch(self.next_epoch)
        return self._loader(self._data, order, self._workers)

    def val_dataloader(self) -> DataLoader[VqaBatch]:
        """The same held-out questions every time."""
        return self._loader(self._tests, EpochOrder(len(self._tests)), 0)

    def _loader(self, data: VqaBatches, order: EpochOrder, workers: int) -> DataLoader[VqaBatch]:
        return DataLoader(
            data,
            batch_size=None,
            sampler=order,
            num_workers=workers,
            persistent_workers=workers > 0,
            multiprocessing_context="spawn" if workers else None,
            prefetch_factor=4 if workers else None,
        )


class VqaBatches(Dataset[VqaBatch]):
    """One batch per (epoch, position), whatever was drawn before."""

    def __init__(
        self,
        *,
        size: int,
        across: int,
        scenes: int,
        mosaics: int,
        signs: int,
        outsiders: int,
        questions: int,
        batches: int,
        epochs: int,
        seed: int,
        held_out: bool = False,
    ) -> None:
        """See `VqaWorld`; `held_out` makes batches of what is kept for testing."""
        self._see = ImageInput(size=size, resize="squash")
        self._across, self._scenes, self._mosaics = across, scenes, mosaics
        self._signs, self._outsiders = signs, outsiders
        self._questions, self._batches = questions, batches
        self._epochs, self._seed, self._held_out = epochs, seed, held_out

    def __len__(self) -> int:
        """Batches in an epoch."""
        return self._batches

    def __getitem__(self, key: tuple[int, int]) -> VqaBatch:
        """Draw and ask."""
        epoch, place = key
        random = np.random.default_rng([self._seed, *key])
        if self._held_out:
            random = np.random.default_rng([self._seed, 30_000_001, place])
        examples = [
            example(random, questions=self._questions, held_out=self._held_out)
            for _ in range(self._scenes)
        ]
        share = max(0.15, 1 - 1.4 * epoch / max(1, self._epochs))
        sampler = Sampler(shapes=0.3)
        mosaics = round(self._mosaics * share)
        packed = [mosaic(sampler.concepts(random, MOSAIC * MOSAIC), random) for _ in range(mosaics)]
        # Reading takes longest to learn: signs take the room that mosaics leave.
        packed += [
            signs(random.choice(len(SIGN_WORDS), MOSAIC, replace=False).tolist(), random)
            for _ in range(self._signs + (self._mosaics - mosaics if self._signs else 0))
        ]
        strangers = [outside(random, held_out=self._held_out) for _ in range(self._outsiders)]
        return self._batch(examples, packed, strangers, random)

    def _batch(
        self,
        examples: Sequence[Example],
        packed: Sequence[Drawn],
        strangers: Sequence[Picture],
        random: np.random.Generator,
    ) -> VqaBatch:
        drawn = [*(one.drawn for one in examples), *packed]
        drawn += [Drawn(picture, ()) for picture in strangers]
        pictures: list[Media] = [softened(one.picture, random) for one in drawn]
        familiar = np.full(len(drawn), NEITHER, np.int64)
        familiar[: len(examples)] = INSIDE
        familiar[len(drawn) - len(strangers) :] = OUTSIDE
        there, box = zip(*(middles(one, self._across) for one in drawn), strict=True)
        covered = np.stack([cells(one, self._across) for one in drawn])
        asked = [(at, one) for at, example in enumerate(examples) for one in example.questions]
        words, slots = read([one.text for _, one in asked], None if self._held_out else random)
        places, kinds = answer_places(), list(Kind)
        return VqaBatch(
            *map(
                torch.from_numpy,
                (
                    self._see(pictures)["pixel_values"],
                    _looked_up(covered, kind_of),
                    _looked_up(covered, lambda one: (shape_of(one) or (0, -1))[1]),
                    np.stack(there),
                    np.stack(box),
                    familiar,
                    np.array([at for at, _ in asked], np.int64),
                    words,
                    slots,
                    np.array(
                        [
                            len(places) if one.answer is None else places[one.answer]
                            for _, one in asked
                        ],
                        np.int64,
                    ),
                    np.array([kinds.index(one.kind) for _, one in asked], np.int64),
                ),
            )
        )


def middles(drawn: Drawn, across: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """In which cells objects have their middle, (cells,), and their boxes there, (cells, 4)."""
    there = np.zeros(across * across, np.float32)
    box = np.zeros((across * across, 4), np.float32)
    for one in drawn.boxes:
        x, y = (min(across - 1e-3, max(0.0, at / SIDE * across)) for at in (one.x, one.y))
        cell = int(y) * across + int(x)
        there[cell] = 1
        size = np.log(np.maximum(1.0, [one.width, one.height]) / SIDE * across)
        box[cell] = (x - int(x) - 0.5, y - int(y) - 0.5, *size)
    return there, box


def _looked_up(covered: NDArray[np.int64], what: Callable[[int], int]) -> NDArray[np.int64]:
    """What each concept is, -1 where there is none."""
    concepts, places = np.unique(covered, return_inverse=True)
    found = np.array([-1 if one < 0 else what(int(one)) for one in concepts], np.int64)
    return found[places].reshape(covered.shape)
