"""Who is told of what: notification addresses, from configuration and environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scrubjay.core.errors import BadConfig
from scrubjay.training.secrets import MASK

VARIABLE = "SCRUBJAY_NOTIFY"
"""Addresses told of everything, separated by spaces or lines."""

_REFERENCE = re.compile(r"\$(\w+)|\$\{(?:oc\.env:)?(\w+)\}")


class Told(StrEnum):
    """What kind of news a message is."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    NO_CHANGE = "no_change"


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Addresses by what they are told of, in the notation of apprise.

    An address holds secrets, so it is better given as `$NAME` or `${NAME}`: the variable of the
    environment that holds it, looked up when something is sent and never written down. Those in
    $SCRUBJAY_NOTIFY are told of everything besides.

    Attributes:
        urls: told of everything.
        success: told when a version was promoted.
        warning: told when a month was refused or stopped, or something drifts.
        failure: told when a run failed.
        no_change: told when there was nothing new.
        timeout_s: seconds after which nobody waits for a delivery any more, all together.
        retries: further attempts of one delivery within that time.
        attach: send the report along where a service takes files.
    """

    urls: tuple[str, ...] = ()
    success: tuple[str, ...] = ()
    warning: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    no_change: tuple[str, ...] = ()
    timeout_s: float = 30.0
    retries: int = 2
    attach: bool = False

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing.

        Raises:
            BadConfig: a value outside its range, or addresses that are no list of texts.
        """
        for name in ("urls", *Told):
            given = getattr(self, name)
            if isinstance(given, str) or not all(isinstance(one, str) for one in given):
                raise BadConfig(f"notify.{name} must be a list of addresses")
        if not 0 < self.timeout_s <= 600:
            raise BadConfig(f"notify.timeout_s is {self.timeout_s:g}; it must be up to 600")
        if not 0 <= self.retries <= 10:
            raise BadConfig(f"notify.retries is {self.retries}; it must be between 0 and 10")

    def addresses(self) -> list[tuple[str, str]]:
        """(where it is configured, address as given), in order; those of $SCRUBJAY_NOTIFY last."""
        configured = [
            (f"notify.{name}[{number}]", url)
            for name in ("urls", *Told)
            for number, url in enumerate(getattr(self, name))
        ]
        everybody = os.environ.get(VARIABLE, "").split()
        return configured + [(f"${VARIABLE}[{n}]", url) for n, url in enumerate(everybody)]

    def wanting(self, kind: Told) -> list[tuple[str, str]]:
        """Of `addresses` those that are told this kind of news."""
        heard = ("notify.urls[", f"notify.{kind}[", f"${VARIABLE}[")
        return [(place, url) for place, url in self.addresses() if place.startswith(heard)]

    def to_json(self) -> dict[str, Any]:
        """The settings, fit to be kept: of an address only its scheme, or its variable's name."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: [record(url) for url in value] if isinstance(value, tuple) else value
            for name, value in values.items()
        }


def resolved(url: str) -> str:
    """The address itself: a `$NAME` is looked up in the environment.

    Raises:
        BadConfig: the variable is not set.
    """
    name = _variable(url)
    if name is None:
        return url.strip()
    value = os.environ.get(name, "").strip()
    if not value:
        raise BadConfig(f"${name} is not set in the environment")
    return value


def record(url: str) -> str:
    """What may be written down of an address."""
    name = _variable(url)
    if name is not None:
        return f"${name}"
    scheme = re.match(r"[A-Za-z][\w+.-]*(?=://)", url)
    return f"{scheme[0]}://{MASK}" if scheme else MASK


def _variable(url: str) -> str | None:
    found = _REFERENCE.fullmatch(url.strip())
    return (found[1] or found[2]) if found else None
