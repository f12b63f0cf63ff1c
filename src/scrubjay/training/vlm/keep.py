"""Before a fit the base is asked; after it what was kept is asked, shown, saved and merged."""

from __future__ import annotations

import json
import logging
import math
import shlex
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from scrubjay.core.errors import BadConfig, BadMedia
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Picture
from scrubjay.evaluate.taught_page import Shown, taught_page
from scrubjay.evaluate.written import LOSS, Change, token_f1
from scrubjay.training.checkpoints import load_checkpoint, write_bytes, write_text
from scrubjay.training.run_files import NEXT
from scrubjay.training.vlm.answers import Answers, answered, compared, spread
from scrubjay.training.vlm.data import PictureTable
from scrubjay.training.vlm.kept import save_adapter, save_merged
from scrubjay.training.vlm.module import VlmLora
from scrubjay.training.vlm.table import Row

log = logging.getLogger(__name__)

BEFORE, RESULT, PAGE = "answers_before.json", "answers.json", "answers.html"


class KeepTaught(Callback):
    """Leaves `adapter/`, `merged/`, `answers.json` and a page of answers in the run's folder."""

    def __init__(
        self,
        run: str,
        folder: str,
        *,
        keep: str = "best",
        answers: int = 100,
        longest: int = 128,
        shown: int = 12,
        merge: bool = True,
        progress: Progress = silent,
    ) -> None:
        """Say where to, and how much is asked.

        Args:
            run: the run's folder.
            folder: where the page is written; made when needed.
            keep: weights kept at the end, `best` or `last`.
            answers: held-out rows that are asked before and after, at most.
            longest: tokens of an answer, at most.
            shown: rows on the page.
            merge: whether to write the whole model, too.
            progress: told of every answer.

        Raises:
            BadConfig: a number that cannot be.
        """
        if answers < 1 or longest < 1 or shown < 1:
            raise BadConfig("callbacks.taught.answers, .longest and .shown must be 1 or more")
        self._run, self._folder, self._keep = Path(run), Path(folder), keep
        self._answers, self._longest, self._shown = answers, longest, shown
        self._merge, self._progress = merge, progress
        self._before: Answers | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ask the base, unless a run that is resumed did."""
        data: Any = getattr(trainer, "datamodule", None)
        if not isinstance(pl_module, VlmLora) or not isinstance(data, PictureTable):
            raise BadConfig("callbacks=vlm_lora goes with model=vlm_lora datamodule=picture_table")
        if not trainer.is_global_zero:
            return
        path, rows = self._run / BEFORE, spread(data.measured, self._answers)
        if path.exists():
            self._before = Answers.read(path)
            if self._before.lines == tuple(row.line for row in rows):
                return
        with pl_module.model.disable_adapter():
            self._before = self._ask(pl_module, data, rows, "asking before")
        self._before.write(path)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ask what was kept, and keep it; also where a resumed run had nothing left to learn."""
        data: Any = getattr(trainer, "datamodule", None)
        if self._before is None or not isinstance(pl_module, VlmLora):
            return
        if self._keep == "best" and (best := _best(trainer)) is not None:
            pl_module.load_state_dict(load_checkpoint(best)["state_dict"])
        rows = spread(data.measured, self._answers)
        after = self._ask(pl_module, data, rows, "asking after")
        found = compared(self._before, after, rows, [data.parts.groups[row.line] for row in rows])
        figures = _figures(found, pl_module, data)
        trainer.callback_metrics.update(
            {name: torch.tensor(value) for name, value in figures.items()}
        )
        for logger in trainer.loggers:
            logger.log_metrics(figures, step=trainer.global_step)
        self._write(pl_module, data, rows, self._before, after, found)
        save_adapter(pl_module.model, self._run)
        if self._merge:
            save_merged(pl_module.vlm, self._run)
        write_text(self._run / NEXT, self._next(pl_module, rows[0]))

    def _ask(self, module: VlmLora, data: PictureTable, rows: list[Row], step: str) -> Answers:
        return answered(
            module, data, rows, longest=self._longest, step=step, progress=self._progress
        )

    def _write(
        self,
        module: VlmLora,
        data: PictureTable,
        rows: list[Row],
        before: Answers,
        after: Answers,
        found: list[Change],
    ) -> None:
        said = {row.line: pair for row, *pair in zip(rows, before.said, after.said, strict=True)}
        told = {
            "model": module.vlm.source,
            "quantize": module.vlm.quantize,
            "table": str(data.table.path),
            "instruction": data.table.instruction,
            "left_out": {str(line): why for line, why in data.parts.left_out.items()},
            "rows": len(rows),
            "measures": [one.to_json() for one in found],
            "answers": [
                {
                    "line": row.line,
                    "picture": row.picture,
                    "instruction": row.instruction,
                    "right": row.answer,
                    "before": said[row.line][0],
                    "after": said[row.line][1],
                }
                for row in rows
            ],
        }
        text = json.dumps(told, ensure_ascii=False, indent=1)
        write_bytes(self._run / RESULT, text.encode(), what="answers")
        shown = [
            Shown(
                picture=_picture(data, row),
                instruction=row.instruction,
                right=row.answer,
                before=said[row.line][0],
                after=said[row.line][1],
                score=(token_f1(said[row.line][0], row.answer),
                       token_f1(said[row.line][1], row.answer)),
            )
            for row in spread(rows, self._shown)
        ]  # fmt: skip
        self._folder.mkdir(parents=True, exist_ok=True)
        page = taught_page(module.vlm.opened.name, found, shown, n_rows=len(rows))
        write_text(self._folder / PAGE, page)

    def _next(self, module: VlmLora, row: Row) -> str:
        if not self._merge:
            base = shlex.quote(module.vlm.source)
            model = f"vlm.source={base} vlm.adapter={shlex.quote(str(self._run / 'adapter'))}"
        else:
            model = f"vlm.source={shlex.quote(str(self._run / 'merged'))}"
        lines = [f"{module.vlm.way.command(row.instruction)} {model}"]
        if self._merge and module.vlm.quantize != "none":
            lines.append(
                f"# merged/ is the adapter added to the weights as they are without "
                f"quantising; what was measured had {module.vlm.quantize} weights below it"
            )
        return "\n".join(lines) + "\n"


def _best(trainer: Trainer) -> Path | None:
    """The checkpoint that `fit` keeps."""
    for one in trainer.checkpoint_callbacks:
        if isinstance(one, ModelCheckpoint) and one.monitor and one.best_model_path:
            path = Path(one.best_model_path)
            return path if path.exists() else None
    return None


def _figures(found: list[Change], module: VlmLora, data: PictureTable) -> dict[str, float]:
    figures = {
        "learned_parameters": float(module.learned),
        "weights_mb": module.weight_bytes / 2**20,
        "rows_left_out": float(len(data.parts.left_out)),
    }
    for one in found:
        for when, value in (("before", one.before), ("after", one.after), ("gain", one.gain)):
            figures[f"{when}/{one.name}"] = value.value
            figures[f"{when}/{one.name}/low"] = value.low
            figures[f"{when}/{one.name}/high"] = value.high
        if one.name == LOSS:
            figures["before/perplexity"] = math.exp(min(one.before.value, 700.0))
            figures["after/perplexity"] = math.exp(min(one.after.value, 700.0))
    return figures


def _picture(data: PictureTable, row: Row) -> Picture | None:
    try:
        return data.lesson(row).picture
    except BadMedia:
        return None
