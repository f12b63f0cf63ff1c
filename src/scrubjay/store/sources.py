"""What was seen of every source, so that only what changed is fetched again.

    sources/<hash of the address>/
      listing.json    what the last taking left: one entry an object
      pending.json    what the last look found, until it is taken
      fetched.jsonl   objects fetched since; a look that was killed does not fetch them again
      words/          manifests of a bucket, while all they speak of is in the catalog

An object is named by the hash of its name: what was deleted or forgotten is not named here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import FileIO
from pathlib import Path
from typing import Any, Final, Self

from scrubjay.core.errors import Damaged
from scrubjay.store.durable import (
    fsync_folder,
    locked,
    make_folder,
    sweep_aside,
    write_durably,
)
from scrubjay.store.objects import ObjectInfo

_DIGITS: Final = 32
_FLUSH_EVERY: Final = 64
"""Fetched objects between two that are forced onto the disk; a kill alone loses none."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One object, as long as its size and etag stay what they are.

    Attributes:
        facts: what decoding it said, as JSON; None when it was not, or could not be, decoded.
        reason: why it could not be decoded, or None.
    """

    size: int
    etag: str | None
    facts: Mapping[str, Any] | None = None
    reason: str | None = None

    def is_of(self, info: ObjectInfo) -> bool:
        """Whether the listing shows the same bytes."""
        return self.etag is not None and (self.size, self.etag) == (info.size, info.etag)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that was not let into the catalog, until it or its words change.

    Attributes:
        digest: of all the item was.
    """

    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceListing:
    """A source, as it was when a look at it was taken.

    Attributes:
        token: names the look.
        objects: by `object_key`.
        manifests: names of the files that described the others.
        refused: by item id.
    """

    token: str = ""
    objects: Mapping[str, Seen] = field(default_factory=dict)
    manifests: tuple[str, ...] = ()
    refused: Mapping[str, Refusal] = field(default_factory=dict)

    def sha256s(self) -> frozenset[str]:
        """The contents of all objects that could be decoded."""
        return frozenset(
            str(one.facts["sha256"]) for one in self.objects.values() if one.facts is not None
        )

    def to_json(self) -> dict[str, Any]:
        """What is written to the disk."""
        return {
            "token": self.token,
            "manifests": list(self.manifests),
            "refused": {key: [one.digest, one.reason] for key, one in self.refused.items()},
            "objects": {key: _row(one) for key, one in self.objects.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            token=str(value["token"]),
            objects={key: Seen(*row) for key, row in value["objects"].items()},
            manifests=tuple(value["manifests"]),
            refused={key: Refusal(*row) for key, row in value["refused"].items()},
        )


def object_key(name: str) -> str:
    """The hash an object goes by in a listing."""
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


class Sources:
    """What was seen of every source of a home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, url: str) -> SeenSource:
        """What was seen of one source, by its address."""
        return SeenSource(self.folder / hashlib.sha256(url.encode()).hexdigest()[:_DIGITS])

    def all(self) -> list[SeenSource]:
        """Every source that was looked at."""
        if not self.folder.is_dir():
            return []
        return [SeenSource(path) for path in sorted(self.folder.iterdir()) if path.is_dir()]

    def remove(self, url: str) -> None:
        """Know nothing of a source any more."""
        self.of(url).remove()

    def drop_words(self) -> None:
        """Drop the kept manifests of all sources: somebody is to be forgotten they may name."""
        for source in self.all():
            source.drop_words()


class SeenSource:
    """What was seen of one source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def taken(self) -> SourceListing:
        """The source as it was last taken; empty before the first time."""
        return self._read("listing.json")

    def pending(self) -> SourceListing:
        """The source as it was last looked at; empty when that was taken."""
        return self._read("pending.json")

    def fetched(self) -> dict[str, Seen]:
        """What looks have fetched since the last taking; a line cut off by a kill is left out."""
        try:
            lines = (self.folder / "fetched.jsonl").read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}
        seen: dict[str, Seen] = {}
        for line in lines:
            try:
                key, *row = json.loads(line)
                seen[key] = Seen(*row)
            except (ValueError, TypeError):
                continue
        return seen

    def held(self) -> frozenset[str]:
        """The contents of everything taken, looked at or fetched."""
        fetched = SourceListing(objects=self.fetched())
        return self.taken().sha256s() | self.pending().sha256s() | fetched.sha256s()

    def fetching(self) -> Fetched:
        """Where a look writes down what it fetches."""
        return Fetched(self.folder / "fetched.jsonl")

    def look_ended(self, listing: SourceListing) -> None:
        """Keep what a look found until it is taken."""
        with self._writing():
            write_durably(self.folder / "pending.json", _bytes(listing), point="look")

    def take(self, token: str, refused: Mapping[str, Refusal]) -> bool:
        """What that look found is now what is known of the source.

        Args:
            token: the look's.
            refused: items it brought that were not let in; earlier refusals of it stay.

        Returns:
            False when another look was made since: the next one compares with what was taken
            before, and fetches nothing twice.
        """
        pending = self.pending()
        if pending.token != token:
            return self.taken().token == token
        taken = replace(pending, refused={**pending.refused, **refused})
        with self._writing():
            write_durably(self.folder / "listing.json", _bytes(taken), point="source")
            for name in ("fetched.jsonl", "pending.json"):
                (self.folder / name).unlink(missing_ok=True)
            fsync_folder(self.folder)
        return True

    def words(self, name: str, seen: Seen) -> bytes | None:
        """A manifest's bytes, when they are kept and are these."""
        try:
            kept = (self.folder / "words" / object_key(name)).read_bytes()
        except FileNotFoundError:
            return None
        head, _, data = kept.partition(b"\n")
        return data if head == _head(seen, data) else None

    def keep_words(self, words: Mapping[str, tuple[bytes, Seen]]) -> None:
        """Keep these manifests and no others."""
        self.drop_words()
        if not words:
            return
        folder = self.folder / "words"
        with self._writing():
            make_folder(folder)
            for name, (data, seen) in words.items():
                write_durably(folder / object_key(name), _head(seen, data) + b"\n" + data)

    def drop_words(self) -> None:
        """Keep no manifest: the next look reads them again."""
        shutil.rmtree(self.folder / "words", ignore_errors=True)

    def remove(self) -> None:
        """Know nothing of this source any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write alone, and without what killed writers left."""
        with locked(self.folder / ".lock", f"noting what was seen in {self.folder}"):
            sweep_aside(self.folder)
            yield

    def _read(self, name: str) -> SourceListing:
        path = self.folder / name
        try:
            return SourceListing.from_json(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return SourceListing()
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(
                f"{path} is damaged; remove it: the next run looks at the whole source again"
            ) from error


class Fetched:
    """The growing record of one look; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()

    def add(self, key: str, seen: Seen) -> None:
        """Write one object down; what it refers to is on the disk already."""
        line = json.dumps([key, *_row(seen)]).encode() + b"\n"
        with self._lock:
            if self._file is None:
                make_folder(self._path.parent)
                self._file = self._path.open("ab", buffering=0)
                self._file.write(b"\n")  # after a line that a kill cut off
            self._file.write(line)
            self._waiting += 1
            if self._waiting >= _FLUSH_EVERY:
                os.fsync(self._file.fileno())
                self._waiting = 0


def digest_of(values: Iterable[object]) -> str:
    """One hash of several JSON values."""
    text = json.dumps(list(values), sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]


def _row(seen: Seen) -> list[Any]:
    facts = None if seen.facts is None else dict(seen.facts)
    return [seen.size, seen.etag, facts, seen.reason]


def _head(seen: Seen, data: bytes) -> bytes:
    """What a kept manifest begins with: whose state it is, and a hash that proves it whole."""
    return json.dumps([seen.size, seen.etag, hashlib.sha256(data).hexdigest()]).encode()


def _bytes(listing: SourceListing) -> bytes:
    return json.dumps(listing.to_json()).encode()
