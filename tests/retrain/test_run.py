from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import Damaged, NotReady
from scrubjay.core.protocols import silent
from scrubjay.retrain.run import CONFIG, FINISHED, Run, begin, unfinished
from scrubjay.retrain.source import training_source
from scrubjay.store.home import Home
from tests.store.made import item

CONFIGURATION = {"trainer": {"max_epochs": 3}}
TRAINS_ON_ITEMS = {"datamodule": {"items": {"_ref_": "items"}}}


def test_an_unfinished_run_comes_back_with_what_was_asked(tmp_path: Path) -> None:
    run = begin(tmp_path, CONFIGURATION)
    found = unfinished(tmp_path)
    assert (found.id, found.config) == (run.id, CONFIGURATION)


def test_runs_that_begin_within_a_second_keep_their_order(tmp_path: Path) -> None:
    begun = [begin(tmp_path, CONFIGURATION) for _ in range(20)]
    assert sorted(one.id for one in begun) == [one.id for one in begun]
    assert unfinished(tmp_path).id == begun[-1].id


def test_a_finished_run_is_never_resumed(tmp_path: Path) -> None:
    begin(tmp_path, CONFIGURATION).finish({"version": "2026-11-0000000"})
    with pytest.raises(NotReady, match="no unfinished run"):
        unfinished(tmp_path)


def test_an_unfinished_run_is_found_behind_finished_ones(tmp_path: Path) -> None:
    folders = [tmp_path / f"20261121-00000{n}-abcd" for n in range(3)]
    for folder, finished in zip(folders, (False, False, True), strict=True):
        folder.mkdir()
        (folder / CONFIG).write_text(json.dumps({"seed": int(folder.name[14])}))
        if finished:
            Run(folder, {}).finish({"version": None})
    assert unfinished(tmp_path) == Run(folders[1], {"seed": 1})


def test_a_run_that_failed_before_its_first_checkpoint_is_not_gone_on_with(tmp_path: Path) -> None:
    run = begin(tmp_path, CONFIGURATION)
    run.failed(ValueError("no pairs"))
    with pytest.raises(NotReady, match="no unfinished run"):
        unfinished(tmp_path)
    assert "no pairs" in (run.folder / FINISHED).read_text()


def test_a_run_that_failed_after_a_checkpoint_is_gone_on_with(tmp_path: Path) -> None:
    run = begin(tmp_path, CONFIGURATION)
    (run.folder / "checkpoints").mkdir()
    (run.folder / "checkpoints" / "last.ckpt").touch()
    run.failed(OSError("disk full"))
    assert unfinished(tmp_path).folder == run.folder


def test_a_resumed_run_learns_from_the_snapshot_it_began_with(tmp_path: Path) -> None:
    home = Home(Settings(home=tmp_path))
    home.catalog.upsert([item(1)])
    first = home.catalog.snapshot()
    begin(home.runs, TRAINS_ON_ITEMS, snapshot=first.name)
    home.catalog.upsert([item(2)])
    assert home.catalog.snapshot() != first
    run = unfinished(home.runs)
    source = training_source(home, run.config, snapshot=run.snapshot, progress=silent)
    assert (source.name, source.items) == (f"snapshot {first.name}", (item(1),))
    assert len(training_source(home, run.config, progress=silent).items) == 2


def test_no_run_at_all_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="scrubjay train"):
        unfinished(tmp_path / "nowhere")


def test_a_configuration_that_is_not_json_is_named(tmp_path: Path) -> None:
    run = begin(tmp_path, CONFIGURATION)
    (run.folder / CONFIG).write_text("{half")
    with pytest.raises(Damaged, match=r"request\.json is not JSON"):
        unfinished(tmp_path)


def test_what_was_asked_is_on_disk_as_json(tmp_path: Path) -> None:
    run = begin(tmp_path, CONFIGURATION)
    assert json.loads((run.folder / CONFIG).read_text()) == CONFIGURATION


def test_secrets_are_used_but_not_written_down(tmp_path: Path) -> None:
    run = begin(tmp_path, {"logger": {"wandb": {"api_key": "s3cr3t"}}})
    assert run.config["logger"]["wandb"]["api_key"] == "s3cr3t"
    assert "s3cr3t" not in (run.folder / CONFIG).read_text()
