"""A sweep trains every point from the same items, ranks them, and goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.cli.compose import compose
from scrubjay.cli.sweep_points import sweep_points
from scrubjay.core.errors import BadConfig, Damaged, NotReady, TrainingFailed, UnknownName, WrongUse
from scrubjay.core.protocols import silent
from scrubjay.retrain import sweep as sweeping
from scrubjay.retrain.single import Trained
from scrubjay.retrain.source import Source
from scrubjay.retrain.sweep import Point, Sweep, sweep
from scrubjay.services import open_home
from scrubjay.store.home import Home
from tests.test_line import TINY, drawn


def pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    random = np.random.default_rng(0)
    for n in range(count):
        Image.fromarray(drawn(n, random)).save(folder / f"{n}.png")
    split = ("train", "train", "train", "val")
    rows = "".join(f"{n}.png,number {n},{split[n % 4]}\n" for n in range(count))
    (folder / "table.csv").write_text("image,caption,split\n" + rows)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def tried(*overrides: str) -> list[tuple[Sequence[str], dict]]:
    return [(differs, compose(list(chosen))) for differs, chosen in sweep_points(overrides)]


def fake(monkeypatch, figures: dict[str, float | Exception]) -> list[str]:
    """Trainings whose figure depends on the learning rate; the names of those that were asked."""
    asked: list[str] = []

    def train(home, config, *, resume, name, snapshot, serve, progress) -> Trained:
        assert not serve
        asked.append(name)
        found = figures[str(config["model"]["lr"])]
        if isinstance(found, BaseException):
            raise found
        return Trained(home.runs / name, f"v{config['model']['lr']}", {"val/recall": found})

    monkeypatch.setattr(sweeping, "train_once", train)
    monkeypatch.setattr(sweeping, "snapshot_source", lambda home: Source("snapshot s1", (), "s1"))
    return asked


def test_every_combination_is_one_point_and_the_last_changes_first() -> None:
    points = sweep_points(["experiment=tickets", "model.lr=1e-4,3e-4", "seed=range(0,2)"])
    assert [" ".join(differs) for differs, _ in points] == [
        "model.lr=0.0001 seed=0",
        "model.lr=0.0001 seed=1",
        "model.lr=0.0003 seed=0",
        "model.lr=0.0003 seed=1",
    ]
    assert all(chosen == ("experiment=tickets", *differs) for differs, chosen in points)


def test_groups_and_lists_are_swept_too() -> None:
    points = sweep_points(["loss=infonce,siglip", "freeze=[text],[]"])
    configs = [compose(list(chosen)) for _, chosen in points]
    assert [one["freeze"] for one in configs] == [["text"], [], ["text"], []]
    assert configs[0]["loss"]["_target_"] != configs[2]["loss"]["_target_"]


@pytest.mark.parametrize(
    ("overrides", "error", "told"),
    [
        (["model.lr=1e-4"], WrongUse, "several values"),
        (["model.lr=interval(0,1)"], BadConfig, "write them out"),
        (["model.lr=glob(*)"], BadConfig, "write them out"),
        (["seed=range(0,2000)"], WrongUse, "2000 trainings"),
        (["--lr=1,2"], BadConfig, "not an option"),
        (["hydra.verbose=true,false"], BadConfig, "Hydra's own"),
    ],
)
def test_what_cannot_be_swept_is_refused(overrides, error, told) -> None:
    with pytest.raises(error, match=told):
        sweep_points(overrides)


def test_the_best_is_first_and_a_failed_point_is_named_in_its_place(home, monkeypatch) -> None:
    broken = TrainingFailed("the loss is not finite")
    fake(monkeypatch, {"0.1": 0.2, "0.2": broken, "0.3": 0.7, "0.4": float("nan")})
    heard = []
    swept = sweep(
        home,
        tried("model.lr=0.1,0.2,0.3,0.4"),
        told=lambda place, count, point: heard.append((place, count, *point.settings)),
        progress=silent,
    )
    assert [point.settings[0] for point in swept.ranked()] == [
        "model.lr=0.3",
        "model.lr=0.1",
        "model.lr=0.4",
        "model.lr=0.2",
    ]
    assert swept.by == "val/recall"
    assert swept.ranked()[-1].failed == "the loss is not finite"
    assert heard[2] == (2, 4, "model.lr=0.3")
    kept = json.loads((swept.folder / "sweep.json").read_text())
    assert [one["version"] for one in kept["points"]] == ["v0.1", None, "v0.3", "v0.4"]


def test_a_loss_is_best_when_small() -> None:
    points = tuple(
        Point((name,), {}, name, metrics={"val/loss": value}, seconds=1.0)
        for name, value in (("a", 2.0), ("b", 1.0), ("c", 3.0))
    )
    state = sweeping._judged(Sweep(Path(), points, None, True), points[0])
    assert [point.run for point in state.ranked()] == ["b", "a", "c"]


def test_stopped_it_goes_on_with_what_is_left(home, monkeypatch) -> None:
    points = tried("model.lr=0.1,0.2,0.3")
    asked = fake(monkeypatch, {"0.1": 0.1, "0.2": KeyboardInterrupt(), "0.3": 0.3})
    with pytest.raises(KeyboardInterrupt):
        sweep(home, points, told=lambda *_: None, progress=silent)
    assert len(asked) == 2
    again = fake(monkeypatch, {"0.2": 0.9, "0.3": 0.3})
    swept = sweep(home, [], resume=True, told=lambda *_: None, progress=silent)
    assert again == [asked[1], asked[1].removesuffix("2") + "3"]
    assert [point.version for point in swept.ranked()] == ["v0.2", "v0.3", "v0.1"]
    with pytest.raises(NotReady, match="no unfinished sweep"):
        sweep(home, [], resume=True, told=lambda *_: None, progress=silent)


def test_without_the_recipes_figure_it_says_how_to_go_on(home, monkeypatch) -> None:
    asked = fake(monkeypatch, {"0.1": 0.1, "0.2": 0.2})
    points = tried("model.lr=0.1,0.2", "callbacks.best.monitor=val/other")
    for resume in (False, True):
        with pytest.raises(WrongUse, match=r"validation items.*--resume --by NAME.*val/recall"):
            sweep(home, points, resume=resume, told=lambda *_: None, progress=silent)
    assert len(asked) == 1  # nothing more is trained before it can be compared
    swept = sweep(home, [], by="val/recall", resume=True, told=lambda *_: None, progress=silent)
    assert [point.version for point in swept.ranked()] == ["v0.2", "v0.1"]


def test_what_is_all_trained_is_compared_by_another_figure_once(home, monkeypatch) -> None:
    asked = fake(monkeypatch, {"0.1": TrainingFailed("the loss is not finite"), "0.2": 0.2})
    points = tried("model.lr=0.1,0.2", "callbacks.best.monitor=val/other")
    with pytest.raises(WrongUse, match="val/other"):
        sweep(home, points, told=lambda *_: None, progress=silent)
    swept = sweep(home, [], by="val/recall", resume=True, told=lambda *_: None, progress=silent)
    assert [point.version for point in swept.ranked()] == ["v0.2", None]
    assert len(asked) == 2
    with pytest.raises(NotReady, match="no unfinished sweep"):
        sweep(home, [], resume=True, told=lambda *_: None, progress=silent)


def test_an_unknown_figure_is_named_after_the_first_training_and_nothing_is_lost(
    home, monkeypatch
) -> None:
    asked = fake(monkeypatch, {"0.1": 0.1, "0.2": 0.2})
    with pytest.raises(UnknownName, match="val/recall"):
        sweep(
            home, tried("model.lr=0.1,0.2"), by="val/recal", told=lambda *_: None, progress=silent
        )
    assert len(asked) == 1
    swept = sweep(home, [], by="val/recall", resume=True, told=lambda *_: None, progress=silent)
    assert [point.version for point in swept.ranked()] == ["v0.2", "v0.1"]


def test_a_damaged_file_is_named(home) -> None:
    folder = home.path / "sweeps" / "20260101-000000-abcd"
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text("{}")
    with pytest.raises(Damaged, match=r"sweep\.json"):
        sweep(home, [], resume=True, told=lambda *_: None, progress=silent)


def test_real_trainings_learn_the_same_items_and_none_is_served(home, tmp_path) -> None:
    folder = pictures(tmp_path / "pictures", 12)
    settings = [*TINY, f"datamodule.folder={folder}", "trainer.accelerator=cpu", "callbacks=last"]
    swept = sweep(home, tried(*settings, "seed=0,1"), told=lambda *_: None, progress=silent)
    versions = [point.version for point in swept.points]
    assert len(set(versions)) == 2
    assert set(versions) <= {known.id for known in home.registry.versions()}
    assert home.registry.champion() is None
    assert all(np.isfinite([*point.metrics.values()]).all() for point in swept.points)
    assert all((home.runs / point.run / "finished.json").exists() for point in swept.points)
    file = swept.folder / "sweep.json"
    told = json.loads(file.read_text())
    told["points"][1].update(seconds=None, metrics={}, version=None)
    file.write_text(json.dumps(told))  # as if killed between the last run's end and its record
    again = sweep(home, [], resume=True, told=lambda *_: None, progress=silent)
    assert [point.version for point in again.points] == versions
