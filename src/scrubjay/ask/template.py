"""How a question is put to a model: a text with fields, and rules that change it.

A template is data: its texts may name the fields of FIELDS and nothing else, its rules are looked
up in a list, and no code is run.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from scrubjay.ask.language import language_name
from scrubjay.ask.question import Asks, Question

FIELDS: Final = ("question", "language", "pictures")


@dataclass(frozen=True, slots=True)
class When:
    """What a question must be for a rule to hold; what is not named does not matter.

    Attributes:
        asks: kinds of question.
        language: its two-letter codes.
        language_not: codes it must not have.
        contains: words of which it has one, in any case.
        least_pictures: shown with it.
        most_pictures: shown with it.
    """

    asks: frozenset[Asks] = frozenset()
    language: frozenset[str] = frozenset()
    language_not: frozenset[str] = frozenset()
    contains: tuple[str, ...] = ()
    least_pictures: int = 0
    most_pictures: int | None = None

    def holds(self, question: Question, pictures: int) -> bool:
        """Whether all that is named is so."""
        words = question.text.casefold()
        return (
            (not self.asks or question.asks in self.asks)
            and (not self.language or question.language in self.language)
            and question.language not in self.language_not
            and (not self.contains or any(_has(words, one.casefold()) for one in self.contains))
            and self.least_pictures <= pictures
            and (self.most_pictures is None or pictures <= self.most_pictures)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """What changes when a condition holds.

    Attributes:
        add: a line after the question.
        use: another text in the place of the template's; the last such rule counts.
        system: a line after what the model is told beforehand.
    """

    when: When
    add: str | None = None
    use: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class KeptExample:
    """An example that belongs to a template.

    Attributes:
        image: path of the picture.
        sha256: of its bytes when it was kept.
    """

    image: str
    sha256: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told: beforehand, and as the question."""

    system: str
    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """A named way to put a question.

    Attributes:
        system: told beforehand.
        question: the text of the question, with FIELDS in braces.
    """

    name: str
    system: str = ""
    question: str = "{question}"
    rules: tuple[Rule, ...] = ()
    examples: tuple[KeptExample, ...] = field(default=())

    def put(self, question: Question, *, pictures: int) -> Prompt:
        """The question as a model is asked it."""
        values = {
            "question": question.text,
            "language": language_name(question.language),
            "pictures": str(pictures),
        }
        holding = [rule for rule in self.rules if rule.when.holds(question, pictures)]
        uses = [rule.use for rule in holding if rule.use is not None]
        texts = [uses[-1] if uses else self.question]
        texts += [rule.add for rule in holding if rule.add is not None]
        systems = [self.system, *(rule.system for rule in holding if rule.system is not None)]
        return Prompt(
            " ".join(filled(one, values) for one in systems if one),
            "\n".join(filled(one, values) for one in texts),
        )


PLAIN: Final = Template(
    "plain",
    system=(
        "You answer questions about pictures and recordings, for somebody who may not see them. "
        "Answer briefly, and only what can be seen, read or heard. If that does not answer the "
        "question, answer exactly: I can't tell."
    ),
    rules=(Rule(When(language_not=frozenset({"en"})), system="Answer in {language}."),),
)
"""`conf/prompt/plain.yaml`, which needs no YAML to be read."""


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its fields filled in; what is filled in is not looked at again."""
    parts = []
    for before, name, _, _ in string.Formatter().parse(text):
        parts += [before, "" if name is None else values[name]]
    return "".join(parts)


def _has(words: str, wanted: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", words) is not None
