from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.models.text_input import TOKENIZER_FILE, TokenizerInput

WORDS = ["<pad>", "<end>", "<unk>", "a", "red", "apple", "tree"]


def definition() -> str:
    made = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="<unk>")
    )
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing("$A <end>", special_tokens=[("<end>", 1)])
    # What a stranger's file may hold, and must not decide here.
    made.enable_padding(length=20)
    made.enable_truncation(2)
    return made.to_str()


def wanted(**options) -> TokenizerInput:
    return TokenizerInput(definition(), **{"max_length": 6, "pad_id": 0} | options)


def test_texts_are_padded_to_the_longest_of_the_batch() -> None:
    made = wanted()(["a red apple", "tree"])
    assert made["input_ids"].tolist() == [[3, 4, 5, 1], [6, 1, 0, 0]]
    assert made["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert made["input_ids"].dtype == made["attention_mask"].dtype == np.int64


def test_or_to_a_fixed_length_without_a_mask() -> None:
    made = wanted(fixed=True, mask=False)(["tree"])
    assert {name: rows.tolist() for name, rows in made.items()} == {
        "input_ids": [[6, 1, 0, 0, 0, 0]]
    }


def test_or_on_the_left() -> None:
    made = wanted(left=True)(["a red apple", "tree"])
    assert made["input_ids"].tolist() == [[3, 4, 5, 1], [0, 0, 6, 1]]
    assert made["attention_mask"].tolist() == [[1, 1, 1, 1], [0, 0, 1, 1]]


def test_long_texts_are_cut_and_still_end() -> None:
    made = wanted()(["tree " * 50])
    assert made["input_ids"].tolist() == [[6, 6, 6, 6, 6, 1]]


def test_an_empty_text_and_a_lone_surrogate_are_texts() -> None:
    made = wanted()(["", "\udcff tree", "unknown"])
    assert made["input_ids"].tolist() == [[1, 0, 0], [2, 6, 1], [2, 1, 0]]


def test_a_tokenizer_that_ends_nothing_still_gives_one_token() -> None:
    bare = Tokenizer(models.WordLevel({"<pad>": 0}, unk_token="<pad>")).to_str()
    made = TokenizerInput(bare, max_length=5, pad_id=0)([""])
    assert made["input_ids"].tolist() == [[0]]


def test_no_texts_make_an_empty_batch() -> None:
    assert wanted()([])["input_ids"].shape == (0, 1)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(BadMedia, match="a text is a str"):
        wanted()([np.zeros(3, np.float32)])


def test_settings_survive_json_beside_the_definition(tmp_path) -> None:
    kept = wanted(fixed=True, left=True)
    kept.write(tmp_path)
    assert definition() not in str(kept.to_json())
    assert TokenizerInput.from_json(kept.to_json(), tmp_path) == kept


def test_another_definition_than_the_one_written_is_refused(tmp_path) -> None:
    kept = wanted()
    with pytest.raises(Damaged, match="cannot be read"):
        TokenizerInput.from_json(kept.to_json(), tmp_path)
    kept.write(tmp_path)
    path = tmp_path / TOKENIZER_FILE
    path.write_text(path.read_text().replace("apple", "melon"))
    with pytest.raises(Damaged, match="sha256"):
        TokenizerInput.from_json(kept.to_json(), tmp_path)


def test_settings_nobody_wrote_are_refused(tmp_path) -> None:
    wanted().write(tmp_path)
    for change in ({"max_length": "x"}, {"pad_id": None}):
        with pytest.raises(Damaged):
            TokenizerInput.from_json(wanted().to_json() | change, tmp_path)
    with pytest.raises(Damaged):
        TokenizerInput.from_json({"kind": "tokenizer"}, tmp_path)
