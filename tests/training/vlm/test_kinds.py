"""Kinds that hold no conversation are taught, kept and asked through their own families."""

from __future__ import annotations

import csv
import itertools
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from scrubjay.core.errors import TrainingFailed
from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.core.types import Picture
from scrubjay.media.image import decode_picture
from scrubjay.models.load import load_vlm
from scrubjay.training.fit import Fitted, fit
from scrubjay.training.vlm.base import open_base
from scrubjay.training.vlm.data import PictureTable
from scrubjay.training.vlm.keep import RESULT
from tests.models.vlm import older_models
from tests.models.vlm.older_models import ANSWERS, FAMILIES, SAVE
from tests.training.vlm.products import write_products
from tests.training.vlm.test_fit import configured

SHORT = Sampling(max_new_tokens=6)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write_products(tmp_path_factory.mktemp("products"), 40)


def with_answers(table: Path, answer: Callable[[str], str]) -> Path:
    """The same table with other answers, each made of the colour that is seen."""
    with table.open(newline="") as file:
        headers, *rows = csv.reader(file)
    other = table.with_name("answers.csv")
    with other.open("w", newline="") as file:
        written = csv.writer(file)
        written.writerow(headers)
        written.writerows([*row[:-1], answer(row[-1].split()[1])] for row in rows)
    return other


def taught(experiment: str, source: Path, table: Path, run: Path, *more: str) -> Fitted:
    more = ("trainer.max_epochs=2", "model.lr=0.01", "model.dropout=0", *more)
    return fit(configured(experiment, source, table, *more), run=run)


def said(model: VisionLanguage, family: str, picture: Picture, question: str) -> str:
    if family == "git":
        return model.caption(picture, SHORT).text
    return model.reply([Message(Role.USER, (picture, question))], SHORT).text


def check(kind: str, source: Path, run: Path, fitted: Fitted) -> None:
    """Merged, base with adapter and what the run measured say the same; the base said otherwise."""
    family = FAMILIES[kind]
    table: Any = fitted.objects["datamodule"].table
    told = json.loads((run / RESULT).read_text())
    assert fitted.metrics["gain/loss/high"] < 0
    models = {
        "merged": load_vlm(family, source=run / "merged"),
        "beside": load_vlm(family, source=source, adapter=run / "adapter"),
        "base": load_vlm(family, source=source),
    }
    for row in told["answers"]:
        picture = decode_picture(table.bytes_of(row["picture"]))
        answers = {
            name: said(model, family, picture, row["instruction"]) for name, model in models.items()
        }
        assert answers["merged"] == answers["beside"] == row["after"]
        assert answers["base"] == row["before"]
    line = (run / "next.txt").read_text()
    assert f" vlm={family} vlm.source={run}/merged\n" in line


@pytest.mark.parametrize(
    "kind",
    [
        "blip2",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("blip2_t5", "git", "florence2")),
    ],
)
def test_kinds_that_write_are_taught_and_asked_by_their_family(kind, table, tmp_path) -> None:
    source = SAVE[kind](tmp_path / kind)
    check(kind, source, tmp_path / "run", taught("vlm_lora", source, table, tmp_path / "run"))


@pytest.mark.slow
def test_a_kind_that_chooses_learns_colours_of_pictures_it_was_never_shown(tmp_path) -> None:
    source, run = SAVE["vilt"](tmp_path / "vilt"), tmp_path / "run"
    colours = {"red": "red", "blue": "Blue", "green": "no"}
    table = with_answers(write_products(tmp_path / "products", 200), lambda row: colours[row])
    more = ("trainer.max_epochs=12", "datamodule.batch_size=16", "callbacks.taught.answers=100")
    fitted = taught("vlm_lora", source, table, run, *more)
    check("vilt", source, run, fitted)
    assert fitted.metrics["before/exact"] < 0.6
    assert fitted.metrics["after/exact"] >= 0.9
    assert fitted.metrics["gain/exact/low"] > 0


def test_rows_a_kind_that_chooses_cannot_answer_are_named(table, tmp_path) -> None:
    base = open_base(str(SAVE["vilt"](tmp_path / "vilt")))
    answers = itertools.cycle([*ANSWERS, "mauve"])
    rows = with_answers(table, lambda _: next(answers))
    message = r"5 of 40 rows .*row 9: its answer 'mauve' is none of the 7 that vilt chooses among"
    with pytest.raises(TrainingFailed, match=message):
        PictureTable(base, table=str(rows))
    left = PictureTable(base, table=str(rows), tolerate=0.2)
    assert sorted(left.parts.left_out) == [9, 17, 25, 33, 41]


def test_git_says_that_it_reads_no_instructions(table, tmp_path, caplog) -> None:
    base = open_base(str(SAVE["git"](tmp_path / "git")))
    with caplog.at_level(logging.WARNING):
        PictureTable(base, table=str(table))
    assert "a git reads no instructions" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["blip2", "blip2_t5"])
def test_in_four_bits_too(kind, table, tmp_path, monkeypatch) -> None:
    """What is packed computes a little otherwise where it is only asked: losses, not words."""
    size = {"hidden_size": 64, "intermediate_size": 128}  # as many as are packed together
    for sizes in ("SMALL", "VISION"):
        monkeypatch.setattr(older_models, sizes, getattr(older_models, sizes) | size)
    source, run = SAVE[kind](tmp_path / kind), tmp_path / "run"
    fitted = taught("vlm_qlora", source, table, run, "trainer.max_epochs=1")
    gain = fitted.metrics["gain/loss"]
    assert fitted.metrics["gain/loss/high"] < 0
    module, data = (cast("Any", fitted.objects[name]) for name in ("model", "datamodule"))
    batch = next(iter(data.batches(data.measured)))
    adapter = run / "adapter"
    beside: Any = load_vlm(FAMILIES[kind], source=source, adapter=adapter, quantize="4bit")
    with torch.no_grad():
        learned, tokens = module.losses(batch)
        logits = beside._model(**batch.inputs, use_cache=False).logits
        asked, _ = module.vlm.way.losses(logits, batch.labels)
    assert float((asked - learned).abs().sum() / tokens.sum()) < 0.2 * abs(gain)
