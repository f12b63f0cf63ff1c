"""A fit on a table: what it leaves, that it goes on after a kill, and that it learns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig
from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.media.image import decode_picture
from scrubjay.models.load import load_vlm
from scrubjay.training.checkpoints import load_checkpoint
from scrubjay.training.fit import Fitted, fit
from scrubjay.training.vlm.keep import BEFORE, PAGE, RESULT
from tests.models.vlm import small_models
from tests.training.vlm.products import ASKED, taught_llava, write_products

SHORT = Sampling(max_new_tokens=24)


def configured(experiment: str, source: Path, table: Path, *more: str) -> dict[str, Any]:
    return compose(
        [
            f"experiment={experiment}",
            f"vlm.source={source}",
            f"datamodule.table={table}",
            f"datamodule.instruction='{ASKED}'",
            "logger=csv",
            "trainer.accelerator=cpu",
            "datamodule.batch_size=8",
            "callbacks.taught.answers=4",
            "callbacks.taught.longest=6",
            *more,
        ]
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write_products(tmp_path_factory.mktemp("products"), 40)


@pytest.fixture(scope="module")
def llava(tmp_path_factory) -> Path:
    return small_models.save_llava(tmp_path_factory.mktemp("llava") / "llava")


@pytest.fixture(scope="module")
def left(table, llava, tmp_path_factory) -> tuple[Path, Fitted]:
    """A run's folder, and what its fit gave."""
    run = tmp_path_factory.mktemp("run") / "run"
    more = ("trainer.max_epochs=2", "model.lr=0.01", "model.checkpointing=true")
    return run, fit(configured("vlm_lora", llava, table, *more), run=run)


def test_a_run_leaves_an_adapter_and_a_merged_model_that_answer_alike(left, llava) -> None:
    run, fitted = left
    row = json.loads((run / RESULT).read_text())["answers"][0]
    table = fitted.objects["datamodule"].table
    picture = decode_picture(table.bytes_of(row["picture"]))
    asked = [Message(Role.USER, (picture, row["instruction"]))]
    merged = load_vlm("transformers", source=run / "merged")
    beside = load_vlm("transformers", source=llava, adapter=run / "adapter")
    short = Sampling(max_new_tokens=6)
    assert merged.reply(asked, short).text == beside.reply(asked, short).text == row["after"]
    assert load_vlm("transformers", source=llava).reply(asked, short).text == row["before"]
    one, other = merged._model.state_dict(), beside._model.state_dict()
    assert one.keys() == other.keys()
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], atol=1e-5, rtol=1e-5)


def test_the_merged_model_is_the_librarys_own(left, llava) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    run, _ = left
    model = AutoModelForImageTextToText.from_pretrained(run / "merged")
    assert type(model).__name__ == "LlavaForConditionalGeneration"
    assert AutoProcessor.from_pretrained(run / "merged").chat_template
    before = json.loads((llava / "config.json").read_text())
    after = json.loads((run / "merged" / "config.json").read_text())
    assert before["dtype"] == after["dtype"] == "float32"
    assert {path.name for path in llava.iterdir()} <= {p.name for p in (run / "merged").iterdir()}
    assert not list(run.glob(".*"))


def test_what_it_measured_is_told(left) -> None:
    run, fitted = left
    told = json.loads((run / RESULT).read_text())
    assert {one["name"] for one in told["measures"]} == {"loss", "exact", "token_f1", "rouge_l"}
    for one in told["measures"]:
        for when in ("before", "after", "gain"):
            assert fitted.metrics[f"{when}/{one['name']}"] == pytest.approx(one[when]["value"])
            assert one[when]["low"] <= one[when]["value"] <= one[when]["high"]
    assert fitted.metrics["gain/loss/high"] < 0
    assert fitted.metrics["after/perplexity"] < fitted.metrics["before/perplexity"]
    assert fitted.metrics["learned_parameters"] == 14 * 16 * 2 * 32 + 6 * 16 * 32 - 4 * 16 * 16
    page = (run / "panels" / PAGE).read_text()
    assert page.count("data:image/jpeg") == told["rows"] >= 2
    assert (run / "next.txt").read_text() == (
        f"scrubjay ask '{told['answers'][0]['instruction']}' --image X prompt=bare "
        f"vlm=transformers vlm.source={run}/merged\n"
    )
    lines = (run / "csv" / "version_0" / "metrics.csv").read_text().splitlines()[0]
    assert {"train/loss_step", "val/loss", "val/perplexity"} <= set(lines.split(","))


def test_a_checkpoint_holds_the_adapter_alone(left) -> None:
    run, fitted = left
    state = load_checkpoint(run / "checkpoints" / "last.ckpt")["state_dict"]
    assert state
    assert all("lora_" in name for name in state)
    assert fitted.best is not None


def test_a_resumed_run_has_its_own_base(left, table, tmp_path) -> None:
    module = left[1].objects["model"]
    with pytest.raises(BadConfig, match="not the model this run began with"):
        module.on_load_checkpoint({"vlm_fingerprint": "another"})
    with pytest.raises(RuntimeError, match="Error"):
        module.load_state_dict({"else": torch.zeros(1)})


