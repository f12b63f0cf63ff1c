"""Texts to a text tower's input, through a tokenizer.json and the `tokenizers` library."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.core.protocols import Batch
from scrubjay.core.types import Media

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER_FILE = "tokenizer.json"


@dataclass(frozen=True)
class TokenizerInput:
    """How a text becomes token ids.

    Attributes:
        definition: what tokenizer.json holds.
        max_length: longest text in tokens, special ones included; what follows is not read.
        pad_id: token that fills up a row.
        fixed: pad every text to `max_length` (SigLIP was trained so), not to the batch's longest.
        mask: give an attention mask too.
        left: pad and keep the mask's zeros on the left.
    """

    definition: str = field(repr=False)
    max_length: int
    pad_id: int
    fixed: bool = False
    mask: bool = True
    left: bool = False

    kind = "tokenizer"

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Texts to `{"input_ids", "attention_mask"}`, both (n, tokens) int64.

        Raises:
            BadMedia: not a text.
        """
        rows = [self._ids(media) for media in batch]
        longest = self.max_length if self.fixed else max((len(row) for row in rows), default=1)
        # A text that makes no token at all still needs one to attend to.
        ids = np.full((len(rows), max(1, longest)), self.pad_id, np.int64)
        mask = np.zeros(ids.shape, np.int64)
        for at, row in enumerate(rows):
            place = slice(longest - len(row), None) if self.left else slice(len(row))
            ids[at, place] = row
            mask[at, place] = 1
        return {"input_ids": ids, "attention_mask": mask} if self.mask else {"input_ids": ids}

    def count(self, texts: Sequence[str]) -> int:
        """Tokens that are read of these texts, special ones included."""
        return sum(len(self._ids(text)) for text in texts)

    def _ids(self, media: Media) -> list[int]:
        if not isinstance(media, str):
            raise BadMedia(f"a text is a str; this is {type(media).__name__}")
        # A lone surrogate is no text to the tokenizer; a file name may bring one along.
        text = media.encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer, cutting texts at `max_length` and padding none."""
        from tokenizers import Tokenizer

        made = Tokenizer.from_str(self.definition)
        made.no_padding()
        made.enable_truncation(self.max_length)
        return made

    @property
    def sha256(self) -> str:
        """Of the definition."""
        return hashlib.sha256(self.definition.encode("utf-8")).hexdigest()

    def write(self, folder: Path) -> None:
        """Write tokenizer.json into a folder, where `from_json` finds it."""
        (folder / TOKENIZER_FILE).write_text(self.definition, encoding="utf-8")

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads; the definition is named by its sha256."""
        return {
            "kind": self.kind,
            "sha256": self.sha256,
            "max_length": self.max_length,
            "pad_id": self.pad_id,
            "fixed": self.fixed,
            "mask": self.mask,
            "left": self.left,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], folder: Path) -> TokenizerInput:
        """The same input again.

        Raises:
            Damaged: the values were not written by `to_json`, or tokenizer.json is not the one
                they name.
        """
        path = folder / TOKENIZER_FILE
        try:
            made = cls(
                definition=path.read_text(encoding="utf-8"),
                max_length=int(values["max_length"]),
                pad_id=int(values["pad_id"]),
                fixed=bool(values["fixed"]),
                mask=bool(values["mask"]),
                left=bool(values["left"]),
            )
            expected = str(values["sha256"])
        except (OSError, UnicodeDecodeError) as error:
            raise Damaged(f"{path} cannot be read: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"these are not the settings of a text input: {error}") from error
        if made.sha256 != expected:
            raise Damaged(f"{path} is not the file that was written (sha256 differs)")
        return made
