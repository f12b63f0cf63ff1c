from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrubjay.core.errors import Damaged, NotReady
from scrubjay.retrain.run import CONFIG, begin, unfinished

CONFIGURATION = {"trainer": {"max_epochs": 3}}


def test_an_unfinished_run_comes_back_with_what_was_asked(tmp_path: Path) -> None:
    run = begin(tmp_path, CONFIGURATION)
    found = unfinished(tmp_path)
    assert (found.id, found.config) == (run.id, CONFIGURATION)


def test_a_finished_run_is_never_resumed(tmp_path: Path) -> None:
    begin(tmp_path, CONFIGURATION).finish({"version": "2026-11-0000000"})
    with pytest.raises(NotReady, match="no unfinished run"):
        unfinished(tmp_path)


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
