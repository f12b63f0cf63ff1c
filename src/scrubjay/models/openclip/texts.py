"""open_clip's tokenizers as a TokenizerInput, which needs neither open_clip nor transformers."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scrubjay.core.errors import ModelNotFound
from scrubjay.models.openclip.folder import Described
from scrubjay.models.pretrained.files import first_line
from scrubjay.models.pretrained.texts import PROBES, VOCABULARIES
from scrubjay.models.text_input import TokenizerInput

CONTEXT = 77
"""open_clip's own where a network does not say."""

REPAIRS: tuple[tuple[str, str], ...] = (
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&nbsp;", " "),
    ("\ufb00", "ff"),
    ("\ufb01", "fi"),
    ("\ufb02", "fl"),
    ("\ufb03", "ffi"),
    ("\ufb04", "ffl"),
)
"""What open_clip has ftfy and html repair, as far as it happens in captions.

Text that was decoded wrongly is not guessed at.
"""
SINGLE, DOUBLE = "[\u02bc\u2018-\u201b]", "[\u201c-\u201f]"
"""Curly quotes, which ftfy makes straight."""

OWN_PROBES = ("don\u2019t \u201cquote\u201d \ufb01sh &amp; chips", "cafe\u0301_\u2013 x;  y\u00a0z")

LEFT_OUT = ("context_length", "clean", "strip_sep_token")
"""Settings of open_clip's tokenizers that are followed; others are refused."""


@dataclass(frozen=True, slots=True)
class Texts:
    """How a model reads.

    Attributes:
        input: the tokenizer, every text padded to the same length.
        strip: a token its network is to read as 0.
        files: name -> content of what belongs to it in the model's folder.
    """

    input: TokenizerInput
    strip: int | None
    files: Mapping[str, bytes]


def read_texts(described: Described, folder: Path) -> Texts:
    """The tokenizer open_clip would give the model.

    Args:
        described: the model.
        folder: where a tokenizer of its own is.

    Raises:
        ModelNotFound: its files are missing, or it cannot be run outside open_clip.
    """
    text = described.text()
    options = dict(text.get("tokenizer_kwargs") or {})
    if odd := sorted({*options} - {*LEFT_OUT}):
        raise ModelNotFound(
            f"{described.name} reads texts with {odd[0]}={options[odd[0]]!r}, which is not done "
            f"here; choose another architecture"
        )
    context = int(options.get("context_length") or text.get("context_length") or CONTEXT)
    if text.get("hf_tokenizer_name"):
        return _of_transformers(described, folder, context, options)
    return _of_clip(described, context, str(options.get("clean") or "lower"))


def _of_clip(described: Described, context: int, clean: str) -> Texts:
    theirs, definition = _byte_pairs(clean)
    vocabulary = int(described.text().get("vocab_size", theirs.vocab_size))
    if vocabulary < theirs.vocab_size:
        raise ModelNotFound(
            f"{described.name} knows {vocabulary} tokens, CLIP's tokenizer makes "
            f"{theirs.vocab_size}: name its own tokenizer as text_cfg.hf_tokenizer_name and put "
            f"tokenizer.json beside the weights"
        )
    made = TokenizerInput(
        definition=definition,
        max_length=context,
        pad_id=0,
        fixed=True,
        mask=False,
    )
    _compare(lambda probe: theirs([probe], context)[0].tolist(), made, described.name)
    return Texts(made, None, {})


@cache
def _byte_pairs(clean: str) -> tuple[Any, str]:
    """CLIP's byte pair encoding (Radford et al. 2021, section 2.4): open_clip's, and as JSON.

    What stands for the start and the end of a text is put there, and is never read in one.
    """
    from open_clip import SimpleTokenizer
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    cleaning = _cleaning(clean)
    theirs = SimpleTokenizer(clean=clean)
    made = Tokenizer(
        models.BPE(
            vocab=theirs.encoder,
            merges=sorted(theirs.bpe_ranks, key=theirs.bpe_ranks.get),
            end_of_word_suffix="</w>",
        )
    )
    words = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(f"(?i){words}"), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.normalizer = cleaning
    start, end = "<start_of_text>", "<end_of_text>"
    made.post_processor = processors.TemplateProcessing(
        single=[start, "$A", end],
        special_tokens=[(start, theirs.sot_token_id), (end, theirs.eot_token_id)],
    )
    return theirs, made.to_str()


