"""The distillation loss against arithmetic written out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional

from scrubjay.core.errors import BadConfig
from scrubjay.training.distilling.loss import distillation
from scrubjay.training.distilling.module import DistillModule
from tests.training.tiny import TinyEncoder


def unit(n: int, seed: int) -> torch.Tensor:
    rows = torch.randn(n, 6, generator=torch.Generator().manual_seed(seed))
    return functional.normalize(rows, dim=1)


WEIGHTS = {"features": 0.5, "centred": 0.8, "relations": 2.0, "temperature": 0.1}


def test_the_loss_is_what_is_written() -> None:
    student = {"image": unit(4, 0), "text": unit(3, 1)}
    teacher = {"image": unit(4, 2), "text": unit(3, 3)}
    found = distillation(student, teacher, **WEIGHTS)
    apart = [
        1 - float(student[m][i] @ teacher[m][i]) for m in student for i in range(len(student[m]))
    ]
    divergences = []
    for (a, asked), keys in product(student.items(), teacher.values()):
        rows = []
        for i, row in enumerate(asked):
            ours = np.array([float(row @ key) for key in keys]) / 0.1
            theirs = np.array([float(teacher[a][i] @ key) for key in keys]) / 0.1
            p, q = (np.exp(x) / np.exp(x).sum() for x in (theirs, ours))
            rows.append(float((p * np.log(p / q)).sum()))
        divergences.append(np.mean(rows))
    beside = []
    for m, rows in teacher.items():
        mean = np.mean([row.numpy() for row in rows], axis=0)
        for ours, theirs in zip(student[m].numpy() - mean, rows.numpy() - mean, strict=True):
            lengths = np.linalg.norm(ours) * np.linalg.norm(theirs)
            beside.append(1 - float(ours @ theirs) / lengths)
    assert found["centred"].item() == pytest.approx(np.mean(beside), rel=1e-4)
    assert found["features"].item() == pytest.approx(np.mean(apart), rel=1e-5)
    assert found["relations"].item() == pytest.approx(np.mean(divergences), rel=1e-4)
    total = 0.5 * np.mean(apart) + 0.8 * np.mean(beside) + 2.0 * np.mean(divergences)
    assert found["loss"].item() == pytest.approx(total, rel=1e-4)


def test_whoever_agrees_has_nothing_to_learn() -> None:
    rows = {"image": unit(5, 0).requires_grad_(), "text": unit(1, 1)}
    loss = distillation(rows, {name: one.detach() for name, one in rows.items()}, **WEIGHTS)["loss"]
    assert loss.item() == pytest.approx(0, abs=1e-5)
    loss.backward()
    assert torch.isfinite(rows["image"].grad).all()


def test_one_thing_alone_still_has_its_teachers_vector() -> None:
    found = distillation({"image": unit(1, 0)}, {"image": unit(1, 1)}, **WEIGHTS)
    assert set(found) == {"features", "loss"}


def test_it_is_computed_in_float32_under_autocast() -> None:
    student, teacher = {"image": unit(6, 0)}, {"image": unit(6, 1)}
    plain = distillation(student, teacher, **WEIGHTS)["loss"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert distillation(student, teacher, **WEIGHTS)["loss"].item() == plain.item()


@pytest.mark.parametrize(
    "settings",
    [
        {"features": -1},
        {"features": 0, "centred": 0, "relations": 0},
        {"centred": -1},
        {"temperature": 0},
        {"lr": 0},
        {"freeze": "text"},
        {"freeze": ["image", "text", "speech"]},
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict) -> None:
    with pytest.raises(BadConfig):
        DistillModule(TinyEncoder(), **settings)
