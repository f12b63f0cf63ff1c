"""Templates: fields filled in as data, rules looked up, mistakes named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.prompt import PACKAGED, Prompts, checked_name
from scrubjay.ask.question import Asks, Question
from scrubjay.ask.template import PLAIN, KeptExample, Rule, Template, When
from scrubjay.ask.template_file import read_template, write_template
from scrubjay.core.errors import BadConfig, UnknownName, WrongUse


def test_the_packaged_plain_template_is_the_one_that_needs_no_yaml():
    assert read_template(PACKAGED / "plain.yaml") == PLAIN


@pytest.mark.parametrize("name", sorted(path.stem for path in PACKAGED.glob("*.yaml")))
@pytest.mark.parametrize("text", ["how many cups?", "is it red?", "who?", "was steht da?"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_packaged_template_puts_every_question(name, text, language):
    template = Prompts().get(name)
    put = template.put(Question(text, language), pictures=2)
    assert text in put.text
    # A bare question is as its asker put it.
    assert ("German" in put.text + put.system) == (language == "de" and name != "bare")
    assert "{" not in put.text + put.system


@given(st.text(max_size=60))
def test_what_is_filled_in_is_not_looked_at_again(text):
    assert PLAIN.put(Question(text, "en"), pictures=1).text == text


def test_rules_hold_or_not():
    template = Template(
        "t",
        question="Q: {question}",
        rules=(
            Rule(When(asks=frozenset({Asks.COUNT})), add="count"),
            Rule(When(contains=("Cup",)), system="cups"),
            Rule(When(least_pictures=2, most_pictures=3), add="{pictures} pictures"),
            Rule(When(language=frozenset({"de"})), use="{question} ({language})"),
        ),
    )

    def put(text, language="en", pictures=1):
        return template.put(Question(text, language), pictures=pictures)

    assert put("how many cats?").text == "Q: how many cats?\ncount"
    assert put("a cupboard").system == ""
    assert put("the CUP?").system == "cups"
    assert put("x", pictures=3).text == "Q: x\n3 pictures"
    assert put("x", pictures=4).text == "Q: x"
    assert put("was?", "de").text == "was? (German)"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("question: '{nobody}'", "{nobody} is no field"),
        ("question: '{question.__class__}'", "is no field"),
        ("question: '{question!r}'", "is no field"),
        ("question: '{question:>99999999}'", "is no field"),
        ("question: '{0}'", "is no field"),
        ("question: '{'", "write {{ and }}"),
        ("question: [1]", "must be a text"),
        ("questions: x", "'questions' is unknown"),
        ("[]", "must hold"),
        ("", "must hold"),
        ("{", "cannot be read"),
        ("question: !!python/object/apply:os.system [id]", "cannot be read"),
        ("rules: x", "must be a list"),
        ("rules: [{when: {asks: count}}]", "changes nothing"),
        ("rules: [{when: {asks: counting}, add: x}]", "'counting' is none of count"),
        ("rules: [{when: {moon: full}, add: x}]", "'moon' is unknown"),
        ("rules: [{when: {language: no}, add: x}]", "quote no"),
        ("rules: [{when: {least_pictures: -1}, add: x}]", "must be a number"),
        ("rules: [{when: {least_pictures: yes}, add: x}]", "must be a number"),
        ("examples: [{image: a.png}]", "lacks sha256, question, answer"),
    ],
)
def test_a_mistake_in_a_template_is_named_with_its_place(written, said, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(written)
    with pytest.raises(BadConfig) as raised:
        read_template(path)
    assert said in str(raised.value)
    assert "mine.yaml" in str(raised.value)


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"x" * 1_000_001)
    with pytest.raises(BadConfig, match="too large"):
        read_template(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfig, match="cannot be read"):
        read_template(path)


def test_a_written_template_is_read_as_it_was(tmp_path):
    template = Template(
        "mine",
        "system: {language} # not a comment",
        'a "quoted" {question}\n{{braces}} \u2028 ü',
        (
            Rule(
                When(asks=frozenset({Asks.COUNT, Asks.TEXT}), contains=("no",)), add="x", system="y"
            ),
            Rule(When(language_not=frozenset({"en"}), most_pictures=2), use="{question}!"),
        ),
        (KeptExample("/a b/c'd.png", "0" * 64, "what: is it?", "- a list"),),
    )
    write_template(tmp_path / "prompts" / "mine.yaml", template, "two\nlines")
    assert read_template(tmp_path / "prompts" / "mine.yaml") == template
    text = (tmp_path / "prompts" / "mine.yaml").read_text()
    assert text.startswith("# two\n# lines\n")
    assert sum("c'd.png" in line for line in text.splitlines()) == 1, "an example is a line"


def test_a_homes_own_templates_come_first_and_are_read_again_when_they_change(tmp_path):
    import os

    prompts = Prompts(tmp_path)
    assert {"plain", "rules", "short", "careful"} <= set(prompts.names())
    (tmp_path / "mine.yaml").write_text("question: 'one {question}'")
    (tmp_path / "short.yaml").write_text("question: 'mine {question}'")
    assert "mine" in prompts.names()
    assert prompts.get("mine").question == "one {question}"
    assert prompts.get("short").question == "mine {question}"
    (tmp_path / "mine.yaml").write_text("question: 'two {question}'")
    os.utime(tmp_path / "mine.yaml", (1, 1))
    assert prompts.get("mine").question == "two {question}"


@pytest.mark.parametrize("name", ["rulez", "../plain", "a/b", "", "A", "x" * 65])
def test_a_name_nobody_wrote_is_named_with_the_nearest(name):
    with pytest.raises(UnknownName) as raised:
        Prompts().get(name)
    assert "rules" in str(raised.value) or "plain" in str(raised.value)


@pytest.mark.parametrize("name", ["plain", "rules", "../x", "X", "a b", ""])
def test_a_name_that_cannot_be_given(name):
    with pytest.raises(WrongUse):
        checked_name(name)
    assert checked_name("mine-2") == "mine-2"
