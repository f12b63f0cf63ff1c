"""A video as rows of a generation: what is seen, heard, said and read, each of its moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import VideoLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.reading import Reading
from scrubjay.core.types import Clue, Item, Media, Modality
from scrubjay.media.moments import Moment, moment_of
from scrubjay.media.video import DEFAULT_LIMITS, Frame
from scrubjay.models.voice_activity import together
from scrubjay.search.decode import windows
from scrubjay.search.film import GleanedFilm, glean
from scrubjay.search.film_kept import Kept
from scrubjay.search.film_models import FilmModels
from scrubjay.search.film_sound import Block
from scrubjay.store.index import Row

BATCH: Final = 32
"""Media encoded at once."""
PAUSE_S: Final = 0.7
"""A longer pause parts two windows of speech: what follows it may belong to another moment."""
UNLIMITED_S: Final = 10.0
"""Seconds of speech in a row, where the encoder hears any length."""
NEXT_S: Final = 1e-3
"""A frame counts with the moment that begins with it."""
SURE: Final = 0.5
"""Confidence from which a line on screen counts as read."""
LEAST_READ: Final = 2
"""Letters and digits of such a line; a single one is more often a pattern than a sign."""
FULL_SIDE: Final = 384
"""Pixels of the shorter side of key frames, where the encoder names no size."""
MODALITY: Final = {
    Clue.SEEN: Modality.IMAGE,
    Clue.HEARD: Modality.SPEECH,
    Clue.SAID: Modality.TEXT,
    Clue.READ: Modality.TEXT,
}
NOTHING: Final = "nothing in it can be found: it shows nothing but black, and nobody speaks"


@dataclass(frozen=True, slots=True)
class FilmRows:
    """All rows of a video.

    Attributes:
        vectors: (len(rows), dim).
        broken: why a part of the video could not be used, and which; None: all of it could.
        lacking: what is not installed and was needed, a sentence each.
    """

    rows: tuple[Row, ...]
    vectors: NDArray[np.float32]
    broken: str | None = None
    lacking: tuple[str, ...] = ()


def film_rows(
    path: Path,
    item: Item,
    encoder: Encoder,
    *,
    models: FilmModels,
    kept: Kept | None = None,
    limits: VideoLimits = DEFAULT_LIMITS,
    progress: Progress = silent,
) -> FilmRows:
    """Turn a video into rows; pictures and speech are encoded as they go by.

    There is a row for each key frame (seen), for each window of speech (heard), for each segment
    of the transcript (said) and for the new text of each key frame (read), as far as the encoder
    has towers for them. Each names the moment it lies in, or mostly does.

    Args:
        path: of the file.
        models: what listens and reads.
        kept: where what costs much is kept.
        limits: what it may cost.
        progress: told in seconds of the video.

    Raises:
        BadMedia: no part of it can be used, or there is nothing in it to find.
        ScrubjayError: a model failed.
    """
    onlooker = _Onlooker(encoder)
    film = glean(
        path,
        item.sha256,
        models=models,
        kept=kept,
        limits=limits,
        onlooker=onlooker,
        name=item.uri.rpartition("/")[2],
        progress=progress,
    )
    texts = _Encoding(encoder, Modality.TEXT)
    words = [*_said(film), *_read(film)] if Modality.TEXT in encoder.spec.modalities else []
    for one in words:
        texts.add(one.text or "")
    parts = [*_seen(film, onlooker.times), *onlooker.parts, *words]
    if not parts:
        raise BadMedia(NOTHING, item.uri)
    vectors = [one for made in (onlooker.pictures, onlooker.sounds, texts) for one in made.ended()]
    rows = tuple(_row(item, encoder, one, film.moments) for one in parts)
    return FilmRows(rows, np.concatenate(vectors), film.broken, film.lacking)


@dataclass(frozen=True, slots=True)
class _Part:
    """What becomes a row."""

    clue: Clue
    start_s: float
    end_s: float
    text: str | None = None


class _Encoding:
    """Media of one modality, encoded a batch at a time; those of one batch are held."""

    def __init__(self, encoder: Encoder, modality: Modality) -> None:
        self._encoder = encoder
        self._modality = modality
        self._waiting: list[Media] = []
        self._vectors: list[NDArray[np.float32]] = []

    def add(self, media: Media) -> None:
        self._waiting.append(media)
        if len(self._waiting) >= BATCH:
            self._encode()

    def ended(self) -> list[NDArray[np.float32]]:
        """Everything that was made, in order."""
        if self._waiting:
            self._encode()
        return self._vectors

    def _encode(self) -> None:
        self._vectors.append(self._encoder.encode(self._modality, self._waiting))
        self._waiting = []


class _Onlooker:
    """Encodes key frames and speech while they go by.

    Attributes:
        times: of the pictures.
        parts: of the sounds.
    """

    def __init__(self, encoder: Encoder) -> None:
        has = encoder.spec.modalities
        self.side = (encoder.spec.image_size or FULL_SIDE) if Modality.IMAGE in has else None
        self.listens = Modality.SPEECH in has
        self.pictures = _Encoding(encoder, Modality.IMAGE)
        self.sounds = _Encoding(encoder, Modality.SPEECH)
        self.times: list[float] = []
        self.parts: list[_Part] = []
        self._window_s = encoder.spec.speech_window_s or UNLIMITED_S

    def seen(self, frame: Frame) -> None:
        """A key frame."""
        self.times.append(frame.at_s)
        self.pictures.add(frame.picture)

    def heard(self, block: Block) -> None:
        """A stretch of sound, and where in it somebody speaks."""
        for span in together(block.spans, longest_s=self._window_s, pause_s=PAUSE_S):
            for window in windows(block.cut(span.start_s, span.end_s), self._window_s):
                if not isinstance(window.media, np.ndarray) or not len(window.media):
                    continue
                start = span.start_s + (window.start_s or 0.0)
                end = span.end_s if window.end_s is None else span.start_s + window.end_s
                self.parts.append(_Part(Clue.HEARD, start, end))
                self.sounds.add(window.media)


def _seen(film: GleanedFilm, times: Sequence[float]) -> Iterator[_Part]:
    """The part of its moment that each key frame stands for: up to halfway to its neighbours."""
    placed = [(_moment_at(film.moments, at), at) for at in times]
    for moment, group in groupby(placed, key=lambda one: one[0]):
        mine = [at for _, at in group]
        between = [(a + b) / 2 for a, b in pairwise(mine)]
        starts, ends = [moment.start_s, *between], [*between, moment.end_s]
        yield from (_Part(Clue.SEEN, a, b) for a, b in zip(starts, ends, strict=True))


def _said(film: GleanedFilm) -> Iterator[_Part]:
    """The transcript's segments; what begins at once is said in one breath."""
    segments = film.transcript.segments if film.transcript else ()
    spoken = (one for one in segments if one.text.strip())
    for start, group in groupby(spoken, key=lambda one: one.start_s):
        mine = list(group)
        text = " ".join(one.text.strip() for one in mine)
        yield _Part(Clue.SAID, start, max(one.end_s for one in mine), text)


