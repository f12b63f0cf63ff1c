"""The data itself: what is planted is found, item by item, with what to do."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from typer.main import get_command

from scrubjay.cli.main import app
from scrubjay.core.config import Settings
from scrubjay.core.types import Kind, Modality, Split
from scrubjay.evaluate.duplicates import alike, same_vectors, same_words
from scrubjay.evaluate.vague_captions import repeated_captions, vague_wording
from scrubjay.retrain.diagnosing import data
from scrubjay.store.home import Home
from scrubjay.store.rows import Row
from tests.retrain.diagnosing import collected


class _Shelf:
    def __init__(self, items, read):
        self.items, self.read = items, read


def test_captions_that_changed_places_are_found_with_what_they_fit(asked):
    english = [one for one in asked.items if one.kind is Kind.IMAGE and one.language == "en"]
    own = {one.id: one.captions[0].split()[0] for one in english}
    wrong = {english[0].id: english[1], english[1].id: english[0]}
    assert own[english[0].id] != own[english[1].id]
    items = [
        dataclasses.replace(one, captions=wrong[one.id].captions) if one.id in wrong else one
        for one in english
    ]
    found = data.measure(collected.material(_Shelf(items, asked.read))).mislabelled
    assert {one.item for one in found.rows} == set(wrong)
    assert found.found == 2
    assert found.asked == len(english)
    for one in found.rows:
        assert one.todo == f"scrubjay feedback fix {one.item}"
        assert one.caption.startswith(own[wrong[one.item].id])
    assert data.measure(collected.material(_Shelf(english, asked.read))).mislabelled.found == 0


def test_the_command_that_mends_is_one_we_have():
    assert "fix" in get_command(app).commands["feedback"].commands


def test_what_is_held_out_and_was_trained_on_is_found_by_look_and_by_words(asked):
    one, other, third = [one for one in asked.items if one.kind is Kind.IMAGE][:3]
    said = "a very old house by the sea"
    known = dataclasses.replace(
        one, id="known", split=Split.TRAIN, group="t", phash=0b1011, captions=(said,)
    )
    mine = [
        dataclasses.replace(one, phash=0b1000, captions=("something else",)),
        dataclasses.replace(other, phash=0x5A5A5A5A5A5A5A5A, captions=(said.upper() + "!",)),
        dataclasses.replace(third, phash=0x0F0F33CC0F0F33CC, captions=("a house",)),
    ]
    material = dataclasses.replace(asked, everything=(known, *mine))
    found = data.measure(material).duplicates
    assert (found.found, found.asked) == (2, 3)
    assert [row.item for row in found.rows] == [one.id, other.id]
    assert {row.other for row in found.rows} == {"known"}
    assert found.by_reason == {data.LOOK: 1, data.WORDS: 1}
    assert all("scrubjay forget" in row.todo for row in found.rows)
    shared = dataclasses.replace(material, everything=(known, dataclasses.replace(one, group="t")))
    assert data.measure(shared).shared_groups == 1


def test_what_is_the_same_to_the_version_is_found_where_everything_is_embedded(asked, tmp_path):
    one, other, third = asked.items[:3]
    known = dataclasses.replace(
        one, id="known", uris=("known.png",), split=Split.TRAIN, group="t", captions=("a thing",)
    )
    everything = (known, one, other, third)
    material = dataclasses.replace(asked, everything=everything)
    home = Home(Settings(home=tmp_path / "home"))
    assert "not embedded" in data.measure(material, home=home).notes[0]
    dim = asked.encoder.spec.dim
    vectors = np.eye(4, dim, dtype=np.float32)
    vectors[2] = vectors[0]  # the second held-out picture is the one that was trained on
    generation = home.generations.create(asked.version, dim=dim, attribute_types={})
    generation.add([Row(item, Modality.IMAGE, asked.version) for item in everything], vectors)
    section = data.measure(material, home=home)
    (row,) = section.duplicates.rows
    assert (row.item, row.other, row.figure) == (other.id, "known", pytest.approx(1.0))
    assert section.duplicates.by_reason == {data.VECTOR: 1}
    assert section.notes == ()


def test_near_hashes_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    old = rng.integers(0, 2**63, 300, dtype=np.int64).tolist()
    new = [
        value ^ sum(1 << int(bit) for bit in rng.choice(64, flips, replace=False))
        for value, flips in zip(old[:60], [2, 6, 7, 20] * 15, strict=True)
    ]
    new = [one & (2**64 - 1) for one in [*new, *old[:2]]]
    found = alike(new, old)
    near = {i for i, one in enumerate(new) if any((one ^ other).bit_count() <= 6 for other in old)}
    assert found.keys() == near
    assert all((new[i] ^ old[j]).bit_count() <= 6 for i, j in found.items())
    assert alike([], old) == alike(new, []) == {}


def test_same_words_need_to_be_some_and_same_vectors_of_another_group():
    trained = [(0, "A red bus."), (1, "two dogs play in the snow")]
    held_out = [(0, "a red bus"), (1, "Two dogs, play in the snow!"), (2, "snow")]
    assert same_words(held_out, trained) == {1: 1}
    rows = np.eye(3, dtype=np.float32)
    found = same_vectors(rows[:2], rows, (["a", "x"], ["a", "b", "c"]))
    assert dict(found) == {1: (1, 1.0)}
    assert same_vectors(rows[:0], rows, ([], ["a", "b", "c"])) == {}


@pytest.mark.parametrize(
    ("caption", "why"),
    [
        ("IMG_2041.JPG", "file"),
        ("DSC00412", "file"),
        ("2024-05-01 10:33", "date"),
        ("May 3, 2021", "date"),
        ("$19.99", "price"),
        ("only 12,50 €", "price"),
        ("SKU-88231-B", "code"),
        ("550e8400-e29b-41d4-a716-446655440000", "code"),
        ("Untitled", "placeholder"),
        ("Lorem ipsum dolor sit amet", "placeholder"),
        ("   ", "empty"),
        ("12 34 56", "no word"),
    ],
)
def test_words_that_show_nothing_are_named(caption, why):
    assert why in (vague_wording(caption) or "")


@pytest.mark.parametrize(
    "caption",
    [
        "a photo of a dog",
        "seven",
        "12 apples",
        "Mona Lisa",
        "a May tree in bloom",
        "the second of three cars",
        "MacBook Pro 2020",
        "一只猫",
        "a price tag on a dress",
        "decade",
        "sat on a sofa",
        "x" * 5000,
        "T-" * 3000 + "!",
        "jan" * 2000,
    ],
)
def test_words_that_may_show_something_are_left_alone(caption):
    assert vague_wording(caption) is None


def test_one_caption_of_many_things_tells_none_apart():
    many = [(f"g{i}", "Our new collection") for i in range(12)]
    others = [(f"h{i}", f"thing {i}") for i in range(100)]
    assert repeated_captions([*many, *others]) == {
        "Our new collection": tuple(f"g{i}" for i in range(12))
    }
    assert repeated_captions([("g", "seven")] * 500 + others) == {}


def test_empty_words_are_listed_with_what_to_do_and_numbers_that_are_said_are_not(asked):
    pictures = [one for one in asked.items if one.kind is Kind.IMAGE]
    said = next(one for one in asked.items if one.kind is Kind.SPEECH)
    doubtful = dataclasses.replace(pictures[0], captions=("IMG_0001.jpg",))
    spoken = dataclasses.replace(said, captions=("2024",))
    material = dataclasses.replace(asked, everything=(doubtful, *pictures[1:], spoken))
    found = data.measure(material).vague
    assert "IMG_0001.jpg" in {one.caption for one in found.rows}
    assert "2024" not in {one.caption for one in found.rows}
    assert all(one.todo.startswith("scrubjay feedback fix ") for one in found.rows)


def test_long_lists_are_cut_and_counted(asked, monkeypatch):
    monkeypatch.setattr(data, "SHOWN", 4)
    items = tuple(dataclasses.replace(one, captions=("image",)) for one in asked.items[:20])
    found = data.measure(dataclasses.replace(asked, everything=items)).vague
    assert (len(found.rows), found.found) == (4, 20)
    json.dumps(data.measure(asked).to_json())


def test_an_encoder_without_words_still_has_its_duplicates_looked_for(asked):
    deaf = collected.material(
        _Shelf(list(asked.items), asked.read), collected.Registered(modalities=("image",))
    )
    section = data.measure(deaf)
    assert section.mislabelled.asked == 0
    assert Modality.TEXT not in deaf.evaluation.views
