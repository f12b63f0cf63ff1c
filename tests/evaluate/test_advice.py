"""Advice: every rule fires at its figure and keeps quiet beside it; every command can be typed."""

from __future__ import annotations

import copy
import shlex
from typing import Any

import pytest
from typer.main import get_command

from scrubjay.cli.compose import FOLDER as CONF
from scrubjay.cli.compose import compose
from scrubjay.cli.main import app
from scrubjay.evaluate.advice import RULES, advise

FOLDER = "/home/me/my pictures/registry/versions/2026-11-abc"


def estimate(value: float, spread: float = 0.05) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": value + spread}


def probe(kind: str, modality: str = "image") -> dict[str, Any]:
    return {
        "kind": kind,
        "modality": modality,
        "n": 200,
        "n_groups": 100,
        "accuracy": estimate(0.9),
        "told": "above chance",
    }


def figure(kind: str, about: str, value: float, reference: float) -> dict[str, Any]:
    return {
        "kind": kind,
        "about": about,
        "value": value,
        "reference": reference,
        "concern": False,
    }


def some(found: int, asked: int, **more: Any) -> dict[str, Any]:
    return {"found": found, "asked": asked, "share": found / asked, **more}


def slice_(about: str, name: str) -> dict[str, Any]:
    return {
        "about": about,
        "name": name,
        "n_queries": 80,
        "worse": False,
        "difference": estimate(-0.2),
    }


def healthy(family: str = "builtin") -> dict[str, Any]:
    """A diagnosis of a version that nothing is wrong with."""
    return {
        "slices": {
            "directions": [
                {
                    "name": "text->image",
                    "slices": [
                        slice_("language", "de"),
                        slice_("words", "rare (up to 2 things name the rarest)"),
                        slice_("brightness", "dark (up to 20%)"),
                    ],
                }
            ]
        },
        "noise": {
            "directions": [
                {
                    "name": "speech->image",
                    "levels": [
                        {"noise": None, "snr_db": None, "lost": None, "p_adjusted": None},
                        {
                            "noise": "babble",
                            "snr_db": 10,
                            "lost": estimate(-0.02),
                            "p_adjusted": 0.5,
                        },
                        {
                            "noise": "babble",
                            "snr_db": -5,
                            "lost": estimate(-0.6),
                            "p_adjusted": 0.001,
                        },
                    ],
                }
            ]
        },
        "probes": {
            "figures": [
                probe(kind) for kind in ("attribute", "relation", "order", "count", "object")
            ]
        },
        "geometry": {
            "figures": [
                figure("gap", "image and text", 0.3, 0.05),
                figure("scale", "text->image", 30.0, 25.0),
                figure("hubness", "text->image", 0.6, 0.2),
                figure("rank", "image", 60.0, 150.0),
                figure("rank", "text", 50.0, 150.0),
            ]
        },
        "data": {
            "mislabelled": some(2, 400),
            "duplicates": some(
                9, 400, by_reason={"looks the same": 1, "says the same, word for word,": 8}
            ),
            "vague": some(4, 400),
        },
        "curve": {"outlook": None},
        "facts": {
            "version": "2026-11-abc",
            "family": family,
            "folder": FOLDER,
            "parameters": 7_000_000,
            "train_groups": 3000,
            "picture_ms": 12.0,
            "loss": "scrubjay.training.losses.InfoNCE",
            "recall": {
                "text->image": 0.8,
                "image->text": 0.8,
                "speech->image": 0.7,
                "image->speech": 0.7,
            },
        },
    }


def curve(verdict: str) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "errors": [estimate(0.6), estimate(0.4)],
        "gain": estimate(0.03, 0.01),
    }


