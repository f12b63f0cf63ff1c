from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import silent
from scrubjay.core.types import Modality
from scrubjay.retrain.diagnosing.slices import measure
from scrubjay.retrain.diagnosing.slicing import brightness_of, slices_of, speakers_of
from tests.retrain.diagnosing import collected


def direction_of(material, name):
    return next(one for one in material.evaluation.directions if one.name == name)


def sliced(material, name):
    found = slices_of(material, direction_of(material, name), brightness_of(material, silent))
    assert all(one.members.shape == direction_of(material, name).ranks.shape for one in found)
    by_name = {(one.about, one.name): one for one in found}
    return by_name | {tuple(also.split(": ", 1)): one for one in found for also in one.also}


def members(material, name, slice_):
    """Texts or file names of a slice's queries."""
    view = material.evaluation.views[Modality(name.partition("->")[0])]
    places = direction_of(material, name).queries[slice_.members]
    return [view.uris[at].rpartition("/")[2] or view.texts[at] for at in places]


def test_queries_are_divided_by_what_they_say_and_show_and_are_said_to_be(asked, monkeypatch):
    monkeypatch.setattr("scrubjay.retrain.diagnosing.slicing.LEAST_QUERIES", 3)
    found = sliced(asked, "text->image")
    about = {one for one, _ in found}
    assert about >= {
        *("caption length", "words", "colour", "count", "language", "picture size"),
        *("brightness", "month", "tag", "shelf", "since"),
    }
    assert "number" not in about  # sixty values divide nothing
    assert ("tag", "shop") not in found  # all have it
    spanish = members(asked, "text->image", found["language", "es"])
    assert len(spanish) == 20
    assert all(one.startswith("el gato") for one in spanish)
    red = members(asked, "text->image", found["colour", "red"])
    assert red
    assert all(one.startswith("red") for one in red)
    counts = members(asked, "text->image", found["words", "name a count"])
    assert all("two" in one for one in counts)
    # of captions that are not English nothing is known: not even that they count nothing
    none = members(asked, "text->image", found["words", "name no count"])
    assert all("car" in one for one in none)
    assert len(counts) + len(none) == 40


def test_thirds_are_of_sizes_that_a_reader_can_check(asked):
    found = sliced(asked, "image->text")
    small = [one for one in found if one[0] == "picture size"]
    assert len(small) == 2  # there are two sizes
    by_name = {
        name: set(members(asked, "image->text", one))
        for (about, name), one in found.items()
        if about == "picture size"
    }
    (low,) = [names for name, names in by_name.items() if name.startswith("small")]
    assert low == {f"{at:03}.png" for at in range(60) if at % 4 < 2}
    brightest = [
        one
        for (about, name), one in found.items()
        if about == "brightness" and name.startswith("bright")
    ]
    light = {1, 2, 6, 9}  # orange, yellow, pink, white: four of ten, as pixels differ a little
    shown = {int(one[:3]) % 10 for one in members(asked, "image->text", brightest[0])}
    assert {2, 6, 9} < shown <= light


def test_who_speaks_is_an_attribute_or_in_the_file_name(asked):
    found = sliced(asked, "speech->text")
    ana = members(asked, "speech->text", found["speaker", "ana"])
    assert len(ana) == 16
    assert all("_ana_" in one for one in ana)
    items = [dataclasses.replace(one, attributes={"Speaker": "mother"}) for one in asked.items]
    assert set(speakers_of(items).values()) == {"mother"}
    unnamed = [
        dataclasses.replace(one, uris=(f"/sounds/{at}.wav",)) for at, one in enumerate(items)
    ]
    assert speakers_of([dataclasses.replace(one, attributes={}) for one in unnamed]) == {}
    libri = [
        dataclasses.replace(one, uris=(f"/x/{at % 3}/7/{at % 3}-7-{at:04}.flac",), attributes={})
        for at, one in enumerate(items)
    ]
    assert set(speakers_of(libri).values()) == {"0", "1", "2"}


def test_the_slice_that_fails_is_shown_first_and_in_json(asked):
    section = measure(asked, None)
    way = next(one for one in section.directions if one.name == "text->image")
    assert (way.slices[0].about, way.slices[0].worse) == ("language", True)
    assert way.slices[0].name.startswith("es")
    assert ("text->image", "language") in {(d.name, one.about) for d, one in section.worse}
    told = json.loads(json.dumps(section.to_json()))
    first = next(one for one in told["directions"] if one["name"] == "text->image")["slices"][0]
    assert first["worse"] is True
    assert first["n_queries"] == 20
    assert first["recall"]["1"]["low"] <= first["recall"]["1"]["value"]


def test_the_other_version_is_asked_the_same(asked):
    shelf = collected.Shelf(folder=None)
    shelf.items[:] = asked.items
    shelf.read = asked.read
    blind = collected.material(shelf, collected.Colourblind("v2"))
    section = measure(blind, asked)
    assert section.against == "v1"
    lost = section.changed(-1)
    assert {direction.name for direction, _ in lost} <= {"text->image", "image->text"}
    assert any(one.name.startswith("en") for _, one in lost)
    same = next(one for one in section.directions if one.name == "speech->text")
    assert all(one.change is not None and one.change.gain.value == 0 for one in same.slices)


def test_another_version_without_the_tower_changes_nothing(asked):
    shelf = collected.Shelf(folder=None)
    shelf.items[:] = asked.items
    shelf.read = asked.read
    deaf = collected.material(shelf, collected.Registered("v2", ("image", "text")))
    section = measure(asked, deaf)
    by_name = {one.name: one for one in section.directions}
    assert not by_name["speech->text"].compared
    assert all(one.change is None for one in by_name["speech->text"].slices)
    assert by_name["text->image"].compared


def test_nothing_to_ask_or_to_divide_says_so(tmp_path):
    shelf = collected.collection(tmp_path / "sounds", pictures=False)
    alone = collected.material(shelf, collected.Registered("v1", ("image", "speech")))
    with pytest.raises(NotReady, match="two of the modalities"):
        measure(alone, None)
    shelf.items[:] = [
        dataclasses.replace(one, uris=(one.uri,), captions=("low",), duration_s=1.0)
        for one in shelf.items[:12]
    ]
    with pytest.raises(NotReady, match="nothing divides"):
        measure(collected.material(shelf), None)


def test_brightness_is_the_eyes_and_broken_files_are_left_out(tmp_path):
    shelf = collected.Shelf(tmp_path)
    white = shelf.picture("white.png", (255, 255, 255))
    green, blue = shelf.picture("g.png", (0, 255, 0)), shelf.picture("b.png", (0, 0, 255))
    gone = shelf.picture("gone.png", (1, 2, 3))
    (tmp_path / "gone.png").unlink()
    found = brightness_of(collected.material(shelf), silent)
    assert found[white.id] == pytest.approx(1.0, abs=1e-3)
    assert found[green.id] == pytest.approx(0.587, abs=1e-3)
    assert found[blue.id] == pytest.approx(0.114, abs=1e-3)
    assert gone.id not in found
    assert np.isfinite(list(found.values())).all()
