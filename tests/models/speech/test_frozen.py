"""Hidden states of frozen speech models, against the library's own of each sound alone."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.models.speech.frozen import normalised_over_time
from scrubjay.models.speech.opening import open_speech
from tests.models.speech.test_inputs import sounds
from tests.models.speech_models import SAVE_SPEECH, WAVEFORM
from tests.models.spoken_models import save_whisper

HEARD = (1_500, 16_000, 32_100)


def states(opened, heard) -> tuple[list[torch.Tensor], torch.Tensor]:
    made = opened.input(heard)
    return opened.frozen(**{name: torch.from_numpy(array) for name, array in made.items()})


def library(folder: Path, sound: np.ndarray) -> list[torch.Tensor]:
    """The library's hidden states of one sound, the last as it gives it out."""
    from transformers import AutoConfig, AutoFeatureExtractor, AutoModel
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    hears = AutoFeatureExtractor.from_pretrained(folder)
    inputs = hears(sound, sampling_rate=16_000, return_tensors="pt")
    if AutoConfig.from_pretrained(folder).model_type == "whisper":
        model = WhisperEncoder.from_pretrained(folder)
    else:
        model = AutoModel.from_pretrained(folder)
    inputs.pop("attention_mask", None)
    with torch.no_grad():
        made = model.eval()(**inputs, output_hidden_states=True)
    return [*made.hidden_states[:-1], made.last_hidden_state]


@pytest.mark.parametrize("kind", SAVE_SPEECH)
def test_states_in_a_batch_are_the_librarys_of_each_sound_alone(kind, speech_model) -> None:
    folder = speech_model(kind)
    heard = sounds(HEARD)
    made, valid = states(open_speech(folder), heard)
    for row, sound in enumerate(heard):
        theirs = library(folder, sound)
        assert len(made) == len(theirs)
        # A Whisper has states of the silence behind a sound, too; the others have none.
        frames = theirs[0].shape[1] if kind == "whisper" else int(valid[row].sum())
        for ours, wanted in zip(made, theirs, strict=True):
            assert wanted.shape[1] == frames
            torch.testing.assert_close(ours[row, :frames], wanted[0], atol=2e-4, rtol=1e-4)


def test_a_hubert_with_batch_normalised_positions_lets_no_padding_in(tmp_path) -> None:
    from transformers import HubertConfig, HubertModel

    torch.manual_seed(3)
    model = HubertModel(HubertConfig(**WAVEFORM, conv_pos_batch_norm=True))
    with torch.no_grad():
        model.encoder.pos_conv_embed.batch_norm.bias.fill_(0.7)
    model.save_pretrained(tmp_path)
    heard = sounds(HEARD)
    opened = open_speech(tmp_path)
    assert opened.input.normalise, "the library's own default where the folder says nothing"
    together, valid = states(opened, heard)
    for row, sound in enumerate(heard):
        (alone, _), frames = states(opened, [sound]), int(valid[row].sum())
        for ours, wanted in zip(together, alone, strict=True):
            torch.testing.assert_close(ours[row, :frames], wanted[0], atol=1e-5, rtol=1e-5)


def test_normalisation_over_time_is_group_normalisation_of_a_rows_own_frames() -> None:
    random = torch.Generator().manual_seed(0)
    hidden = torch.randn(3, 5, 40, generator=random) * 7 + 3
    norm = torch.nn.GroupNorm(5, 5)
    with torch.no_grad():
        norm.weight.normal_(generator=random)
        norm.bias.normal_(generator=random)
    lengths = torch.tensor([40, 13, 2])
    made = normalised_over_time(hidden, torch.arange(40)[None] < lengths[:, None], norm)
    for row, length in enumerate(lengths.tolist()):
        wanted = norm(hidden[row : row + 1, :, :length])
        torch.testing.assert_close(made[row, :, :length], wanted[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", SAVE_SPEECH)
def test_it_never_learns_and_is_never_in_training_mode(kind, speech_model) -> None:
    frozen = open_speech(speech_model(kind)).frozen
    frozen.train()
    assert not any(module.training for module in frozen.modules())
    assert not any(parameter.requires_grad for parameter in frozen.parameters())


@pytest.mark.parametrize("kind", SAVE_SPEECH)
def test_what_is_saved_is_read_by_the_librarys_class_and_keeps_every_bit(
    kind, speech_model, tmp_path
) -> None:
    opened = open_speech(speech_model(kind))
    opened.save(tmp_path)
    again = open_speech(tmp_path)
    assert again.input == opened.input
    ours, saved = opened.frozen.state_dict(), again.frozen.state_dict()
    assert ours.keys() == saved.keys()
    assert all(torch.equal(ours[name], saved[name]) for name in ours)
    sound = sounds((9_000,))[0]
    for wanted, found in zip(
        library(speech_model(kind), sound), library(tmp_path, sound), strict=True
    ):
        assert torch.equal(wanted, found)


def test_a_whole_whisper_gives_its_encoder(tmp_path) -> None:
    from transformers import WhisperModel

    folder = save_whisper(tmp_path)
    opened = open_speech(folder)
    made = opened.input(sounds((9_000,)))
    whole = WhisperModel.from_pretrained(folder).eval()
    with torch.no_grad():
        wanted = whole.encoder(torch.from_numpy(made["mel"])).last_hidden_state
    found, _ = states(opened, sounds((9_000,)))
    torch.testing.assert_close(found[-1], wanted)


@pytest.mark.parametrize("kind", SAVE_SPEECH)
def test_another_process_can_be_sent_one(kind, speech_model) -> None:
    opened = open_speech(speech_model(kind))
    again = pickle.loads(pickle.dumps(opened))
    (first, _), (second, _) = states(opened, sounds(HEARD)), states(again, sounds(HEARD))
    assert torch.equal(first[-1], second[-1])
