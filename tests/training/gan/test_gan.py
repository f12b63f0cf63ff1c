"""A generator learns digits that can be read, from a discriminator, and goes on where it stood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig, BadMedia, NotReady, UnknownName, WrongUse
from scrubjay.training.fit import fit
from scrubjay.training.gan.data import DigitBatch, DigitData, tensors
from scrubjay.training.gan.generator_file import FILE, load_generator, packed
from scrubjay.training.gan.module import ConditionalGan
from scrubjay.training.gan.networks import Discriminator, Generator
from scrubjay.training.gan.sheet import sheet
from scrubjay.training.handwriting import Handwriting
from tests.cli.one_command import running

SMALL = ("trainer.accelerator=cpu", "logger=none", "model.generator.channels=8")


def configured(*overrides: str) -> dict[str, Any]:
    return compose(["experiment=mnist_gan", *SMALL, *overrides])


def test_the_experiment_is_fitted_and_leaves_its_sheets_and_its_generator(tmp_path: Path) -> None:
    config = configured("trainer.max_epochs=2", "trainer.limit_train_batches=3", "logger=csv")
    fitted = fit(config, run=tmp_path)
    sheets = sorted((tmp_path / "panels").iterdir())
    assert [one.name for one in sheets] == ["epoch-0001.png", "epoch-0002.png"]
    shown = np.asarray(Image.open(sheets[0]))
    assert shown.shape == (10 * 60 + 4, 8 * 60 + 4, 3)
    rows = next((tmp_path / "csv").rglob("metrics.csv")).read_text().splitlines()
    assert "train/generator_loss_step" in rows[0]
    assert "val/readable" in rows[0]
    told = [row for row in rows[1:] if row.split(",")[rows[0].split(",").index("step")]]
    assert len(told) >= 6
    kept = load_generator(tmp_path / FILE)
    module = fitted.objects["model"]
    assert isinstance(module, ConditionalGan)
    for name, weight in module.shown.state_dict().items():
        assert torch.equal(kept.generator.state_dict()[name], weight), name


def test_a_resumed_run_ends_where_an_unbroken_one_does(tmp_path: Path) -> None:
    few = "trainer.limit_train_batches=4"
    fit(configured("trainer.max_epochs=2", few), run=tmp_path / "whole")
    fit(configured("trainer.max_epochs=1", few), run=tmp_path / "broken")
    fit(configured("trainer.max_epochs=2", few), run=tmp_path / "broken", resume=True)
    whole, broken = (
        load_generator(tmp_path / name / FILE).generator.state_dict()
        for name in ("whole", "broken")
    )
    for name, weight in whole.items():
        assert torch.equal(broken[name], weight), name


class _Recorded(ConditionalGan):
    """Keeps the losses instead of learning from them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.losses: list[torch.Tensor] = []

    def optimizers(self, use_pl_optimizer: bool = True) -> Any:
        return None, None

    def _learn(self, optimizer: Any, loss: torch.Tensor) -> None:
        self.losses.append(loss.detach())

    def _follow(self) -> None:
        pass

    def log_dict(self, *told: Any, **more: Any) -> None:
        pass


def test_losses_are_hinges_over_real_and_generated_pictures_of_the_labels() -> None:
    data = DigitData()
    torch.manual_seed(3)
    module = _Recorded(datamodule=data, generator=Generator, discriminator=Discriminator).eval()
    batch = DigitBatch(data.train.pictures[:5], data.train.labels[:5])
    torch.manual_seed(7)
    module.training_step(batch, 0)
    torch.manual_seed(7)
    labels = torch.randint(0, 10, (5,))
    with torch.no_grad():
        made = module.generator(torch.randn(5, 32), labels)
        judge = module.discriminator
        real = [float(judge(batch.pictures[i : i + 1], batch.labels[i : i + 1])) for i in range(5)]
        fake = [float(judge(made[i : i + 1], labels[i : i + 1])) for i in range(5)]
    told_apart = np.mean([max(0.0, 1 - one) for one in real]) + np.mean(
        [max(0.0, 1 + one) for one in fake]
    )
    assert module.losses[0].item() == pytest.approx(told_apart, rel=1e-5)
    assert module.losses[1].item() == pytest.approx(-np.mean(fake), rel=1e-5)


def test_a_test_measures_the_held_out_part(tmp_path: Path) -> None:
    from lightning.pytorch import Trainer

    data = DigitData()
    module = ConditionalGan(datamodule=data, generator=Generator, discriminator=Discriminator)
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "accelerator": "cpu"}
    (told,) = Trainer(**quiet, default_root_dir=tmp_path).test(module, datamodule=data)
    made = module.generate(data.test.labels).flatten(1)
    near = torch.cdist(made, data.train.pictures.flatten(1)).argsort(dim=1)[:, :3]
    read = torch.mode(data.train.labels[near], dim=1).values
    assert told["test/readable"] == pytest.approx((read == data.test.labels).float().mean().item())
    assert {"test/real_told", "test/generated_told", "test/spread"} <= told.keys()


def test_pictures_are_framed_to_a_side_the_networks_take() -> None:
    images = np.full((2, 9, 7), 255, np.uint8)
    made = tensors(Handwriting(images, np.array([1, 2])))
    assert made.pictures.shape == (2, 1, 12, 12)
    assert torch.equal(
        made.pictures[0, 0], functional.pad(torch.ones(9, 7), (2, 3, 1, 2), value=-1.0)
    )