def change(figures: dict[str, Any], name: str) -> None:
    """What makes a rule fire, and nothing else."""
    facts, geometry = figures["facts"], figures["geometry"]["figures"]
    if name == "duplicates":
        figures["data"]["duplicates"]["by_reason"]["looks the same"] = 12
    elif name in {"mislabelled", "vague"}:
        figures["data"][name] = some(60, 400)
    elif name.startswith("probes_"):
        for one in figures["probes"]["figures"]:
            if one["kind"] == name.removeprefix("probes_"):
                one |= {"accuracy": estimate(0.51), "told": "at chance"}
    elif name == "noise":
        figures["noise"]["directions"][0]["levels"][1] |= {
            "lost": estimate(-0.3),
            "p_adjusted": 0.001,
        }
    elif name == "language":
        figures["slices"]["directions"][0]["slices"][0]["worse"] = True
    elif name == "rare_words":
        figures["slices"]["directions"][0]["slices"][1]["worse"] = True
    elif name == "slice":
        figures["slices"]["directions"][0]["slices"][2]["worse"] = True
    elif name == "gap":
        geometry[0] |= {"value": 1.1, "concern": True}
        facts["recall"] |= {"image->text": 0.3}
    elif name == "temperature":
        geometry[1] |= {"value": 100.0, "reference": 12.0, "concern": True}
    elif name == "hubs":
        geometry[2] |= {"value": 4.0, "concern": True}
    elif name == "text_behind":
        facts["recall"] |= {"text->image": 0.4}
    elif name == "few_data":
        facts |= {"parameters": 150_000_000}
    elif name == "slow":
        facts["picture_ms"] = 90.0
    elif name == "more_data":
        figures["curve"]["outlook"] = curve("falling")
    elif name == "other_model":
        figures["curve"]["outlook"] = curve("flat")


NUMBERS = {
    "duplicates": "12 of 400",
    "mislabelled": "60 of 400",
    "vague": "15%",
    "noise": "30 points",
    "language": "de",
    "rare_words": "20 points",
    "slice": "brightness: dark (up to 20%) is found less often: 20 points",
    "gap": "1.10",
    "temperature": "100",
    "hubs": "4.0",
    "text_behind": "40%",
    "few_data": "150 million",
    "slow": "90 ms",
    "more_data": "3.0",
    "other_model": "40%",
} | {f"probes_{kind}": "51%" for kind in ("attribute", "relation", "order", "count", "object")}


def test_nothing_wrong_is_no_advice() -> None:
    assert advise(healthy()) == ()
    assert advise({}) == ()
    unmeasured = {name: {"why": "no recordings"} for name in healthy()}
    assert advise(unmeasured) == ()


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_a_rule_fires_at_its_figure_names_it_and_no_other_fires(rule: str) -> None:
    figures = healthy()
    change(figures, rule)
    assert figures != healthy()
    (only,) = advise(figures)
    assert only.rule == rule
    assert NUMBERS[rule] in only.because
    assert only.because.endswith(".")
    assert only.recipe.endswith(".")
    assert "20 points" in only.because or rule != "rare_words"
    assert set(only.to_json()) == {"rule", "because", "recipe", "command"}


@pytest.mark.parametrize(
    ("rule", "beside"),
    [
        (
            "duplicates",
            lambda f: f["data"]["duplicates"]["by_reason"].update({"looks the same": 3}),
        ),
        ("mislabelled", lambda f: f["data"].update(mislabelled=some(9, 400))),
        ("vague", lambda f: f["data"].update(vague=some(35, 400))),
        ("probes_attribute", lambda f: f["probes"]["figures"][0].update(n_groups=19)),
        ("noise", lambda f: f["noise"]["directions"][0]["levels"][1].update(p_adjusted=0.2)),
        ("language", lambda f: f["slices"]["directions"][0]["slices"][0].update(worse=False)),
        ("gap", lambda f: f["facts"].update(loss="scrubjay.training.losses.SigLIP")),
        ("gap", lambda f: f["facts"].update(recall={"image->text": 0.9})),
        ("temperature", lambda f: f["geometry"]["figures"][1].update(concern=False)),
        ("hubs", lambda f: f["facts"].update(recall={"text->image": 0.95})),
        ("text_behind", lambda f: f["facts"]["recall"].update({"speech->image": 0.5})),
        ("few_data", lambda f: f["facts"].update(train_groups=50_000)),
        ("few_data", lambda f: f["facts"].update(tuned="lora")),
        ("slow", lambda f: f["facts"].update(picture_ms=20.0)),
        ("more_data", lambda f: f["curve"]["outlook"].update(verdict="unsure")),
        ("other_model", lambda f: f["curve"]["outlook"].update(verdict="useless")),
        ("other_model", lambda f: f["curve"].update(brought={"value": 0.01, "low": -0.01})),
    ],
)
def test_a_rule_keeps_quiet_beside_its_figure(rule: str, beside) -> None:
    figures = healthy()
    change(figures, rule)
    beside(figures)
    assert rule not in [one.rule for one in advise(figures)]


