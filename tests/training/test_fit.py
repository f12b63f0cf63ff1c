"""One door for any LightningModule: it learns, resumes, stops at nonsense, and is quiet."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig, Damaged, TrainingFailed
from scrubjay.core.types import Kind, Modality, Split
from scrubjay.evaluate.retrieval import recall_at_k
from scrubjay.training.checkpoints import load_checkpoint
from scrubjay.training.contrastive import ContrastiveModule
from scrubjay.training.data import PairData
from scrubjay.training.fit import fit
from scrubjay.training.losses import InfoNCE
from scrubjay.training.schedule import cosine_with_warmup, warmup_steps
from scrubjay.training.views import Decoded
from tests.training.collection import Collection, make
from tests.training.configured import configured, fit_tiny
from tests.training.tiny import TinyEncoder

REPOSITORY = Path(__file__).resolve().parents[2]

TOY = """
import torch
from lightning.pytorch import LightningDataModule, LightningModule

class Line(LightningModule):
    def __init__(self, lr):
        super().__init__()
        self.lr, self.weight = lr, torch.nn.Parameter(torch.zeros(1))
    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = ((self.weight * x - y) ** 2).mean()
        self.log("train/loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr)

class Points(LightningDataModule):
    def train_dataloader(self):
        x = torch.linspace(-1, 1, 32)
        return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, 3 * x), batch_size=8)
