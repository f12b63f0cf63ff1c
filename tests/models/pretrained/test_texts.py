from __future__ import annotations

import json
import random
import shutil
import unicodedata

import pytest

from scrubjay.core.errors import ModelNotFound
from scrubjay.models.pretrained.texts import read_text_input
from tests.models.pretrained_models import CORPUS, SAVE

LETTERS = "abcdefghij XYZ \t\n.,;:'\"!?-_()#@ 0123 éàüßñçø жйЯ 東京の é 🎨👩‍🎨 ﬁ Ⅷ ½ İ ς"


def made_up_texts() -> list[str]:
    """Words of the corpus among anything a keyboard gives."""
    chance = random.Random(0)
    words = " ".join(CORPUS).split()
    texts = []
    for _ in range(400):
        parts = [
            chance.choice(words)
            if chance.random() < 0.6
            else "".join(chance.choices(LETTERS, k=chance.randint(1, 6)))
            for _ in range(chance.randint(1, 12))
        ]
        texts.append(" ".join(parts))
    return texts


@pytest.mark.parametrize("kind", SAVE)
def test_token_ids_match_the_librarys_tokenizer(kind: str, pretrained) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(pretrained(kind))
    positions = 77 if kind == "clip" else 64
    ours = read_text_input(pretrained(kind), positions=positions, fixed=kind != "clip")
    different = [
        text
        for text in made_up_texts()
        if ours.tokenizer.encode(text).ids
        != theirs(text, truncation=True, max_length=positions)["input_ids"]
        # sentencepiece and Unicode's own tables disagree on how some marks compose.
        and unicodedata.is_normalized("NFKC", text)
    ]
    assert different == []


@pytest.mark.parametrize("kind", SAVE)
def test_padding_and_masks_match_the_librarys(kind: str, pretrained) -> None:
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(pretrained(kind))
    fixed = kind != "clip"
    ours = read_text_input(pretrained(kind), positions=64 if fixed else 77, fixed=fixed)
    padding = {"padding": "max_length", "max_length": 64} if fixed else {"padding": True}
    texts = ["a", "two dogs in the park", "many " * 99]
    theirs = processor(text=texts, truncation=True, return_tensors="np", **padding)
    made = ours(texts)
    assert set(made) == set(theirs)
    for name, rows in made.items():
        assert rows.tolist() == theirs[name].tolist()


def test_a_missing_tokenizer_says_what_to_do(pretrained, tmp_path) -> None:
    folder = tmp_path / "clip"
    shutil.copytree(pretrained("clip"), folder)
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(ModelNotFound, match="has no tokenizer: copy"):
        read_text_input(folder, positions=77, fixed=False)


def test_a_tokenizer_without_padding_is_refused(pretrained, tmp_path) -> None:
    folder = tmp_path / "clip"
    shutil.copytree(pretrained("clip"), folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": None}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelNotFound, match=r"tokenizer in .* cannot be read"):
        read_text_input(folder, positions=77, fixed=False)
