"""What is cut, what never is, and what a file beside a generation may say."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from scrubjay.core.errors import Damaged
from scrubjay.core.types import Champion, Kind, Modality
from scrubjay.evaluate.cutoff import Law, Line, Shares
from scrubjay.search.cutoff import CAPTIONS_KEPT, Calibration, Cutoffs, Judged, read_calibration
from scrubjay.search.query import Query, Searcher
from scrubjay.store.generations import Generations
from tests.search.naming import DIM, THINGS, NamingEncoder, pictures

SURE = Shares(0.95, 0.95)


def law(threshold, *, reads=False, slope=0.0):
    """Cuts below a closeness: both errors are equal there."""
    spread = np.linspace(threshold - 0.0005, threshold + 0.0095, 101)
    weights = (0.0, 0.0, 1.0, 0.0) if reads else (1.0, 0.0, 0.0, 0.0)
    return Law(
        "captions" if reads else "cosine",
        weights,
        Line(threshold - 0.004, slope),
        0.001,
        tuple(spread),
        slope,
        1,
        SURE,
    )


def calibration(*laws, version="v1", fingerprint="f", rows=100, name="text->image"):
    told = {name: laws} if laws else {}
    return Calibration(version, fingerprint, rows, {Kind.IMAGE: rows}, told, {})


@pytest.fixture
def generation(tmp_path):
    made = Generations(tmp_path).create("v1", dim=DIM, attribute_types={})
    made.add(*pictures(100))
    return made


@pytest.fixture
def encoder():
    return NamingEncoder()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "v1.cutoff.json"


def write(path, one):
    path.write_text(json.dumps(one.to_json()))


def vector(encoder, text):
    return encoder.encode(Modality.TEXT, [text])[0]


def test_nothing_is_cut_without_a_calibration(path, encoder, generation) -> None:
    cutoffs = Cutoffs(path, encoder, generation)
    assert cutoffs.calibration() is None
    assert cutoffs.judge(Modality.TEXT, vector(encoder, THINGS[0])).far == frozenset()


@pytest.mark.parametrize("other", [{"version": "v2"}, {"fingerprint": "other weights"}])
def test_a_calibration_of_something_else_is_ignored(path, encoder, generation, other) -> None:
    write(path, calibration(law(2.0), **other))
    cutoffs = Cutoffs(path, encoder, generation)
    assert cutoffs.judge(Modality.TEXT, vector(encoder, THINGS[0])).far == frozenset()


def test_a_kind_is_cut_whole_or_not_at_all(path, encoder, generation) -> None:
    asked = vector(encoder, THINGS[0])
    best = generation.search(asked, 1)[0].score
    write(path, calibration(law(best - 0.05)))
    cutoffs = Cutoffs(path, encoder, generation)
    assert cutoffs.judge(Modality.TEXT, asked).far == frozenset()
    write(path, calibration(law(best + 0.05)))
    os.utime(path, ns=(1, 1))
    assert cutoffs.judge(Modality.TEXT, asked).far == {Kind.IMAGE}, "the new file is read"
    assert cutoffs.judge(Modality.TEXT, asked, kinds=frozenset({Kind.SPEECH})).far == frozenset()
    assert cutoffs.judge(Modality.SPEECH, asked).far == frozenset(), "spoken questions have no law"
    nowhere = "caption = 'nobody said this'"
    assert cutoffs.judge(Modality.TEXT, asked, where=nowhere).far == frozenset(), (
        "empty, but not cut"
    )


def test_kinds_it_cannot_tell_of_are_named(path, encoder, generation) -> None:
    asked = vector(encoder, THINGS[0])
    cutoffs = Cutoffs(path, encoder, generation)
    everything = Judged(uncut=frozenset({Kind.IMAGE}))
    assert cutoffs.judge(Modality.TEXT, asked) == everything, "nothing is fitted"
    write(path, calibration(law(2.0)))
    assert cutoffs.judge(Modality.TEXT, asked) == Judged(far=frozenset({Kind.IMAGE}))
    assert cutoffs.judge(Modality.SPEECH, asked) == everything, "no law for spoken questions"
    speech = frozenset({Kind.SPEECH})
    assert cutoffs.judge(Modality.SPEECH, asked, kinds=speech) == Judged(), "none are here"
    path.unlink()
    write(path, calibration(law(-2.0)))
    assert cutoffs.judge(Modality.TEXT, asked) == Judged(), "close enough, and known to be"
    write(path, calibration(law(2.0, reads=True)))
    os.utime(path, ns=(1, 1))
    deaf = NamingEncoder(modalities={Modality.IMAGE})
    assert Cutoffs(path, deaf, generation).judge(Modality.TEXT, asked) == everything


def test_kinds_that_came_since_it_was_fitted_are_named(path, encoder, generation) -> None:
    rows, vectors = pictures(3)
    spoken = [
        replace(row, item=replace(row.item, id=f"spoken{at}", kind=Kind.SPEECH))
        for at, row in enumerate(rows)
    ]
    write(path, calibration(law(2.0)))
    cutoffs = Cutoffs(path, encoder, generation)
    asked = vector(encoder, THINGS[0])
    assert cutoffs.judge(Modality.TEXT, asked).uncut == frozenset()
    generation.add(spoken, vectors)
    assert cutoffs.judge(Modality.TEXT, asked).uncut == {Kind.SPEECH}


def test_the_threshold_rises_with_the_collection(path, encoder, generation) -> None:
    asked = vector(encoder, THINGS[0])
    best = generation.search(asked, 1)[0].score
    rising = law(best - 0.1, slope=0.05)
    assert rising.threshold(2) < best < rising.threshold(1_000)
    write(path, calibration(rising, rows=1))
    cutoffs = Cutoffs(path, encoder, generation)
    assert cutoffs.judge(Modality.TEXT, asked).far == {Kind.IMAGE}
    write(path, calibration(law(best - 0.1), rows=1))
    os.utime(path, ns=(1, 1))
    assert cutoffs.judge(Modality.TEXT, asked).far == frozenset()


def test_captions_are_read_once_and_what_has_none_goes_by_the_next_law(
    tmp_path, path, encoder, generation
) -> None:
    write(path, calibration(law(2.0, reads=True), law(-2.0)))
    cutoffs = Cutoffs(path, encoder, generation)
    asked = vector(encoder, THINGS[0])
    encoder.read.clear()
    assert cutoffs.judge(Modality.TEXT, asked).far == {Kind.IMAGE}
    first = len(encoder.read)
    assert 0 < first <= 10
    assert cutoffs.judge(Modality.TEXT, asked).far == {Kind.IMAGE}
    assert len(encoder.read) == first
    silent = Generations(tmp_path / "silent").create("v1", dim=DIM, attribute_types={})
    silent.add(*pictures(100, captioned=False))
    assert Cutoffs(path, encoder, silent).judge(Modality.TEXT, asked).far == frozenset()
    deaf = NamingEncoder(modalities={Modality.IMAGE})
    assert Cutoffs(path, deaf, generation).judge(Modality.TEXT, asked).far == frozenset()


def test_captions_kept_are_bounded(path, encoder, generation, monkeypatch) -> None:
    monkeypatch.setattr("scrubjay.search.cutoff.CAPTIONS_KEPT", 12)
    assert CAPTIONS_KEPT > 12
    write(path, calibration(law(2.0, reads=True)))
    cutoffs = Cutoffs(path, encoder, generation)
    for thing in THINGS[:20]:
        cutoffs.judge(Modality.TEXT, vector(encoder, thing))
    assert len(cutoffs._captions) <= 12


def test_a_search_that_is_cut_says_so(path, encoder, generation) -> None:
    searcher = Searcher(
        encoder, generation, Champion("v1", "v1"), cutoff=Cutoffs(path, encoder, generation)
    )
    write(path, calibration(law(2.0)))
    found = searcher.search(Query(text=THINGS[0], cutoff=True))
    assert (found.hits, found.cut, found.to_json()["cut"]) == ((), True, True)
    assert searcher.search(Query(text=THINGS[0])).hits


def test_a_search_names_what_was_not_cut_when_a_cutoff_was_wanted(
    path, encoder, generation
) -> None:
    for cutoff in (None, Cutoffs(path, encoder, generation)):
        searcher = Searcher(encoder, generation, Champion("v1", "v1"), cutoff=cutoff)
        found = searcher.search(Query(text=THINGS[0], cutoff=True))
        assert (found.cut, found.uncut) == (False, (Kind.IMAGE,))
        assert found.to_json()["uncut"] == ["image"]
        assert searcher.search(Query(text=THINGS[0])).uncut == ()
        for kinds, uncut in (({Kind.SPEECH}, ()), ({Kind.IMAGE}, (Kind.IMAGE,))):
            asked = Query(text=THINGS[0], kinds=frozenset(kinds), cutoff=True)
            assert searcher.search(asked).uncut == uncut


def test_a_calibration_read_back_is_what_was_written(path) -> None:
    one = calibration(law(0.5), law(0.4, reads=True))
    write(path, one)
    assert read_calibration(path) == one
    assert read_calibration(path.with_name("none")) is None


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b'{"version": "v1"}', b"\xff", b'{"laws": 3}']
)
def test_a_damaged_file_is_named_with_what_to_do(path, encoder, generation, data) -> None:
    path.write_bytes(data)
    with pytest.raises(Damaged, match=r"v1.cutoff.json.*remove it.*champion set"):
        Cutoffs(path, encoder, generation).judge(Modality.TEXT, vector(encoder, THINGS[0]))


def test_a_removed_generation_takes_its_cutoff_with_it(tmp_path, generation, path) -> None:
    generations = Generations(tmp_path)
    assert generations.cutoff("v1") == path
    write(path, calibration())
    generations.remove("v1")
    assert not path.exists()
    assert generations.names() == ()