def test_slices_of_the_same_queries_are_known_by_all_their_names() -> None:
    figures = healthy()
    dark = figures["slices"]["directions"][0]["slices"][2]
    dark |= {"worse": True, "also": ["tag: night", "words: rare (up to 2 things name the rarest)"]}
    (only,) = advise(figures)
    assert only.rule == "rare_words"


def test_text_is_behind_where_captions_use_few_dimensions_too() -> None:
    figures = healthy()
    figures["facts"]["recall"] = {"text->image": 0.4}
    assert advise(figures) == ()
    figures["geometry"]["figures"][4]["value"] = 20.0
    (only,) = advise(figures)
    assert only.rule == "text_behind"
    assert "60 dimensions, captions 20" in only.because


def test_speech_that_does_not_hear_the_order_counts() -> None:
    figures = healthy()
    figures["probes"]["figures"].append(
        probe("order", "speech") | {"accuracy": estimate(0.47), "told": "at chance"}
    )
    (only,) = advise(figures)
    assert "Order probes of recordings are at chance: 47%" in only.because


def test_data_comes_before_models() -> None:
    figures = healthy()
    for rule in RULES:
        if rule.name != "other_model":
            change(figures, rule.name)
    told = [one.rule for one in advise(figures)]
    assert told[:2] == ["duplicates", "mislabelled"]
    assert told == [rule.name for rule in RULES if rule.name in told]


def test_advice_changes_nothing() -> None:
    figures = healthy()
    change(figures, "temperature")
    before = copy.deepcopy(figures)
    advise(figures)
    assert figures == before


def commands(family: str | None) -> dict[str, str]:
    """Rule -> command, of a version of a family; None: one that nobody registered."""
    figures = healthy(family or "")
    for rule in RULES:
        change(figures, rule.name)
    if family is None:
        del figures["facts"]["folder"], figures["facts"]["family"]
    told = {}
    for verdict in ("falling", "flat"):
        figures["curve"]["outlook"] = curve(verdict)
        told |= {one.rule: one.command for one in advise(figures)}
    return told


COMMANDS = frozenset(get_command(app).commands)  # type: ignore[attr-defined]
FAMILIES = ("builtin", "transformers", "open_clip", "speech", None)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_command_is_one_of_ours_and_names_a_recipe_that_ships(family: str | None) -> None:
    told = commands(family)
    assert told.keys() == {rule.name for rule in RULES}
    for command in told.values():
        program, name, *given = shlex.split(command)
        assert program == "scrubjay"
        assert name in COMMANDS
        for text in given:
            group, _, value = text.partition("=")
            if group in {"experiment", "encoder", "model", "loss"}:
                assert (CONF / group / f"{value}.yaml").exists()
    assert "'model.kinds=[attribute]'" in told["probes_attribute"]


@pytest.mark.slow
def test_every_command_composes() -> None:
    every = {command for family in FAMILIES for command in commands(family).values()}
    for command in sorted(every):
        _, name, *given = shlex.split(command)
        if name in {"train", "retrain"}:
            assert compose(given, config_name=name)["encoder"], command
