"""Items to vectors: decode threads feed batched encodes, in the original order."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Sized

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import ScrubjayError
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Kind, Modality
from scrubjay.search.decode import (
    AHEAD_BYTES,
    DEFAULT_LIMITS,
    MODALITY_OF,
    Decoded,
    Read,
    Segment,
    decode_ahead,
    decode_item,
)
from scrubjay.search.film_rows import FilmRows
from scrubjay.search.films import NOT_FINITE, Films
from scrubjay.store.index import Row

NO_FILMS = "videos are not read here"
BATCH_SIZE = 32

OnProblem = Callable[[Item, str], None]
"""Told of each item that got no vector, and why."""

OnFilm = Callable[[Item, FilmRows], None]
"""Told of each video that got rows."""


def cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def embed(
    items: Iterable[Item],
    encoder: Encoder,
    *,
    read: Read,
    on_problem: OnProblem,
    limits: MediaLimits = DEFAULT_LIMITS,
    threads: int = 0,
    batch_size: int = BATCH_SIZE,
    films: Films | None = None,
    on_film: OnFilm = lambda item, made: None,
    progress: Progress = silent,
) -> Generator[tuple[list[Row], NDArray[np.float32]], None, None]:
    """Embed items; one bad item never stops the others.

    Args:
        items: in any order and of any kinds; read lazily.
        encoder: its spec says how far pictures may be scaled down and how long it listens.
        read: the bytes behind a uri.
        on_problem: told of every item that got no row, from the caller's thread.
        limits: what one file may cost.
        threads: decoding threads; 0 means one per available core.
        batch_size: media encoded at once.
        films: how videos are read; None: they get no rows.
        on_film: told of every video that got rows, from the caller's thread.
        progress: told of items done, and of the seconds of a video that were looked at.

    Yields:
        (rows, vectors (len(rows), dim)): whole items only, in the original order, a batch or so
        at a time. A recording longer than `spec.speech_window_s` has one row a window. A video
        comes alone, with the rows of all its moments: of several, the rows of one are held.
    """
    spec = encoder.spec
    total = len(items) if isinstance(items, Sized) else None
    done = 0
    decoded = decode_ahead(
        items,
        lambda item: decode_item(item, spec, read=read, limits=limits),
        threads=threads or cores(),
        ahead=2 * batch_size,
    )
    for block in _blocks(decoded, batch_size):
        if _is_film(block[0]):
            rows, vectors = _film(block[0].item, encoder, films, on_problem, on_film, progress)
        else:
            rows, vectors = _encode_block(block, encoder, batch_size, on_problem)
        done += len(block)
        del block  # its pictures must not stay alive while the next ones are gathered
        progress("embedding", done, total)
        if rows:
            yield rows, vectors


def _blocks(decoded: Iterator[Decoded], batch_size: int) -> Iterator[list[Decoded]]:
    """Whole items, enough to fill a batch of one modality or the memory allowed to them.

    A video is a block of its own.
    """
    block: list[Decoded] = []
    filled: dict[Modality, int] = {}
    held = 0
    for one in decoded:
        if _is_film(one):
            if block:
                yield block
            yield [one]
            block, filled, held = [], {}, 0
            continue
        block.append(one)
        held += one.size
        if one.segments:
            modality = MODALITY_OF[one.item.kind]
            filled[modality] = filled.get(modality, 0) + len(one.segments)
        if held >= AHEAD_BYTES or any(n >= batch_size for n in filled.values()):
            yield block
            block, filled, held = [], {}, 0
    if block:
        yield block


def _is_film(one: Decoded) -> bool:
    return one.item.kind is Kind.VIDEO and one.problem is None


def _film(
    item: Item,
    encoder: Encoder,
    films: Films | None,
    on_problem: OnProblem,
    on_film: OnFilm,
    progress: Progress,
) -> tuple[list[Row], NDArray[np.float32]]:
    made = NO_FILMS if films is None else films.rows(item, encoder, progress)
    if isinstance(made, str):
        on_problem(item, made)
        return [], np.zeros((0, encoder.spec.dim), np.float32)
    on_film(item, made)
    return list(made.rows), made.vectors


def _encode_block(
    block: Sequence[Decoded], encoder: Encoder, batch_size: int, on_problem: OnProblem
) -> tuple[list[Row], NDArray[np.float32]]:
    segments = [(one, segment) for one in block for segment in one.segments]
    vectors = np.empty((len(segments), encoder.spec.dim), np.float32)
    problems: dict[int, str] = {id(one): one.problem for one in block if one.problem is not None}
    for modality in Modality:
        places = [
            place
            for place, (one, _) in enumerate(segments)
            if MODALITY_OF[one.item.kind] is modality
        ]
        for start in range(0, len(places), batch_size):
            piece = places[start : start + batch_size]
            for place, problem in _encode_piece(encoder, modality, segments, piece, vectors):
                problems.setdefault(id(segments[place][0]), problem)
    for one in block:
        if id(one) in problems:
            on_problem(one.item, problems[id(one)])
    kept = [place for place, (one, _) in enumerate(segments) if id(one) not in problems]
    rows = [_row(encoder, *segments[place]) for place in kept]
    return rows, vectors if len(kept) == len(segments) else vectors[kept]


def _encode_piece(
    encoder: Encoder,
    modality: Modality,
    segments: Sequence[tuple[Decoded, Segment]],
    piece: Sequence[int],
    vectors: NDArray[np.float32],
) -> list[tuple[int, str]]:
    """Fill `vectors[piece]`; return the places that could not be encoded, with the reason."""
    try:
        made = encoder.encode(modality, [segments[place][1].media for place in piece])
    except ScrubjayError as error:
        if len(piece) == 1:
            return [(piece[0], str(error))]
        return [
            problem
            for place in piece
            for problem in _encode_piece(encoder, modality, segments, [place], vectors)
        ]
    vectors[piece] = made
    broken = np.flatnonzero(~np.isfinite(made).all(axis=1))
    return [(piece[int(i)], NOT_FINITE) for i in broken]


def _row(encoder: Encoder, one: Decoded, segment: Segment) -> Row:
    return Row(
        item=one.item,
        modality=MODALITY_OF[one.item.kind],
        version=encoder.spec.version,
        start_s=segment.start_s,
        end_s=segment.end_s,
    )


def middle(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(dim,) one unit vector for the (n, dim) windows of a recording: their mean's direction."""
    if len(vectors) == 1:
        one: NDArray[np.float32] = vectors[0]
        return one
    mean = vectors.mean(axis=0)
    unit: NDArray[np.float32] = mean / np.float32(max(float(np.linalg.norm(mean)), 1e-12))
    return unit
