"""What a version is made of: what was built, what is said of it, and the name both give it."""

from __future__ import annotations

import json
import math
import numbers
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import Damaged, WrongUse
from scrubjay.store.manifest import MANIFEST, FileSeal, Manifest, content_digest, sealed_files

METRICS: Final = "metrics.json"
CARD: Final = "card.md"
SHORT: Final = 7
"""Hex digits of the content's sha256 in an id; more only where two contents share them."""
SAID: Final = frozenset({METRICS, CARD})
"""What is said of a version, beside what was built."""
_RESERVED: Final = SAID | {MANIFEST}


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A registered version.

    Attributes:
        id: `<month>-<hex of content>`.
        created: when it was registered, UTC.
        lineage: snapshot, configuration, code revision, parent version.
        metrics: as they were handed to `register`.
    """

    id: str
    created: datetime
    lineage: Mapping[str, Any]
    metrics: Mapping[str, Any]


def check_month(month: str) -> None:
    """Refuse what is no month.

    Raises:
        WrongUse: it is not written `YYYY-MM`.
    """
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month, re.ASCII) is None:
        raise WrongUse(f"{month!r} is no month; write YYYY-MM")


def built_files(folder: Path) -> dict[str, FileSeal]:
    """What a build has written.

    Raises:
        WrongUse: nothing, a link, or a file with a name the registry gives.
    """
    built = sealed_files(folder)
    if not built:
        raise WrongUse("nothing was built: a version needs at least its weights")
    if taken := [name for name in sorted(_RESERVED) if (folder / name).exists()]:
        raise WrongUse(f"{', '.join(taken)}: the registry writes this file itself")
    return built


def built_digest(files: Mapping[str, FileSeal]) -> str:
    """One sha256 of what was built; what is said of it left out."""
    return content_digest({path: seal for path, seal in files.items() if path not in _RESERVED})


def names_for(month: str, digest: str) -> Iterator[str]:
    """The ids a content may have, the shortest first: a longer one where that is another's."""
    for digits in range(SHORT, len(digest) + 1):
        yield f"{month}-{digest[:digits]}"


def describe(folder: Path, metrics: Mapping[str, Any], card: str) -> None:
    """Write what is said of a version beside what was built."""
    said = json.dumps(plain(metrics), indent=2, sort_keys=True) + "\n"
    (folder / METRICS).write_text(said, "utf-8")
    (folder / CARD).write_text(_encodable(card), "utf-8")


def info_of(manifest: Manifest, metrics: bytes, where: str) -> VersionInfo:
    """A version as its manifest and its metrics file say.

    Args:
        where: the metrics file's address, for the message.

    Raises:
        Damaged: the metrics file is not JSON.
    """
    try:
        measured = json.loads(metrics)
    except ValueError as error:
        raise Damaged(f"{where} cannot be read ({error}); restore it from a backup") from error
    return VersionInfo(manifest.version, manifest.created, manifest.lineage, measured)


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON values only; what JSON has no word for becomes null, other things their text."""
    if isinstance(value, Mapping):
        return {_encodable(str(key)): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if value is None or isinstance(value, bool):
        return value
    # NumPy's numbers are of these kinds too.
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    return _encodable(str(value))


def _encodable(text: str) -> str:
    """Text as it is, but for file names that are no text: those are made printable."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
