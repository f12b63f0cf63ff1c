"""Watching with models of transformers' own classes, small and untaught, and with a server."""

from __future__ import annotations

import pytest

from scrubjay.ask.answer import Asked, Example
from scrubjay.ask.clip import handed_over_clip
from scrubjay.ask.gleaned import Gleaned
from scrubjay.core.looking import Sampling
from scrubjay.models.load import load_vlm
from tests.ask.clips import write_clip
from tests.ask.conftest import BLUE, GREEN, RED, asking_with, picture
from tests.models.remote_server import MODEL, protocol_server

FEW = Sampling(max_new_tokens=4)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    shots = [(picture(one, size=(56, 96)), 1) for one in (RED, GREEN, BLUE)]
    return handed_over_clip(write_clip(path, shots))


@pytest.mark.slow
@pytest.mark.parametrize("save", ["save_qwen2_vl", "save_llava"])
def test_a_model_of_transformers_is_shown_frames_of_every_shot_in_order(tmp_path, clip, save):
    pytest.importorskip("transformers")
    from tests.models.vlm import small_models

    folder = getattr(small_models, save)(tmp_path / "model")
    model = load_vlm("transformers", source=folder)
    asking = asking_with(vlm=model, gleaned=Gleaned())
    example = Example(asking.shown_clip(clip), "it goes", wrong="it stays")
    asked = Asked("what happens?", examples=(example,), sampling=FEW)
    answer = asking.watch(clip, asked)
    assert [one.name for one in answer.sources] == [
        *("clip.mkv 0:00-0:01", "clip.mkv 0:01-0:02", "clip.mkv 0:02-0:03"),
    ]
    pictures = 12 + 4
    assert answer.tokens_in is not None
    assert answer.tokens_in > pictures, "each picture is read as some tokens"
    assert answer.tokens_out is not None
    assert answer.tokens_out <= 4
    assert answer.steps[-1].by == "transformers"


def test_a_server_is_sent_the_frames_with_their_times(clip):
    with protocol_server() as server:
        model = load_vlm("remote", url=server.url, model=MODEL, retries=0, timeout_s=30)
        asking = asking_with(vlm=model, gleaned=Gleaned())
        answer = asking.watch(clip, Asked("how many pictures are there?"))
        assert answer.text == "12"
        sent = [one.json for one in server.requests if one.path.endswith("/chat/completions")]
        parts = sent[-1]["messages"][-1]["content"]
        assert sum(one["type"] == "image_url" for one in parts) == 12
        texts = [one["text"] for one in parts if one["type"] == "text"]
        assert any("[2] clip.mkv 0:01-0:02 (video):" in one for one in texts)
        assert any("at 0.2 s:" in one for one in texts)
