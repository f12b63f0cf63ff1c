"""One file that somebody handed over, what was said of it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import AttributeValue, Item
from scrubjay.media.layout import Problem
from scrubjay.search.scan import checked_month

MAX_NAME: Final = 255
MAX_CAPTIONS: Final = 64
MAX_CAPTION: Final = 5_000
MAX_TAGS: Final = 256
MAX_TAG: Final = 200
MAX_LANGUAGE: Final = 35
"""Characters of the longest well-formed language code one meets (RFC 5646, 4.4.1)."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file, and what was said of it.

    Attributes:
        name: of the file, without folders.
        data: its bytes; empty where `path` has them.
        month: it belongs to, `YYYY-MM`; None means now.
        attributes: typed, by column name.
        path: a file with its bytes, where they are too many to be held: a video. Whoever hands it
            over removes it afterwards; it may be moved away before.
    """

    name: str
    data: bytes = b""
    captions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    month: str | None = None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is in the home now.

    Attributes:
        name: of the file.
        state: `added`, `updated` (it was there, and more is known of it now) or `unchanged`.
        why_not_indexed: why no search finds it; None for what is found.
        partly: why a part of a video is not found, and which; None: all of it is.
    """

    name: str
    item: Item
    state: str
    why_not_indexed: str | None = None
    partly: str | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of every file.

    Attributes:
        refused: files that were not taken, by name, with the reason.
        version: that indexed the others; None where none serves yet.
    """

    taken: tuple[Taken, ...] = ()
    refused: tuple[Problem, ...] = ()
    version: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "items": [
                {
                    "id": one.item.id,
                    "name": one.name,
                    "kind": one.item.kind.value,
                    "state": one.state,
                    "indexed": one.why_not_indexed is None,
                    "reason": one.why_not_indexed or one.partly,
                }
                for one in self.taken
            ],
            "refused": [{"name": one.path, "reason": one.reason} for one in self.refused],
            "version": self.version,
        }


def check_words(upload: Upload) -> None:
    """Refuse what is said of a file when it is too much.

    Raises:
        WrongUse: it is; the message says what.
    """
    for what, texts, most, longest in (
        ("captions", upload.captions, MAX_CAPTIONS, MAX_CAPTION),
        ("tags", upload.tags, MAX_TAGS, MAX_TAG),
    ):
        if len(texts) > most:
            raise WrongUse(f"{len(texts)} {what}; at most {most} are kept")
        if any(len(one) > longest for one in texts):
            raise WrongUse(f"{what} of more than {longest} characters; shorten them")
    if upload.language is not None and not 1 <= len(upload.language) <= MAX_LANGUAGE:
        raise WrongUse("the language is no code such as en or de-CH")
    if not upload.name or "/" in upload.name or len(upload.name) > MAX_NAME:
        raise WrongUse(f"a file's name has 1 to {MAX_NAME} characters and no slash")
    if upload.month is not None:
        checked_month(upload.month)