def test_batches_hold_every_picture_once_an_epoch() -> None:
    data = DigitData(batch_size=100)
    seen = torch.cat([batch.pictures for batch in data.train_dataloader()]).flatten(1)
    assert len(seen) == len(data.train.labels) // 100 * 100
    known = {bytes(one.numpy()) for one in data.train.pictures.flatten(1)}
    assert {bytes(one.numpy()) for one in seen} <= known
    assert len({bytes(one.numpy()) for one in seen}) > 0.99 * len(seen)


@pytest.mark.parametrize(
    "wrong",
    ["model.lr=0", "model.average=1", "datamodule.batch_size=1", "callbacks.digits.count=0"],
)
def test_what_cannot_be_is_refused_by_name(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=wrong.split("=", maxsplit=1)[0].replace(".", r"\.")):
        fit(configured(wrong), run=tmp_path)


def test_a_sheet_shows_every_picture_in_its_place() -> None:
    pictures = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2) * 12
    drawn = sheet(pictures, 3)
    side, gap = 56, 4
    assert drawn.shape == (2 * 60 + 4, 3 * 60 + 4, 3)
    for at, picture in enumerate(pictures):
        top, left = gap + at // 3 * 60, gap + at % 3 * 60
        cell = drawn[top : top + side, left : left + side, 0]
        assert np.array_equal(cell[::28, ::28], picture)
        assert set(np.unique(cell)) == set(np.unique(picture))


NAMES = tuple("0123456789")


def test_a_generator_from_its_file_makes_the_same_pictures(tmp_path: Path) -> None:
    made = Generator(side=12, classes=10, noise=7, channels=5).eval()
    (tmp_path / FILE).write_bytes(packed(made, NAMES))
    kept = load_generator(tmp_path / FILE)
    noise, labels = torch.randn(3, 7), torch.tensor([0, 4, 9])
    assert torch.equal(kept.generator(noise, labels), made(noise, labels))
    assert kept.pictures("4", 6, seed=1).shape == (6, 12, 12)
    assert np.array_equal(kept.pictures("4", 6, seed=1), kept.pictures("4", 6, seed=1))
    assert not np.array_equal(kept.pictures("4", 6, seed=1), kept.pictures("4", 6, seed=2))
    with pytest.raises(UnknownName, match="seven"):
        kept.pictures("seven", 1)
    for n in (0, 401):
        with pytest.raises(WrongUse, match="from 1 to 400"):
            kept.pictures("4", n)


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "sizes", "names"])
def test_a_file_that_is_no_generator_is_refused(damage: str, tmp_path: Path) -> None:
    from safetensors.torch import save

    whole = packed(Generator(side=8, classes=10, noise=4, channels=4), NAMES)
    (tmp_path / FILE).write_bytes(
        {
            "cut": whole[:-9],
            "empty": b"",
            "other": save({"weight": torch.zeros(3)}),
            "sizes": whole.replace(b'\\"noise\\": 4', b'\\"noise\\": 5'),
            "names": whole.replace(b'\\"9\\"', b"     "),
        }[damage]
    )
    assert (tmp_path / FILE).read_bytes() != whole
    with pytest.raises(BadMedia, match="generator"):
        load_generator(tmp_path / FILE)


def test_the_command_writes_a_sheet_and_says_what_is_missing(tmp_path: Path) -> None:
    from scrubjay.cli.generate import generate

    run = running(generate)
    home = tmp_path / "home"
    with pytest.raises(NotReady, match="experiment=mnist_gan"):
        run("5", "--home", home)
    folder = home / "runs" / "20260101-000000-abcd"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(packed(Generator(side=8, classes=10), NAMES))
    out = tmp_path / "five.png"
    told = run("5", "--count", 3, "--out", out, "--home", home, "--json")
    assert '"count": 3' in told.stdout
    assert Image.open(out).size == (2 * 60 + 4, 2 * 60 + 4)
    with pytest.raises(UnknownName, match="label"):
        run("fife", "--home", home, "--out", out)
    with pytest.raises(WrongUse, match="cannot be written"):
        run("5", "--home", home, "--out", tmp_path / "no" / "such" / "folder.png")
    with pytest.raises(NotReady, match="taught no generator"):
        run("5", "--home", home, "--run", tmp_path / "elsewhere")


@pytest.mark.slow
def test_generated_digits_are_read_as_what_was_asked_for(tmp_path: Path) -> None:
    """By a classifier that learned from real digits and never saw the generator."""
    from sklearn.svm import SVC

    config = compose(
        [
            "experiment=mnist_gan",
            "trainer.max_epochs=20",
            "datamodule.batch_size=32",
            "trainer.accelerator=cpu",
            "logger=none",
        ]
    )
    fit(config, run=tmp_path)
    real = DigitData()
    reader = SVC().fit(real.train.pictures.flatten(1).numpy(), real.train.labels.numpy())
    assert reader.score(real.test.pictures.flatten(1).numpy(), real.test.labels.numpy()) > 0.97
    kept = load_generator(tmp_path / FILE)
    read = np.array(
        [
            reader.predict(kept.pictures(name, 10).reshape(10, -1) / 127.5 - 1) == at
            for at, name in enumerate(kept.names)
        ]
    )
    assert read.mean() >= 0.80
    assert read.mean(axis=1).min() >= 0.60
    # Not one picture ten times.
    for name in kept.names:
        assert len({bytes(one) for one in kept.pictures(name, 10)}) == 10
