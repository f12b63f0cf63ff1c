"""Encoders on the owner's collection: how often they find it, how fast, at what size."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay import __version__
from scrubjay.ask.comparing.points import stamp
from scrubjay.ask.comparing.running import Job, Measuring, Outcome, measure
from scrubjay.ask.settings import Choice
from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import ScrubjayError
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Kind, Media, Modality
from scrubjay.evaluate.paired import paired_gain
from scrubjay.media.image import decode_picture
from scrubjay.models.load import load_encoder
from scrubjay.search.decode import Read
from scrubjay.search.measure import evaluate_items

FOUND, TIMED = range(2)
"""The pieces of an encoder's work."""
TIMES: Final = 60
"""Media of a kind that are encoded one at a time to take their time."""
WARM: Final = 3
MAIN: Final = "text->image"
FLOAT_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class EncoderPoint:
    """An encoder that is compared."""

    name: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class EncoderTask:
    """One encoder's work on one part of a collection."""

    choice: Choice
    items: tuple[Item, ...]
    read: Read
    limits: MediaLimits
    threads: int

    def open(self) -> _Measuring:
        """Load it."""
        return _Measuring(self, load_encoder(self.choice.family, **self.choice.options))


class _Measuring:
    """An encoder that is loaded."""

    def __init__(self, task: EncoderTask, encoder: Encoder) -> None:
        self._task, self._encoder = task, encoder

    @property
    def about(self) -> Mapping[str, Any]:
        """Which it is."""
        spec = self._encoder.spec
        return {
            "family": self._task.choice.family,
            "name": spec.name,
            "version": spec.version,
            "fingerprint": spec.fingerprint,
            "dim": spec.dim,
            "modalities": sorted(one.value for one in spec.modalities),
            "size_bytes": sum(size for _, size, _ in stamp(self._task.choice.options)) or None,
        }

    def do(self, index: int) -> Mapping[str, Any]:
        """Find everything, or take the time."""
        return self._found() if index == FOUND else self._timed()

    def _found(self) -> dict[str, Any]:
        task = self._task
        evaluation = evaluate_items(
            task.items, self._encoder, read=task.read, limits=task.limits, threads=task.threads
        )
        directions = [
            {
                **one.to_json(),
                "queries": one.queries.tolist(),
                "ranks": one.ranks.tolist(),
                "groups": _groups(evaluation.views, one.name, one.queries),
            }
            for one in evaluation.directions
        ]
        return {"directions": directions, "problems": len(evaluation.problems)}

    def _timed(self) -> dict[str, Any]:
        texts: list[Media] = [text for one in self._task.items for text in one.captions[:1]]
        made = {
            Modality.TEXT: self._times(Modality.TEXT, texts[:TIMES]),
            Modality.IMAGE: self._times(Modality.IMAGE, self._pictures()),
        }
        return {"seconds": {name.value: times for name, times in made.items() if times}}

    def _pictures(self) -> list[Media]:
        pictures: list[Media] = []
        for item in self._task.items:
            if item.kind is Kind.IMAGE and len(pictures) < TIMES:
                try:
                    pictures.append(decode_picture(self._task.read(item.uri)))
                except ScrubjayError:
                    continue  # `_found` has counted it among the problems
        return pictures

    def _times(self, modality: Modality, media: Sequence[Media]) -> list[float]:
        """Seconds of each, one at a time."""
        if modality not in self._encoder.spec.modalities:
            return []
        for one in media[:WARM]:
            self._encoder.encode(modality, [one])
        taken = []
        for one in media:
            began = time.perf_counter()
            self._encoder.encode(modality, [one])
            taken.append(round(time.perf_counter() - began, 6))
        return taken


def _groups(views: Mapping[Modality, Any], name: str, queries: NDArray[np.int64]) -> list[str]:
    groups = views[Modality(name.partition("->")[0])].groups
    return [str(groups[at]) for at in queries]


