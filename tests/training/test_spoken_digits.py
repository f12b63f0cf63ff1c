"""Digits said and written: who is learned from, what a batch holds, and what is measured."""

import io
import os
import wave
from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig, BadMedia, NotReady, UnknownName
from scrubjay.core.types import Modality
from scrubjay.models.load import load_trainable
from scrubjay.training.fit import fit
from scrubjay.training.handwriting import read_handwriting
from scrubjay.training.spoken_digits import (
    SpokenDigits,
    precision_at_10,
    read_recordings,
)

SMALL = [
    "encoder.width=32",
    "encoder.layers=1",
    "encoder.heads=2",
    "encoder.dim=16",
    "encoder.stem_channels=[8,16]",
    "trainer=default",
    "trainer.accelerator=cpu",
    "logger=none",
]
REAL = Path(
    os.environ.get("SCRUBJAY_SHARED_DATA")
    or Path(__file__).resolve().parents[2].parent / "shared" / "data"
)


def write_recording(path, digit, speaker, take):
    """A tone for each digit, a little higher for each speaker, in 8 kHz as the real ones are."""
    random = np.random.default_rng([digit, speaker, take])
    at = np.arange(2400 + 200 * take) / 8000
    sound = 0.4 * np.sin(2 * np.pi * (300 + 250 * digit + 15 * speaker) * at)
    sound += random.normal(0, 0.01, len(at))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def write_handwriting(path, n):
    """A bar for each digit, somewhere near its own row."""
    random = np.random.default_rng(n)
    labels = np.arange(n) % 3
    images = random.integers(0, 30, (n, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[3 + 8 * label : 7 + 8 * label] = 255
    np.savez(path, images=images, labels=labels.astype(np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("digits")
    for digit in range(3):
        for number, speaker in enumerate(("ada", "bo")):
            for take in range(8):
                write_recording(made / f"{digit}_{speaker}_{take}.wav", digit, number, take)
    write_handwriting(made / "train.npz", 60)
    write_handwriting(made / "test.npz", 45)
    (made / "README.txt").write_text("not a recording")
    return made


@pytest.fixture(scope="module")
def encoder():
    torch.set_num_threads(1)
    return load_trainable("builtin", **small_encoder())


def small_encoder(**changes):
    settings = {
        "width": 32,
        "layers": 1,
        "heads": 2,
        "dim": 16,
        "image_size": 32,
        "stem_channels": [8],
        "stem_strides": [4, 2],
        "mels": 16,
        "buckets": 64,
        "speech_window_s": 1.6,
    }
    return {**settings, **changes}


def test_the_official_test_takes_are_never_learned_from(folder, encoder):
    data = SpokenDigits(encoder, folder=str(folder), batch_size=8, pictures=8)
    assert {one.take for one in data.train_recordings} == {5, 6, 7}
    assert {one.take for one in data.test_recordings} == {0, 1, 2, 3, 4}
    assert len(data.train_recordings) + len(data.test_recordings) == 48


def test_nothing_of_a_held_out_speaker_is_learned_from(folder, encoder):
    data = SpokenDigits(
        encoder, folder=str(folder), held_out_speaker="bo", batch_size=8, pictures=8
    )
    assert {one.speaker for one in data.train_recordings} == {"ada"}
    assert {one.take for one in data.train_recordings} == {5, 6, 7}
    assert [one.speaker for one in data.test_recordings] == ["bo"] * 24


def test_a_batch_pairs_recordings_pictures_and_words_of_the_same_digits(folder, encoder):
    data = SpokenDigits(encoder, folder=str(folder), batch_size=9, pictures=4, batches=2)
    (batch, _) = list(data.train_dataloader())
    groups = {name: found.tolist() for name, found in batch.groups.items()}
    assert len(groups["speech"]) == len(batch.inputs["speech"]["mel"]) == 9
    assert groups["image"] == groups["speech"][:4]
    assert groups["text"] == sorted(set(groups["speech"]))
    # The bar's place tells which digit a picture really shows, however it is framed.
    rows = batch.inputs["image"]["pixel_values"][:, 0].mean(dim=2) > 0
    middles = [float(torch.nonzero(bright).float().mean()) for bright in rows]
    shown = [int(np.digitize(middle, [9, 20])) for middle in middles]
    assert shown == groups["image"]


def test_batches_depend_on_seed_epoch_and_position_only(folder, encoder):
    def batch(seed, epoch, at):
        data = SpokenDigits(
            encoder, folder=str(folder), batch_size=6, pictures=6, batches=3, seed=seed
        )
        return data.train_dataloader().dataset[(epoch, at)]

    first, same = batch(1, 2, 0), batch(1, 2, 0)
    assert torch.equal(first.inputs["speech"]["mel"], same.inputs["speech"]["mel"])
    assert torch.equal(first.inputs["image"]["pixel_values"], same.inputs["image"]["pixel_values"])
    for other in (batch(2, 2, 0), batch(1, 3, 0), batch(1, 2, 1)):
        assert not torch.equal(
            first.inputs["image"]["pixel_values"], other.inputs["image"]["pixel_values"]
        )


def test_words_are_left_out_on_demand_and_without_a_text_tower(folder, encoder):
    deaf_to_text = load_trainable("builtin", **small_encoder(modalities=["image", "speech"]))
    sizes = {"folder": str(folder), "batch_size": 6, "pictures": 6, "batches": 1}
    for data in (SpokenDigits(encoder, words=False, **sizes), SpokenDigits(deaf_to_text, **sizes)):
        (batch,) = list(data.train_dataloader())
        assert sorted(batch.inputs) == ["image", "speech"]


def test_a_resumed_run_goes_on_with_the_next_epoch(folder, encoder):
    sizes = {"folder": str(folder), "batch_size": 6, "pictures": 6, "batches": 2}
    data = SpokenDigits(encoder, **sizes)
    data.load_state_dict({"next_epoch": 3})
    (resumed, _) = list(data.train_dataloader())
    expected = SpokenDigits(encoder, **sizes).train_dataloader().dataset[(3, 0)]
    assert torch.equal(resumed.inputs["speech"]["mel"], expected.inputs["speech"]["mel"])
    assert data.state_dict() == {"next_epoch": 3}


def test_precision_is_the_share_of_right_pictures_among_the_ten_nearest(folder, encoder):
    data = SpokenDigits(encoder, folder=str(folder), batch_size=8, pictures=8)
    spoken = encoder.encode(Modality.SPEECH, [one.sound for one in data.test_recordings])
    pictures = [data.test_pictures.picture(at) for at in range(45)]
    cosine = spoken @ encoder.encode(Modality.IMAGE, pictures).T
    right = [
        np.mean(data.test_pictures.labels[np.argsort(-row)[:10]] == one.digit)
        for row, one in zip(cosine, data.test_recordings, strict=True)
    ]
    assert precision_at_10(data, encoder) == pytest.approx(np.mean(right), abs=0.02)


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"folder": None}, BadConfig, "datamodule.folder"),
        ({"folder": "nowhere"}, NotReady, "no recordings"),
        ({"batch_size": 4, "pictures": 5}, BadConfig, "pictures"),
        ({"batches": 0}, BadConfig, "batches"),
        ({"held_out_speaker": "bob"}, UnknownName, "bo"),
    ],
)
def test_settings_that_cannot_be_are_named(folder, encoder, settings, error, says):
    with pytest.raises(error, match=says):
        SpokenDigits(encoder, **{"folder": str(folder), **settings})


