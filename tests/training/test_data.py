"""The datamodule: right partners, the same batches everywhere, words when nothing pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig, BadMedia, NotReady, TrainingFailed
from scrubjay.core.types import Kind, Modality, Split
from scrubjay.training.data import PairBatch, PairData
from scrubjay.training.order import EpochOrder
from scrubjay.training.views import Decoded, window
from tests.training.collection import Collection, make, picture, tone
from tests.training.tiny import TinyEncoder, _pixels, _words


def pairs(made: Collection, **settings) -> PairData:
    return PairData(made.items, made.read, TinyEncoder(), **settings)


def epoch(data: PairData, number: int) -> list[PairBatch]:
    loader = data.train_dataloader()
    assert isinstance(loader.sampler, EpochOrder)
    loader.sampler.set_epoch(number)
    return list(loader)


def equal(one: PairBatch, other: PairBatch) -> bool:
    return one.inputs.keys() == other.inputs.keys() and all(
        torch.equal(array, other.inputs[modality][name])
        for modality, inputs in one.inputs.items()
        for name, array in inputs.items()
    )


def test_a_batch_holds_views_of_the_same_things_row_by_row() -> None:
    made = make(12, recordings=True)
    (batch,) = epoch(pairs(made, batch_size=64), 0)
    assert set(batch.inputs) == {"image", "text", "speech"}
    assert len(batch.groups["image"]) == 9, "the train split, each thing once"
    assert torch.equal(batch.groups["image"], batch.groups["text"])
    assert torch.equal(batch.groups["image"], batch.groups["speech"])
    train = [one for one in made.items if one.split is Split.TRAIN and one.kind is Kind.IMAGE]
    decoded = Decoded(made.read, limits=MediaLimits(), min_side=None, max_bytes=0)
    for row, number in enumerate(batch.groups["image"].tolist()):
        expected = _pixels(decoded.picture(train[number]))
        assert np.allclose(batch.inputs["image"]["pixels"][row], expected, atol=0.1)
        words = _words(train[number].captions[0])
        assert np.allclose(batch.inputs["text"]["words"][row], words, atol=0.1)


def test_a_modality_missing_from_some_things_has_fewer_rows() -> None:
    made = make(8, val_every=0)
    for number in range(3):
        made.add(Kind.SPEECH, tone(number), group=f"g{number}", split=Split.TRAIN)
    (batch,) = epoch(pairs(made), 0)
    assert len(batch.groups["image"]) == 8
    assert sorted(batch.groups["speech"].tolist()) == [0, 1, 2]


def test_batches_depend_on_seed_and_epoch_and_nothing_else() -> None:
    made = make(12, recordings=True)
    data = pairs(made, batch_size=4, seed=3)
    first = epoch(data, 5)
    torch.manual_seed(999)
    again = epoch(pairs(made, batch_size=4, seed=3), 5)
    assert all(equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(equal(a, b) for a, b in zip(first, epoch(data, 6), strict=True))
    other = epoch(pairs(made, batch_size=4, seed=4), 5)
    assert not all(equal(a, b) for a, b in zip(first, other, strict=True))


def test_loading_processes_make_the_same_batches_as_this_one_over_epochs() -> None:
    made = make(12, recordings=True)
    alone, helped = pairs(made, batch_size=4), pairs(made, batch_size=4, workers=2)
    loader = helped.train_dataloader()
    for number in (0, 1):
        loader.sampler.set_epoch(number)
        for a, b in zip(epoch(alone, number), list(loader), strict=True):
            assert equal(a, b)


def test_loading_leaves_torchs_own_randomness_alone() -> None:
    data = pairs(make(8))
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    epoch(data, 0)
    assert torch.equal(torch.rand(3), expected)


def test_held_out_views_cover_the_val_split_once() -> None:
    made = make(12, recordings=True)
    data = pairs(made, batch_size=2)
    batches = list(data.val_dataloader())
    seen = sorted(int(one) for batch in batches for one in batch.positions)
    assert seen == list(range(len(data.held_out))) == list(range(9))
    assert all(len({data.held_out[int(p)].modality for p in b.positions}) == 1 for b in batches)
    assert data.shown(0).shape == (32, 32, 3)


def test_without_held_out_pairs_there_is_nothing_to_validate() -> None:
    assert pairs(make(8, val_every=0)).val_dataloader() == []


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Collection([], {}), "0 pictures, 0 recordings and 0 captions"),
        (make(8, captions=False), "6 pictures, 0 recordings and 0 captions.*descriptions.json"),
        (make(8, pictures=False, recordings=True, captions=False), "0 pictures, 6 recordings"),
        (make(1), "two to tell apart.*1 pictures"),
    ],
)
def test_without_pairs_it_says_what_is_missing_and_what_to_do(made: Collection, words: str) -> None:
    with pytest.raises(NotReady, match=words):
        pairs(made, folder="tickets")


def test_an_encoder_without_the_tower_is_named_when_nothing_pairs() -> None:
    encoder = TinyEncoder()
    encoder.spec = replace(encoder.spec, modalities=frozenset({Modality.IMAGE, Modality.SPEECH}))
    made = make(8)
    with pytest.raises(NotReady, match="towers for image, speech"):
        PairData(made.items, made.read, encoder)


@pytest.mark.parametrize(
    "settings",
    [{"batch_size": 1}, {"workers": -1}, {"cache_mb": -1}, {"tolerate": 2.0}, {"val_views": 0}],
)
def test_settings_that_cannot_be_are_refused(settings: dict) -> None:
    with pytest.raises(BadConfig, match=f"datamodule.{next(iter(settings))}"):
        pairs(make(8), **settings)


def test_an_unreadable_file_is_left_out_and_its_pair_goes_on_without() -> None:
    made = make(12, recordings=True, val_every=0)
    del made.files[made.items[0].uri]
    made.files[made.items[3].uri] = b"not a recording"
    data = pairs(made, tolerate=0.5)
    (batch,) = epoch(data, 0)
    assert len(batch.groups["image"]) == len(batch.groups["speech"]) == 11
    assert len(batch.groups["text"]) == 12
    assert data.on_before_batch_transfer(batch, 0) is batch
    assert set(data.problems) == {made.items[0].uri, made.items[3].uri}
    assert data.problems[made.items[0].uri] == "file is gone"


def test_too_many_unreadable_files_stop_the_training_with_the_first_one_named() -> None:
    made = make(12, val_every=0)
    for item in made.items[:2]:
        del made.files[item.uri]
    (batch,) = epoch(pairs(made), 0)
    with pytest.raises(TrainingFailed, match=r"2 of 12 items.*image-[01]: file is gone.*tolerate"):
        pairs(made).on_before_batch_transfer(batch, 0)


def test_decoded_media_are_kept_up_to_the_limit() -> None:
    made = make(3, val_every=0)
    reads: list[str] = []

    def read(uri: str) -> bytes:
        reads.append(uri)
        return made.read(uri)

    decoded = Decoded(read, limits=MediaLimits(), min_side=None, max_bytes=2 * 32 * 32 * 3)
    for _ in range(2):
        for item in made.items:
            decoded.picture(item)
    assert reads == ["image-0", "image-1", "image-2", "image-2"]


def test_a_decoding_error_names_the_file() -> None:
    made = Collection([], {})
    item = made.add(Kind.IMAGE, picture(0)[:60], group="g", split=Split.TRAIN)
    with pytest.raises(BadMedia, match="image-0: "):
        Decoded(made.read, limits=MediaLimits(), min_side=None, max_bytes=0).picture(item)


def test_a_long_recording_is_heard_through_a_window() -> None:
    sound = np.arange(48_000, dtype=np.float32)
    assert window(sound, None, None) is sound
    assert window(sound, 3.0, None) is sound
    assert np.array_equal(window(sound, 1.0, None), sound[:16_000])
    starts = {float(window(sound, 1.0, np.random.default_rng(seed))[0]) for seed in range(8)}
    assert len(starts) == 8
    assert max(starts) <= 32_000