def _of_transformers(
    described: Described, folder: Path, context: int, options: Mapping[str, Any]
) -> Texts:
    text = described.text()
    if mode := text.get("tokenizer_mode"):
        raise ModelNotFound(
            f"{described.name} reads texts in tokenizer_mode {mode!r}, which is not done here; "
            f"choose another architecture"
        )
    if not any((folder / name).is_file() for name in VOCABULARIES):
        raise ModelNotFound(
            f"{described.name} reads texts with the tokenizer of {text['hf_tokenizer_name']}, and "
            f"{folder} has none: put its tokenizer.json and tokenizer_config.json there"
        )
    try:
        from open_clip.tokenizer import HFTokenizer

        theirs = HFTokenizer(
            str(folder),
            context_length=context,
            clean=str(options.get("clean") or "whitespace"),
            strip_sep_token=False,
            local_files_only=True,
            trust_remote_code=False,
        )
        own = theirs.tokenizer
        made = TokenizerInput(
            definition=_cleaned(own, str(options.get("clean") or "whitespace")),
            max_length=context,
            pad_id=int(own.pad_token_id),
            fixed=True,
            mask=False,
            left=own.padding_side == "left",
        )
        strip = int(own.sep_token_id) if options.get("strip_sep_token") else None
    except (OSError, ValueError, TypeError, KeyError, ImportError, AttributeError) as error:
        raise ModelNotFound(
            f"the tokenizer in {folder} cannot be read: {first_line(error)}. Copy tokenizer.json "
            f"and tokenizer_config.json from where the model comes from"
        ) from error
    _compare(lambda probe: theirs([probe])[0].tolist(), made, described.name)
    names = (*VOCABULARIES, "tokenizer_config.json", "special_tokens_map.json")
    kept = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    return Texts(made, strip, kept)


def _cleaned(tokenizer: Any, clean: str) -> str:  # noqa: ANN401 - transformers has no types
    """A tokenizer's own definition behind what open_clip does to a text."""
    from tokenizers import Tokenizer, normalizers

    if not tokenizer.is_fast:
        raise ValueError(f"{type(tokenizer).__name__} has no form in the tokenizers library")
    made = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    before = _cleaning(clean)
    made.normalizer = (
        before if made.normalizer is None else normalizers.Sequence([before, made.normalizer])
    )
    text: str = made.to_str()
    return text


def _cleaning(clean: str) -> Any:  # noqa: ANN401 - tokenizers' own
    """open_clip's cleaning functions, but for repairing what was decoded wrongly."""
    from tokenizers import Regex, normalizers

    steps: list[Any] = [normalizers.Replace(old, new) for old, new in REPAIRS]
    steps += [normalizers.Replace(Regex(SINGLE), "'"), normalizers.Replace(Regex(DOUBLE), '"')]
    steps.append(normalizers.NFC())
    if clean == "canonicalize":
        steps.append(normalizers.Replace("_", " "))
        steps.append(normalizers.Replace(Regex(f"[{re.escape(string.punctuation)}]"), ""))
    elif clean not in ("lower", "whitespace"):
        raise ModelNotFound(f"texts are cleaned by {clean!r}, which open_clip does not know")
    if clean != "whitespace":
        steps.append(normalizers.Lowercase())
    return normalizers.Sequence(
        [*steps, normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )


def _compare(theirs: Callable[[str], list[int]], made: TokenizerInput, where: str) -> None:
    for probe in (*PROBES, *OWN_PROBES):
        expected, found = theirs(probe), made([probe])["input_ids"][0].tolist()
        if expected != found:
            raise ModelNotFound(
                f"the tokenizer of {where} cannot be run without open_clip: it reads "
                f"{json.dumps(probe[:40])} differently there; choose another architecture"
            )
