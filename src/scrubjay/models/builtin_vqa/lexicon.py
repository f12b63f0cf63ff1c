"""The words the built-in question model knows: what it can see, be asked, and answer.

Filled in where it is trained and shipped beside its graphs, so that it is served with exactly what
it learned.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import Damaged

PAD, UNKNOWN, THING, SHAPE, COLOUR, SIGN_WORD = range(6)
"""Tokens that stand for no word of their own."""
FIRST_WORD = 6
SLOTS = 4
"""What a token may mean: a thing, a shape, a colour, a word on a sign."""
LONGEST = 32
"""Tokens of a question; what follows is not read."""
LARGEST_COUNT = 5
REGIONS = (
    "top left",
    "top",
    "top right",
    "left",
    "centre",
    "right",
    "bottom left",
    "bottom",
    "bottom right",
)
FORMS = {"has": "have", "had": "have"}
"""Forms that are more than an s away from the word that is taught."""
_WORD = re.compile(r"[^\W\d_]+|\d+")


class Noun(NamedTuple):
    """What something is called.

    Attributes:
        one: one of it.
        many: several.
        article: its indefinite article.
    """

    one: str
    many: str
    article: str


class Asked(NamedTuple):
    """A question as the network reads it.

    Attributes:
        words: (tokens,) int64, each a known word, a kind of name, or UNKNOWN.
        slots: (tokens, SLOTS) int64, what each may mean: a thing, a shape, a colour, a word on a
            sign, each by its place in the lexicon; -1 for none.
        unknown: its words that are not known, as they were written.
    """

    words: NDArray[np.int64]
    slots: NDArray[np.int64]
    unknown: tuple[str, ...]


class Said(NamedTuple):
    """An answer of the closed vocabulary.

    Attributes:
        sort: concept, word, shape, colour, number, region, verdict or everything.
        name: in English.
    """

    sort: str
    name: str


@dataclass(frozen=True)
class Lexicon:
    """Names, and the words of questions.

    Attributes:
        things: what can be drawn.
        shapes: outlines.
        colours: what shapes come in.
        signs: words that stand on signs.
        vocabulary: words of questions.
    """

    things: tuple[Noun, ...]
    shapes: tuple[Noun, ...]
    colours: tuple[str, ...]
    signs: tuple[str, ...]
    vocabulary: tuple[str, ...]

    @property
    def atoms(self) -> int:
        """What a cell of a picture or a word can mean: things, shapes, words on signs, colours."""
        return self.kinds + len(self.colours)

    @property
    def kinds(self) -> int:
        """Of them, without colours: what an object can be."""
        return len(self.things) + len(self.shapes) + len(self.signs)

    @property
    def tokens(self) -> int:
        """Rows of a table of words."""
        return FIRST_WORD + len(self.vocabulary)

    @property
    def concepts(self) -> int:
        """Answers that name an object or a sign; the first ones."""
        return len(self.things) + len(self.shapes) * len(self.colours) + len(self.signs)

    @cached_property
    def answers(self) -> tuple[Said, ...]:
        """Every answer, in the order of the network's outputs: what cells show, then the others."""
        coloured = [f"{colour} {one.one}" for one in self.shapes for colour in self.colours]
        return (
            *(Said("concept", one.one) for one in self.things),
            *(Said("concept", name) for name in coloured),
            *(Said("word", word) for word in self.signs),
            *(Said("shape", one.one) for one in self.shapes),
            *(Said("colour", name) for name in self.colours),
            *(Said("number", str(n)) for n in range(LARGEST_COUNT + 1)),
            *(Said("region", name) for name in REGIONS),
            Said("verdict", "yes"),
            Said("verdict", "no"),
            Said("everything", "everything"),
        )

    @property
    def seen(self) -> int:
        """Answers that cells show: concepts, shapes and colours; the first ones."""
        return self.concepts + len(self.shapes) + len(self.colours)

    @cached_property
    def _names(self) -> Mapping[tuple[str, ...], tuple[int, NDArray[np.int64]]]:
        """Words of a name to its token and slots."""
        found: dict[tuple[str, ...], tuple[int, NDArray[np.int64]]] = {}

        def add(name: str, token: int, slot: int, place: int) -> None:
            words = tuple(words_of(name))
            start = self.known.get(name, token), np.full(SLOTS, -1, np.int64)
            found.setdefault(words, start)[1][slot] = place

        for place, one in enumerate(self.things):
            add(one.one, THING, 0, place)
            add(one.many, THING, 0, place)
        for place, one in enumerate(self.shapes):
            add(one.one, SHAPE, 1, place)
            add(one.many, SHAPE, 1, place)
        for place, colour in enumerate(self.colours):
            add(colour, COLOUR, 2, place)
        for place, word in enumerate(self.signs):
            add(word, SIGN_WORD, 3, place)
        return found

    @cached_property
    def known(self) -> Mapping[str, int]:
        """Words of questions to their tokens."""
        return {word: FIRST_WORD + at for at, word in enumerate(self.vocabulary)}

    @cached_property
    def _longest_name(self) -> int:
        return max(map(len, self._names), default=1)

    def read(self, question: str) -> Asked:
        """A question's tokens; a name of several words is one."""
        written = words_of(question)
        words: list[int] = []
        slots: list[NDArray[np.int64]] = []
        unknown: list[str] = []
        at = 0
        while at < len(written) and len(words) < LONGEST:
            for length in range(min(self._longest_name, len(written) - at), 0, -1):
                name = self._names.get(tuple(written[at : at + length]))
                if name is not None:
                    words.append(name[0])
                    slots.append(name[1])
                    break
            else:
                length = 1
                token = self._token(written[at])
                if token == UNKNOWN:
                    unknown.append(written[at])
                words.append(token)
                slots.append(np.full(SLOTS, -1, np.int64))
            at += length
        if not words:
            return Asked(np.array([UNKNOWN]), np.full((1, SLOTS), -1, np.int64), ())
        return Asked(np.array(words, np.int64), np.stack(slots), tuple(unknown))

    def _token(self, word: str) -> int:
        """Of a word as it is, else of the form it is taught in."""
        plain = FORMS.get(word, word.removesuffix("s"))
        return self.known.get(word, self.known.get(plain, UNKNOWN))

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Lexicon:
        """The same lexicon again.

        Raises:
            Damaged: the values were not written by `to_json`.
        """
        try:
            return cls(
                things=tuple(Noun(*map(str, one)) for one in values["things"]),
                shapes=tuple(Noun(*map(str, one)) for one in values["shapes"]),
                colours=tuple(map(str, values["colours"])),
                signs=tuple(map(str, values["signs"])),
                vocabulary=tuple(map(str, values["vocabulary"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"these are not the words of a question model: {error!r}") from error


def words_of(text: str) -> list[str]:
    """Words and numbers of a text, without case, marks or punctuation."""
    return _WORD.findall(unicodedata.normalize("NFKC", text[:4096]).casefold())
