"""Every configuration that ships composes, instantiates and, as an experiment, trains."""

from __future__ import annotations

import json
import re
import shutil
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightning.pytorch import LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from scrubjay.cli.compose import FOLDER, compose
from scrubjay.core.protocols import TrainableEncoder, silent
from scrubjay.training.fit import fit
from scrubjay.training.instantiate import PARTIAL, instantiate, refers_to
from scrubjay.training.losses import PairLoss
from tests.models.open_clip_models import save as save_open_clip
from tests.models.speech_models import save_hubert
from tests.models.vlm.small_models import save_llava
from tests.training.collection import Collection, make
from tests.training.tiny import TinyEncoder
from tests.training.vlm.products import write_products

GROUPS = ("encoder", "model", "datamodule", "loss", "trainer", "callbacks", "logger", "experiment")
ASK_GROUPS = ("vlm", "ocr", "asr", "tts", "prompt")
"""What answers questions; `tests/cli/test_ask_settings.py` holds them."""
SMALL_BUILTIN = (
    "encoder.width=16",
    "encoder.layers=1",
    "encoder.heads=2",
    "encoder.ffn=1",
    "encoder.dim=16",
    "encoder.stem_channels=[4,8]",
    "encoder.buckets=64",
    "encoder.text_width=8",
)
QUESTIONS = "builtin_vqa"
"""Model, datamodule and experiment that teach the question model, which is no encoder."""
DIGITS = {"mnist", "mnist_gan"}
"""Model, datamodule, callbacks and experiment that teach a GAN, which is no encoder."""
TAUGHT = {"vlm_lora", "vlm_qlora", "picture_table"}
"""Model, datamodule and experiments that teach a model that looks, which is no encoder."""
QUESTION_SIZES = (
    "datamodule.scenes=4",
    "datamodule.mosaics=1",
    "datamodule.signs=1",
    "datamodule.outsiders=1",
    "datamodule.batches=2",
    "datamodule.tests=1",
    "datamodule.workers=0",
)
WORLDLY = {"world", "builtin"}
"""Model, datamodule and experiment that teach the built-in encoder itself."""
FINE = "experiment=hard_negatives"
"""Goes on from the weights in the box."""
WORLDLY_SIZES = (
    "datamodule.clips=4",
    "datamodule.scenes=4",
    "datamodule.pictured=2",
    "datamodule.mosaics=1",
    "datamodule.batches=2",
    "datamodule.workers=0",
)
SMALL_STUDENT = tuple(one for one in SMALL_BUILTIN if not one.startswith("encoder.dim"))
RECIPES = {"lora", "joined", "lit", "distill", "student", "things"}
"""Adapters, joined towers, a locked tower, a teacher: what is built around other encoders."""
MADE = {
    "model": LightningModule,
    "datamodule": LightningDataModule,
    "loss": PairLoss,
    "callbacks": Callback,
    "logger": Logger,
    "encoder": TrainableEncoder,
}


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (FOLDER / group).glob("*.yaml"))


