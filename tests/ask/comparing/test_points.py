from __future__ import annotations

from dataclasses import replace

import pytest

from scrubjay.ask.comparing.naming import distinct, own_name, prompt_needless
from scrubjay.ask.comparing.points import By
from scrubjay.ask.settings import AskSettings, Choice
from tests.ask.comparing.posed import FAKE, point, posed

BUILTIN = AskSettings()


def test_a_key_changes_with_whatever_may_change_an_answer(tmp_path):
    source = tmp_path / "model"
    source.mkdir()
    (source / "config.json").write_text("{}")
    model = replace(BUILTIN, vlm=Choice("transformers", {"source": str(source)}))
    one = point(by=By.CHAIN)
    keys = [
        one.key(()),
        replace(one, by=By.MODEL).key(()),
        replace(one, settings=replace(FAKE, prompt="rules")).key(()),
        replace(one, settings=replace(FAKE, least_confidence=0.5)).key(()),
        replace(one, settings=model).key(()),
    ]
    (source / "model.safetensors").write_bytes(b"other weights")
    keys.append(replace(one, settings=model).key(()))
    assert len(set(keys)) == len(keys)
    assert replace(one, name="other", words=("a=b",)).key(()) == one.key(())


def test_own_prompts_count_by_what_they_say(tmp_path):
    own = tmp_path / "prompts"
    own.mkdir()
    (own / "mine.yaml").write_text("question: '{question}'\n")
    one = replace(point(), settings=replace(FAKE, prompt="mine"), prompts=own)
    before = one.key(())
    (own / "mine.yaml").write_text("question: 'Look: {question}'\n")
    assert one.key(()) != before


def test_only_who_draws_on_labels_depends_on_them():
    labels = (posed("a"),), (posed("b"),)
    assert point().key(labels[0]) == point().key(labels[1])
    baseline = point(by=By.COMMONEST)
    assert baseline.key(labels[0]) != baseline.key(labels[1])


@pytest.mark.parametrize(
    ("by", "settings", "name"),
    [
        (By.CHAIN, BUILTIN, "builtin"),
        (By.MODEL, BUILTIN, "builtin alone"),
        (By.OCR, BUILTIN, "text read by rapidocr"),
        (By.COMMONEST, BUILTIN, "commonest answer"),
        (
            By.CHAIN,
            replace(BUILTIN, vlm=Choice("blip2", {"source": "/m/opt", "quantize": "8bit"})),
            "blip2 opt 8bit",
        ),
        (
            By.CHAIN,
            replace(BUILTIN, vlm=Choice("remote", {"url": "u", "model": "Qwen/Q2"})),
            "remote Q2",
        ),
    ],
)
def test_names_tell_what_it_is(by, settings, name):
    assert own_name(point(by=by).__class__("", by, settings)) == name


def test_equal_names_are_numbered_and_equal_points_left_out():
    other = replace(point("a"), settings=BUILTIN)
    assert [one.name for one in distinct([point("a"), point("b"), other])] == ["a", "a (2)"]


def test_prompts_of_a_model_that_takes_none_are_needless():
    plain, rules = point("a"), replace(point("b"), settings=replace(FAKE, prompt="rules"))
    assert prompt_needless(rules, {"a": (plain, False)})
    assert not prompt_needless(rules, {"a": (plain, True)})
    assert not prompt_needless(replace(rules, by=By.MODEL), {"a": (plain, False)})
    assert not prompt_needless(rules, {})
