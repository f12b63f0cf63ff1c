"""How a question is put to a model: named templates, with rules, and with examples that were kept.

A template is a YAML file of `conf/prompt/` or of HOME/prompts/. It is data: its texts may name the
fields of FIELDS and nothing else, its rules are looked up in a list, and no code is run.
"""

from __future__ import annotations

import re
import string
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scrubjay.ask.language import language_name
from scrubjay.ask.question import Asks, Question
from scrubjay.core.errors import BadConfig, MissingExtra, UnknownName

PACKAGED: Final = Path(__file__).resolve().parent.parent / "conf" / "prompt"
FIELDS: Final = ("question", "language", "pictures")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MAX_BYTES: Final = 1_000_000


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


class Prompts:
    """Templates by name: those that come with Scrubjay, and a home's own."""

    def __init__(self, own: Path | None = None) -> None:
        """Name the folder of the home's own; it need not exist."""
        self._own = own
        self._read: dict[str, tuple[int, Template]] = {}
        self._reading = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Every template there is, sorted."""
        folders = [PACKAGED, *([self._own] if self._own is not None else [])]
        found = {path.stem for folder in folders for path in folder.glob("*.yaml")}
        return tuple(sorted(name for name in found | {PLAIN.name} if NAME.fullmatch(name)))

    def get(self, name: str) -> Template:
        """A template.

        Raises:
            UnknownName: there is none of that name.
            BadConfig: its file cannot be used.
            MissingExtra: YAML, which it is written in, is not installed.
        """
        path = self._path(name)
        if path is None:
            if name == PLAIN.name:
                return PLAIN
            raise UnknownName("prompt", name[:80], self.names())
        changed = path.stat().st_mtime_ns
        with self._reading:
            if name not in self._read or self._read[name][0] != changed:
                self._read[name] = (changed, read_template(path))
            return self._read[name][1]

    def _path(self, name: str) -> Path | None:
        if not NAME.fullmatch(name):
            return None
        own = [] if self._own is None else [self._own / f"{name}.yaml"]
        packaged = [] if name == PLAIN.name else [PACKAGED / f"{name}.yaml"]
        return next((path for path in (*own, *packaged) if path.is_file()), None)


def read_template(path: Path) -> Template:
    """A template's file.

    Raises:
        BadConfig: it cannot be read, says something unknown, or names an unknown field.
        MissingExtra: YAML is not installed.
    """
    try:
        import yaml  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise MissingExtra(f"reading the prompt {path.stem!r}", "ask") from error
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadConfig(f"the prompt {path} is too large: over {MAX_BYTES:,} bytes")
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise BadConfig(f"the prompt {path} cannot be read: {why}") from error
    return template_of(path.stem, told, str(path))


def template_of(name: str, told: object, where: str) -> Template:
    """A template of plain values.

    Raises:
        BadConfig: as `read_template`.
    """
    values = _mapping(told, ("system", "question", "rules", "examples"), where)
    rules = _list(values.get("rules"), f"{where}: rules")
    examples = _list(values.get("examples"), f"{where}: examples")
    return Template(
        name,
        _text(values.get("system", ""), f"{where}: system"),
        _text(values.get("question", "{question}"), f"{where}: question"),
        tuple(_rule(one, f"{where}: rules[{at}]") for at, one in enumerate(rules)),
        tuple(_example(one, f"{where}: examples[{at}]") for at, one in enumerate(examples)),
    )


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its fields filled in; what is filled in is not looked at again."""
    parts = []
    for before, name, _, _ in string.Formatter().parse(text):
        parts += [before, "" if name is None else values[name]]
    return "".join(parts)


def _rule(told: object, where: str) -> Rule:
    values = _mapping(told, ("when", "add", "use", "system"), where)
    if not values.keys() & {"add", "use", "system"}:
        raise BadConfig(f"{where} changes nothing; give it add, use or system")
    texts = {
        name: _text(values[name], f"{where}.{name}")
        for name in ("add", "use", "system")
        if name in values
    }
    return Rule(_when(values.get("when", {}), f"{where}.when"), **texts)


def _when(told: object, where: str) -> When:
    values = _mapping(told, tuple(When.__dataclass_fields__), where)
    kinds = []
    for one in _words(values.get("asks"), f"{where}.asks"):
        if one not in list(Asks):
            raise BadConfig(f"{where}.asks: {one!r} is none of {', '.join(Asks)}")
        kinds.append(Asks(one))
    return When(
        frozenset(kinds),
        frozenset(_words(values.get("language"), f"{where}.language")),
        frozenset(_words(values.get("language_not"), f"{where}.language_not")),
        _words(values.get("contains"), f"{where}.contains"),
        _number(values.get("least_pictures", 0), f"{where}.least_pictures") or 0,
        _number(values.get("most_pictures"), f"{where}.most_pictures"),
    )


def _example(told: object, where: str) -> KeptExample:
    values = _mapping(told, ("image", "sha256", "question", "answer"), where)
    missing = [name for name in KeptExample.__dataclass_fields__ if not values.get(name)]
    if missing:
        raise BadConfig(f"{where} lacks {', '.join(missing)}")
    return KeptExample(**{name: str(values[name]) for name in KeptExample.__dataclass_fields__})


def _mapping(told: object, known: tuple[str, ...], where: str) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise BadConfig(f"{where} must hold {', '.join(known)} by name")
    for name in told:
        if name not in known:
            raise BadConfig(f"{where}: {name!r} is unknown; known: {', '.join(known)}")
    return told


def _list(told: object, where: str) -> list[object]:
    if told is None:
        return []
    if not isinstance(told, list):
        raise BadConfig(f"{where} must be a list")
    return told


def _words(told: object, where: str) -> tuple[str, ...]:
    if told is None:
        return ()
    words = told if isinstance(told, list) else [told]
    if not all(isinstance(one, str) and one for one in words):
        raise BadConfig(f"{where} must be words (quote no, yes, on and off)")
    return tuple(words)


def _number(told: object, where: str) -> int | None:
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, int) or told < 0:
        raise BadConfig(f"{where} must be a number of pictures, not {told!r}")
    return told


def _text(told: object, where: str) -> str:
    if not isinstance(told, str):
        raise BadConfig(f"{where} must be a text, not {told!r}")
    text = told.strip()
    try:
        fields = [(name, form, way) for _, name, form, way in string.Formatter().parse(text)]
    except ValueError as error:
        raise BadConfig(
            f"{where}: {error}; write {{{{ and }}}} for braces that are meant as such"
        ) from error
    for name, form, way in fields:
        if name is not None and (name not in FIELDS or form or way):
            known = ", ".join(f"{{{one}}}" for one in FIELDS)
            raise BadConfig(f"{where}: {{{name}}} is no field; there are {known}")
    return text


def _has(words: str, wanted: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", words) is not None
