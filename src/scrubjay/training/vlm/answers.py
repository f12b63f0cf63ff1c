"""What a model answers on held-out rows: measured before it learns, and after."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from scrubjay.core.errors import Damaged
from scrubjay.core.looking import Sampling
from scrubjay.core.protocols import Progress
from scrubjay.evaluate.written import LOSS, Change, changes, scores
from scrubjay.training.checkpoints import write_bytes
from scrubjay.training.vlm.data import PictureTable
from scrubjay.training.vlm.module import VlmLora
from scrubjay.training.vlm.table import Row


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said of some rows.

    Attributes:
        lines: of the table.
        said: its answers, the likeliest word each time.
        losses: mean negative log-likelihood a token of the right answers.
    """

    lines: tuple[int, ...]
    said: tuple[str, ...]
    losses: tuple[float, ...]

    def write(self, path: Path) -> None:
        """Keep them, in one durable step."""
        told = {"lines": self.lines, "said": self.said, "losses": self.losses}
        write_bytes(path, json.dumps(told, ensure_ascii=False, indent=1).encode(), what="answers")

    @classmethod
    def read(cls, path: Path) -> Answers:
        """Those kept.

        Raises:
            Damaged: the file is not what `write` wrote.
        """
        try:
            told = json.loads(path.read_bytes())
            return cls(tuple(told["lines"]), tuple(told["said"]), tuple(told["losses"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{path} cannot be read: {error}; start the run again") from error


def spread(rows: Sequence[Row], most: int) -> list[Row]:
    """At most so many rows, spread evenly over all."""
    if len(rows) <= most:
        return list(rows)
    return [rows[at] for at in np.linspace(0, len(rows) - 1, most).round().astype(int)]


def answered(
    module: VlmLora,
    data: PictureTable,
    rows: Sequence[Row],
    *,
    longest: int,
    step: str,
    progress: Progress,
) -> Answers:
    """Ask a model about some rows, as `scrubjay ask` would.

    Args:
        module: with the model.
        data: with the pictures.
        rows: to ask about.
        longest: tokens of an answer, at most.
        step: what progress is told.
        progress: told of every row.
    """
    way, looker = module.vlm.way, module.vlm.looker()
    sampling = Sampling(max_new_tokens=longest)
    learning = [one for one in module.modules() if one.training]
    module.eval()
    losses: list[float] = []
    said: list[str] = []
    try:
        with torch.no_grad():
            for batch in data.batches(rows):
                there = module.transfer_batch_to_device(batch, module.device, 0)
                sums, tokens = module.losses(there)
                losses += (sums / tokens).tolist()
        for done, row in enumerate(rows, start=1):
            said.append(way.answer(looker, data.lesson(row), sampling).text)
            progress(step, done, len(rows))
    finally:
        for one in learning:
            one.training = True
    return Answers(tuple(row.line for row in rows), tuple(said), tuple(losses))


def compared(
    before: Answers, after: Answers, rows: Sequence[Row], groups: Sequence[int]
) -> list[Change]:
    """Every measure before and after, with intervals over groups of alike pictures."""
    right = [row.answer for row in rows]
    first, second = (
        {LOSS: np.array(one.losses, np.float64), **scores(one.said, right)}
        for one in (before, after)
    )
    return changes(first, second, np.array(groups, np.int64))
