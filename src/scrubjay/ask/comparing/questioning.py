"""Every point asked every question: what `scrubjay compare` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scrubjay.ask.comparing.answerers import AskTask
from scrubjay.ask.comparing.cost import Prices
from scrubjay.ask.comparing.naming import prompt_needless
from scrubjay.ask.comparing.points import Point
from scrubjay.ask.comparing.questions import Posed
from scrubjay.ask.comparing.results import Result, results
from scrubjay.ask.comparing.running import Job, Measuring, Outcome, measure
from scrubjay.core.protocols import Progress, silent


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    Attributes:
        rows: every point that was asked, in the order given.
        same: points that were not, since their model takes no prompts.
    """

    rows: tuple[Result, ...]
    same: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What somebody should know."""
        said = []
        if self.same:
            said.append(
                f"not asked again, since the model takes questions as they are, whatever the "
                f"prompt: {'; '.join(self.same)}"
            )
        kept = [row.name for row in self.rows if row.outcome.reused]
        if kept:
            said.append(
                f"answers and times of an earlier comparison were kept for: {'; '.join(kept)} "
                f"(--fresh asks again)"
            )
        return tuple(said)


def compare_points(
    points: Sequence[Point],
    questions: tuple[Posed, ...],
    folder: Path,
    *,
    measuring: Measuring,
    prices: Prices,
    progress: Progress = silent,
) -> Compared:
    """Ask, and reckon the figures; what is in the folder from before is not asked again.

    Args:
        folder: of these questions; a file a point.
    """
    by_name = {one.name: one for one in points}
    jobs = [
        Job(
            one.name,
            AskTask(one, questions),
            folder / f"{one.key(questions)[:24]}.jsonl",
            len(questions),
        )
        for one in points
    ]

    def needless(job: Job, done: Mapping[str, Outcome]) -> bool:
        answered = {
            name: (by_name[name], bool(outcome.about.get("instructed", True)))
            for name, outcome in done.items()
            if outcome.about
        }
        return prompt_needless(by_name[job.name], answered)

    outcomes = measure(jobs, measuring, needless=needless, progress=progress)
    rows = tuple(results(points, outcomes, questions, prices))
    return Compared(rows, tuple(one.name for one in points if one.name not in outcomes))
