"""The share of descriptions in another language: what counts, and where the limit lies."""

from __future__ import annotations

import json
import sys

import pytest

from scrubjay.core.errors import MissingExtra
from scrubjay.retrain.validation import language
from scrubjay.retrain.validation.language import language_finding, language_of
from scrubjay.retrain.validation.settings import ValidateSettings
from tests.retrain.made import ENGLISH, GERMAN, item

ASKED = ValidateSettings(languages=("en",))


def found(english, german, settings=ASKED, **said):
    texts = [ENGLISH] * english + [GERMAN] * german
    items = [item(n, captions=(text,), **said) for n, text in enumerate(texts)]
    return language_finding(items, settings)


def test_without_languages_nothing_is_asked_and_nothing_is_loaded(monkeypatch):
    monkeypatch.setattr(language, "_identifier", None)
    finding = found(0, 50, ValidateSettings())
    assert not finding.judged
    assert not finding.stops
    assert not finding.warns


@pytest.mark.parametrize(("other", "broken"), [(0, False), (10, False), (11, True), (100, True)])
def test_the_limit_is_the_last_share_allowed(other, broken):
    finding = found(100 - other, other)
    assert finding.figures["share"] == other / 100
    assert finding.figures["languages"].get("de", 0) == other
    assert finding.stops is broken
    assert not finding.warns


def test_any_of_several_languages_is_welcome():
    both = ValidateSettings(languages=("en", "de"), max_other_language=0)
    assert not found(50, 50, both).stops


def test_it_only_warns_where_the_owner_says_so():
    finding = found(0, 50, ValidateSettings(languages=("en",), stop_on=("bad rows",)))
    assert finding.warns
    assert not finding.stops
    assert "50 of 50 descriptions are not in en (100.0%; 10.0% are allowed): 50 in de" in (
        finding.statement
    )


@pytest.mark.parametrize(("n", "judged"), [(19, False), (20, True)])
def test_too_few_clear_descriptions_are_not_judged(n, judged):
    finding = found(0, n)
    assert finding.judged is judged
    assert finding.stops is judged


def test_items_without_words_do_not_count():
    items = [item(n, captions=()) for n in range(500)]
    items += [item(n + 500, captions=(GERMAN,)) for n in range(20)]
    assert language_finding(items, ASKED).figures["described"] == 20


@pytest.mark.parametrize(
    ("given", "code"),
    [("de", "de"), ("DE", "de"), ("de-CH", "de"), ("de_AT", "de"), ("gsw", "gsw"), ("pt-BR", "pt")],
)
def test_the_manifests_language_goes_before_what_the_text_shows(given, code):
    assert language_of(item(1, language=given, captions=(ENGLISH,)), lambda _: "en") == code


@pytest.mark.parametrize("given", [None, "English", "1", "unknown"])
def test_a_name_that_is_no_code_leaves_it_to_the_text(given):
    heard = []

    def detect(text):
        heard.append(text)
        return "en"

    assert language_of(item(1, language=given, captions=("one", "two")), detect) == "en"
    assert heard == ["one\ntwo"]


def test_texts_too_short_to_tell_are_left_out_rather_than_guessed():
    items = [item(n, captions=(word,)) for n, word in enumerate(["dog", "seven", "IMG_1.jpg"] * 20)]
    finding = language_finding(items, ASKED)
    assert finding.figures["judged"] == 0
    assert not finding.judged
    assert not finding.stops


def test_real_english_descriptions_are_english_even_when_cut_short(shared_data):
    said = json.loads((shared_data / "wikiart-tickets" / "descriptions.json").read_text())
    for length, at_least in ((2000, 200), (40, 150), (20, 50)):
        items = [item(n, captions=(text[:length],)) for n, text in enumerate(said.values())]
        figures = language_finding(items, ASKED).figures
        assert figures["judged"] >= at_least
        # Two of them quote more French than they say in English.
        assert figures["languages"] in (
            {"en": figures["judged"]},
            {"en": figures["judged"] - 2, "fr": 2},
        )


def test_of_many_items_some_are_drawn_and_the_same_ones_every_time(monkeypatch):
    monkeypatch.setattr(language, "MOST_JUDGED", 100)
    one, other = found(600, 400), found(600, 400)
    assert one == other
    assert one.figures["judged"] == 100
    assert 0.2 < one.figures["share"] < 0.6


def test_a_missing_extra_names_itself_only_when_a_text_must_be_read(monkeypatch):
    language._identifier.cache_clear()
    monkeypatch.setitem(sys.modules, "py3langid", None)
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    assert found(30, 0, language="en").judged
    with pytest.raises(MissingExtra, match=r"scrubjay\[month\]"):
        found(30, 0)
