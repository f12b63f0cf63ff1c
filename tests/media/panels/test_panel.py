"""Generated labels: the same every time, true to what they say, and the held-out ones others."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.media.panels.panel import ENTITIES, LAYOUTS, draw_flat, draw_panel
from scrubjay.media.panels.products import EACH, Amount, any_print, beside
from scrubjay.media.panels.vocabulary import FULL, HELD_OUT, OF, TAUGHT, Part

SEEDS = range(25)


@pytest.mark.parametrize("part", list(Part))
def test_a_seed_is_a_panel(part) -> None:
    for seed in range(6):
        one, again = draw_panel(seed, part), draw_panel(seed, part)
        assert np.array_equal(one.picture, again.picture)
        assert one.answers == again.answers
    assert not np.array_equal(draw_panel(0, part).picture, draw_panel(1, part).picture)


@pytest.mark.parametrize("part", list(Part))
def test_pictures_and_answers_are_well_formed(part) -> None:
    for seed in SEEDS:
        panel = draw_panel(seed, part)
        assert panel.picture.dtype == np.uint8
        assert panel.picture.ndim == 3
        assert set(panel.answers) <= set(ENTITIES)
        assert panel.answers
        for name, told in panel.answers.items():
            assert told == (panel.facts[name].answer if name in panel.facts else "")


@pytest.mark.parametrize("part", list(Part))
def test_every_fact_is_written_on_its_label(part) -> None:
    for seed in SEEDS:
        flat = draw_flat(seed, part)
        written = " ".join(mark.text for mark in flat.marks).replace(",", ".")
        for amount in flat.facts.values():
            assert f"{amount.value:g}" in written, (seed, amount, written)


def test_every_layout_and_difficulty_occurs() -> None:
    for part in Part:
        panels = [draw_panel(seed, part) for seed in range(60)]
        assert {one.layout for one in panels} == {one.__name__ for one in LAYOUTS[part]}
        told = frozenset().union(*(one.tags for one in panels))
        assert told >= {"curved", "rotated", "abbreviated", "distractors", "drawing", "pictograms"}
        assert any("" in one.answers.values() for one in panels)
        units = {one.unit for panel in panels for one in panel.facts.values()}
        assert units >= {"millilitre", "fluid ounce", "gram", "kilogram", "centimetre", "inch"}


def test_the_held_out_part_has_other_layouts_fonts_and_words() -> None:
    taught, held = ({one.__name__ for one in LAYOUTS[part]} for part in Part)
    assert not taught & held
    assert not set(TAUGHT.fonts) & set(HELD_OUT.fonts)
    for name, phrases in HELD_OUT.phrases.items():
        assert not set(phrases) & set(TAUGHT.phrases[name]), name
        told = TAUGHT.sentences.get(name, ())
        assert not set(HELD_OUT.sentences.get(name, ())) & set(told) - {"{} wide", "{} deep"}
    for name in ("brands", "goods", "claims", "serving", "remarks"):
        assert not set(getattr(HELD_OUT, name)) & set(getattr(TAUGHT, name)), name


def test_all_units_can_be_printed() -> None:
    for words in OF.values():
        assert set(words.units) == set(FULL)
        printed = any_print(np.random.default_rng(0), words)
        for unit in FULL:
            assert printed.amount(Amount(12.0, unit)).startswith("12")


def test_the_other_unit_beside_a_measure_is_the_same_amount() -> None:
    for unit, small in (("gram", 1.0), ("ounce", EACH["ounce"]), ("kilogram", 1000.0)):
        one = Amount(24.0, unit)
        other = beside(one)
        assert other.value * EACH.get(other.unit, 1.0) == pytest.approx(24 * small, rel=0.06)
    assert beside(Amount(1.0, "volt")) is None