@pytest.mark.slow
def test_batches_are_the_same_in_a_loading_process(left, llava, table) -> None:
    config = configured("vlm_lora", llava, table)
    from scrubjay.training.vlm.base import open_base
    from scrubjay.training.vlm.data import PictureTable

    base = open_base(str(llava))
    settings = {"instruction": config["datamodule"]["instruction"], "batch_size": 20}
    here, there = (PictureTable(base, table=str(table), workers=n, **settings) for n in (0, 1))
    for one, other in zip(here.train_dataloader(), there.train_dataloader(), strict=True):
        assert torch.equal(one.labels, other.labels)
        assert torch.equal(one.inputs["pixel_values"], other.inputs["pixel_values"])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_processes_teach_what_one_does_with_their_rows_together(llava, table, tmp_path) -> None:
    more = ("trainer.max_epochs=1", "trainer.limit_train_batches=2", "model.lr=0.01")
    more += ("model.dropout=0", "callbacks.taught.merge=false", "callbacks.taught.answers=1")
    one = configured("vlm_lora", llava, table, *more)
    alone = fit(one, run=tmp_path / "one").objects["model"].state_dict()
    both = ("trainer.devices=2", "trainer.strategy=ddp", "datamodule.batch_size=4")
    two = configured("vlm_lora", llava, table, *more, *both)
    command = [sys.executable, "-m", "tests.training.vlm.ranked", str(tmp_path / "two")]
    done = subprocess.run(
        [*command, json.dumps(two)], capture_output=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert (tmp_path / "two" / "adapter" / "adapter_model.safetensors").is_file()
    shared = load_checkpoint(tmp_path / "two" / "checkpoints" / "last.ckpt")["state_dict"]
    assert shared.keys() == alone.keys()
    for name, weight in alone.items():
        torch.testing.assert_close(shared[name], weight, atol=1e-5, rtol=1e-4)


KILLED = """
import sys, json
from scrubjay.training.fit import fit
fit(json.loads(sys.argv[1]), run=__import__("pathlib").Path(sys.argv[2]), resume=False)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_that_is_killed_goes_on_to_the_same_adapter(table, tmp_path, monkeypatch) -> None:
    size = {"hidden_size": 64, "intermediate_size": 128}
    monkeypatch.setattr(small_models, "TEXT", small_models.TEXT | size)
    monkeypatch.setattr(small_models, "VISION", small_models.VISION | size)
    llava = small_models.save_llava(tmp_path / "llava")
    more = ("trainer.max_epochs=2", "trainer.limit_train_batches=2", "model.lr=0.01")
    config = configured("vlm_qlora", llava, table, *more)
    whole = fit(config, run=tmp_path / "whole").objects["model"].state_dict()
    run = tmp_path / "killed"
    for place in ("training.after_checkpoint", "training.before_merged"):
        command = [sys.executable, "-c", KILLED.replace("resume=False", f"resume={run.exists()}")]
        done = subprocess.run(
            [*command, json.dumps(config), str(run)],
            env={**os.environ, "SCRUBJAY_FAILPOINT": place},
            capture_output=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == -9, done.stderr.decode()[-2000:]
        assert not (run / "merged").exists()
    asked = (run / BEFORE).read_bytes()
    fitted = fit(config, run=run, resume=True)
    assert (run / BEFORE).read_bytes() == asked
    assert (run / "merged" / "config.json").is_file()
    assert not list(run.glob(".*"))
    for name, weight in fitted.objects["model"].state_dict().items():
        assert torch.equal(weight, whole[name]), name
    assert (run / "checkpoints" / "last.ckpt").stat().st_size < 3_000_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_model_learns_to_describe_products_it_was_never_shown(tmp_path, monkeypatch) -> None:
    """Colours it saw and words it can say before; what a description is, it learns."""
    llava = taught_llava(tmp_path / "llava", monkeypatch, seeing=120, answering=200)
    table = write_products(tmp_path / "products", 240)
    more = ("model.lr=0.003", "model.dropout=0", "datamodule.batch_size=16")
    more += ("callbacks.taught.answers=100", "callbacks.taught.longest=24")
    found = {}
    for experiment in ("vlm_lora", "vlm_qlora"):
        config = configured(experiment, llava, table, *more, "trainer.max_epochs=8")
        run = tmp_path / experiment
        found[experiment] = metrics = fit(config, run=run).metrics
        assert metrics["before/exact"] <= 0.05
        assert metrics["after/exact"] >= 0.8
        assert metrics["gain/token_f1/low"] > 0.2
        assert metrics["before/loss"] > 1.5
        assert metrics["after/loss"] < 0.4
        answers = json.loads((run / RESULT).read_text())["answers"]
        model = load_vlm("transformers", source=run / "merged")
        right = 0
        for row in answers:
            picture = decode_picture((table.parent / row["picture"]).read_bytes())
            said = model.reply([Message(Role.USER, (picture, row["instruction"]))], SHORT).text
            right += said == row["right"]
        assert right / len(answers) >= 0.8
    assert found["vlm_qlora"]["weights_mb"] < 0.8 * found["vlm_lora"]["weights_mb"]
