"""Settings of validation: what means nothing is refused by its name."""

from __future__ import annotations

import json

import pytest

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.retrain.validation.settings import ValidateSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_bad", -0.01),
        ("max_bad", 1.01),
        ("max_bad", "5%"),
        ("max_bad", True),
        ("max_bad", float("nan")),
        ("max_other_language", 2),
        ("max_duplicates", -1),
        ("max_shift", 1.5),
        ("alpha", 0),
        ("alpha", 0.6),
        ("max_description", 0),
        ("minimum_n", 0),
        ("languages", "en"),
        ("languages", ["English"]),
        ("languages", ["EN"]),
        ("languages", [1]),
        ("class_columns", None),
        ("require_description", "yes"),
    ],
)
def test_values_that_mean_nothing_are_refused_by_name(name, value):
    with pytest.raises(BadConfig, match=rf"validate\.{name}"):
        ValidateSettings(**{name: value})


def test_an_unknown_rule_is_told_from_the_known_ones():
    with pytest.raises(UnknownName, match="did you mean 'language'"):
        ValidateSettings(stop_on=("langauge",))


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_bad", 0), ("max_bad", 1), ("alpha", 0.001), ("alpha", 0.5), ("minimum_n", 1)],
)
def test_the_ends_of_a_range_belong_to_it(name, value):
    assert getattr(ValidateSettings(**{name: value}), name) == value


def test_lists_as_configuration_gives_them_become_tuples():
    settings = ValidateSettings(languages=["en", "de"], stop_on=[], class_columns=["kind"])
    assert settings.languages == ("en", "de")
    assert settings.stop_on == ()
    assert hash(settings)
    assert json.loads(json.dumps(settings.to_json()))["languages"] == ["en", "de"]
