"""Single things in batches, and what the teacher made of them, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from scrubjay.core.errors import BadConfig, NotReady, TrainingFailed
from scrubjay.core.types import Kind, Media, Modality, Split
from scrubjay.training.distilling.data import SingleThings
from tests.training.collection import Collection, make
from tests.training.tiny import TinyEncoder


class Counted(TinyEncoder):
    """A teacher that counts what it is asked."""

    def __init__(self) -> None:
        torch.manual_seed(7)
        super().__init__()
        self.asked = dict.fromkeys(Modality, 0)

    def encode(self, modality: Modality, batch: Sequence[Media]) -> np.ndarray:
        self.asked[modality] += len(batch)
        return super().encode(modality, batch)


def things(
    made: Collection, run: Any, teacher: TinyEncoder | None = None, **more: Any
) -> SingleThings:
    settings = {"run": str(run), "batch_size": 4, "augment": False, **more}
    return SingleThings(made.items, made.read, TinyEncoder(), teacher or Counted(), **settings)


def test_an_epoch_shows_everything_once_with_its_teachers_vector(tmp_path) -> None:
    made = make(12, recordings=True)
    teacher = Counted()
    data = things(made, tmp_path, teacher)
    seen: dict[str, list[torch.Tensor]] = {}
    for batch in data.train_dataloader():
        assert set(batch.inputs) == {"image", "speech", "text"}
        for name, rows in batch.targets.items():
            seen.setdefault(name, []).append(rows)
            (inputs,) = batch.inputs[name].values()
            tower = teacher.towers[Modality(name)].eval()
            with torch.no_grad():
                wanted = tower(**batch.inputs[name])
            torch.testing.assert_close(rows, torch.nn.functional.normalize(wanted, dim=1))
            assert len(inputs) == len(rows) <= 4
    train = [item for item in made.items if item.split is Split.TRAIN]
    pictures = sum(item.kind is Kind.IMAGE for item in train)
    assert {name: sum(map(len, rows)) for name, rows in seen.items()} == dict.fromkeys(
        ("image", "speech", "text"), pictures
    )
    assert len(torch.unique(torch.cat(seen["image"]), dim=0)) == pictures


def test_the_teacher_looks_once_whatever_is_asked_again(tmp_path) -> None:
    made = make(12)
    teacher = Counted()
    data = things(made, tmp_path, teacher)
    for _ in range(2):
        list(data.train_dataloader())
        list(data.val_dataloader())
    data.teachers([at for at, view in enumerate(data.held_out) if view.item is not None])
    pictures = sum(item.kind is Kind.IMAGE for item in made.items)
    assert teacher.asked[Modality.IMAGE] == pictures
    # A run that goes on reads them; another teacher makes its own.
    again = Counted()
    list(things(made, tmp_path, again).train_dataloader())
    assert sum(again.asked.values()) == 0
    other = Counted()
    other.spec = type(other.spec)("tiny", "", 32, frozenset(Modality), "1" * 64, 32, 2.0)
    list(things(made, tmp_path, other).train_dataloader())
    assert other.asked[Modality.IMAGE] == pictures


def test_epochs_differ_and_equal_epochs_are_equal(tmp_path) -> None:
    made = make(16)
    first, again = (things(made, tmp_path).train_dataloader() for _ in range(2))
    one, same = ([batch.targets["image"] for batch in each] for each in (first, again))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    data = things(made, tmp_path)
    data.next_epoch = 1
    later = [batch.targets["image"] for batch in data.train_dataloader()]
    assert not all(torch.equal(a, b) for a, b in zip(one, later, strict=True))


def test_pictures_alone_are_enough(tmp_path) -> None:
    data = things(make(8, captions=False), tmp_path)
    assert {name for batch in data.train_dataloader() for name in batch.inputs} == {"image"}


def test_a_tower_that_does_not_learn_is_shown_nothing(tmp_path) -> None:
    made = make(8)
    student = TinyEncoder()
    student.towers[Modality.TEXT].requires_grad_(requires_grad=False)
    data = SingleThings(made.items, made.read, student, Counted(), run=str(tmp_path), batch_size=4)
    assert {name for batch in data.train_dataloader() for name in batch.inputs} == {"image"}
    assert {view.modality for view in data.held_out} == {Modality.IMAGE, Modality.TEXT}


def test_what_cannot_be_read_is_left_out_and_told(tmp_path) -> None:
    made = make(12)
    gone = next(item for item in made.items if item.split is Split.TRAIN)
    lost = next(item for item in made.items if item.split is Split.VAL)
    del made.files[gone.uri], made.files[lost.uri]
    data = things(made, tmp_path, tolerate=0.1)
    rows = sum(len(batch.targets["image"]) for batch in data.train_dataloader())
    assert rows == 8
    told = [data.on_before_batch_transfer(batch, 0).problems for batch in data.train_dataloader()]
    assert [uri for each in told for uri, _ in each] == [gone.uri]
    places = [at for at, view in enumerate(data.held_out) if view.item is not None]
    there, vectors = data.teachers(places)
    assert [
        data.held_out[at].item for at, known in zip(places, there, strict=True) if not known
    ] == [lost]
    assert np.isfinite(vectors).all()
    strict = things(made, tmp_path, tolerate=0.0)
    broken = next(batch for batch in strict.train_dataloader() if batch.problems)
    with pytest.raises(TrainingFailed, match="tolerate"):
        strict.on_before_batch_transfer(broken, 0)


def test_nothing_to_learn_from_and_settings_that_cannot_be(tmp_path) -> None:
    with pytest.raises(NotReady, match="add pictures"):
        things(make(4, captions=False, pictures=False), tmp_path)
    short = TinyEncoder(dim=16)
    with pytest.raises(BadConfig, match="16 numbers, the student's 32"):
        things(make(4), tmp_path, short)
    for setting in ({"batch_size": 1}, {"workers": -1}, {"val_views": 0}, {"tolerate": 2}):
        with pytest.raises(BadConfig):
            things(make(4), tmp_path, **setting)
