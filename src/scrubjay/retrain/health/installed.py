"""Whether Python and the packages are what Scrubjay needs."""

from __future__ import annotations

import re
import sys
from importlib import metadata

from scrubjay import __version__
from scrubjay.retrain.health.finding import Finding, State

NEEDED = ("train", "month")
"""Extras without which there is no `scrubjay retrain`."""


def python() -> Finding:
    """The interpreter is one Scrubjay runs on."""
    now = ".".join(map(str, sys.version_info[:3]))
    wanted = metadata.metadata("scrubjay")["Requires-Python"] or ""
    says = f"{now}, scrubjay {__version__}"
    if not _within(sys.version_info[:2], wanted):
        return Finding("python", State.FAIL, says, f"use a Python {wanted}")
    return Finding("python", State.OK, says)


def extras() -> Finding:
    """What `pip install 'scrubjay[train,month]'` brings is there."""
    lacking = _lacking()
    missing = [extra for extra, packages in lacking.items() if packages]
    there = [extra for extra, packages in lacking.items() if not packages]
    says = f"installed: {', '.join(there) or 'none'}"
    if missing:
        says += f"; not: {', '.join(missing)}"
    if short := [extra for extra in NEEDED if lacking.get(extra)]:
        packages = ", ".join(sorted({one for extra in short for one in lacking[extra]}))
        return Finding(
            "extras",
            State.WARN,
            f"{says} ({packages} not installed)",
            f"to retrain here: pip install 'scrubjay[{','.join(short)}]'",
        )
    return Finding("extras", State.OK, says)


def _lacking() -> dict[str, list[str]]:
    """Extra -> its packages that are not installed; `all` names no others."""
    lacking: dict[str, list[str]] = {}
    for requirement in metadata.requires("scrubjay") or ():
        named = re.match(r"[A-Za-z0-9._-]+", requirement)
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", requirement)
        if named is None or extra is None or extra[1] == "all":
            continue
        missing = lacking.setdefault(extra[1], [])
        if not _is_installed(named[0]):
            missing.append(named[0])
    return lacking


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _within(version: tuple[int, ...], wanted: str) -> bool:
    """Whether a version is in a range such as `<3.14,>=3.11`."""
    for bound in filter(None, wanted.split(",")):
        found = re.fullmatch(r"\s*(>=|<)\s*(\d+)\.(\d+)\s*", bound)
        if found is None:
            continue
        limit = (int(found[2]), int(found[3]))
        if not (version >= limit if found[1] == ">=" else version < limit):
            return False
    return True
