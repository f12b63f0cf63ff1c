"""Trackers write inside the run's folder, with curves and pictures, and never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from lightning.pytorch.loggers import WandbLogger

from scrubjay.core.errors import BadConfig
from scrubjay.training.mlflow_tracker import PATIENCE, mlflow_tracker
from scrubjay.training.trackers import wandb_tracker
from tests.training.collection import make
from tests.training.configured import configured, fit_tiny

KEY = "0123456789abcdef0123456789abcdef01234567"
PANEL = {"_target_": "scrubjay.training.panel.RetrievedPictures", "folder": {"_ref_": "panels"}}


@pytest.fixture(autouse=True)
def _places_unset(monkeypatch) -> None:
    """What the tracker sets in the environment ends with the test."""
    for name in (
        *("WANDB_CACHE_DIR", "WANDB_DATA_DIR", "WANDB_ARTIFACT_DIR"),
        *("MLFLOW_DISABLE_TELEMETRY", *PATIENCE),
    ):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def fit_with(logger: str, run: Path) -> None:
    config = configured("trainer.max_epochs=2", f"logger={logger}")
    config["callbacks"]["panel"] = PANEL
    fit_tiny(config, make(12), run)


def test_wandb_is_offline_inside_the_run_and_knows_no_secret(tmp_path, monkeypatch, capfd) -> None:
    home, run = tmp_path / "home", tmp_path / "run"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    fit_with("wandb", run)
    (offline,) = (run / "wandb").glob("offline-run-*")
    (record,) = offline.glob("*.wandb")
    recorded = record.read_bytes()
    for name in (b"train/loss", b"val/recall", b"trainer/global_step", b"max_epochs"):
        assert name in recorded, name
    assert len(list((offline / "files" / "media" / "images" / "val").glob("retrieved_*.png"))) == 2
    assert KEY.encode() not in b"".join(one.read_bytes() for one in run.rglob("*") if one.is_file())
    assert list(home.rglob("*")) == [], "nothing is left in the user's home"
    assert not (offline / "files" / "wandb-metadata.json").exists()
    assert not (offline / "files" / "output.log").exists(), "the console is not captured"
    assert capfd.readouterr() == ("", "")


def test_tensorboard_has_curves_and_pictures(tmp_path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fit_with("tensorboard", tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard" / "version_0"))
    events.Reload()
    assert {"train/loss_step", "val/loss", "val/recall"} <= set(events.Tags()["scalars"])
    assert len(events.Images("val/retrieved")) == 2


def test_csv_has_curves_and_the_pictures_are_files_beside_it(tmp_path) -> None:
    fit_with("csv", tmp_path)
    header = (tmp_path / "csv" / "version_0" / "metrics.csv").read_text().splitlines()[0]
    assert {"train/loss_step", "val/loss", "val/text_to_image/R@1"} <= set(header.split(","))
    assert len(list((tmp_path / "panels").glob("*.png"))) == 2


def test_mlflow_has_curves_and_pictures_in_the_run_and_knows_no_secret(
    tmp_path, monkeypatch, capfd
) -> None:
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", KEY)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = tmp_path / "a run"
    fit_with("mlflow", run)
    client = MlflowClient(f"sqlite:///{run / 'mlflow' / 'mlflow.db'}")
    (experiment,) = (one for one in client.search_experiments() if one.name == "scrubjay")
    (tracked,) = client.search_runs([experiment.experiment_id])
    assert tracked.info.status == "FINISHED"
    assert {"train/loss_step", "val/loss", "val/text_to_image/R_at_1"} <= set(tracked.data.metrics)
    assert tracked.data.params["trainer/max_epochs"] == "2"
    assert tracked.data.tags["mlflow.source.name"] == "scrubjay"
    assert tracked.data.tags["mlflow.user"] == ""
    assert len(list((run / "mlflow").rglob("val/retrieved/*.png"))) == 2
    assert KEY.encode() not in b"".join(one.read_bytes() for one in run.rglob("*") if one.is_file())
    assert capfd.readouterr() == ("", "")


def test_mlflow_takes_no_password_in_its_address(tmp_path) -> None:
    with pytest.raises(BadConfig, match="MLFLOW_TRACKING_USERNAME") as refused:
        mlflow_tracker(str(tmp_path), uri=f"http://me:{KEY}@127.0.0.1:5000")
    assert KEY not in str(refused.value)


def test_an_mlflow_server_that_does_not_answer_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(BadConfig, match=r"127\.0\.0\.1:9.*start the server"):
        mlflow_tracker(str(tmp_path), uri="http://127.0.0.1:9")


def test_wandb_online_without_a_key_is_refused_before_it_could_ask(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(BadConfig, match="WANDB_API_KEY"):
        wandb_tracker(str(tmp_path), offline=False)


def test_wandb_is_offline_by_default(tmp_path) -> None:
    tracker = wandb_tracker(str(tmp_path))
    assert isinstance(tracker, WandbLogger)
    assert tracker.save_dir == str(tmp_path)
    assert tracker._offline