"""


def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **trainer: object) -> dict:
    (tmp_path / "toypackage.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    return {
        "model": {"_target_": "toypackage.Line", "lr": 0.5},
        "datamodule": {"_target_": "toypackage.Points"},
        "trainer": {
            "_target_": "lightning.pytorch.Trainer",
            "max_epochs": 15,
            "accelerator": "cpu",
            **trainer,
        },
        "callbacks": configured()["callbacks"],
        "trust": ["toypackage"],
    }


def weights(encoder: TinyEncoder) -> dict[str, torch.Tensor]:
    return {
        f"{modality}.{name}": value.clone()
        for modality, tower in encoder.towers.items()
        for name, value in tower.state_dict().items()
    }


def test_any_lightning_module_of_a_trusted_package_trains(tmp_path, monkeypatch) -> None:
    fitted = fit(toy(tmp_path, monkeypatch), run=tmp_path / "run")
    assert fitted.objects["model"].weight.item() == pytest.approx(3.0, abs=0.05)
    assert fitted.metrics["train/loss"] < 0.05
    assert (fitted.epochs, fitted.best, fitted.resumed) == (15, None, False)
    assert fitted.last == tmp_path / "run" / "checkpoints" / "last.ckpt"


def test_the_documented_way_to_train_a_module_of_your_own(tmp_path, monkeypatch) -> None:
    toy(tmp_path, monkeypatch)
    for group, text in {"model": "Line\nlr: 0.5\n", "datamodule": "Points\n"}.items():
        (tmp_path / "conf" / group).mkdir(parents=True)
        (tmp_path / "conf" / group / "mine.yaml").write_text(f"_target_: toypackage.{text}")
    config = compose(
        [
            f"hydra.searchpath=[file://{tmp_path}/conf]",
            "model=mine",
            "datamodule=mine",
            "~encoder",
            "~loss",
            "trust=[toypackage]",
            "logger=none",
            "trainer.max_epochs=15",
        ]
    )
    fitted = fit(config, run=tmp_path / "run")
    assert fitted.objects["model"].weight.item() == pytest.approx(3.0, abs=0.05)
    assert "encoder" not in fitted.objects


def test_sixteen_pairs_are_learnt_in_every_direction_without_a_word(
    tmp_path, capfd, recwarn
) -> None:
    made = make(16, recordings=True, val_every=0)
    config = configured(
        "trainer.max_epochs=60", "datamodule.batch_size=16", "model.lr=0.01", "logger=csv"
    )
    seen: list[tuple[str, int, int | None]] = []
    fitted, encoder = fit_tiny(config, made, tmp_path, progress=lambda *told: seen.append(told))
    vectors = train_vectors(made, encoder)
    for query in Modality:
        for gallery in set(Modality) - {query}:
            groups = [f"g{number}" for number in range(16)]
            recall = recall_at_k(vectors[query], vectors[gallery], groups, groups, (1,))
            assert recall[1] > 0.9, f"{query} to {gallery}"
    assert seen[0] == ("training", 1, 60)
    assert seen[-1] == ("training", 60, 60)
    assert capfd.readouterr() == ("", "")
    # What other tests have left open is closed, and said, at any time.
    ours = [one for one in recwarn if not issubclass(one.category, ResourceWarning)]
    assert [str(one.message) for one in ours] == []
    assert fitted.best is None
    rows = (tmp_path / "csv" / "version_0" / "metrics.csv").read_text().splitlines()
    assert len(rows) > 60


def train_vectors(made: Collection, encoder: TinyEncoder) -> dict[Modality, np.ndarray]:
    decoded = Decoded(
        made.read, limits=PairData.__init__.__kwdefaults__["limits"], min_side=None, max_bytes=0
    )
    pictures = [one for one in made.items if one.kind is Kind.IMAGE]
    recordings = [one for one in made.items if one.kind is Kind.SPEECH]
    return {
        Modality.IMAGE: encoder.encode(Modality.IMAGE, [decoded.picture(one) for one in pictures]),
        Modality.SPEECH: encoder.encode(
            Modality.SPEECH, [decoded.sound(one) for one in recordings]
        ),
        Modality.TEXT: encoder.encode(Modality.TEXT, [one.captions[0] for one in pictures]),
    }


def test_a_frozen_tower_keeps_every_bit_through_training(tmp_path) -> None:
    made = make(12, recordings=True)
    torch.manual_seed(0)
    encoder = TinyEncoder(dropout=0.2)
    before = weights(encoder)
    config = configured("trainer.max_epochs=2", "freeze=[image,text]", "keep=last")
    fit_tiny(config, made, tmp_path, encoder=encoder)
    after = weights(encoder)
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"speech"}, "batch norm's running statistics included"


def test_accumulated_gradients_are_the_mean_over_the_batches(tmp_path) -> None:
    made = make(8, val_every=0)
    torch.manual_seed(0)
    one, other = TinyEncoder(), TinyEncoder()
    for modality in Modality:
        other.tower(modality).load_state_dict(one.tower(modality).state_dict())
    config = configured(
        "trainer.max_epochs=1",
        "trainer.accumulate_grad_batches=2",
        "trainer.gradient_clip_val=null",
        "datamodule.batch_size=4",
        "model.warmup=0",
    )
    fit_tiny(config, made, tmp_path, encoder=one)

    module = ContrastiveModule(other, InfoNCE()).train()
    data = PairData(made.items, made.read, other, batch_size=4)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.0)
    batches = list(data.train_dataloader())
    losses = []
    for batch in batches:
        vectors = {name: module.vectors(name, inputs) for name, inputs in batch.inputs.items()}
        losses.append(module.loss(vectors, batch.groups)["loss"])
    assert len(losses) == 2
    torch.stack(losses).mean().backward()
    rate = 1e-3 * cosine_with_warmup(0, total=1, warmup=warmup_steps(0, 1), final=0.01)
    with torch.no_grad():  # AdamW's decay is lr * weight_decay * weight, on matrices only
        for parameter in module.parameters():
            if parameter.ndim >= 2 and parameter.grad is not None:
                parameter.mul_(1 - rate * 0.05)
    optimizer.step()
    mine, theirs = weights(one), weights(other)
    for name in mine:
        assert torch.allclose(mine[name], theirs[name], atol=1e-6), name


def test_bf16_autocast_trains_float32_weights_to_finite_losses(tmp_path) -> None:
    config = configured("trainer=bf16", "trainer.max_epochs=6", "model.lr=0.01", "keep=last")
    fitted, encoder = fit_tiny(config, make(16), tmp_path)
    assert {value.dtype for value in weights(encoder).values()} == {torch.float32, torch.int64}
    assert fitted.metrics["train/loss"] < math.log(12)
    assert math.isfinite(fitted.metrics["val/loss"])


def test_the_best_weights_are_kept_with_figures_of_their_own(tmp_path) -> None:
    made = make(24)
    fitted, encoder = fit_tiny(configured("trainer.max_epochs=4", "model.lr=0.02"), made, tmp_path)
    assert fitted.best == tmp_path / "checkpoints" / "best.ckpt"
    kept = load_checkpoint(fitted.best)["state_dict"]
    for name, value in weights(encoder).items():
        modality, _, rest = name.partition(".")
        assert torch.equal(value, kept[f"towers.{modality}.{rest}"])
    data = fitted.objects["datamodule"]
    views = {
        m: [data.shown(n) for n, v in enumerate(data.held_out) if v.modality == m]
        for m in ("image", "text")
    }
    groups = [view.group for view in data.held_out if view.modality == "image"]
    vectors = {m: encoder.encode(Modality(m), found) for m, found in views.items()}
    expected = recall_at_k(vectors["text"], vectors["image"], groups, groups, (1, 5))
    assert fitted.metrics["val/text_to_image/R@1"] == pytest.approx(expected[1])
    assert fitted.metrics["val/text_to_image/R@5"] == pytest.approx(expected[5])


SCRIPT = """
import json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from tests.training.collection import make
from tests.training.configured import fit_tiny
fit_tiny(json.loads(sys.argv[1]), make(16, recordings=True), Path(sys.argv[2]))
"""

RESUME = """
import json, sys
from pathlib import Path
import torch
from safetensors.torch import save_file
torch.set_num_threads(1)
from tests.training.collection import make
from tests.training.configured import fit_tiny
run = Path(sys.argv[2])
fitted, encoder = fit_tiny(
    json.loads(sys.argv[1]), make(16, recordings=True), run, resume=True
)
save_file(
    {
        f"{modality}.{name}": value.clone()
        for modality, tower in encoder.towers.items()
        for name, value in tower.state_dict().items()
    },
    run / "ended.safetensors",
)
print(json.dumps([fitted.resumed, fitted.epochs]))
"""

RESUMABLE = (
    "trainer.max_epochs=4",
    "datamodule.batch_size=4",
    "datamodule.cache_mb=0",
    "keep=last",
    "trust=[tests]",
)


def killed(config: dict, run: Path, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(config), str(run)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def with_killer(config: dict, epoch: int, batch: int) -> dict:
    killer = {"_target_": "tests.training.configured.KillAt", "epoch": epoch, "batch": batch}
    return {**config, "callbacks": {**config["callbacks"], "killer": killer}}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, torch.Tensor]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    made, run = make(16, recordings=True), tmp_path_factory.mktemp("undisturbed")
    _, encoder = fit_tiny(configured(*RESUMABLE), made, run)
    torch.set_num_threads(threads)
    return weights(encoder)


def resumed_equals(
    undisturbed: dict[str, torch.Tensor], run: Path, *more: str, went_on: bool
) -> None:
    """A new process goes on with the run, as a user's would, and ends with the same weights."""
    done = subprocess.run(
        [sys.executable, "-c", RESUME, json.dumps(configured(*RESUMABLE, *more)), str(run)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [went_on, 4]
    ended = load_file(run / "ended.safetensors")
    assert ended.keys() == undisturbed.keys()
    for name, value in ended.items():
        assert torch.equal(value, undisturbed[name]), name
    assert not list(run.rglob("*.part"))


def test_killed_in_the_middle_of_an_epoch_it_resumes_to_the_very_same_weights(
    undisturbed, tmp_path
) -> None:
    killed(with_killer(configured(*RESUMABLE), epoch=2, batch=1), tmp_path)
    assert load_checkpoint(tmp_path / "checkpoints" / "last.ckpt")["epoch"] == 1
    resumed_equals(undisturbed, tmp_path, went_on=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "place",
    [
        "training.before_config",
        "training.after_config",
        "training.before_checkpoint",
        "training.after_checkpoint",
    ],
)
def test_killed_around_a_durable_write_nothing_is_half_written(
    undisturbed, tmp_path, place
) -> None:
    killed(configured(*RESUMABLE), tmp_path, SCRUBJAY_FAILPOINT=place)
    whole = list((tmp_path / "checkpoints").glob("*.ckpt"))
    assert len(whole) == (place == "training.after_checkpoint")
    for path in whole:
        assert load_checkpoint(path)["epoch"] == 0
    resumed_equals(undisturbed, tmp_path, went_on=False)


@pytest.mark.slow
@pytest.mark.parametrize("at", [(0, 0), (0, 2), (1, 0), (3, 2)])
def test_killed_at_any_epoch_with_loading_processes_it_still_ends_the_same(
    undisturbed, tmp_path, at
) -> None:
    killed(with_killer(configured(*RESUMABLE, "datamodule.workers=2"), *at), tmp_path)
    resumed_equals(undisturbed, tmp_path, "datamodule.workers=2", went_on=at[0] > 0)


def test_a_finished_run_resumed_changes_nothing(tmp_path, monkeypatch) -> None:
    config = toy(tmp_path, monkeypatch)
    first = fit(config, run=tmp_path / "run")
    again = fit(config, run=tmp_path / "run", resume=True)
    assert (again.resumed, again.epochs) == (True, 15)
    assert torch.equal(again.objects["model"].weight, first.objects["model"].weight)


def test_more_epochs_may_be_asked_of_a_resumed_run_but_nothing_else(tmp_path, monkeypatch) -> None:
    run = tmp_path / "run"
    fit(toy(tmp_path, monkeypatch, max_epochs=2), run=run)
    assert fit(toy(tmp_path, monkeypatch, max_epochs=3), run=run, resume=True).epochs == 3
    other = toy(tmp_path, monkeypatch)
    other["model"]["lr"] = 0.25
    with pytest.raises(BadConfig, match=r"model\.lr: 0\.5 then, 0\.25 now"):
        fit(other, run=run, resume=True)
    with pytest.raises(BadConfig, match="holds a training already"):
        fit(toy(tmp_path, monkeypatch), run=run)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_and_the_last_good_checkpoint_stays(
    tmp_path, monkeypatch, bad
) -> None:
    class Poisoned(InfoNCE):
        calls = 0

        def forward(self, vectors, groups):
            found = super().forward(vectors, groups)
            if self.training:
                Poisoned.calls += 1
            return {**found, "loss": found["loss"] * (bad if Poisoned.calls == 4 else 1.0)}

    config = configured("trainer.max_epochs=3", "datamodule.batch_size=8")
    config["loss"] = {"_ref_": "poison"}
    made = make(16, val_every=0)
    provided = {
        "items": made.items,
        "read": made.read,
        "encoder": TinyEncoder(),
        "poison": Poisoned(),
    }
    with pytest.raises(
        TrainingFailed, match=rf"the loss became {bad:g} in epoch 2, step 4.*lower model.lr"
    ):
        fit(config, run=tmp_path, provided=provided)
    kept = load_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    assert kept["epoch"] == 0
    assert all(torch.isfinite(one).all() for one in kept["state_dict"].values())


def test_a_gradient_that_is_not_finite_stops_before_it_reaches_a_weight(tmp_path) -> None:
    class Steep(InfoNCE):
        def forward(self, vectors, groups):
            found = super().forward(vectors, groups)
            zero = vectors["image"].sum() * 0
            return {**found, "loss": found["loss"] + torch.sqrt(zero)}

    config = configured("trainer.max_epochs=1", "trainer.gradient_clip_val=null")
    config["loss"] = {"_ref_": "steep"}
    made, encoder = make(8, val_every=0), TinyEncoder()
    before = {name: value for name, value in weights(encoder).items() if "weight" in name}
    provided = {"items": made.items, "read": made.read, "encoder": encoder, "steep": Steep()}
    with pytest.raises(TrainingFailed, match="a gradient is not finite in epoch 1"):
        fit(config, run=tmp_path, provided=provided)
    assert all(torch.equal(before[name], weights(encoder)[name]) for name in before)


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path, monkeypatch) -> None:
    class Evil:
        def __reduce__(self):
            return (os.system, ("touch " + str(tmp_path / "owned"),))

    config, run = toy(tmp_path, monkeypatch), tmp_path / "run"
    fit(config, run=run)
    torch.save({"state_dict": {}, "evil": Evil()}, run / "checkpoints" / "last.ckpt")
    with pytest.raises(Damaged, match=r"last\.ckpt cannot be loaded"):
        fit(config, run=run, resume=True)
    assert not (tmp_path / "owned").exists()


def test_a_checkpoint_cut_short_is_refused(tmp_path, monkeypatch) -> None:
    config, run = toy(tmp_path, monkeypatch), tmp_path / "run"
    fit(config, run=run)
    last = run / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:-100])
    with pytest.raises(Damaged, match="without --resume"):
        fit(config, run=run, resume=True)


