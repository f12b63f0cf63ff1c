"""Templates as YAML files: read with every mistake named, and written."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scrubjay.ask.question import Asks
from scrubjay.ask.template import FIELDS, KeptExample, Rule, Template, When
from scrubjay.core.errors import BadConfig, MissingExtra
from scrubjay.store.durable import make_folder, write_durably

MAX_BYTES: Final = 1_000_000


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


def write_template(path: Path, template: Template, said: str) -> None:
    """Write a template, in one step; an example is a line.

    Args:
        said: a comment that goes before, such as where it comes from.

    Raises:
        OSError: it cannot be written.
    """
    lines = [f"# {line}" for line in said.splitlines()]
    lines += [f"{name}: {_quoted(getattr(template, name))}" for name in ("system", "question")]
    if template.rules:
        lines += ["rules:", *(f"- {_quoted(_rule_told(rule))}" for rule in template.rules)]
    if template.examples:
        told = [
            {name: getattr(one, name) for name in KeptExample.__dataclass_fields__}
            for one in template.examples
        ]
        lines += ["examples:", *(f"- {_quoted(one)}" for one in told)]
    make_folder(path.parent)
    write_durably(path, ("\n".join(lines) + "\n").encode("utf-8"), point="prompt")


def _quoted(value: object) -> str:
    """JSON, which is YAML on one line."""
    return json.dumps(value, ensure_ascii=True)


def _rule_told(rule: Rule) -> dict[str, Any]:
    when = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name in When.__dataclass_fields__
        if (value := getattr(rule.when, name))
    }
    texts = {name: getattr(rule, name) for name in ("add", "use", "system")}
    return {"when": when, **{name: text for name, text in texts.items() if text is not None}}


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
