"""Texts to hashed features: words and their 3- to 5-grams, without a tokenizer file.

Hashing n-grams into a fixed table is fastText's way (Bojanowski et al. 2017, section 3.2): related
spellings share features, and no language needs a vocabulary. Scripts written without spaces are
read a character at a time, each with its neighbour.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.core.protocols import Batch
from scrubjay.core.types import Media

NGRAMS = (3, 4, 5)
CHARACTERS_READ = 65_536
"""Of one text; far beyond any number of words that is read."""
LONGEST_WORD = 64
"""Characters of one word that are looked at."""

# Han with its compatibility block, kana, Thai, Lao, Khmer, Myanmar, Tibetan: no spaces in between.
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
)
# \w leaves out accents that do not compose, Hebrew and Arabic points, Indic vowel signs.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[\w{_MARKS}])+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class HashedText:
    """How a text becomes rows of a hashed embedding table.

    Attributes:
        words: longest text; what follows is not read.
        features: of one word at most: the word itself, then its n-grams.
        buckets: rows of the table; row 0 means nothing.
    """

    words: int = 48
    features: int = 32
    buckets: int = 16_384

    kind = "hashed_text"

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Texts to `{"features": (n, words, features) int64}`, padded with 0.

        Both inner axes are as long as the batch needs, at least 1. A text without any word is all
        padding.

        Raises:
            BadMedia: not a text.
        """
        texts = [self._rows(media) for media in batch]
        words = max((len(rows) for rows in texts), default=0)
        features = max((len(row) for rows in texts for row in rows), default=0)
        out = np.zeros((len(texts), max(1, words), max(1, features)), np.int64)
        for at, rows in enumerate(texts):
            for place, row in enumerate(rows):
                out[at, place, : len(row)] = row
        return {"features": out}

    def count(self, texts: Sequence[str]) -> int:
        """Words that are read of these texts."""
        return sum(len(words_of(text, limit=self.words)) for text in texts)

    def _rows(self, media: Media) -> list[NDArray[np.int64]]:
        if not isinstance(media, str):
            raise BadMedia(f"a text is a str; this is {type(media).__name__}")
        found = words_of(media, limit=self.words)
        return [_word_rows(word, self.features, self.buckets) for word in found]

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> HashedText:
        """The same input again.

        Raises:
            Damaged: the values were not written by `to_json`.
        """
        try:
            made = cls(int(values["words"]), int(values["features"]), int(values["buckets"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"these are not the settings of a hashed text input: {error}") from error
        if min(made.words, made.features) < 1 or made.buckets < 2:
            raise Damaged(f"no text can be read with {made}")
        return made


def words_of(text: str, *, limit: int) -> list[str]:
    """The first words of a text, in compatibility form (NFKC) and without case.

    A symbol or an emoji is a word of its own; punctuation is none. A character of a script without
    spaces comes with the one that follows it.
    """
    plain = unicodedata.normalize("NFKC", text[:CHARACTERS_READ]).casefold()
    found = [word for word in _WORD.findall(plain) if not _is_punctuation(word)]
    return [
        f"{word}{found[at + 1]}" if _unspaced(word) and _follows(found, at) else word
        for at, word in enumerate(found[:limit])
    ]


def _follows(found: Sequence[str], at: int) -> bool:
    return at + 1 < len(found) and _unspaced(found[at + 1])


@lru_cache(maxsize=4096)
def _unspaced(word: str) -> bool:
    return len(word) == 1 and re.match(rf"[{_UNSPACED}]", word) is not None


def _is_punctuation(word: str) -> bool:
    return len(word) == 1 and unicodedata.category(word)[0] in "PCM"


@lru_cache(maxsize=65_536)
def _word_rows(word: str, features: int, buckets: int) -> NDArray[np.int64]:
    """Rows of a word and its n-grams; CRC-32 is the same on every machine."""
    if _unspaced(word[0]) and len(word) == 2:
        parts = [f"<{word[0]}>", word]
    else:
        marked = f"<{word[:LONGEST_WORD]}>"
        parts = [marked] + [
            marked[at : at + n] for n in NGRAMS for at in range(max(0, len(marked) - n + 1))
        ]
    unique = list(dict.fromkeys(parts))[:features]
    rows = np.array(
        [1 + zlib.crc32(part.encode("utf-8", "surrogatepass")) % (buckets - 1) for part in unique],
        np.int64,
    )
    rows.setflags(write=False)
    return rows
