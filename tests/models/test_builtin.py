"""The built-in encoder keeps the contract, comes back from its folder, and serves as it trains."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional

from scrubjay.core.errors import BadConfig, Damaged, ModelNotFound, UnknownName, UnsupportedModality
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import SAMPLE_RATE, Modality
from scrubjay.models.builtin.network import Attention, Network, SpeechFront
from scrubjay.models.builtin.settings import NetworkSettings
from scrubjay.models.encoders.builtin import load
from scrubjay.models.load import load_encoder, load_trainable

SMALL = {
    "width": 32,
    "layers": 2,
    "heads": 2,
    "dim": 24,
    "image_size": 32,
    "stem_channels": [8, 16],
    "stem_strides": [2, 2, 2],
    "words": 6,
    "buckets": 512,
    "text_width": 16,
    "mels": 16,
    "speech_window_s": 2.0,
}


@pytest.fixture(scope="module")
def encoder():
    torch.set_num_threads(1)
    return load(seed=3, **SMALL)


def pictures(n=4):
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (20 + 9 * i, 50, 3)).astype(np.uint8) for i in range(n)]


def sounds():
    random = np.random.default_rng(1)
    lengths = [0, 100, 6000, 16000, 5 * SAMPLE_RATE]
    return [random.normal(0, 0.1, n).astype(np.float32) for n in lengths]


TEXTS = ["", "?!", "a red apple", "日本語のテキスト", "Привет, мир 😀", "word " * 50, "x" * 99_999]

MEDIA = {Modality.IMAGE: pictures(), Modality.SPEECH: sounds(), Modality.TEXT: TEXTS}


@pytest.mark.parametrize("modality", list(Modality))
def test_vectors_are_unit_rows_that_do_not_depend_on_their_neighbours(encoder, modality):
    together = encoder.encode(modality, MEDIA[modality])
    alone = np.concatenate([encoder.encode(modality, [one]) for one in MEDIA[modality]])
    assert together.dtype == np.float32
    assert together.shape == (len(MEDIA[modality]), 24)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    assert (together * alone).sum(axis=1).min() >= 0.9999
    assert np.array_equal(together, encoder.encode(modality, MEDIA[modality]))
    assert encoder.encode(modality, []).shape == (0, 24)


def test_more_media_than_fit_one_pass_keep_their_order(encoder):
    many = [f"number {at}" for at in range(150)]
    together = encoder.encode(Modality.TEXT, many)
    picked = encoder.encode(Modality.TEXT, [many[140]])
    assert float(together[140] @ picked[0]) >= 0.9999


def test_what_lies_behind_the_window_changes_nothing(encoder):
    said = sounds()[-1]
    longer = np.concatenate([said[: 2 * SAMPLE_RATE], np.ones(SAMPLE_RATE, np.float32)])
    assert np.array_equal(
        encoder.encode(Modality.SPEECH, [said[: 2 * SAMPLE_RATE]]),
        encoder.encode(Modality.SPEECH, [longer]),
    )
    text = "one two three four five six"
    assert np.array_equal(
        encoder.encode(Modality.TEXT, [text]), encoder.encode(Modality.TEXT, [text + " seven"])
    )


def test_different_media_have_different_vectors(encoder):
    for modality in Modality:
        vectors = encoder.encode(modality, MEDIA[modality][-3:])
        assert np.abs(vectors[0] - vectors[1]).max() > 1e-3


def test_the_family_is_reached_through_load_and_can_be_trained(encoder):
    loaded = load_trainable("builtin", seed=3, **SMALL)
    assert isinstance(loaded, TrainableEncoder)
    assert loaded.spec == encoder.spec
    assert loaded.spec.image_size == 32
    assert loaded.spec.speech_window_s == 2.0


def test_the_default_size_is_that_of_the_study():
    count = sum(one.numel() for one in Network(NetworkSettings()).parameters())
    assert 7_000_000 < count < 8_000_000


def test_a_seed_decides_the_weights_and_leaves_torch_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, same, other = (load(seed=seed, **SMALL) for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert first.spec.fingerprint == same.spec.fingerprint != other.spec.fingerprint


def test_the_fingerprint_follows_the_weights_and_the_inputs():
    encoder = load(seed=0, **SMALL)
    before = encoder.spec.fingerprint
    with torch.no_grad():
        next(encoder.tower(Modality.TEXT).parameters()).add_(0.1)
    assert encoder.spec.fingerprint != before
    assert load(seed=0, inputs={"f_max": 4000.0}, **SMALL).spec.fingerprint != before


def test_an_encoder_with_two_towers_says_which_it_lacks():
    encoder = load(**{**SMALL, "modalities": ["image", "text"]})
    assert encoder.spec.speech_window_s is None
    for refused in (
        lambda: encoder.encode(Modality.SPEECH, sounds()),
        lambda: encoder.tower(Modality.SPEECH),
        lambda: encoder.preprocess(Modality.SPEECH, train=True),
    ):
        with pytest.raises(UnsupportedModality, match="speech"):
            refused()


def test_gradients_reach_every_weight_through_the_three_towers():
    encoder = load(seed=0, **SMALL)
    for modality in Modality:
        inputs = encoder.preprocess(modality, train=True)(MEDIA[modality])
        tower = encoder.tower(modality).train()
        tower(**{name: torch.from_numpy(array) for name, array in inputs.items()}).sum().backward()
    named = encoder.tower(Modality.TEXT).named_parameters()
    assert [name for name, one in named if one.grad is None] == []


def test_encoding_in_the_middle_of_training_leaves_training_mode_on(encoder):
    tower = encoder.tower(Modality.IMAGE).train()
    encoder.encode(Modality.IMAGE, pictures())
    assert tower.network.training
    tower.eval()


def test_training_inputs_vary_with_torch_s_seed_and_only_with_it(encoder):
    for modality in (Modality.IMAGE, Modality.SPEECH):
        varied = encoder.preprocess(modality, train=True)
        name = "pixel_values" if modality is Modality.IMAGE else "mel"
        media = MEDIA[modality][2:4]
        torch.manual_seed(1)
        first = varied(media)[name]
        torch.manual_seed(1)
        np.random.default_rng().random()
        assert np.array_equal(first, varied(media)[name])
        assert not np.array_equal(first, varied(media)[name])


def test_a_folder_brings_back_every_bit(encoder, tmp_path):
    encoder.save_pretrained(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
    again = load(source=tmp_path)
    assert again.spec == encoder.spec
    for modality in Modality:
        ours, theirs = (one.encode(modality, MEDIA[modality]) for one in (encoder, again))
        assert np.array_equal(ours, theirs)


def test_a_folder_s_training_may_vary_otherwise_but_not_its_inputs(encoder, tmp_path):
    encoder.save_pretrained(tmp_path)
    calm = load(source=tmp_path, inputs={"speech": {"noise": 0.0}})
    assert calm.spec.fingerprint == encoder.spec.fingerprint
    with pytest.raises(BadConfig, match="f_max"):
        load(source=tmp_path, inputs={"f_max": 4000.0})
    with pytest.raises(BadConfig, match="width"):
        load(source=tmp_path, width=64)


def test_folders_that_are_not_ours_are_refused(encoder, tmp_path):
    with pytest.raises(ModelNotFound, match=r"encoder\.source"):
        load(source=tmp_path)
    encoder.save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    config = tmp_path / "config.json"
    whole, described = weights.read_bytes(), json.loads(config.read_text())
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Damaged, match="nothing was loaded"):
        load(source=tmp_path)
    weights.write_bytes(whole)
    changes = (
        {**described, "format": 99},
        {**described, "family": "other"},
        {**described, "network": {**described["network"], "width": 64}},
        {**described, "network": {**described["network"], "depth": 1}},
        {**described, "network": []},
        [],
    )
    for changed in changes:
        config.write_text(json.dumps(changed))
        with pytest.raises(Damaged):
            load(source=tmp_path)
    config.write_text("{")
    with pytest.raises(Damaged):
        load(source=tmp_path)


@pytest.mark.parametrize(
    ("setting", "error", "says"),
    [
        ({"widht": 32}, UnknownName, "width"),
        ({"modalities": ["sound"]}, UnknownName, "speech"),
        ({"heads": 5}, BadConfig, "divide"),
        ({"image_size": 33}, BadConfig, "multiple of 8"),
        ({"layers": 0}, BadConfig, "above 0"),
        ({"layers": "two"}, BadConfig, "layers"),
        ({"dropout": 1.0}, BadConfig, "dropout"),
        ({"stem_strides": [2, 2]}, BadConfig, "stem_strides"),
        ({"speech_window_s": 0.001}, BadConfig, "shorter"),
        ({"buckets": 1}, BadConfig, "buckets"),
        ({"inputs": {"warp": 1}}, UnknownName, "speech"),
        ({"inputs": {"speech": {"wrap": 1}}}, UnknownName, "warp"),
        ({"inputs": {"speech": {"shift": 1.5}}}, BadConfig, "whole"),
        ({"inputs": {"speech": {"warp": -1.0}}}, BadConfig, "0 or more"),
        ({"inputs": {"speech": 3}}, BadConfig, "mapping"),
        ({"inputs": {"f_max": 9000.0}}, BadConfig, "f_max"),
        ({"inputs": {"band_mean": 2.0}}, BadConfig, "band_mean"),
    ],
)
def test_settings_that_cannot_be_are_named(setting, error, says):
    with pytest.raises(error, match=says):
        load(**{**SMALL, **setting})


@pytest.fixture(scope="module")
def exported(encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    encoder.export(folder)
    return folder


@pytest.mark.parametrize(("precision", "least"), [("f32", 0.99999), ("auto", 0.999)])
@pytest.mark.parametrize("modality", list(Modality))
def test_the_exported_graphs_give_the_same_vectors(encoder, exported, modality, precision, least):
    served = load_encoder("exported", source=exported, threads=1, precision=precision)
    assert served.spec.fingerprint == encoder.spec.fingerprint
    media = MEDIA[modality]
    for batch in (media, media[:1], media * 5):
        ours, theirs = encoder.encode(modality, batch), served.encode(modality, batch)
        assert (ours * theirs).sum(axis=1).min() >= least


def test_the_exported_encoder_serves_without_torch(exported):
    code = (
        "import sys, numpy as np\n"
        "from scrubjay.models.load import load_encoder\n"
        "from scrubjay.core.types import Modality\n"
        f"encoder = load_encoder('exported', source={str(exported)!r}, threads=1)\n"
        "encoder.encode(Modality.TEXT, ['a jay'])\n"
        "encoder.encode(Modality.SPEECH, [np.zeros(9000, np.float32)])\n"
        "encoder.encode(Modality.IMAGE, [np.zeros((9, 9, 3), np.uint8)])\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=280)


def test_attention_is_that_of_torch_over_the_valid_tokens():
    torch.manual_seed(0)
    attention = Attention(16, 4).eval()
    tokens = torch.randn(2, 5, 16)
    hidden = torch.tensor([[False] * 5, [False, False, False, True, True]])[:, None, None, :]
    split = attention.qkv(attention.norm(tokens)).view(2, 5, 3, 4, 4).permute(2, 0, 3, 1, 4)
    mixed = functional.scaled_dot_product_attention(*split, attn_mask=~hidden)
    expected = attention.out(mixed.transpose(1, 2).reshape(2, 5, 16))
    assert torch.allclose(attention(tokens, hidden), expected, atol=1e-5)


def test_the_speech_front_is_a_strided_convolution_in_time():
    torch.manual_seed(0)
    settings = NetworkSettings(width=12, heads=2, mels=7, speech_strides=(2, 3))
    front = SpeechFront(settings).eval()
    mel = torch.randn(1, 23, 7)
    tokens, valid = front(mel, torch.tensor([23]))
    x = mel.transpose(1, 2)
    for layer, stride, inside in zip(front.layers, (2, 3), (7, 12), strict=True):
        weight = layer.weight.view(12, 5, inside).transpose(1, 2)
        x = functional.gelu(functional.conv1d(x, weight, layer.bias, stride=stride, padding=2))
    assert tokens.shape == (1, 4, 12)
    assert bool(valid.all())
    assert torch.allclose(tokens, x.transpose(1, 2), atol=1e-5)
