"""A text model's tokenizer, used where a processor for pictures and texts would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scrubjay.core.errors import ModelNotFound
from scrubjay.models.pretrained.files import first_line
from scrubjay.models.pretrained.texts import VOCABULARIES


class TextProcessor:
    """Texts to a model's inputs; there are no pictures."""

    chat_template: str | None = None

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401 - transformers has no types
        self.tokenizer = tokenizer

    def __call__(
        self,
        *,
        text: str,
        images: object,
        return_tensors: str,
        add_special_tokens: bool = True,
    ) -> dict[str, Any]:
        """The tokens of a text."""
        made: dict[str, Any] = self.tokenizer(
            text, return_tensors=return_tensors, add_special_tokens=add_special_tokens
        )
        return made

    def apply_chat_template(self, turns: Any, **options: Any) -> str:  # noqa: ANN401
        """A conversation as the tokenizer's template writes it."""
        made: str = self.tokenizer.apply_chat_template(turns, tokenize=False, **options)
        return made


def read_tokenizer(folder: Path, *, kind: str) -> TextProcessor:
    """The tokenizer of a model that reads texts alone.

    Args:
        folder: of the model.
        kind: its `model_type`.

    Raises:
        ModelNotFound: it is missing or cannot be used.
    """
    from transformers import AutoTokenizer

    from scrubjay.models.pretrained.quiet import quiet_transformers

    if not any((folder / name).is_file() for name in VOCABULARIES):
        raise ModelNotFound(
            f"{folder} has no tokenizer: copy tokenizer.json and tokenizer_config.json from where "
            f"the model comes from"
        )
    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise ModelNotFound(
            f"the tokenizer of the {kind} model in {folder} cannot be read: {first_line(error)}"
        ) from error
    return TextProcessor(tokenizer)
