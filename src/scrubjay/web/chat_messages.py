"""The messages of `/v1/chat/completions`, read: whatever they show or say travels within them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Role
from scrubjay.web.data_url import parse_data_url
from scrubjay.web.given import Given, checked_text

MAX_MESSAGES: Final = 200
MAX_PICTURES: Final = 16
"""Of a whole conversation; a model may take fewer."""
MAX_SOUNDS: Final = 4

ROLES: Final[Mapping[str, Role]] = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
}
FIELDS: Final = frozenset({"role", "content", "name"})
EMPTY_FIELDS: Final = frozenset({"refusal", "audio", "tool_calls", "function_call", "annotations"})
"""What an answer's message carries, and a client sends back with it: nothing."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message."""

    role: Role
    parts: tuple[Given, ...]


def read_messages(given: object) -> tuple[Turn, ...]:
    """A conversation that ends with the user's question.

    Raises:
        WrongUse: something else, or an address that would have to be fetched; the message names
            the part.
        BadMedia: a data URL that cannot be read.
    """
    if not isinstance(given, list) or not given:
        raise WrongUse("messages must be a list with at least one message")
    if len(given) > MAX_MESSAGES:
        raise WrongUse(f"messages has {len(given)} entries; send at most {MAX_MESSAGES}")
    turns = tuple(_turn(one, f"messages[{at}]") for at, one in enumerate(given))
    if turns[-1].role is not Role.USER:
        raise WrongUse("the last of the messages must be the user's: it holds the question")
    parts = [part for turn in turns for part in turn.parts]
    for kind, most in (("picture", MAX_PICTURES), ("sound", MAX_SOUNDS)):
        number = sum(getattr(part, kind) is not None for part in parts)
        if number > most:
            raise WrongUse(f"messages hold {number} {kind}s; send at most {most}")
    return turns


def _turn(given: object, name: str) -> Turn:
    if not isinstance(given, Mapping):
        raise WrongUse(f"{name} must be an object with role and content")
    said = given.get("role")
    role = ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        raise WrongUse(f"{name}.role must be one of {', '.join(ROLES)}: no tools are called here")
    for key, value in given.items():
        if key in EMPTY_FIELDS:
            if value not in (None, [], {}):
                raise WrongUse(f"{name}.{key} means nothing here; leave it out")
        elif key not in FIELDS:
            raise WrongUse(f"nobody knows {name}.{str(key)[:80]}; a message has role and content")
    if not isinstance(given.get("name", ""), str | None):
        raise WrongUse(f"{name}.name must be a string")
    parts = tuple(_parts(given.get("content"), f"{name}.content"))
    if role is not Role.USER and any(part.text is None for part in parts):
        raise WrongUse(f"{name}: only the user shows pictures and recordings")
    if not parts and role is not Role.ASSISTANT:
        raise WrongUse(f"{name}.content is empty")
    return Turn(role, parts)


def _parts(content: object, name: str) -> Iterator[Given]:
    if content is None:
        return
    if isinstance(content, str):
        yield Given(name, text=checked_text(content, name))
        return
    if not isinstance(content, list):
        raise WrongUse(f"{name} must be a text or a list of parts")
    for at, part in enumerate(content):
        yield _part(part, f"{name}[{at}]")


def _part(given: object, name: str) -> Given:
    kind = given.get("type") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or kind not in ("text", "image_url", "input_audio"):
        raise WrongUse(f"{name}.type must be text, image_url or input_audio")
    if set(given) != {"type", kind}:
        raise WrongUse(f"{name} must have type and {kind}, and nothing else")
    inner = f"{name}.{kind}"
    value = given[kind]
    if kind == "text":
        if not isinstance(value, str):
            raise WrongUse(f"{inner} must be a string")
        return Given(inner, text=checked_text(value, inner))
    if kind == "image_url":
        url = _strings(value, inner, needed=("url",), optional=("detail",))["url"]
        data = parse_data_url(url, expected="image", name=f"{inner}.url").data
        return Given(name, picture=data)
    told = _strings(value, inner, needed=("data", "format"))["data"]
    url = told if told.startswith("data:") else f"data:;base64,{told}"
    return Given(name, sound=parse_data_url(url, expected="audio", name=f"{inner}.data").data)


def _strings(
    given: object, name: str, *, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise WrongUse(f"{name} must be an object with {' and '.join(needed)}")
    known = {key: value for key, value in given.items() if key in {*needed, *optional}}
    if len(known) != len(given) or not set(needed) <= set(known):
        raise WrongUse(f"{name} must have {' and '.join(needed)}, and nothing nobody knows")
    for key, value in known.items():
        if not isinstance(value, str):
            raise WrongUse(f"{name}.{key} must be a string")
    return known
