"""Processes that train one run together: one begins and registers it, the others only help."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.retrain.helping import RANKS, RUN, is_helper, let_help, rank, run_name
from scrubjay.retrain.run import Run, begin
from tests.test_line import TINY, drawn, scrubjay


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (RUN, *RANKS):
        monkeypatch.delenv(name, raising=False)


def test_the_first_process_begins_and_others_help_with_what_it_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert rank() == 0
    assert not is_helper()
    with let_help(Run(tmp_path / "20260101-000000-abcd", {})):
        assert run_name() == "20260101-000000-abcd"
        monkeypatch.setenv("LOCAL_RANK", "1")
        assert is_helper()
    assert run_name() is None
    with pytest.raises(WrongUse, match=f"{RUN}=NAME"):
        is_helper()


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", ".hidden"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUN, name)
    with pytest.raises(WrongUse, match="no name of a run"):
        run_name()


def test_a_name_is_used_once(tmp_path: Path) -> None:
    assert begin(tmp_path, {}, name="first").folder == tmp_path / "first"
    with pytest.raises(WrongUse, match="another name"):
        begin(tmp_path, {}, name="first")


@pytest.mark.slow
def test_two_processes_train_one_version(tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for n in range(32):
        Image.fromarray(drawn(n, random)).save(folder / f"{n}.png")
    split = ("train", "train", "train", "val")
    rows = "".join(f"{n}.png,number {n},{split[n % 4]}\n" for n in range(32))
    (folder / "table.csv").write_text("image,caption,split\n" + rows)
    # Nothing is spoken here, and the encoder has a tower for speech.
    strategy = "trainer.strategy=ddp_find_unused_parameters_true"
    two = ("trainer.devices=2", strategy, "trainer.accelerator=cpu")
    home = tmp_path / "home"
    told = scrubjay(home, "train", *TINY, *two, f"datamodule.folder={folder}")
    assert told["version"]
    assert len(list((home / "runs").iterdir())) == 1
    assert np.isfinite([*told["metrics"].values()]).all()  # type: ignore[attr-defined]
