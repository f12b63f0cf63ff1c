"""Keeping passwords and keys out of what a run writes down."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_NAME = re.compile(r"(^|[_-])(api_?key|secret|password|passwd|token|credentials?)$", re.IGNORECASE)
_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_SHORTEST = 8


def masked(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy fit to be kept: secrets replaced by `***`.

    A secret is the value of a key named like one (`api_key`, `token`, `password` ...), a value that
    equals such a variable of the environment, or the user part of a URL.
    """
    known = {
        value
        for name, value in os.environ.items()
        if _NAME.search(name) and len(value) >= _SHORTEST
    }
    return {name: _masked(name, value, known) for name, value in config.items()}


def _masked(name: str, value: Any, known: set[str]) -> Any:  # noqa: ANN401 - configuration is untyped
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), one, known) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, one, known) for one in value]
    if isinstance(value, str) and value:
        if _NAME.search(name):
            return MASK
        for secret in known:
            value = value.replace(secret, MASK)
        return _IN_URL.sub(MASK, value)
    return value