@pytest.fixture(scope="module")
def made() -> Collection:
    return make(12, recordings=True)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP of the real classes with random weights, saved as its owner would."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

    folder = tmp_path_factory.mktemp("clip")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + [str(n) for n in range(10)]
    tokens = [*letters, *(f"{one}</w>" for one in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({one: at for at, one in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(folder)
    tower = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    text = {
        **tower,
        "vocab_size": len(tokens),
        "bos_token_id": 72,
        "eos_token_id": 73,
        "pad_token_id": 73,
    }
    vision = {**tower, "image_size": 32, "patch_size": 8}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    CLIPModel(config).save_pretrained(folder)
    size = {"shortest_edge": 32}
    CLIPImageProcessor(size=size, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def open_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of open_clip with random weights, saved as its owner would."""
    return save_open_clip("vit", tmp_path_factory.mktemp("open-clip"))


@pytest.fixture(scope="module")
def builtin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small built-in encoder as it was saved."""
    folder = tmp_path_factory.mktemp("builtin")
    encoder = instantiate({"encoder": compose([*SMALL_BUILTIN])["encoder"]})["encoder"]
    assert isinstance(encoder, TrainableEncoder)
    encoder.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def hubert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A speech model with random weights, saved as its owner would."""
    return save_hubert(tmp_path_factory.mktemp("hubert"))


@pytest.fixture(scope="module")
def llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that looks, with random weights, saved as its owner would."""
    return save_llava(tmp_path_factory.mktemp("llava") / "llava")


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of drawn products."""
    return write_products(tmp_path_factory.mktemp("products"), 40)


@pytest.fixture(scope="module")
def sources(
    clip: Path,
    builtin: Path,
    digits: Path,
    open_clip: Path,
    hubert: Path,
    llava: Path,
    products: Path,
) -> dict[str, Path]:
    """What configurations read that ship without a default."""
    return {
        "clip": clip,
        "builtin": builtin,
        "digits": digits,
        "open_clip": open_clip,
        "hubert": hubert,
        "llava": llava,
        "products": products,
    }


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four digits said by two people, and some handwriting."""
    folder = tmp_path_factory.mktemp("digits")
    random = np.random.default_rng(0)
    for speaker in ("ann", "bob"):
        for digit in range(10):
            for take in range(4, 7):
                with wave.open(str(folder / f"{digit}_{speaker}_{take}.wav"), "wb") as out:
                    out.setparams((1, 2, 8000, 0, "NONE", ""))
                    out.writeframes(random.integers(-9000, 9000, 2400).astype("<i2").tobytes())
    for part in ("train", "test"):
        images = random.integers(0, 256, (40, 28, 28), dtype=np.uint8)
        np.savez(folder / f"{part}.npz", images=images, labels=np.arange(40, dtype=np.uint8) % 10)
    return folder


def overrides(group: str, name: str, sources: dict[str, Path]) -> list[str]:
    chosen = [f"{group}={name}"]
    if name in TAUGHT and group != "callbacks":
        chosen += [f"vlm.source={sources['llava']}", f"datamodule.table={sources['products']}"]
        if group != "experiment":
            others = {"model=vlm_lora", "datamodule=picture_table"} - {chosen[0]}
            return [*others, *chosen]
        return [*chosen, "datamodule.batch_size=4", "callbacks.taught.longest=4"]
    if name in {"transformers", "tickets_clip"}:
        chosen.append(f"encoder.source={sources['clip']}")
    elif name == "open_clip":
        chosen.append(f"encoder.source={sources['open_clip']}")
    elif name in {"speech", "speech_tower"}:
        chosen += [f"encoder.base.source={sources['clip']}", f"encoder.speech={sources['hubert']}"]
    elif name in RECIPES:
        chosen += overrides_of_recipes(group, name, sources)
    elif name in {"builtin_folder", "demo"}:
        chosen.append(f"encoder.source={sources['builtin']}")
    elif name in {"builtin_shipped", QUESTIONS, *DIGITS} or chosen == [FINE]:
        pass
    else:
        chosen += SMALL_BUILTIN
    if group == "experiment" and name not in {"spoken_digits", "builtin", QUESTIONS}:
        chosen.append("datamodule.batch_size=4")
    if name == QUESTIONS and group in {"experiment", "datamodule"}:
        chosen += QUESTION_SIZES
    if name in WORLDLY:
        chosen += WORLDLY_SIZES if group in {"experiment", "datamodule"} else []
    if name == "spoken_digits" and group != "experiment":
        chosen.insert(0, "datamodule=spoken_digits")
    if name == "spoken_digits":
        chosen += [f"datamodule.folder={sources['digits']}", "datamodule.batches=2"]
    return list(dict.fromkeys(chosen))


def overrides_of_recipes(group: str, name: str, sources: dict[str, Path]) -> list[str]:
    """What recipes around another encoder need: adapters, joined towers, a locked tower."""
    if name == "lora":
        beside = ["encoder=lora"] if group == "callbacks" else []
        return [*beside, f"encoder.base.source={sources['clip']}"]
    if name == "joined":
        return [f"encoder.image.source={sources['clip']}", "encoder.text.dim=16"]
    if name in {"distill", "student", "things"}:
        if (group, name) == ("model", "distill"):
            return [*SMALL_BUILTIN]
        small = [one.replace("encoder.", "encoder.base.") for one in SMALL_STUDENT]
        beside = [] if group == "experiment" else ["experiment=distill"]
        return [*beside, "teacher.family=builtin", f"teacher.source={sources['builtin']}", *small]
    return [f"encoder.source={sources['clip']}"] if group == "experiment" else [*SMALL_BUILTIN]


def provided(made: Collection, run: Path) -> dict[str, object]:
    folders = {
        "run": str(run),
        "checkpoints": str(run / "checkpoints"),
        "panels": str(run / "panels"),
    }
    given = {"items": made.items, "read": made.read, "negatives": {}}
    return {**given, "progress": silent, **folders}


def test_every_group_of_the_documentation_has_files_and_no_other_exists() -> None:
    assert sorted(
        path.name for path in FOLDER.iterdir() if path.is_dir() and any(path.glob("*.yaml"))
    ) == sorted(GROUPS + ASK_GROUPS)
    roots = {path.name for path in FOLDER.glob("*.yaml")}
    assert roots == {"train.yaml", "retrain.yaml", "ask.yaml", "compare.yaml"}


def test_the_root_names_every_group() -> None:
    text = (FOLDER / "train.yaml").read_text()
    for group in GROUPS:
        assert f"- {group}: " in text


def test_the_documentation_names_every_choice_of_every_group() -> None:
    lines = (FOLDER.parents[2] / "docs" / "training.md").read_text().splitlines()
    for group in GROUPS:
        (row,) = (line for line in lines if line.startswith(f"| `{group}` |"))
        choices = re.findall(r"`(\w+)`", row.split("|")[2])
        assert sorted(choices) == names(group), group


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group in GROUPS[:-1] for name in names(group)]
)
def test_every_choice_of_every_group_is_built(group, name, made, sources, tmp_path) -> None:
    config = compose(overrides(group, name, sources))
    node = config[group]
    if name == "mnist_gan" and group == "model":
        config["datamodule"] = compose(["datamodule=mnist"])["datamodule"]
    wanted = {group: node, **{other: config[other] for other in config if refers_to(node, other)}}
    if group == "callbacks" and name == "spoken_digits":
        wanted["datamodule"] = config["datamodule"]
    have = provided(made, tmp_path)
    if group != "encoder" and name not in {"transformers", "lora", "things"} | WORLDLY:
        have["encoder"] = TinyEncoder()
        wanted.pop("encoder", None)
    if group == "trainer":
        wanted["trainer"] = {**node, PARTIAL: True}
    built = instantiate(wanted, provided=have)[group]
    if group == "trainer":
        quiet: Any = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
        assert isinstance(built(**quiet, default_root_dir=tmp_path), Trainer)
    elif group in {"callbacks", "logger"}:
        assert all(isinstance(one, MADE[group]) for one in built.values())
        assert bool(built) == (name != "none")
    else:
        assert isinstance(built, MADE[group])


@pytest.mark.parametrize("name", names("experiment"))
def test_every_experiment_trains_two_steps(name, made, sources, tmp_path) -> None:
    if name in WORLDLY and shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: nothing can be spoken")
    config = compose(
        [
            *overrides("experiment", name, sources),
            "logger=csv",
            "trainer.max_epochs=1",
            "trainer.limit_train_batches=2",
            "trainer.accelerator=cpu",
        ]
    )
    fitted = fit(
        config, run=tmp_path, provided={"items": made.items, "read": made.read, "negatives": {}}
    )
    networks = 2 if name in DIGITS else 1  # that learn in turns
    assert fitted.objects["trainer"].global_step == 2 * networks
    losses = {one: value for one, value in fitted.metrics.items() if one.endswith("loss")}
    assert losses
    assert np.isfinite([*losses.values()]).all()
    no_encoder = name == QUESTIONS or name in DIGITS | TAUGHT
    assert isinstance(fitted.objects.get("encoder"), TrainableEncoder) != no_encoder
    assert (tmp_path / "config.yaml").is_file()
    assert fitted.last is not None
