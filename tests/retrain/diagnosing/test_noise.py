from __future__ import annotations

import dataclasses
import json
from itertools import pairwise

import numpy as np
import pytest

from scrubjay.core.errors import NotReady
from scrubjay.retrain.diagnosing import noise
from tests.retrain.diagnosing import collected


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    return collected.collection(tmp_path_factory.mktemp("tones"), pictures=False)


@pytest.fixture(scope="module")
def section(tones):
    return noise.measure(
        collected.material(tones), collected.material(tones, collected.Registered("v2"))
    )


def test_recordings_are_heard_clean_and_at_every_level_against_themselves(section):
    assert (section.recordings, section.of) == (32, 32)
    (way,) = section.directions
    assert way.name == "speech->text"
    assert [one.name for one in way.levels] == [
        "clean",
        *(f"{kind}, {db} dB" for kind in ("white", "babble") for db in (20, 10, 5, 0, -5)),
    ]
    clean, worst = way.levels[0], way.levels[-1]
    assert clean.lost is None
    assert clean.recall[10].value == 1.0
    assert worst.recall[10].high < 0.5
    assert worst.lost is not None
    assert worst.lost.value == pytest.approx(
        worst.recall[way.judged_at].value - clean.recall[way.judged_at].value
    )
    assert worst.adjusted is not None
    assert worst.p is not None
    assert worst.p <= worst.adjusted
    told = json.loads(json.dumps(section.to_json()))
    assert told["directions"][0]["levels"][0]["noise"] is None


def test_the_noise_of_a_recording_is_its_own_whoever_is_beside_it(tones):
    heard = noise._heard(collected.material(tones), tones.items, lambda *_: None)
    first = list(noise._mixed(heard, ("white", 5.0)))
    again = list(noise._mixed(heard[::-1], ("white", 5.0)))[::-1]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one, other)


def test_at_another_level_the_noise_is_the_same_only_louder(tones):
    (one, *_) = heard = noise._heard(collected.material(tones), tones.items, lambda *_: None)
    quiet, loud = (next(noise._mixed(heard, ("babble", db))) for db in (20.0, 10.0))
    difference = np.stack([quiet - one.sound, loud - one.sound])  # neither was turned down
    assert np.abs(loud).max() <= 1.0
    ratio = np.linalg.norm(difference[1]) / np.linalg.norm(difference[0])
    assert 20 * np.log10(ratio) == pytest.approx(10.0, abs=0.01)
    assert np.corrcoef(difference)[0, 1] == pytest.approx(1.0, abs=1e-5)


def test_nobody_talks_over_himself(tones):
    heard = noise._heard(collected.material(tones), tones.items, lambda *_: None)
    for one in heard:
        speaker = one.item.uri.split("_")[1]
        assert len(one.others) == 16
        assert all(heard[at].item.uri.split("_")[1] != speaker for at in one.others)


def test_no_more_are_heard_than_is_said_whatever_was_added(tones):
    items = [
        dataclasses.replace(tones.items[at % 32], id=str(at), sha256=f"{at * 7919 % 1000:064x}")
        for at in range(1000)
    ]
    chosen = noise._sample(items)
    assert len(chosen) == noise.MOST
    assert noise._sample(items[::-1]) == chosen
    long = [dataclasses.replace(one, duration_s=100.0) for one in items]
    assert len(noise._sample(long)) == int(noise.MOST_S / 100)


def test_the_other_version_hears_the_same_and_a_deaf_one_is_left_out(section, tones, monkeypatch):
    monkeypatch.setattr("scrubjay.retrain.diagnosing.noise.LEVELS", (0,))
    own = collected.material(tones)
    (way,) = section.directions
    assert section.against == "v2"
    assert [one.recall for one in way.other] == [one.recall for one in way.levels]
    deaf = collected.material(tones, collected.Registered("v3", ("image", "text")))
    assert noise.measure(own, deaf).against is None
    with pytest.raises(NotReady, match="no speech tower"):
        noise.measure(deaf, own)


def test_too_little_to_hear_says_how_much_is_needed(tones):
    few = dataclasses.replace(tones, items=tones.items[:6])
    with pytest.raises(NotReady, match="10 are needed"):
        noise.measure(collected.material(few), None)


def test_the_plot_holds_every_level_and_names_cover_no_other(section):
    plot = section.plot(section.directions[0])
    assert [one.name for one in plot.lines] == [
        "white",
        "babble",
        "white, the other",
        "babble, the other",
    ]
    for line in plot.lines:
        assert len(line.marks) == 6
        assert all(plot.left <= x <= plot.right for x, _, _ in line.marks)
    places = sorted(line.label_y for line in plot.lines)
    assert all(b - a >= 17 for a, b in pairwise(places))
    assert "clean" in plot.told
