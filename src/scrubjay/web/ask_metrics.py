"""What is counted of questions: their steps, how they end, what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from scrubjay.ask.answer import Answer
from scrubjay.core.errors import BadMedia, MissingExtra, NotReady, ScrubjayError, WrongUse
from scrubjay.web.batcher import Busy

STEPS: Final = ("listen", "find", "look", "read", "answer", "speak")
OTHER: Final = "other"
"""A step of another package's chain; labels must not grow without end."""

OUTCOMES: Final = ("told", "not_told")
ERRORS: Final[Mapping[type[ScrubjayError], str]] = {
    Busy: "busy",
    WrongUse: "wrong_use",
    BadMedia: "bad_media",
    NotReady: "not_ready",
    MissingExtra: "missing_extra",
}

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

ASK_METRICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "scrubjay_ask_step_seconds": ("What a step of an answer took, a histogram.", ("step",)),
    "scrubjay_ask_answers_total": (
        "Questions answered, and those of which the answer is that it cannot be told.",
        ("outcome",),
    ),
    "scrubjay_ask_tokens_total": (
        "Tokens the model that looks read and wrote, where it says.",
        ("direction",),
    ),
    "scrubjay_ask_queue_depth": ("Questions that wait for their turn now.", ()),
    "scrubjay_ask_errors_total": ("Questions that could not be answered, by why.", ("reason",)),
}


class AskMetrics:
    """Counters of one server's questions; any thread may count.

    Attributes:
        depth: questions that wait.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        """Add them to a registry, every label's value from the start."""
        self._seconds = Histogram(
            *_named("scrubjay_ask_step_seconds"), buckets=_SECONDS, registry=registry
        )
        self._answers = Counter(*_named("scrubjay_ask_answers_total"), registry=registry)
        self._tokens = Counter(*_named("scrubjay_ask_tokens_total"), registry=registry)
        self._errors = Counter(*_named("scrubjay_ask_errors_total"), registry=registry)
        self.depth = Gauge(*_named("scrubjay_ask_queue_depth"), registry=registry)
        for metric, values in (
            (self._seconds, STEPS),
            (self._answers, OUTCOMES),
            (self._tokens, ("in", "out")),
            (self._errors, (*ERRORS.values(), OTHER)),
        ):
            for value in values:
                metric.labels(value)

    def on_step(self, step: str, seconds: float) -> None:
        """Count a step that ended."""
        self._seconds.labels(step if step in STEPS else OTHER).observe(seconds)

    def on_answer(self, answer: Answer) -> None:
        """Count an answer."""
        self._answers.labels(OUTCOMES[0 if answer.told else 1]).inc()
        self._tokens.labels("in").inc(answer.tokens_in or 0)
        self._tokens.labels("out").inc(answer.tokens_out or 0)

    def on_error(self, error: ScrubjayError) -> None:
        """Count a question that could not be answered."""
        reason = next((name for kind, name in ERRORS.items() if isinstance(error, kind)), OTHER)
        self._errors.labels(reason).inc()


def _named(name: str) -> tuple[str, str, tuple[str, ...]]:
    about, labels = ASK_METRICS[name]
    return name, about, labels
