"""Training on wrong captions: the loss, and what validation tells."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig
from scrubjay.core.types import Modality, Split
from scrubjay.evaluate.minimal_pairs import PairKind, minimal_pairs
from scrubjay.training.contrastive import ContrastiveModule
from scrubjay.training.data import PairBatch
from scrubjay.training.fit import fit
from scrubjay.training.hard_batches import NOTHING
from scrubjay.training.instantiate import instantiate
from scrubjay.training.losses import InfoNCE, SigLIP
from scrubjay.training.negatives import SEED, HardNegativesModule
from tests.training.collection import Collection
from tests.training.test_hard_batches import COLOURS, coloured
from tests.training.tiny import TinyEncoder

SCALE = 10.0


def unit(rows: int, seed: int) -> torch.Tensor:
    made = torch.randn(rows, 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(made, dim=-1)


def negclip(images: np.ndarray, texts: np.ndarray, wrong: np.ndarray) -> float:
    """Yuksekgonul et al. 2023, section 4, written out: N x 2N one way, N x N the other."""
    total = 0.0
    for at in range(len(images)):
        rows = [math.exp(SCALE * float(images[at] @ one)) for one in [*texts, *wrong]]
        columns = [math.exp(SCALE * float(texts[at] @ one)) for one in images]
        total -= math.log(rows[at] / sum(rows)) + math.log(columns[at] / sum(columns))
    return total / (2 * len(images))


@torch.no_grad()
def test_the_loss_is_that_of_negclip() -> None:
    images, texts, wrong = unit(5, 0), unit(5, 1), unit(4, 2)
    groups = torch.arange(5)
    vectors = {"image": images, "text": torch.cat([texts, wrong])}
    numbers = {"image": groups, "text": torch.cat([groups, torch.full((4,), NOTHING)])}
    loss = InfoNCE(logit_scale=math.log(SCALE))(vectors, numbers)["loss"]
    assert float(loss) == pytest.approx(
        negclip(images.numpy(), texts.numpy(), wrong.numpy()), abs=1e-5
    )


@torch.no_grad()
def test_wrong_captions_are_negatives_of_recordings_too_and_ask_nothing() -> None:
    images, speech, texts, wrong = unit(4, 0), unit(4, 1), unit(4, 2), unit(3, 3)
    groups = torch.arange(4)
    loss = InfoNCE(logit_scale=math.log(SCALE))
    without = loss(
        {"image": images, "speech": speech, "text": texts},
        {"image": groups, "speech": groups, "text": groups},
    )
    withal = loss(
        {"image": images, "speech": speech, "text": torch.cat([texts, wrong])},
        {
            "image": groups,
            "speech": groups,
            "text": torch.cat([groups, torch.full((3,), NOTHING)]),
        },
    )
    assert float(withal["image-speech"]) == float(without["image-speech"])
    for pair, seen in (("image-text", images), ("speech-text", speech)):
        expected = negclip(seen.numpy(), texts.numpy(), wrong.numpy())
        assert float(withal[pair]) == pytest.approx(expected, abs=1e-5)


@torch.no_grad()
def test_the_sigmoid_loss_takes_them_as_negatives() -> None:
    images, texts, wrong = unit(3, 0), unit(3, 1), unit(2, 2)
    groups = torch.arange(3)
    loss = SigLIP(logit_scale=math.log(SCALE), bias=-1.0)
    found = loss(
        {"image": images, "text": torch.cat([texts, wrong])},
        {"image": groups, "text": torch.cat([groups, torch.full((2,), NOTHING)])},
    )["loss"]
    total = 0.0
    for i, image in enumerate(images):
        for j, text in enumerate([*texts, *wrong]):
            logit = (1 if i == j else -1) * (SCALE * float(image @ text) - 1.0)
            total += math.log1p(math.exp(-logit))
    assert float(found) == pytest.approx(total / 4, abs=1e-5)


def test_a_gradient_reaches_the_wrong_captions_and_only_pushes() -> None:
    images, texts = unit(3, 0), unit(3, 1)
    wrong = (texts + 0.1).detach().requires_grad_()
    groups = torch.arange(3)
    loss = InfoNCE(logit_scale=math.log(SCALE))(
        {"image": images, "text": torch.cat([texts, wrong])},
        {"image": groups, "text": torch.cat([groups, torch.full((3,), NOTHING)])},
    )["loss"]
    loss.backward()
    assert wrong.grad is not None
    assert ((wrong.grad * images).sum(dim=1) > 0).any()
    assert torch.isfinite(wrong.grad).all()


def fitted(made: Collection, run: Path, *more: str, kinds: str = "[attribute]") -> object:
    config = compose(
        [
            "experiment=hard_negatives",
            "encoder=builtin",
            f"model.kinds={kinds}",
            "datamodule.batch_size=8",
            "datamodule.hard=0",
            "callbacks=last",
            "logger=csv",
            "trainer.max_epochs=2",
            "trainer.accelerator=cpu",
            *more,
        ]
    )
    config.pop("encoder")
    given = {"items": made.items, "read": made.read, "negatives": {}, "encoder": TinyEncoder()}
    return fit(config, run=run, provided=given)


def held_out() -> Collection:
    made = coloured(16)
    made.items[12:] = [replace(item, split=Split.VAL) for item in made.items[12:]]
    return made


def test_validation_says_what_is_told_apart(tmp_path: Path) -> None:
    made = held_out()
    for at, colour in enumerate(COLOURS):
        made.items[12 + at] = replace(made.items[12 + at], captions=(f"a {colour} box",))
    found = fitted(made, tmp_path)
    model, data = found.objects["model"], found.objects["datamodule"]
    items = made.items[12:]
    pairs = minimal_pairs([one.captions[0] for one in items], kinds=[PairKind.ATTRIBUTE], seed=SEED)
    right = []
    with torch.no_grad():
        for item, (pair,) in zip(items, pairs, strict=True):
            seen = model.held_out["image"]
            number = next(one.group for one in data.held_out if one.item == item)
            picture = seen.vectors[seen.groups == number][0]
            words = _vectors(model, [pair.caption, pair.wrong])
            right.append(float(picture @ words[0] > picture @ words[1]))
    assert len(right) == 4
    assert found.metrics["val/told_apart/attribute"] == pytest.approx(np.mean(right))
    assert found.metrics["train/wrong_captions"] > 0


def test_a_bag_of_words_tells_half_of_what_changed_places(tmp_path: Path) -> None:
    assert fitted(held_out(), tmp_path).metrics["val/told_apart/attribute"] == 0.5


def _vectors(model: HardNegativesModule, texts: list[str]) -> np.ndarray:
    encoder = TinyEncoder()
    inputs = encoder.preprocess(Modality.TEXT, train=False)(texts)
    tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
    rows: np.ndarray = model.vectors("text", tensors).numpy()
    return rows


def test_kinds_without_a_pair_are_not_told(tmp_path: Path) -> None:
    found = fitted(held_out(), tmp_path, kinds="[attribute,count]")
    told = {name for name in found.metrics if name.startswith("val/told_apart")}
    assert told == {"val/told_apart/attribute"}


def test_other_batches_than_its_own_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="datamodule=hard_negatives"):
        fitted(held_out(), tmp_path, "datamodule.kinds=[count]")


def test_an_encoder_without_texts_is_refused() -> None:
    encoder = TinyEncoder()
    encoder.spec = replace(encoder.spec, modalities=frozenset({Modality.IMAGE, Modality.SPEECH}))
    with pytest.raises(BadConfig, match="reads none"):
        HardNegativesModule(encoder, InfoNCE(), kinds=["attribute"])


def test_mined_negatives_need_no_wrong_captions() -> None:
    config = compose(["datamodule=hard_negatives"])
    assert config["datamodule"]["kinds"] == []
    made = coloured()
    given = {"items": made.items, "read": made.read, "negatives": {"g0": ("g1",)}}
    node = {"datamodule": config["datamodule"]}
    built = instantiate(node, provided={**given, "encoder": TinyEncoder()})["datamodule"]
    batch: PairBatch = next(iter(built.train_dataloader()))  # type: ignore[attr-defined]
    assert (batch.groups["text"] >= 0).all()


def test_it_is_contrastive_training_otherwise() -> None:
    assert issubclass(HardNegativesModule, ContrastiveModule)
    config = compose(["experiment=hard_negatives", "model.kinds=[attribute,relation]"])
    assert config["model"]["kinds"] == config["datamodule"]["kinds"] == ["attribute", "relation"]
