"""Which kinds of item hold anything close enough to a query; read from JSON beside a generation.

A kind of item is cut whole: of a query about something that is there every hit is shown, of one
about something that is not there none. What was not calibrated is never cut.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import EncoderSpec, Kind, Modality
from scrubjay.evaluate.cutoff import DEPTH, READ, Law
from scrubjay.search.absence import clues
from scrubjay.store.index import Found, Generation

CAPTIONS_KEPT: Final = 4_096
"""Captions whose vectors are kept for the next query."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a cutoff says of a question.

    Attributes:
        far: kinds of item that hold something, but nothing close enough.
        uncut: kinds that are here and of which it cannot tell: all of them is shown.
    """

    far: frozenset[Kind] = frozenset()
    uncut: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted for one version on one generation.

    Attributes:
        rows: in the generation when it was fitted, but for those of videos.
        kinds: kind -> rows of it among them.
        laws: `text->image` -> the laws to go by, each where its clues are known.
        untold: `speech->image` -> why nothing is cut there.
    """

    version: str
    fingerprint: str
    rows: int
    kinds: Mapping[Kind, int] = field(default_factory=dict)
    laws: Mapping[str, tuple[Law, ...]] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)

    def of(self, spec: EncoderSpec) -> bool:
        """Whether it belongs to this encoder."""
        return (self.version, self.fingerprint) == (spec.version, spec.fingerprint)

    def rows_now(self, kind: Kind, rows: int) -> int:
        """About how many rows of a kind there are when there are so many in all, as `rows`."""
        return max(1, round(self.kinds.get(kind, 0) * rows / max(1, self.rows)))

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "version": self.version,
            "fingerprint": self.fingerprint,
            "rows": self.rows,
            "kinds": {kind.value: n for kind, n in self.kinds.items()},
            "laws": {name: [law.to_json() for law in some] for name, some in self.laws.items()},
            "untold": dict(self.untold),
        }


def direction(asked: Modality, kind: Kind) -> str:
    """`text->image`: what is asked with, and the kind of item asked for."""
    return f"{asked.value}->{kind.value}"


def rows_cut(generation: Generation) -> int:
    """Rows of the kinds that may be cut: moments of videos never are, and there are many."""
    return sum(n for kind, n in generation.kinds().items() if kind is not Kind.VIDEO)


def read_calibration(path: Path) -> Calibration | None:
    """What a file says; None where there is none.

    Raises:
        Damaged: it cannot be read.
    """
    try:
        told = json.loads(path.read_bytes())
        return Calibration(
            str(told["version"]),
            str(told["fingerprint"]),
            int(told["rows"]),
            {Kind(name): int(n) for name, n in told["kinds"].items()},
            {
                str(name): tuple(Law.from_json(law) for law in some)
                for name, some in told["laws"].items()
            },
            {str(name): str(why) for name, why in told["untold"].items()},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(
            f"the cutoff {path} cannot be read ({error}); remove it, and `scrubjay champion set "
            f"VERSION` fits it anew"
        ) from error


class Cutoffs:
    """A generation's calibration as a search uses it, from any thread.

    The file is read when it is first needed, and again when somebody wrote it anew. One of another
    version or of other weights is as none.
    """

    def __init__(self, path: Path, encoder: Encoder, generation: Generation) -> None:
        """Name the file; nothing is read yet."""
        self._path = path
        self._encoder = encoder
        self._generation = generation
        self._looking = Lock()
        self._seen: tuple[int, Calibration | None] = (-1, None)
        self._captions: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def calibration(self) -> Calibration | None:
        """What was fitted for this version; None where nothing was.

        Raises:
            Damaged: the file cannot be read.
        """
        try:
            written = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        with self._looking:
            if self._seen[0] != written:
                found = read_calibration(self._path)
                mine = found is not None and found.of(self._encoder.spec)
                self._seen = (written, found if mine else None)
            return self._seen[1]

    def judge(
        self,
        asked: Modality,
        vector: NDArray[np.float32],
        *,
        kinds: frozenset[Kind] | None = None,
        where: str | None = None,
    ) -> Judged:
        """Of which kinds nothing is close enough, and of which that cannot be told.

        Args:
            asked: the tower that read the query.
            vector: (dim,), of the query.
            kinds: asked for; None asks for all.
            where: what else the hits must fulfil.

        Raises:
            Damaged: the file cannot be read.
            BadFilter: as `Generation.search`.
        """
        there = self._generation.kinds().keys()
        wanted = there if kinds is None else there & kinds
        calibration = self.calibration()
        if calibration is None:
            return Judged(uncut=frozenset(wanted))
        told = {
            kind: self._nothing_near(calibration, asked, vector, kind, where) for kind in wanted
        }
        return Judged(
            frozenset(kind for kind, far in told.items() if far),
            frozenset(kind for kind, far in told.items() if far is None),
        )

    def _nothing_near(
        self,
        calibration: Calibration,
        asked: Modality,
        vector: NDArray[np.float32],
        kind: Kind,
        where: str | None,
    ) -> bool | None:
        """Whether it is so; None where it cannot be told."""
        laws = calibration.laws.get(direction(asked, kind))
        if not laws:
            return None
        found = self._generation.search(vector, DEPTH, kinds=frozenset({kind}), where=where)
        if not found:
            return False
        cosines = np.array([one.score for one in found], np.float32)
        read = self._read(found) if any(law.reads for law in laws) else None
        known = clues(vector, cosines, read)[None]
        rows = calibration.rows_now(kind, rows_cut(self._generation))
        for law in laws:
            closeness = float(law.closeness(known)[0])
            if np.isfinite(closeness):
                return closeness < law.threshold(rows)
        return None

    def _read(self, found: list[Found]) -> NDArray[np.float32] | None:
        """(n, dim) vectors of the captions of the first hits; None where they have none."""
        captions = [one.caption for one in found[:READ] if one.caption]
        if not captions or Modality.TEXT not in self._encoder.spec.modalities:
            return None
        with self._looking:
            known = {one: self._captions[one] for one in captions if one in self._captions}
        if unknown := sorted(set(captions) - known.keys()):
            known.update(zip(unknown, self._encoder.encode(Modality.TEXT, unknown), strict=True))
        with self._looking:
            for caption in captions:
                self._captions[caption] = known[caption]
                self._captions.move_to_end(caption)
            while len(self._captions) > CAPTIONS_KEPT:
                self._captions.popitem(last=False)
        return np.stack([known[one] for one in captions])
