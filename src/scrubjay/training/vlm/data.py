"""A picture table in batches: a picture is decoded when it is wanted, of however many rows."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, SequentialSampler

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Picture, Split
from scrubjay.media.image import decode_picture
from scrubjay.models.pretrained.lesson import IGNORED, Lesson, Taught
from scrubjay.models.pretrained.ways.way import Lessons, Way
from scrubjay.training.epochs import EpochData
from scrubjay.training.order import EpochOrder, OneOrder
from scrubjay.training.vlm.base import Base, fresh_processor
from scrubjay.training.vlm.parts import Parts, divide
from scrubjay.training.vlm.table import Columns, Row, Table, read_table

log = logging.getLogger(__name__)

NAMED = 20
"""Rows left out that are named one by one."""


class AnswerBatch(NamedTuple):
    """Lessons as a model takes them.

    Attributes:
        inputs: of the model, by name; (n, t) where they are of tokens.
        labels: (n, t), -100 where nothing is learned.
        lines: (n,) of the table.
    """

    inputs: dict[str, Tensor]
    labels: Tensor
    lines: Tensor


class PictureTable(EpochData):
    """Pictures, what is asked about them and the right answers, from one table.

    Attributes:
        table: as it was read.
        parts: its rows by what they are used for.
    """

    def __init__(
        self,
        vlm: Base,
        *,
        table: str,
        columns: Mapping[str, str | None] | None = None,
        instruction: str | None = None,
        batch_size: int = 4,
        workers: int = 0,
        val: float = 0.1,
        test: float = 0.1,
        tolerate: float = 0.05,
        seed: int = 0,
        progress: Progress = silent,
        limits: MediaLimits = MediaLimits(),  # noqa: B008 - frozen
    ) -> None:
        """Read the table and look at its pictures once.

        Args:
            vlm: the model that learns; its processor makes the batches.
            table: a CSV, JSONL or Parquet file beside its pictures.
            columns: `image`, `answer` and `split` to the table's names for them; null: the usual.
            instruction: with columns in braces, `Describe the product {name}.`; None: as
                `read_table`.
            batch_size: rows in a batch.
            workers: processes that read and decode; 0 does it in this one.
            val: share of the pictures whose rows choose the weights, where there is no split
                column.
            test: share whose rows measure what was learned.
            tolerate: share of the rows that may be unusable.
            seed: of their order.
            progress: told of every picture.
            limits: what one picture may cost.

        Raises:
            BadConfig: a setting that cannot be.
            NotReady, WrongUse, UnknownName: as `read_table`.
            TrainingFailed: too many rows are unusable.
        """
        super().__init__()
        if batch_size < 1 or workers < 0:
            raise BadConfig(
                f"datamodule.batch_size must be 1 or more and datamodule.workers 0 or more, not "
                f"{batch_size} and {workers}"
            )
        named = dict(columns or {})
        if unknown := sorted(set(named) - {"image", "answer", "split"}):
            raise BadConfig(f"datamodule.columns has image, answer and split, not {unknown[0]!r}")
        given = read_table(
            Path(table).expanduser(), columns=Columns(**named), instruction=instruction
        )
        self.table = _answerable(given, vlm.way)
        self.parts: Parts = divide(
            self.table, val=val, test=test, tolerate=tolerate, limits=limits, progress=progress
        )
        for line, why in sorted(self.parts.left_out.items())[:NAMED]:
            log.warning("left out row %d of %s: %s", line, self.table.path, why)
        if len(self.parts.left_out) > NAMED:
            log.warning("left out %d more rows", len(self.parts.left_out) - NAMED)
        self._reading = Reading(vlm, self.table, limits)
        self._batch_size, self._workers, self._seed = batch_size, workers, seed
        log.info(
            "%s: %d rows to learn from, %d that choose, %d that measure; asked %r",
            self.table.path,
            *(len(self.parts.rows[split]) for split in (Split.TRAIN, Split.VAL, Split.TEST)),
            self.table.instruction,
        )
        if not vlm.way.reads_instructions:
            log.warning(
                "a %s reads no instructions: it learns to say the answers of pictures alone, and "
                "what the table says beside them is not seen",
                vlm.opened.kind,
            )

    @property
    def chosen_by(self) -> tuple[Row, ...]:
        """Rows that choose the weights: of the val part, else those that measure."""
        return self.parts.rows[Split.VAL] or self.parts.rows[Split.TEST]

    @property
    def measured(self) -> tuple[Row, ...]:
        """Rows that measure: of the test part, else those that choose, which flatters a little."""
        return self.parts.rows[Split.TEST] or self.parts.rows[Split.VAL]

    def train_dataloader(self) -> DataLoader[AnswerBatch]:
        """Batches of the epoch that is next."""
        rows = self.parts.rows[Split.TRAIN]
        batches = _Shuffled(self._reading, rows, self._batch_size, self._seed)
        order = EpochOrder(len(batches))
        order.set_epoch(self.next_epoch)
        return self._loader(batches, order)

    def val_dataloader(self) -> DataLoader[AnswerBatch]:
        """Every row that chooses, once."""
        batches = _InOrder(self._reading, self.chosen_by, self._batch_size)
        return self._loader(batches, OneOrder(len(batches)))

    def batches(self, rows: Sequence[Row]) -> DataLoader[AnswerBatch]:
        """Some rows in their order, all in this process."""
        batches = _InOrder(self._reading, rows, self._batch_size)
        return self._loader(batches, SequentialSampler(range(len(batches))))

    def lesson(self, row: Row) -> Lesson:
        """A row with its picture, decoded.

        Raises:
            BadMedia: the picture is gone.
        """
        return self._reading.lesson(row)

    def _loader(
        self, batches: Dataset[AnswerBatch], order: Sampler[Any]
    ) -> DataLoader[AnswerBatch]:
        return DataLoader(
            batches,
            batch_size=None,
            sampler=order,
            num_workers=self._workers,
            persistent_workers=self._workers > 0,
            # A forked copy of a process with a library's threads may hang or crash.
            multiprocessing_context="spawn" if self._workers else None,
            pin_memory=torch.cuda.is_available(),
        )


class Reading:
    """Rows to batches of one model; crosses to another process without its processor."""

    def __init__(self, vlm: Base, table: Table, limits: MediaLimits) -> None:
        """Take what batches are made of."""
        self._table, self._limits = table, limits
        opened = vlm.opened
        self._folder, self._kind, self._name = opened.folder, opened.kind, opened.name
        self._way = vlm.way
        self._longest = _positions(opened.model)
        self._lessons: Lessons | None = None

    def __getstate__(self) -> dict[str, Any]:
        """All but what the other process makes anew."""
        return {**self.__dict__, "_lessons": None}

    def lesson(self, row: Row) -> Lesson:
        """A row with its picture, decoded."""
        return Lesson(self._picture(row), row.instruction, row.answer)

    def batch(self, rows: Sequence[Row]) -> AnswerBatch:
        """Read, decode and prepare some rows.

        Raises:
            BadMedia: a picture is gone that was there when the fit began.
            BadConfig: a row is longer than the model reads, or its template cannot be learned from.
        """
        if self._lessons is None:
            self._lessons = self._way.lessons(fresh_processor(self._folder, self._kind))
        inputs, labels = taught = self._lessons.taught([self.lesson(row) for row in rows])
        lengths = _lengths(taught)
        if max(lengths) > self._longest:
            place = lengths.index(max(lengths))
            raise BadConfig(
                f"row {rows[place].line} of {self._table.path} is {lengths[place]} tokens with "
                f"its picture and {self._name} reads {self._longest}; shorten what it asks or "
                f"answers, or make its picture smaller"
            )
        return AnswerBatch(inputs, labels, torch.tensor([row.line for row in rows]))

    def _picture(self, row: Row) -> Picture:
        return decode_picture(self._table.bytes_of(row.picture), limits=self._limits)


class _Shuffled(Dataset[AnswerBatch]):
    """Batches by (epoch, position), every row once an epoch."""

    def __init__(self, reading: Reading, rows: Sequence[Row], size: int, seed: int) -> None:
        self._reading, self._rows, self._size, self._seed = reading, rows, size, seed

    def __len__(self) -> int:
        return math.ceil(len(self._rows) / self._size)

    def __getitem__(self, key: tuple[int, int]) -> AnswerBatch:
        epoch, position = key
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._rows))
        chosen = order[position * self._size : (position + 1) * self._size]
        return self._reading.batch([self._rows[at] for at in chosen.tolist()])


class _InOrder(Dataset[AnswerBatch]):
    def __init__(self, reading: Reading, rows: Sequence[Row], size: int) -> None:
        self._reading, self._rows, self._size = reading, rows, size

    def __len__(self) -> int:
        return math.ceil(len(self._rows) / self._size)

    def __getitem__(self, position: int) -> AnswerBatch:
        return self._reading.batch(self._rows[position * self._size : (position + 1) * self._size])


def _answerable(table: Table, way: Way) -> Table:
    """The table without rows whose answers the model can never give; they are problems."""
    why = {row.line: way.unanswerable(row.answer) for row in table.rows}
    return replace(
        table,
        rows=tuple(row for row in table.rows if why[row.line] is None),
        problems=(*table.problems, *((line, told) for line, told in why.items() if told)),
    )


def _lengths(taught: Taught) -> list[int]:
    """Tokens of each row: of what is read, or of what is written apart, whichever is more."""
    lengths = taught.inputs["attention_mask"].sum(dim=1)
    if "labels" in taught.inputs:
        lengths = torch.maximum(lengths, (taught.labels != IGNORED).sum(dim=1))
    found: list[int] = lengths.tolist()
    return found


def _positions(model: Any) -> int:  # noqa: ANN401 - of transformers
    told = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return told if isinstance(told, int) else 1_000_000