def test_an_encoder_without_ears_is_refused(folder):
    deaf = load_trainable("builtin", **small_encoder(modalities=["image", "text"]))
    with pytest.raises(BadConfig, match="no speech tower"):
        SpokenDigits(deaf, folder=str(folder))


def test_broken_files_are_named(tmp_path):
    (tmp_path / "1_ada_0.wav").write_bytes(b"")
    with pytest.raises(BadMedia, match="1_ada_0"):
        read_recordings(tmp_path)
    with pytest.raises(NotReady, match=r"train\.npz"):
        read_handwriting(tmp_path / "train.npz")
    path = tmp_path / "test.npz"
    objects = io.BytesIO()
    np.savez(objects, images=np.array([{}], object), labels=np.zeros(1))
    wrong = (
        b"nothing",
        b"",
        objects.getvalue(),
        _npy(np.zeros((2, 28, 28), np.uint8)),
        _npz(images=np.zeros((2, 28, 28), np.uint8)),
        _npz(images=np.zeros((2, 28, 28), np.float32), labels=np.zeros(2)),
        _npz(images=np.zeros((2, 28, 28), np.uint8), labels=np.array([1, 10])),
    )
    for content in wrong:
        path.write_bytes(content)
        with pytest.raises(BadMedia, match=r"test\.npz"):
            read_handwriting(path)


def _npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("end", ["trainer.max_epochs=2", "trainer.max_steps=8"])
def test_the_experiment_learns_tones_and_bars_and_measures_once_at_the_end(folder, tmp_path, end):
    fitted = fit(
        compose(
            [
                "experiment=spoken_digits",
                f"datamodule.folder='{folder}'",
                "datamodule.batch_size=12",
                "datamodule.pictures=12",
                "datamodule.batches=4",
                *SMALL,
                end,
            ]
        ),
        run=tmp_path / "run",
    )
    figure = fitted.metrics["test/precision_at_10"]
    data, encoder = fitted.objects["datamodule"], fitted.objects["encoder"]
    assert figure == pytest.approx(precision_at_10(data, encoder), abs=1e-6)
    assert fitted.epochs == 2


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_real_voices_find_real_handwriting(tmp_path):
    folder = REAL / "spoken-digits"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        asked = ["experiment=spoken_digits", f"datamodule.folder='{folder}'", "logger=none"]
        assert fit(compose(asked), run=tmp_path).metrics["test/precision_at_10"] >= 0.98
    finally:
        torch.set_num_threads(before)
