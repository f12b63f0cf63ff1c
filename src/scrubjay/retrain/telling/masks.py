"""Keeping what is secret out of log lines, messages and errors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from scrubjay.training.secrets import MASK, masked

_VARIABLE = re.compile(
    r"(key|secret|token|password|passwd|credentials?)(_id)?$|^SCRUBJAY_NOTIFY$", re.IGNORECASE
)
_IN_QUERY = re.compile(
    r"(?<=[?&])((?:[\w.-]*[._-])?(?:(?:aws)?access|api)?_?"
    r"(?:key|keyid|sig|signature|token|secret|password|credential))=[^&\s\"']+",
    re.IGNORECASE,
)
_USER_PART = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_HOST = re.compile(r"localhost|\d{1,3}(\.\d{1,3}){3}|([a-z0-9-]+\.)+[a-z]{2,}")
_SHORTEST = 8
"""A shorter value of the environment is a word like any other."""
_WHOLE = 4
"""A shorter secret is masked where it stands alone, not inside of words."""


class Masks:
    """What must not be written down, and texts without it."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Take what is known to be secret, and the environment's keys and passwords."""
        found = {one for one in known if one} | set(_of_environment())
        longest_first = sorted(found, key=lambda one: (-len(one), one))
        self._known = re.compile("|".join(map(_pattern, longest_first))) if found else None

    def text(self, text: str) -> str:
        """The text with `***` for every secret, user part and signature of an address."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _IN_QUERY.sub(rf"\1={MASK}", _USER_PART.sub(MASK, text))

    def values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of JSON values: texts masked, and everything whose name is a secret's."""
        return {name: self._value(value) for name, value in masked(values).items()}

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self._value(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(one) for one in value]
        return value


def address_secrets(url: str) -> frozenset[str]:
    """Every part of a notification address that may be secret: all but scheme, host and keys.

    Services keep their tokens anywhere: as user, password, path, query, or where a host would be.
    """
    rest = url.partition("://")[2] or url
    path, _, query = rest.partition("?")
    parts = re.split(r"[/:@#,\s]+", path)
    parts += [one.partition("=")[2] for one in query.split("&")]
    host = path.partition("/")[0].rpartition("@")[2].partition(":")[0]
    shown = {"", host} if _HOST.fullmatch(host) else {""}
    return frozenset({rest, *parts, *map(unquote, parts)} - shown)


def lasting_secrets(urls: Iterable[str]) -> frozenset[str]:
    """Of addresses' secrets those that are no words: fit to be masked in any text at all."""
    found = {part for url in urls for part in address_secrets(url)}
    return frozenset(
        one for one in found if len(one) >= _SHORTEST and not (one.isalpha() and one.islower())
    )


def _of_environment() -> Iterable[str]:
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST and _VARIABLE.search(name):
            yield value


def _pattern(secret: str) -> str:
    escaped = re.escape(secret)
    return escaped if len(secret) >= _WHOLE else rf"(?<!\w){escaped}(?!\w)"
