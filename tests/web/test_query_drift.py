"""Whether people ask for what the champion learned from, known without keeping what they asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from scrubjay import services
from scrubjay.core.types import Media, Modality
from scrubjay.evaluate.drift import DriftSettings
from scrubjay.store.home import Home
from scrubjay.web.batcher import Busy
from scrubjay.web.query_drift import NEW, QueryDrift
from scrubjay.web.training_views import COLLECTION, TRAINING, draw_sample
from tests.web.conftest import TONES, ServedHome

SETTINGS = DriftSettings(sample=60, permutations=199, minimum_n=20)
ELSEWHERE = [
    f"{what} {where}"
    for what in ("quarterly revenue", "tax return", "parliament debate", "stock prices", "lawsuit")
    for where in ("in Berlin", "last year", "overview", "by email", "urgent", "draft")
]


@dataclass
class Pair:
    champion: Any
    batchers: dict[Modality, Any]


@dataclass
class OnePair:
    """As much of a server's context as drift uses, around a real champion."""

    home: Home
    jobs: list[Any] = field(default_factory=list)
    refuses: int = 0

    def __post_init__(self) -> None:
        self.searcher = services.open_champion(self.home)
        self.serving = self
        self.batchers = {Modality.TEXT: self}
        self.encoded = 0

    async def encode(self, media: Sequence[Media]) -> np.ndarray:
        if self.refuses:
            self.refuses -= 1
            raise Busy(0.001)
        self.encoded += len(media)
        return self.vectors(media)

    def vectors(self, media: Sequence[Media]) -> np.ndarray:
        return self.searcher.encoder.encode(Modality.TEXT, media)

    @asynccontextmanager
    async def pair(self) -> AsyncIterator[Pair]:
        yield Pair(self.searcher.champion, self.batchers)

    def start(self, job: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(job, name=name)
        self.jobs.append(task)
        return task

    def asks(self, drift: QueryDrift, texts: Sequence[str]) -> None:
        for text in texts:
            drift.saw(self.searcher.champion.version, Modality.TEXT, self.vectors([text]))


@pytest.fixture(scope="module")
def pair(served_home: ServedHome) -> OnePair:
    return OnePair(served_home.open())


def told(pair: OnePair, texts: Sequence[str]) -> QueryDrift:
    drift = QueryDrift(settings=SETTINGS)
    pair.asks(drift, texts)
    asyncio.run(drift.reckon(pair))  # type: ignore[arg-type]
    return drift


def test_queries_like_the_descriptions_do_not_drift_and_others_do(
    pair: OnePair, served_home: ServedHome
) -> None:
    (alike,) = told(pair, served_home.captions).known.drifts
    (other,) = told(pair, ELSEWHERE).known.drifts
    assert (alike.name, alike.warns) == ("text", False)
    assert other.warns
    assert alike.told_apart is not None
    assert other.told_apart is not None
    assert alike.told_apart < 0.6
    assert other.told_apart > 0.9


def test_a_few_queries_say_nothing(pair: OnePair) -> None:
    (few,) = told(pair, ELSEWHERE[:5]).known.drifts
    assert (few.n_new, few.p, few.warns) == (5, None, False)


def test_nothing_but_vectors_of_the_last_queries_is_kept(pair: OnePair) -> None:
    drift = QueryDrift(last=4, settings=SETTINGS)
    pair.asks(drift, ["a secret wish", *ELSEWHERE[:6]])
    kept = drift._recent[Modality.TEXT]
    assert len(kept) == 4
    assert all(row.dtype == np.float32 and row.ndim == 1 for row in kept)
    assert "wish" not in repr(vars(drift))


def test_of_a_long_recording_the_mean_of_its_windows_counts_once() -> None:
    drift = QueryDrift()
    drift.saw("v1", Modality.SPEECH, np.array([[1.0, 0.0], [0.0, 1.0]], np.float32))
    (row,) = drift._recent[Modality.SPEECH]
    assert row.tolist() == [0.5, 0.5]


def test_a_new_champion_begins_anew(pair: OnePair) -> None:
    drift = told(pair, ELSEWHERE)
    drift.saw("another", Modality.TEXT, np.ones((1, 3), np.float32))
    assert drift.known.drifts == ()
    assert len(drift._recent[Modality.TEXT]) == 1
    asyncio.run(drift.reckon(pair))  # type: ignore[arg-type]
    assert drift.known.drifts == (), "the queries are another version's"


def looks(drift: QueryDrift, pair: OnePair, before: Callable[[], None]) -> int:
    async def look() -> int:
        before()
        pair.jobs.clear()
        drift.look(pair)  # type: ignore[arg-type]
        drift.look(pair)  # type: ignore[arg-type]
        await asyncio.gather(*pair.jobs)
        return len(pair.jobs)

    return asyncio.run(look())


def test_reckoning_waits_for_enough_that_is_new_and_goes_on_behind_requests(
    pair: OnePair,
) -> None:
    drift = QueryDrift(settings=SETTINGS, every_s=0)
    assert looks(drift, pair, lambda: pair.asks(drift, ELSEWHERE[: NEW - 1])) == 0
    assert looks(drift, pair, lambda: pair.asks(drift, ELSEWHERE[:1])) == 1
    assert looks(drift, pair, lambda: None) == 0
    seldom = QueryDrift(settings=SETTINGS, every_s=3600)
    assert looks(seldom, pair, lambda: pair.asks(seldom, ELSEWHERE[:NEW])) == 1
    assert looks(seldom, pair, lambda: pair.asks(seldom, ELSEWHERE[:NEW])) == 0


def test_descriptions_are_embedded_once_a_version_and_only_when_there_is_room(
    pair: OnePair,
) -> None:
    drift = QueryDrift(settings=SETTINGS)
    pair.asks(drift, ELSEWHERE)
    pair.refuses, pair.encoded = 3, 0
    asyncio.run(drift.reckon(pair))  # type: ignore[arg-type]
    assert pair.refuses == 0
    first = pair.encoded
    assert 20 <= first <= 60
    asyncio.run(drift.reckon(pair))  # type: ignore[arg-type]
    assert pair.encoded == first


def test_the_shipped_encoder_is_held_against_the_collection_one_trained_here_against_its_snapshot(
    served_home: ServedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = served_home.open()
    champion = services.current_champion(home)
    sample = draw_sample(home, champion, most=30)
    assert sample.reference == COLLECTION
    assert len(sample.captions) == len(set(sample.caption_groups)) == 30
    assert set(sample.captions) <= {*served_home.captions, *(f"a {one} tone" for one in TONES)}
    snapshot = home.catalog.snapshot()
    shown = home.registry.versions()[0]
    trained = type(shown)(shown.id, shown.created, {"snapshot": snapshot.name}, shown.metrics)
    monkeypatch.setattr(home.registry, "versions", lambda: [trained])
    learned = draw_sample(home, champion, most=60)
    assert learned.reference == TRAINING
    train = {item.group for item in home.catalog.items() if item.split.value == "train"}
    assert set(learned.caption_groups) <= train


def test_stored_vectors_are_those_of_the_index_and_of_their_own_group(
    served_home: ServedHome,
) -> None:
    home = served_home.open()
    champion = services.current_champion(home)
    stored = draw_sample(home, champion, most=10).stored
    assert set(stored) == {Modality.IMAGE, Modality.SPEECH}
    rows, groups = stored[Modality.IMAGE].rows, stored[Modality.IMAGE].groups
    assert rows.shape[0] == len(groups or ()) == 10
    by_group = {item.group: item.id for item in home.catalog.items() if item.kind == "image"}
    generation = home.generations.open(champion.generation)
    for row, group in zip(rows, groups or (), strict=True):
        np.testing.assert_allclose(generation.vectors(by_group[group])[0], row, atol=1e-6)
