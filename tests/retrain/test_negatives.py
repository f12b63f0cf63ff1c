"""Hard negatives reach a run that asks for them, and a month."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scrubjay.cli.compose import compose
from scrubjay.core.config import Settings
from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import silent
from scrubjay.core.types import Champion, Modality, Split
from scrubjay.retrain.negatives import FILE, forget_negatives, negatives_for
from scrubjay.retrain.run import begin
from scrubjay.retrain.source import Source
from scrubjay.retrain.steps import fit_run
from scrubjay.store.feedback import Judgement
from scrubjay.store.home import Home
from scrubjay.store.index import Row
from scrubjay.training.hard_batches import HardPairData
from tests.search.conftest import Shelf
from tests.test_configs import SMALL_BUILTIN

ASKS = {"datamodule": {"negatives": {"_ref_": "negatives"}}}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Twelve pictures of twelve greys, each with a caption."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    made = Shelf(folder)
    for n in range(12):
        made.picture(f"{n}.png", (20 * n, 20 * n, 20 * n), captions=(f"grey of {n}",))
    splits = [Split.TEST if n == 5 else Split.TRAIN for n in range(12)]
    made.items[:] = [
        replace(one, split=split) for one, split in zip(made.items, splits, strict=True)
    ]
    return made


@pytest.fixture
def home(tmp_path: Path, shelf: Shelf) -> Home:
    """Served by a version in whose space greys lie on a quarter of a circle."""
    home = Home(Settings(home=tmp_path / "home", threads=1, builtin=False))
    home.catalog.upsert(shelf.items)

    def build(staging: Path) -> None:
        (staging / "weights").write_text("none")

    version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="")
    generation = home.generations.create(version, dim=2, attribute_types={})
    turns = np.linspace(0, np.pi / 2, len(shelf.items))
    vectors = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    generation.add([Row(one, Modality.IMAGE, version) for one in shelf.items], vectors)
    home.registry.publish(Champion(version, generation.name), expected=None)
    return home


def test_the_table_is_mined_from_the_index_of_the_version_served(
    home: Home, shelf: Shelf, tmp_path: Path
) -> None:
    items = shelf.items
    table = negatives_for(home, tmp_path / "run", ASKS, items, progress=silent)["negatives"]
    assert isinstance(table, dict)
    train = [at for at, one in enumerate(items) if one.split is Split.TRAIN]
    assert set(table) == {items[at].group for at in train}
    for at in train:
        # A tenth of a quarter turn is a cosine of 0.99: neighbours are taken for the same.
        far = [one for one in train if abs(one - at) > 1]
        nearest = min(abs(one - at) for one in far)
        assert table[items[at].group][0] in {
            items[one].group for one in far if abs(one - at) == nearest
        }


def test_what_was_mined_is_kept_until_the_fit_is_done(
    home: Home, shelf: Shelf, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    first = negatives_for(home, run, ASKS, shelf.items, progress=silent)
    again = negatives_for(home, run, ASKS, [], progress=silent)
    assert again == first
    forget_negatives(run)
    assert negatives_for(home, run, ASKS, [], progress=silent) == {"negatives": {}}


def test_a_helping_process_writes_nothing(home: Home, shelf: Shelf, tmp_path: Path) -> None:
    run = tmp_path / "run"
    helped = negatives_for(home, run, ASKS, shelf.items, leads=False, progress=silent)
    assert not run.exists()
    assert helped == negatives_for(home, run, ASKS, shelf.items, progress=silent)


def test_hits_marked_as_wrong_come_first(home: Home, shelf: Shelf, tmp_path: Path) -> None:
    train = [one for one in shelf.items if one.split is Split.TRAIN]
    home.feedback.say(Judgement(train[0].captions[0], train[-1].id, False))
    for heard, first in ((None, True), (0, False)):
        run = tmp_path / f"run {heard}"
        table = negatives_for(home, run, ASKS, shelf.items, heard=heard, progress=silent)
        named = table["negatives"][train[0].group]  # type: ignore[index]
        assert (named[0] == train[-1].group) == first


@pytest.mark.parametrize("hard", [0.5, 0])
def test_a_folder_the_home_does_not_hold_is_named_once_with_what_to_do(
    home: Home, shelf: Shelf, tmp_path: Path, hard: float
) -> None:
    folder = tmp_path / "more pictures"
    folder.mkdir()
    more = Shelf(folder)
    for n in range(3):
        more.picture(f"green-{n}.png", (9, 20 * n, 9), captions=(f"green of {n}",))
    learned = [*shelf.items, *(replace(one, split=Split.TRAIN) for one in more.items)]
    data = {**ASKS["datamodule"], "folder": str(folder), "hard": hard}
    said: list[str] = []
    for leads in (True, False, True):
        negatives_for(
            home,
            tmp_path / "run",
            {"datamodule": data},
            learned,
            leads=leads,
            warn=said.append,
            progress=silent,
        )
    assert len(said) == (1 if hard else 0)
    if hard:
        assert "3 of 14 things to learn from are not in the index" in said[0]
        assert said[0].endswith(f"run `scrubjay add '{folder}'` first")


def test_what_the_index_holds_is_no_reason_to_say_anything(
    home: Home, shelf: Shelf, tmp_path: Path
) -> None:
    said: list[str] = []
    negatives_for(home, tmp_path, ASKS, shelf.items, warn=said.append, progress=silent)
    assert said == []


def test_an_index_without_look_alikes_is_said(home: Home, shelf: Shelf, tmp_path: Path) -> None:
    said: list[str] = []
    same = [replace(one, captions=("grey",)) for one in shelf.items]
    found = negatives_for(home, tmp_path, ASKS, same, warn=said.append, progress=silent)
    assert found == {"negatives": {}}
    assert len(said) == 1
    assert "no two things that look alike" in said[0]


def test_a_configuration_that_does_not_ask_gets_none(home: Home, tmp_path: Path) -> None:
    assert negatives_for(home, tmp_path, compose([]), [], progress=silent) == {}


def test_without_an_index_nothing_is_mined_and_it_is_said(
    shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = Home(Settings(home=tmp_path / "empty", threads=1, builtin=False))
    with caplog.at_level(logging.WARNING):
        found = negatives_for(empty, tmp_path / "run", ASKS, shelf.items, progress=silent)
    assert found == {"negatives": {}}
    assert "no index to mine" in caplog.text
    assert "scrubjay add FOLDER" in caplog.text


@pytest.mark.parametrize("text", ["[1", "[]", '{"a": 1}'])
def test_a_damaged_table_is_named(home: Home, tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(Damaged, match=FILE):
        negatives_for(home, tmp_path, ASKS, [], progress=silent)


def test_a_run_trains_on_what_was_mined(home: Home, shelf: Shelf) -> None:
    config = compose(
        [
            "experiment=hard_negatives",
            "encoder=builtin",
            *SMALL_BUILTIN,
            "model.kinds=[attribute]",
            "datamodule.batch_size=4",
            "logger=none",
            "trainer.max_epochs=1",
            "trainer.accelerator=cpu",
        ]
    )
    run = begin(home.runs, config, snapshot=None)
    source = Source("shelf", tuple(shelf.items))
    fitted = fit_run(home, run, source, resume=False, progress=silent)
    data = fitted.objects["datamodule"]
    assert isinstance(data, HardPairData)
    assert data._table
    assert not (run.folder / FILE).exists()
    assert json.dumps(config)  # plain values only


def test_a_month_can_be_told_to() -> None:
    config = compose(["experiment=hard_negatives", "model.kinds=[order]"], "retrain")
    assert config["datamodule"]["negatives"] == {"_ref_": "negatives"}
    assert config["datamodule"]["kinds"] == ["order"]
    assert config["datamodule"]["items"] == {"_ref_": "items"}
