"""`/v1/embeddings` is OpenAI's, for texts, pictures and recordings."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import openai
import pytest
import soundfile
from fastapi.testclient import TestClient

from scrubjay import services
from scrubjay.core.types import SAMPLE_RATE, Modality
from scrubjay.media.audio import decode_sound
from scrubjay.media.image import decode_picture
from scrubjay.models.load import load_encoder
from scrubjay.search.decode import windows
from scrubjay.search.embed import middle
from scrubjay.web.given import MAX_TEXT
from scrubjay.web.inputs import read_inputs
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import LOOPBACK, tone
from tests.web.live import listening


def data_url(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def picture_of(home, at):
    return data_url((home.folder / f"{at}.png").read_bytes(), "image/png")


def sound_of(home, name):
    return data_url((home.folder / f"{name}.wav").read_bytes(), "audio/wav")


@pytest.fixture(scope="module")
def client(served_home):
    """The `openai` package as it comes, at a real port."""
    app = create_app(served_home.open(), ServeSettings(watch_s=0))
    with listening(app) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="none") as client:
        yield client


@pytest.fixture(scope="module")
def encoder(served_home):
    return services.open_encoder(served_home.open(), served_home.version)


@pytest.fixture(scope="module")
def strict_client(served_home):
    app = create_app(served_home.open(), ServeSettings(watch_s=0, max_inputs=10))
    with TestClient(app, base_url=LOOPBACK) as client:
        yield client


def same(vectors, others):
    """Rows point the same way; batches may change the last bits of a bfloat16 product."""
    return float(np.sum(np.asarray(vectors) * np.asarray(others), axis=-1).min()) > 0.9999


def test_the_openai_client_gets_the_encoders_vectors(client, encoder, served_home):
    texts = list(served_home.captions[:5])
    answer = client.embeddings.create(model="champion", input=texts)
    expected = encoder.encode(Modality.TEXT, texts)
    assert same([one.embedding for one in answer.data], expected)
    assert [one.index for one in answer.data] == [0, 1, 2, 3, 4]
    assert answer.model == served_home.version
    assert answer.object == "list"
    assert answer.data[0].object == "embedding"


def test_floats_and_base64_are_the_same_numbers(client, served_home):
    made = {
        encoding: client.embeddings.create(
            model=served_home.version, input="a red apple", encoding_format=encoding
        )
        .data[0]
        .embedding
        for encoding in ("float", "base64")
    }
    decoded = np.frombuffer(base64.b64decode(made["base64"]), "<f4")
    np.testing.assert_array_equal(np.array(made["float"], np.float32), decoded)
    assert np.linalg.norm(decoded) == pytest.approx(1, abs=1e-5)


def test_a_batch_may_mix_texts_pictures_and_recordings(client, encoder, served_home):
    picture = (served_home.folder / "4.png").read_bytes()
    sound = (served_home.folder / "low.wav").read_bytes()
    answer = client.embeddings.create(
        model="champion",
        input=[
            {"image": data_url(picture, "image/png")},
            "a red apple",
            {"audio": data_url(sound, "audio/wav")},
            {"text": "a blue cup"},
            {"image": picture_of(served_home, 5)},
        ],
    )
    vectors = [one.embedding for one in answer.data]
    texts = encoder.encode(Modality.TEXT, ["a red apple", "a blue cup"])
    side = encoder.spec.image_size
    (seen,) = encoder.encode(Modality.IMAGE, [decode_picture(picture, min_side=side)])
    (heard,) = encoder.encode(Modality.SPEECH, [decode_sound(sound)])
    assert same([vectors[1], vectors[3]], texts)
    assert same(vectors[0], seen)
    assert same(vectors[2], heard)


def test_one_picture_alone_is_an_input_too(client, served_home):
    alone = client.embeddings.create(model="champion", input={"image": picture_of(served_home, 5)})
    listed = client.embeddings.create(
        model="champion", input=[{"image": picture_of(served_home, 5)}]
    )
    assert same(alone.data[0].embedding, listed.data[0].embedding)


def test_a_long_recording_has_one_vector_of_all_it_says(client, encoder):
    seconds = 2.5 * encoder.spec.speech_window_s
    out = io.BytesIO()
    soundfile.write(out, tone(700, seconds), SAMPLE_RATE, format="WAV")
    answer = client.embeddings.create(
        model="champion", input={"audio": data_url(out.getvalue(), "audio/wav")}
    )
    parts = windows(decode_sound(out.getvalue()), encoder.spec.speech_window_s)
    assert len(parts) > 2
    expected = middle(encoder.encode(Modality.SPEECH, [part.media for part in parts]))
    assert same(answer.data[0].embedding, expected)


def test_many_at_once_are_what_each_is_alone(client, encoder, served_home):
    texts = [f"{caption}, number {at}" for at, caption in enumerate(served_home.captions * 5)]
    answer = client.embeddings.create(model="champion", input=texts)
    alone = np.concatenate([encoder.encode(Modality.TEXT, [text]) for text in texts])
    assert same([one.embedding for one in answer.data], alone)


def test_usage_counts_what_the_text_tower_reads(client, served_home):
    def usage(inputs):
        told = client.embeddings.create(model="champion", input=inputs).usage
        assert told.prompt_tokens == told.total_tokens
        return told.total_tokens

    assert usage("a red apple") == 3  # the built-in encoder's tokens are words
    assert usage(["a red apple", "two words"]) == 5
    assert usage({"image": picture_of(served_home, 1)}) == 0
    assert usage(" ".join(["word"] * 5000)) == usage(" ".join(["word"] * 2000)) < 100


def test_dimensions_are_the_versions_own_or_refused(client, encoder):
    dim = encoder.spec.dim
    kept = client.embeddings.create(model="champion", input="a", dimensions=dim)
    assert len(kept.data[0].embedding) == dim
    with pytest.raises(openai.BadRequestError, match=f"vectors of {dim}"):
        client.embeddings.create(model="champion", input="a", dimensions=dim // 2)


def test_a_model_nobody_registered_is_not_found(client):
    with pytest.raises(openai.NotFoundError, match="text-embedding-3-small"):
        client.embeddings.create(model="text-embedding-3-small", input="a")


def test_a_version_that_does_not_serve_still_embeds(own_home, serve):
    home = own_home.open()

    def build(folder):
        other = load_encoder("builtin", seed=3, dim=24, width=32, heads=2, layers=1, text_width=16)
        (folder / "export").mkdir()
        other.save_pretrained(folder)
        other.export(folder / "export")

    version = home.registry.register(build, month="2026-12", lineage={}, metrics={}, card="")
    client = serve(own_home, versions_kept=1)
    asked = {"model": version, "input": ["a", "b"]}
    told = client.post("/v1/embeddings", json=asked).json()
    assert told["model"] == version
    assert [len(one["embedding"]) for one in told["data"]] == [24, 24]
    assert client.get("/v1/champion").json()["version"] == own_home.version
    assert client.post("/v1/search", json={"text": "a", "model": version}).status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 400, "input"),
        ({"input": []}, 400, "input is empty"),
        ({"input": ""}, 400, "empty text"),
        ({"input": ["a", "  "]}, 400, "input[1]"),
        ({"input": [1, 2, 3]}, 400, "token numbers"),
        ({"input": [[1, 2, 3]]}, 400, "token numbers"),
        ({"input": None}, 400, "null"),
        ({"input": 3}, 400, "int"),
        ({"input": {"smell": "a"}}, 400, "exactly one of"),
        ({"input": {}}, 400, "exactly one of"),
        ({"input": [{"text": "a", "image": "b"}]}, 400, "input[0]"),
        ({"input": [{"text": 3}]}, 400, "input[0].text"),
        ({"input": "a", "dimensions": 0}, 400, "dimensions"),
        ({"input": "a", "encoding_format": "hex"}, 400, "encoding_format"),
        ({"input": "a", "colour": "red"}, 400, "colour"),
        ({"input": ["a"] * 11}, 400, "at most 10"),
        ({"input": "a" * (MAX_TEXT + 1)}, 400, str(MAX_TEXT)),
        ({"input": {"image": "https://127.0.0.1/a.png"}}, 400, "never fetched"),
        ({"input": ["a", {"image": "data:image/png;base64,AAAA"}]}, 422, "input[1].image"),
        ({"input": {"audio": "data:audio/wav;base64,AAAA"}}, 422, "input.audio"),
    ],
)
def test_what_is_wrong_is_said(strict_client, body, status, says):
    answer = strict_client.post("/v1/embeddings", json=body)
    assert answer.status_code == status, answer.text
    assert says in answer.json()["error"]["message"]


def test_an_input_keeps_its_name_for_messages():
    named = read_inputs(["a", {"text": "b"}], most=2)
    assert [one.name for one in named] == ["input[0]", "input[1].text"]
    assert Path(read_inputs("a", most=1)[0].name).name == "input"
