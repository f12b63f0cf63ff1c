"""What queries meet in collections without what they are about: the ground a cutoff is fitted on.

To take out a query's own content group is not enough: "five hammers" is not absent while other
pictures of hammers are there. So everything goes whose description shares one of the query's
telling words: those in few descriptions, in whatever number or ending.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.evaluate.cutoff import CLUES, DEPTH, READ, Floats, Observed

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to (n, dim) unit rows."""

RARE: Final = 0.02
"""A word in at most this share of the descriptions tells what they are about."""
COMMON: Final = 0.2
"""One in more than this share tells nothing, even where all others are in more."""
SHRINK: Final = 4
"""Each gallery has so many times the rows of the one before it."""
SIZES: Final = 4
SMALLEST: Final = 48
"""Rows of the smallest gallery."""
_SHORTEST: Final = 3
_ENDING: Final = 2
_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is searched.

    Attributes:
        vectors: (n, dim) unit rows.
        groups: (n,) content groups, as numbers.
        captions: n texts as a hit shows them, "" where there is none.
        words: n sets of `words_of` all that is said of the group.
    """

    vectors: NDArray[np.float32]
    groups: NDArray[np.int64]
    captions: tuple[str, ...]
    words: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        """Rows."""
        return len(self.captions)

    def take(self, places: NDArray[np.int64]) -> Rows:
        """Some of them, in this order."""
        return Rows(
            self.vectors[places],
            self.groups[places],
            tuple(self.captions[at] for at in places),
            tuple(self.words[at] for at in places),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """What is asked, by things that are in the collection.

    Attributes:
        vectors: (q, dim) unit rows.
        groups: (q,) content groups, numbered as the rows' are.
        texts: q texts, "" of a picture or recording.
        words: q sets of `words_of` the text, or of what is said of the picture.
        places: (q,) the row that is the question itself, -1 where it is none.
    """

    vectors: NDArray[np.float32]
    groups: NDArray[np.int64]
    texts: tuple[str, ...]
    words: tuple[frozenset[str], ...]
    places: NDArray[np.int64]

    def __len__(self) -> int:
        """Questions."""
        return len(self.texts)


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of three letters and more, in lower case."""
    found = (word for text in texts for word in re.findall(r"\w+", text.casefold()))
    return frozenset(word for word in found if len(word) >= _SHORTEST and not word.isdigit())


def observe(questions: Questions, rows: Rows, *, encode: Encode | None, seed: int = 0) -> Observed:
    """Ask every question in galleries of several sizes, with its answer and without its subject.

    Args:
        encode: reads the captions of the first hits; None leaves those clues unknown.
        seed: of the order in which rows join the galleries.
    """
    rows, places = _shuffled(rows, questions, seed)
    sizes = gallery_sizes(len(rows))
    index = WordIndex(rows.words)
    about = [index.about(words) for words in questions.words]
    own = _rows_by_group(rows.groups)
    absent = _Met(questions, rows, sizes)
    answerable = _Met(questions, rows, sizes)
    for piece in _pieces(len(questions), len(rows)):
        scores = questions.vectors[piece] @ rows.vectors.T
        for place, line in zip(piece, scores, strict=True):
            mine = own.get(int(questions.groups[place]), np.empty(0, np.int64))
            if places[place] >= 0:
                line[places[place]] = -np.inf
                mine = mine[mine != places[place]]
            if len(mine):
                answerable.meet(int(place), line, always=mine)
            line[mine] = -np.inf
            line[about[place]] = -np.inf
            absent.meet(int(place), line)
    read = _Reader(encode, [absent, answerable])
    _, codes = np.unique(questions.groups, return_inverse=True)
    return Observed(
        sizes,
        absent.clues(read),
        answerable.clues(read),
        codes[absent.asked].astype(np.int64),
        codes[answerable.asked].astype(np.int64),
    )