def _read(film: GleanedFilm) -> Iterator[_Part]:
    """The lines of each key frame that were not read in its moment before."""
    placed = [(_moment_at(film.moments, at), at, reading) for at, reading in film.readings]
    for moment, group in groupby(placed, key=lambda one: one[0]):
        known: set[str] = set()
        mine = list(group)
        ends = [(a[1] + b[1]) / 2 for a, b in pairwise(mine)]
        starts = [moment.start_s, *ends]
        for (_, _, reading), start, end in zip(mine, starts, [*ends, moment.end_s], strict=True):
            lines = _lines(reading, known)
            if lines:
                yield _Part(Clue.READ, start, end, "\n".join(lines))


def _lines(reading: Reading, known: set[str]) -> list[str]:
    new = []
    for line in reading.lines:
        plain = "".join(one for one in line.text.casefold() if one.isalnum())
        if (
            len(plain) >= LEAST_READ
            and plain not in known
            and (line.confidence is None or line.confidence >= SURE)
        ):
            known.add(plain)
            new.append(line.text)
    return new


def _moment_at(moments: Sequence[Moment], at_s: float) -> Moment:
    found = moment_of(moments, at_s, at_s + NEXT_S)
    return found or Moment(at_s, at_s)


def _row(item: Item, encoder: Encoder, part: _Part, moments: Sequence[Moment]) -> Row:
    moment = moment_of(moments, part.start_s, part.end_s) or Moment(part.start_s, part.end_s)
    return Row(
        item=item,
        modality=MODALITY[part.clue],
        version=encoder.spec.version,
        start_s=part.start_s,
        end_s=part.end_s,
        clue=part.clue,
        text=part.text,
        moment=(moment.start_s, moment.end_s),
    )
