"""What a stranger's folder may hold instead of a speech model."""

from __future__ import annotations

import json
import shutil

import pytest

from scrubjay.core.errors import BadConfig, Damaged, ModelNotFound
from scrubjay.models.speech.opening import open_speech
from tests.models.spoken_models import copy_without


def rewritten(folder, into, name, **changes):
    shutil.copytree(folder, into)
    values = json.loads((into / name).read_text())
    (into / name).write_text(json.dumps({**values, **changes}))
    return into


def test_a_window_is_the_models_own_unless_asked_for(speech_model) -> None:
    assert open_speech(speech_model("whisper")).input.window_s == 3.0
    assert open_speech(speech_model("whisper"), window_s=1).input.frames == 100
    assert open_speech(speech_model("hubert")).input.window_s == 15.0
    assert open_speech(speech_model("hubert"), window_s=4).input.window_s == 4.0


def test_how_a_model_was_normalised_is_read_of_its_folder(speech_model) -> None:
    assert open_speech(speech_model("hubert")).input.normalise
    assert not open_speech(speech_model("wav2vec2")).input.normalise


@pytest.mark.parametrize(
    ("kind", "window_s", "says"),
    [("whisper", 3.5, "positions"), ("whisper", 0.01, "0.1"), ("hubert", 0.001, "or more")],
)
def test_windows_that_cannot_be_are_named(kind, window_s, says, speech_model) -> None:
    with pytest.raises(BadConfig, match=says):
        open_speech(speech_model(kind), window_s=window_s)


def test_another_kind_of_model_is_named(pretrained) -> None:
    with pytest.raises(ModelNotFound, match=r"clip.*encoder\.speech=DIR of a whisper, hubert"):
        open_speech(pretrained("clip"))


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(ModelNotFound, match="nowhere"):
        open_speech(tmp_path / "nowhere")


def test_weights_that_are_missing_are_named(speech_model, tmp_path) -> None:
    short = copy_without(speech_model("whisper"), tmp_path / "short", "conv2.weight")
    with pytest.raises(Damaged, match=r"conv2\.weight"):
        open_speech(short)
    short = copy_without(
        speech_model("hubert"), tmp_path / "h", "hubert.feature_projection.projection.weight"
    )
    with pytest.raises(Damaged, match=r"projection\.weight"):
        open_speech(short)


def test_a_pickle_is_never_opened(speech_model, tmp_path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(speech_model("hubert"), folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelNotFound, match="pickle"):
        open_speech(folder)


def test_other_rates_and_other_bands_are_refused(speech_model, tmp_path) -> None:
    name = "preprocessor_config.json"
    slow = rewritten(speech_model("hubert"), tmp_path / "slow", name, sampling_rate=8000)
    with pytest.raises(ModelNotFound, match="8000"):
        open_speech(slow)
    mixed = rewritten(speech_model("whisper"), tmp_path / "mixed", name, feature_size=128)
    with pytest.raises(ModelNotFound, match="128"):
        open_speech(mixed)
