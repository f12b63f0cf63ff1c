from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import Damaged, ModelNotFound
from scrubjay.models.builtin_vqa.answering import QuestionModel
from scrubjay.models.builtin_vqa.files import MODEL, Limits, read_model
from tests.models.builtin_vqa.small import WORDS, saved

PICTURE = np.zeros((20, 30, 3), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved(tmp_path)


def test_what_was_written_is_read(folder: Path) -> None:
    described = read_model(folder)
    assert described.lexicon == WORDS
    assert described.across == 6
    assert described.limits.familiar == -1e9


def test_a_missing_model_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"model\.json"):
        read_model(tmp_path)


@pytest.mark.parametrize("name", ["eye.bin", "eye.xml"])
def test_a_changed_graph_is_never_run(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(Damaged, match="sha256"):
        QuestionModel.open(folder).look([PICTURE])


@pytest.mark.parametrize(
    "change",
    [
        {"format": 99},
        {"lexicon": {}},
        {"limits": {"familiar": "high"}},
        {"across": None},
    ],
)
def test_a_description_that_cannot_be_believed_is_damaged(folder: Path, change: dict) -> None:
    values = json.loads((folder / MODEL).read_text()) | change
    (folder / MODEL).write_text(json.dumps(values))
    with pytest.raises(Damaged):
        read_model(folder)


def test_a_table_of_chances_rises() -> None:
    with pytest.raises(Damaged):
        Limits(sure=(0.0, 0.5, 0.5), right=(0.0, 0.4, 1.0))
    with pytest.raises(Damaged):
        Limits(sure=(0.0, 1.0), right=(0.0,))
