"""A collection that asked itself knows what is not there."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from scrubjay.core.types import Kind, Modality
from scrubjay.evaluate.cutoff import AIM
from scrubjay.search.calibrate import NO_QUESTIONS, TOO_ALIKE, calibrate
from scrubjay.search.cutoff import Cutoffs
from scrubjay.store.generations import Generations
from tests.search.naming import ABSENT, DIM, NamingEncoder, pictures, unit
from tests.store.films import film_rows
from tests.store.made import units


def made(folder, rows, vectors):
    generation = Generations(folder).create("v1", dim=DIM, attribute_types={})
    generation.add(rows, vectors)
    return generation, [row.item for row in rows]


def ids(items, keep=lambda item: True):
    return frozenset(item.id for item in items if keep(item))


@pytest.fixture(scope="module")
def encoder():
    return NamingEncoder()


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    return made(tmp_path_factory.mktemp("made"), *pictures(600))


@pytest.fixture(scope="module")
def fitted(collection, encoder):
    generation, items = collection
    return calibrate(generation, items, encoder, asking=ids(items))


def test_typed_questions_are_told_apart_as_aimed_at(fitted) -> None:
    (law, *_) = fitted.calibration.laws["text->image"]
    assert law.measured.worse >= AIM
    assert fitted.calibration.kinds == {Kind.IMAGE: 600}
    assert fitted.calibration.rows == 600
    assert {one["name"] for one in fitted.to_json()} == set(fitted.tried)


def test_strangers_find_what_is_there_and_nothing_where_nothing_is(
    collection, encoder, fitted, tmp_path
) -> None:
    """Kinds that are nowhere in the collection were never asked for while fitting."""
    generation, items = collection
    cutoffs = Cutoffs(written(fitted, tmp_path), encoder, generation)

    def cut(text):
        (vector,) = encoder.encode(Modality.TEXT, [text])
        return bool(cutoffs.judge(Modality.TEXT, vector).far)

    assert np.mean([cut(f"{thing} woods") for thing in ABSENT]) >= AIM
    assert np.mean([cut(item.captions[1]) for item in items[::6]]) <= 1 - AIM


def written(fitted, folder):
    path = folder / "cutoff.json"
    path.write_text(json.dumps(fitted.calibration.to_json()))
    return path


def test_videos_in_the_collection_are_passed_over_and_never_cut(fitted, encoder, tmp_path) -> None:
    rows, vectors = pictures(600)
    films = [row for n in range(3) for row in film_rows(n, 12, np.random.default_rng(n))]
    said = {row.item.id: replace(row.item, captions=("a film",)) for row in films}
    films = [replace(row, item=said[row.item.id]) for row in films]
    generation, items = made(
        tmp_path, [*rows, *films], np.concatenate([vectors, units(len(films), DIM)])
    )
    again = calibrate(generation, items, encoder, asking=ids(items))
    assert again.calibration == fitted.calibration
    cutoffs = Cutoffs(written(again, tmp_path), encoder, generation)
    (vector,) = encoder.encode(Modality.TEXT, [f"{ABSENT[0]} woods"])
    judged = cutoffs.judge(Modality.TEXT, vector)
    assert Kind.VIDEO in judged.uncut
    assert Kind.VIDEO not in judged.far


def test_the_same_collection_gives_the_same_answer_in_whatever_order_it_was_written(
    collection, encoder, fitted, tmp_path
) -> None:
    rows, vectors = pictures(600)
    order = np.random.default_rng(9).permutation(600)
    generation, items = made(tmp_path, [rows[at] for at in order], vectors[order])
    again = calibrate(generation, items, encoder, asking=ids(items))
    assert again.calibration.to_json() == fitted.calibration.to_json()


def test_only_those_who_may_ask_ask(collection) -> None:
    generation, items = collection
    encoder = NamingEncoder()
    few = ids(items, lambda item: item.id < "i0-00030")
    none = calibrate(generation, items, encoder, asking=few)
    assert none.calibration.laws == {}
    assert encoder.read == []
    assert all(NO_QUESTIONS in why for why in none.calibration.untold.values())


def test_pictures_that_show_nothing_of_their_captions_are_never_cut(encoder, tmp_path) -> None:
    rows, _ = pictures(300)
    random = np.random.default_rng(0)
    noise = np.stack([unit(one) for one in random.standard_normal((300, DIM))])
    blind = [replace(row, item=replace(row.item, captions=(row.item.captions[0],))) for row in rows]
    generation, items = made(tmp_path, blind, noise)
    found = calibrate(generation, items, encoder, asking=ids(items)).calibration
    assert "text->image" not in found.laws
    assert TOO_ALIKE in found.untold["text->image"]


def test_pictures_nobody_described_allow_no_typed_question(encoder, tmp_path) -> None:
    generation, items = made(tmp_path, *pictures(100, captioned=False))
    found = calibrate(generation, items, encoder, asking=ids(items)).calibration
    assert NO_QUESTIONS in found.untold["text->image"]


def test_a_picture_asks_where_another_one_shows_the_same(encoder, tmp_path) -> None:
    rows, vectors = pictures(200, blur=0.3)
    again, _ = pictures(200, blur=0.3, seed=1)
    twins = []
    for row, other in zip(rows, again, strict=True):
        twins.append(
            replace(
                other, item=replace(other.item, group=row.item.group, captions=row.item.captions)
            )
        )
    random = np.random.default_rng(2)
    same = np.stack([unit(one + 0.05 * random.standard_normal(DIM)) for one in vectors])
    generation, items = made(tmp_path, [*rows, *twins], np.concatenate([vectors, same]))
    found = calibrate(generation, items, encoder, asking=ids(items)).calibration
    assert found.laws["image->image"][0].measured.worse >= 0.8
    assert NO_QUESTIONS in found.untold["speech->image"]
