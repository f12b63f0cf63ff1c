"""What the service counts, as Prometheus reads it at `/metrics`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from scrubjay.core.errors import ScrubjayError
from scrubjay.core.types import Champion, Modality
from scrubjay.web.ask_metrics import ASK_METRICS, AskMetrics
from scrubjay.web.holdings import Holdings, hold
from scrubjay.web.query_drift import QueryDrift

if TYPE_CHECKING:
    from scrubjay.web.context import Context

LOG = logging.getLogger("scrubjay.web")

FRESH_S: Final = 15.0
"""How old figures that must be read from the disk may be."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
"""How a route or method is counted that a stranger made up: labels must not grow without end."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128)

METRICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "scrubjay_http_requests_total": (
        "Requests answered; status 499 went away before the answer.",
        ("method", "route", "status"),
    ),
    "scrubjay_http_request_seconds": (
        "From a request's first byte to its answer's last, a histogram.",
        ("route",),
    ),
    "scrubjay_http_requests_under_way": ("Requests that are being answered now.", ()),
    "scrubjay_encode_seconds": ("What a tower took for a batch, a histogram.", ("tower",)),
    "scrubjay_batch_size": ("Media in a tower's batch, a histogram.", ("tower",)),
    "scrubjay_queue_depth": ("Media that wait for a tower now.", ("tower",)),
    "scrubjay_champion_info": ("1 for the pair that answers now.", ("version", "generation")),
    "scrubjay_champion_behind": (
        "1 while the registry names another champion than the one that answers.",
        (),
    ),
    "scrubjay_index_rows": ("Vectors that are searched, by what they show.", ("modality",)),
    "scrubjay_index_rows_mapped": (
        "Of these, the ones a bridge mapped and the champion has not made itself yet.",
        (),
    ),
    "scrubjay_holdings_timestamp_seconds": (
        "When the index, the catalogue and the registry were last read for this, Unix time.",
        (),
    ),
    "scrubjay_items": ("Items in the catalogue.", ()),
    "scrubjay_quarantined_files": ("Files of a source that could not be used.", ("source",)),
    "scrubjay_query_drift_told_apart": (
        "How often recent queries are told apart from what the champion learned, 0.5 by chance.",
        ("tower", "reference"),
    ),
    "scrubjay_query_drift_p": (
        "How often chance alone moves queries as far.",
        ("tower", "reference"),
    ),
    "scrubjay_query_drift_warning": (
        "1 when queries are unlike what the champion learned from.",
        ("tower", "reference"),
    ),
    "scrubjay_query_drift_queries": ("Recent queries the drift was reckoned from.", ("tower",)),
    **ASK_METRICS,
}
"""Every metric of ours: name -> (what it is, its labels). Alert rules are written on these names.

Beside them are `process_*`: memory, processor time, open files, start.
"""


class Metrics:
    """Counters of one server.

    What requests and towers do is counted as it happens; what the home holds is read when
    somebody asks, at most every FRESH_S seconds.

    Attributes:
        asked: counts questions, their steps and tokens.
        drift: remembers the vectors of recent queries, and how unlike the training they are.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.asked = AskMetrics(self.registry)
        self.drift = QueryDrift()
        self._requests = Counter(*_named("scrubjay_http_requests_total"), registry=self.registry)
        self._seconds = Histogram(
            *_named("scrubjay_http_request_seconds"), buckets=_SECONDS, registry=self.registry
        )
        self.under_way = Gauge(*_named("scrubjay_http_requests_under_way"), registry=self.registry)
        self._encode = Histogram(
            *_named("scrubjay_encode_seconds"), buckets=_SECONDS, registry=self.registry
        )
        self._batch = Histogram(
            *_named("scrubjay_batch_size"), buckets=_SIZES, registry=self.registry
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}
        self._state = _State(self.drift)
        self.registry.register(self._state)
        ProcessCollector(registry=self.registry)

    def on_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered.

        Args:
            route: its template, such as `/v1/items/{id}`, never the path a stranger wrote.
        """
        key = (method, route, status)
        counter = self._counters.get(key)
        if counter is None:
            named = method if method in METHODS else OTHER
            counter = self._requests.labels(named, route, str(status))
            if named == method:
                self._counters[key] = counter
        counter.inc()
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = self._seconds.labels(route)
        timer.observe(seconds)

    def on_batch(self, modality: str, size: int, seconds: float) -> None:
        """Count a batch a tower encoded; a Batcher's observer."""
        self._encode.labels(modality).observe(seconds)
        self._batch.labels(modality).observe(size)

    async def exposition(self, context: Context) -> bytes:
        """The text Prometheus reads, after what is too old was read anew."""
        await self._state.refresh(context)
        return generate_latest(self.registry)


class _State:
    """What is so now, rather than what happened: collected when asked for."""

    def __init__(self, drift: QueryDrift) -> None:
        self._drift = drift
        self._lock = asyncio.Lock()
        self._looked_at = -FRESH_S
        self._read_at = 0.0
        self._champion: Champion | None = None
        self._depths: Mapping[Modality, int] = {}
        self._holdings: Holdings | None = None

    async def refresh(self, context: Context) -> None:
        self._champion, self._depths = context.serving.champion, context.serving.depths()
        context.asking.count()
        async with self._lock:
            if time.monotonic() - self._looked_at >= FRESH_S:
                self._looked_at = time.monotonic()
                await self._read(context)
        self._drift.look(context)

    async def _read(self, context: Context) -> None:
        """Read what the home holds; what cannot be read now stays as it was, with its time."""
        try:
            self._holdings = await asyncio.to_thread(hold, context.home, self._champion)
        except ScrubjayError as error:
            LOG.warning("the figures of the home could not be read: %s", error)
        else:
            self._read_at = time.time()

    def collect(self) -> Iterable[Metric]:
        yield _gauge(
            "scrubjay_queue_depth", {(tower.value,): n for tower, n in self._depths.items()}
        )
        if self._champion is not None:
            pair = (self._champion.version, self._champion.generation)
            yield _gauge("scrubjay_champion_info", {pair: 1})
        if (held := self._holdings) is not None:
            behind = None not in {held.named, self._champion} and held.named != self._champion
            yield _gauge("scrubjay_holdings_timestamp_seconds", {(): self._read_at})
            yield _gauge("scrubjay_champion_behind", {(): behind})
            yield _gauge("scrubjay_index_rows", {(m.value,): n for m, n in held.rows.items()})
            yield _gauge("scrubjay_index_rows_mapped", {(): held.mapped})
            yield _gauge("scrubjay_items", {(): held.items})
            yield _gauge(
                "scrubjay_quarantined_files",
                {(source,): n for source, n in held.quarantined.items()},
            )
        yield from self._drifts()

    def _drifts(self) -> Iterable[Metric]:
        known = self._drift.known
        said = {(one.name, known.reference): one for one in known.drifts if one.p is not None}
        for name, field in (("told_apart", "told_apart"), ("p", "p"), ("warning", "warns")):
            yield _gauge(
                f"scrubjay_query_drift_{name}",
                {labels: float(getattr(one, field)) for labels, one in said.items()},
            )
        yield _gauge(
            "scrubjay_query_drift_queries", {(one.name,): one.n_new for one in known.drifts}
        )


def _named(name: str) -> tuple[str, str, tuple[str, ...]]:
    about, labels = METRICS[name]
    return name, about, labels


def _gauge(name: str, values: Mapping[tuple[str, ...], float]) -> Metric:
    about, labels = METRICS[name]
    family = GaugeMetricFamily(name, about, labels=labels)
    for given, value in values.items():
        family.add_metric(given, value)
    return family
