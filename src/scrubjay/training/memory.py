"""Fitting in the memory there is: out of memory, batches are halved and accumulated twice as long.

An optimizer step then still sees as many examples. A contrastive batch of half the size has half
the negatives, though, so that a fit goes on this way instead of beginning so.

`attempts.json` in the run's folder lists the sizes tried, the newest last; a fit that was killed
goes on with that one, from the last checkpoint.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import yaml  # type: ignore[import-untyped]

from scrubjay.core.errors import BadConfig, Damaged, TrainingFailed
from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import Progress, silent
from scrubjay.training.checkpoints import write_text
from scrubjay.training.fit import Fitted, fit
from scrubjay.training.run_files import CONFIG

ATTEMPTS = "attempts.json"
FEWEST = 2
"""Examples a batch must hold for a contrast."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How much was held in memory at once.

    Attributes:
        batch_size: examples in a batch, at most.
        accumulate: batches an optimizer step is made of.
    """

    batch_size: int
    accumulate: int

    def halved(self) -> Attempt:
        """Half the batch, twice the batches a step."""
        return Attempt(max(FEWEST, self.batch_size // 2), self.accumulate * 2)


def fit_within_memory(
    config: Mapping[str, Any],
    *,
    run: Path,
    provided: Mapping[str, object] | None = None,
    resume: bool = False,
    halvings: int = 3,
    progress: Progress = silent,
) -> tuple[Fitted, tuple[Attempt, ...]]:
    """Fit; each time memory runs out, go on from the last checkpoint with half the batch.

    What is trained must be a node of the configuration, not provided: it is built anew, and its
    weights come from the checkpoint.

    Args:
        config: as `training.fit.fit` takes it, with `datamodule.batch_size`.
        halvings: how often a batch may be halved, in all attempts together.

    Returns:
        What the last attempt left behind, and every attempt, the first as configured.

    Raises:
        BadConfig: the datamodule states no batch size; otherwise as `fit`.
        TrainingFailed: memory ran out with the smallest batch too; otherwise as `fit`.
        Damaged: the list of attempts cannot be read; otherwise as `fit`.
    """
    attempts = [_asked(config)]
    if resume:
        attempts = _begun(run, attempts)
    while True:
        fitting = _sized(config, attempts[-1])
        if len(attempts) > 1:
            _restate(run, attempts[-1])
        fitted = _fit(fitting, run=run, provided=provided, resume=resume, progress=progress)
        if fitted is not None:
            return fitted, tuple(attempts)
        if len(attempts) > halvings or attempts[-1].batch_size <= FEWEST:
            raise TrainingFailed(_given_up(attempts, run))
        attempts.append(attempts[-1].halved())
        _write(run, attempts)
        resume = True


def _fit(
    config: Mapping[str, Any],
    *,
    run: Path,
    provided: Mapping[str, object] | None,
    resume: bool,
    progress: Progress,
) -> Fitted | None:
    """What `fit` leaves behind; None when memory ran out, with the memory free again."""
    try:
        return fit(config, run=run, provided=provided, resume=resume, progress=progress)
    except TrainingFailed as error:
        if not isinstance(error.__cause__, torch.OutOfMemoryError):
            raise
    # Only here is the error gone, whose frames held model, optimizer and batch.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def _asked(config: Mapping[str, Any]) -> Attempt:
    data = config.get("datamodule")
    batch_size = data.get("batch_size") if isinstance(data, Mapping) else None
    if not isinstance(batch_size, int):
        raise BadConfig(
            "datamodule.batch_size must be a whole number: it is what is halved when memory runs "
            "out"
        )
    accumulate = config["trainer"].get("accumulate_grad_batches", 1)
    if not isinstance(accumulate, int):
        raise BadConfig("trainer.accumulate_grad_batches must be a whole number")
    return Attempt(batch_size, accumulate)


def _sized(config: Mapping[str, Any], attempt: Attempt) -> dict[str, Any]:
    return {
        **config,
        "datamodule": {**config["datamodule"], "batch_size": attempt.batch_size},
        "trainer": {**config["trainer"], "accumulate_grad_batches": attempt.accumulate},
    }


def _begun(run: Path, asked: list[Attempt]) -> list[Attempt]:
    """The attempts of a run that is gone on with; just the one asked for where none failed."""
    path = run / ATTEMPTS
    try:
        attempts = [
            Attempt(int(one["batch_size"]), int(one["accumulate"]))
            for one in json.loads(path.read_bytes())
        ]
    except FileNotFoundError:
        return asked
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{path} does not list the batch sizes tried ({error}); begin the run anew"
        ) from error
    if attempts[:1] != asked:
        raise BadConfig(
            f"{run} began with other batches than {asked[0].batch_size} of "
            f"{asked[0].accumulate} a step; resume it with its own, or start a new run"
        )
    return attempts


def _write(run: Path, attempts: Sequence[Attempt]) -> None:
    failpoint("fit.before_attempt")
    write_text(run / ATTEMPTS, json.dumps([asdict(one) for one in attempts], indent=1) + "\n")
    failpoint("fit.after_attempt")


def _restate(run: Path, attempt: Attempt) -> None:
    """Let the run's written configuration say the attempt's sizes: `fit` compares with it."""
    path = run / CONFIG
    if not path.exists():
        return
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    sized = _sized(written, attempt)
    if sized != written:
        write_text(path, yaml.safe_dump(sized, sort_keys=False, allow_unicode=True))


def _given_up(attempts: Sequence[Attempt], run: Path) -> str:
    sizes = ", ".join(str(one.batch_size) for one in attempts)
    return (
        f"memory ran out with batches of {sizes}; checkpoints in {run} are those from before. Use "
        f"trainer.precision=bf16-mixed, freeze a tower, train with trainer.accelerator=cpu, or on "
        f"a machine with more memory"
    )