def gallery_sizes(rows: int) -> tuple[int, ...]:
    """How many rows each gallery has, ascending; the last has all."""
    sizes = [rows // SHRINK**step for step in range(SIZES)]
    return tuple(sorted({size for size in sizes if size >= SMALLEST} | {rows}))


class WordIndex:
    """Which rows say a word, in whatever number or ending."""

    def __init__(self, words: Sequence[Collection[str]]) -> None:
        """Look at every row's words."""
        self._n = len(words)
        self._rows: dict[str, list[int]] = defaultdict(list)
        for place, said in enumerate(words):
            for word in said:
                self._rows[word].append(place)
        self._alike: dict[str, list[str]] = defaultdict(list)
        for word in self._rows:
            self._alike[word[:_SHORTEST]].append(word)
        self._found: dict[str, NDArray[np.int64]] = {}

    def saying(self, word: str) -> NDArray[np.int64]:
        """Places of the rows that say a word, ascending."""
        if word not in self._found:
            family = [one for one in self._alike[word[:_SHORTEST]] if _same_word(word, one)]
            said = [self._rows[one] for one in family]
            self._found[word] = np.unique(np.concatenate([np.empty(0, np.int64), *said])).astype(
                np.int64
            )
        return self._found[word]

    def about(self, words: Collection[str]) -> NDArray[np.int64]:
        """Places of the rows that say a telling word: a RARE one, or the rarest of all.

        None where even that is COMMON: such a query is about nothing in particular.
        """
        said = sorted((self.saying(word) for word in sorted(words)), key=len)
        said = [one for one in said if len(one)]
        telling = [one for one in said if len(one) <= RARE * self._n] or [
            one for one in said[:1] if len(one) <= COMMON * self._n
        ]
        return np.unique(np.concatenate([np.empty(0, np.int64), *telling])).astype(np.int64)


def _same_word(a: str, b: str) -> bool:
    """Whether two words differ in their ending only: hammer and hammers, berry and berries."""
    short, long = sorted((len(a), len(b)))
    shared = max(_SHORTEST, short - 1)
    return long - short <= _ENDING and a[:shared] == b[:shared]


class _Met:
    """The first hits of some questions in galleries of every size."""

    def __init__(self, questions: Questions, rows: Rows, sizes: Sequence[int]) -> None:
        self._questions = questions
        self._rows = rows
        self._sizes = sizes
        self.asked: list[int] = []
        self._found: list[list[tuple[NDArray[np.int64], NDArray[np.float32]]]] = []

    def meet(
        self, place: int, scores: NDArray[np.float32], *, always: NDArray[np.int64] | None = None
    ) -> None:
        """Note the hits of one question.

        Args:
            scores: (rows,) cosines; -inf is what is not there.
            always: rows that are in galleries of every size.
        """
        found = []
        for size in self._sizes:
            hits = _top(scores[:size])
            if always is not None:
                hits = np.concatenate([hits, always[always >= size]])
            hits = hits[np.argsort(-scores[hits], kind="stable")][:DEPTH]
            hits = hits[np.isfinite(scores[hits])]
            found.append((hits, scores[hits]))
        if all(len(hits) > 1 for hits, _ in found):
            self.asked.append(place)
            self._found.append(found)

    def captions(self) -> Iterable[str]:
        """Captions that must be read."""
        for place, found in zip(self.asked, self._found, strict=True):
            for hits, _ in found:
                yield from self._shown(place, hits)

    def _shown(self, place: int, hits: NDArray[np.int64]) -> list[str]:
        """Captions of the first hits; the question's own words say nothing of how it is found."""
        text, group = self._questions.texts[place], self._questions.groups[place]
        rows = self._rows
        return [
            rows.captions[hit]
            for hit in hits[:READ]
            if rows.captions[hit]
            and not (rows.groups[hit] == group and rows.captions[hit].casefold() == text.casefold())
        ]

    def clues(self, read: _Reader) -> tuple[Floats, ...]:
        """Size by size (asked, len(CLUES))."""
        made = np.full((len(self._sizes), len(self.asked), len(CLUES)), np.nan)
        for at, (place, found) in enumerate(zip(self.asked, self._found, strict=True)):
            for step, (hits, scores) in enumerate(found):
                captions = read(self._shown(place, hits))
                made[step, at] = clues(self._questions.vectors[place], scores, captions)
        return tuple(made)


class _Reader:
    """Vectors of captions, each encoded once."""

    def __init__(self, encode: Encode | None, met: Sequence[_Met]) -> None:
        self._vectors: dict[str, NDArray[np.float32]] = {}
        if encode is not None:
            texts = sorted({caption for one in met for caption in one.captions()})
            self._vectors = dict(zip(texts, encode(texts), strict=True)) if texts else {}

    def __call__(self, captions: Sequence[str]) -> NDArray[np.float32] | None:
        known = [self._vectors[one] for one in captions if one in self._vectors]
        return np.stack(known) if known else None


def clues(
    query: NDArray[np.float32],
    cosines: NDArray[np.float32],
    captions: NDArray[np.float32] | None,
) -> Floats:
    """(len(CLUES),) of one query.

    Args:
        query: (dim,) unit vector.
        cosines: of its first hits, best first, at most DEPTH, at least one.
        captions: (n, dim) unit vectors of the captions of its first READ hits; None: no caption.
    """
    following = cosines[1:] if len(cosines) > 1 else cosines
    read = None if captions is None else captions @ query
    return np.array(
        [
            cosines[0],
            following.mean(),
            np.nan if read is None else read.max(),
            np.nan if read is None else read.mean(),
        ],
        np.float64,
    )


def _top(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Places of the DEPTH largest, in no order."""
    if len(scores) <= DEPTH:
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - DEPTH)[-DEPTH:]


def _shuffled(rows: Rows, questions: Questions, seed: int) -> tuple[Rows, NDArray[np.int64]]:
    """Rows in the order they join the galleries, and where the questions' own rows are then.

    Of a row nobody described it is not known whether it is about a question. They are left out,
    unless nothing is described.
    """
    order = np.random.default_rng(seed).permutation(len(rows))
    if any(questions.words):
        order = order[[bool(rows.words[at]) for at in order]]
    now = np.full(len(rows) + 1, -1)
    now[order] = np.arange(len(order))
    return rows.take(order), now[questions.places]


def _rows_by_group(groups: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    return {int(groups[one[0]]): one for one in np.split(order, starts)[1:] if len(one)}


def _pieces(questions: int, rows: int) -> Iterable[NDArray[np.int64]]:
    at_once = max(1, _AT_ONCE // max(1, rows))
    for start in range(0, questions, at_once):
        yield np.arange(start, min(questions, start + at_once))