@dataclass(frozen=True, slots=True)
class EncoderResult:
    """One row.

    Attributes:
        directions: name -> figures, as `scrubjay evaluate --json` has them, with single ranks.
        seconds: modality -> times of single media.
    """

    name: str
    about: Mapping[str, Any]
    directions: Mapping[str, Mapping[str, Any]]
    seconds: Mapping[str, Sequence[float]]
    outcome: Outcome

    @property
    def failure(self) -> str | None:
        """Why it has no figures; None: it has."""
        if self.outcome.failure is None and not self.directions:
            return "nothing to measure: no content group has two modalities that it knows"
        return self.outcome.failure

    def recall(self, k: int, direction: str = MAIN) -> float | None:
        """Recall at k; None: that direction was not measured."""
        found = self.directions.get(direction)
        return None if found is None else float(found["recall"][str(k)]["value"])

    def percentile(self, modality: str, share: float) -> float | None:
        """Seconds within which so many percent were encoded; None: it has no such tower."""
        times = self.seconds.get(modality)
        return float(np.percentile(times, share)) if times else None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        left_out = ("queries", "ranks", "groups")
        return {
            "name": self.name,
            "failure": self.failure,
            "model": {
                key: one for key, one in self.about.items() if key not in {"format", "began"}
            },
            "directions": [
                {key: value for key, value in one.items() if key not in left_out}
                for one in self.directions.values()
            ],
            "latency": {
                name: {"p50_s": self.percentile(name, 50), "p95_s": self.percentile(name, 95)}
                for name in self.seconds
            },
            "bytes_per_item": FLOAT_BYTES * int(self.about.get("dim", 0)) or None,
            "peak_memory_bytes": self.outcome.largest("peak_bytes"),
            "load_s": self.outcome.largest("load_s"),
        }


def compare_encoders(
    points: Sequence[EncoderPoint],
    items: Sequence[Item],
    folder: Path,
    *,
    read: Read,
    limits: MediaLimits,
    threads: int,
    measuring: Measuring,
    progress: Progress = silent,
) -> list[EncoderResult]:
    """Measure every encoder, each in a process of its own; what is kept is not measured again."""
    jobs = [
        Job(
            one.name,
            EncoderTask(one.choice, tuple(items), read, limits, threads),
            folder / f"{_key(one.choice, threads)[:24]}.jsonl",
            len((FOUND, TIMED)),
        )
        for one in points
    ]
    outcomes = measure(jobs, measuring, progress=progress)
    return [_result(name, outcome) for name, outcome in outcomes.items()]


def items_digest(items: Sequence[Item]) -> str:
    """Changes when what is searched does."""
    told = sorted([one.id, one.sha256 or "", *one.captions] for one in items)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def gains(rows: Sequence[EncoderResult]) -> list[dict[str, Any]]:
    """Every two encoders on the same queries: the gain in MRR with a 95% interval."""
    made = []
    for first, second in combinations([row for row in rows if MAIN in row.directions], 2):
        one, other = first.directions[MAIN], second.directions[MAIN]
        if one["queries"] != other["queries"]:
            continue
        here, there = (1 / np.array(found["ranks"], np.float64) for found in (one, other))
        gain = paired_gain(there, here, one["groups"])
        better = first.name if gain.low > 0 else second.name if gain.high < 0 else None
        made.append(
            {
                "first": first.name,
                "second": second.name,
                "mrr_gain": gain.value,
                "low": gain.low,
                "high": gain.high,
                "better": better,
            }
        )
    return made


def _result(name: str, outcome: Outcome) -> EncoderResult:
    done = outcome.results[0] if outcome.results else {}
    errors = [one["error"] for one in done.values() if "error" in one]
    if errors and outcome.failure is None:
        outcome.failure = str(errors[0])
    directions = done.get(FOUND, {}).get("directions", [])
    seconds = done.get(TIMED, {}).get("seconds", {})
    found = {one["name"]: one for one in directions}
    return EncoderResult(name, outcome.about, found, seconds, outcome)


def _key(choice: Choice, threads: int) -> str:
    told = [__version__, choice.family, dict(choice.options), stamp(choice.options), threads]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=repr).encode()).hexdigest()