def test_the_resolved_configuration_is_kept_without_secrets(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "abcdef0123456789")
    config = toy(tmp_path, monkeypatch, max_epochs=1)
    config["notes"] = {
        "api_key": "k",
        "said": "key abcdef0123456789!",
        "at": "s3://me:pw@host/x",
        "n": [1, None],
    }
    fit(config, run=tmp_path / "run")
    text = (tmp_path / "run" / "config.yaml").read_text()
    kept = yaml.safe_load(text)
    assert kept["notes"] == {
        "api_key": "***",
        "said": "key ***!",
        "at": "s3://***@host/x",
        "n": [1, None],
    }
    assert kept["model"] == config["model"]
    assert kept["trainer"]["max_epochs"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": None}, "needs a node 'model'"),
        ({"model": {"_target_": "torch.nn.Identity"}}, "makes a Identity, not a LightningModule"),
        ({"datamodule": {"_target_": "torch.nn.Identity"}}, "not a LightningDataModule"),
        ({"trainer": {"_target_": "torch.nn.Identity"}}, "makes a Identity, not a Trainer"),
        (
            {"trainer": {"_target_": "lightning.pytorch.Trainer", "precision": "9-bit"}},
            "trainer cannot be built",
        ),
        (
            {"trainer": {"_target_": "lightning.pytorch.Trainer", "logger": False}},
            "set by the run itself",
        ),
        ({"callbacks": [1]}, "callbacks is a mapping"),
        ({"keep": "worst"}, "keep must be best or last"),
    ],
)
def test_what_cannot_be_fitted_is_told_in_words(tmp_path, monkeypatch, change, message) -> None:
    with pytest.raises(BadConfig, match=message):
        fit({**toy(tmp_path, monkeypatch), **change}, run=tmp_path / "run")


def test_val_and_test_items_are_never_trained_on(tmp_path) -> None:
    made = make(12, val_every=4)
    read: list[str] = []

    def noted(uri: str) -> bytes:
        read.append(uri)
        return made.read(uri)

    config = configured("trainer.max_epochs=1", "trainer.limit_val_batches=0")
    provided = {"items": made.items, "read": noted, "encoder": TinyEncoder()}
    fit(config, run=tmp_path, provided=provided)
    assert sorted(read) == sorted(one.uri for one in made.items if one.split is Split.TRAIN)
