"""A transformers tokenizer as a TokenizerInput, which needs neither transformers nor torch."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import ModelNotFound
from scrubjay.models.text_input import TokenizerInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PROBES = (
    "",
    "a photo of two dogs",
    "  A Photo,  of 3 dogs -- playing!  ",
    "Ein großes Bild: çà et là, naïve œuvre",
    "красная площадь 東京の夜景 🎨🌳",
    "it's the cat's_toy; don't (ever) touch #42 @ 10%",
    "tabs\tand\nlines",
    "many words " * 60,
)
"""Texts whose token ids are compared with the library's own before a tokenizer is believed."""

VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model")
"""One of these holds a tokenizer's words; without any, transformers makes up an empty one."""

WORD_START = "\u2581"
"""What sentencepiece puts where a word starts."""


def read_text_input(folder: Path, *, positions: int, fixed: bool) -> TokenizerInput:
    """The input that the folder's tokenizer describes.

    Args:
        folder: of the model.
        positions: longest text in tokens the text tower has positions for.
        fixed: the tower wants every text at that length.

    Raises:
        ModelNotFound: the tokenizer is missing or cannot be run outside transformers.
    """
    from transformers import AutoTokenizer

    if not any((folder / name).is_file() for name in VOCABULARIES):
        raise ModelNotFound(
            f"{folder} has no tokenizer: copy tokenizer.json and tokenizer_config.json from where "
            f"the model comes from"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        made = TokenizerInput(
            definition=_definition(tokenizer).to_str(),
            max_length=min(positions, int(tokenizer.model_max_length)),
            pad_id=int(tokenizer.pad_token_id),
            fixed=fixed,
            mask="attention_mask" in tokenizer.model_input_names,
            left=tokenizer.padding_side == "left",
        )
    except (OSError, ValueError, TypeError, KeyError, ImportError, AttributeError) as error:
        raise ModelNotFound(
            f"the tokenizer in {folder} cannot be read: {error}. Copy tokenizer.json and "
            f"tokenizer_config.json from where the model comes from"
        ) from error
    _compare(tokenizer, made, folder)
    return made


def _definition(tokenizer: Any) -> Tokenizer:  # noqa: ANN401 - transformers has no types
    if tokenizer.is_fast:
        backend: Tokenizer = tokenizer.backend_tokenizer
        return backend
    if type(tokenizer).__name__ == "SiglipTokenizer":
        return _from_sentencepiece(tokenizer)
    raise ValueError(f"{type(tokenizer).__name__} has no form in the tokenizers library")


def _from_sentencepiece(tokenizer: Any) -> Tokenizer:  # noqa: ANN401
    """SigLIP's sentencepiece tokenizer, with what it does to a text beforehand.

    It drops case and ASCII punctuation, joins white space, and starts every text as a word
    (SiglipTokenizer.canonicalize_text).
    """
    from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram
    from transformers.convert_slow_tokenizer import import_protobuf

    proto = import_protobuf().ModelProto.FromString(tokenizer.sp_model.serialized_model_proto())
    if proto.trainer_spec.model_type != 1:
        raise ValueError("its sentencepiece model is not a unigram model")
    made = Tokenizer(
        Unigram(
            [(piece.piece, piece.score) for piece in proto.pieces],
            unk_id=proto.trainer_spec.unk_id,
            byte_fallback=proto.trainer_spec.byte_fallback,
        )
    )
    steps: list[Any] = [normalizers.Lowercase()] if tokenizer.do_lower_case else []
    steps.append(normalizers.Replace(WORD_START, " "))
    steps.append(normalizers.Replace(Regex(f"[{re.escape(string.punctuation)}]"), ""))
    charsmap = proto.normalizer_spec.precompiled_charsmap
    if charsmap:
        steps.append(normalizers.Precompiled(charsmap))
    steps += [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    made.normalizer = normalizers.Sequence(steps)
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    eos = str(tokenizer.eos_token)
    made.post_processor = processors.TemplateProcessing(
        single=["$A", eos], special_tokens=[(eos, int(tokenizer.eos_token_id))]
    )
    made.add_special_tokens(
        [AddedToken(str(token), normalized=False) for token in tokenizer.all_special_tokens]
    )
    return made


def _compare(tokenizer: Any, made: TokenizerInput, folder: Path) -> None:  # noqa: ANN401
    theirs = tokenizer(list(PROBES), truncation=True, max_length=made.max_length)["input_ids"]
    for probe, expected in zip(PROBES, theirs, strict=True):
        if made.tokenizer.encode(probe).ids != list(expected):
            raise ModelNotFound(
                f"the tokenizer in {folder} ({type(tokenizer).__name__}) cannot be run without "
                f"transformers: it reads {probe[:40]!r} differently there. Use a model with a "
                f"tokenizer.json"
            )
