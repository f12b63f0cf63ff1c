"""`scrubjay compare --encoders` on small collections."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.cli.compare import compare
from scrubjay.core.config import Settings
from scrubjay.core.errors import NotReady, UnknownName, WrongUse
from scrubjay.core.types import Kind, Split
from scrubjay.models.load import load_encoder
from scrubjay.search.measure import evaluate_items
from scrubjay.store.home import Home
from tests.cli.one_command import running
from tests.search.conftest import Shelf

run = running(compare)


@pytest.fixture
def home(built_home, tmp_path):
    return Path(shutil.copytree(built_home.path, tmp_path / "home"))


def test_recall_time_and_size_of_each_and_why_one_has_none(built_home, home):
    words = ("--encoders", "--model", "encoder=fake", "--model", "champion", "--home", home)
    told = json.loads(run(*words, "--json").stdout)
    fake, champion = told["encoders"]
    opened = Home(Settings(home=home))
    items = [one for one in opened.catalog.items() if one.split is Split.TEST]
    items = items or list(opened.catalog.items())
    assert told["n_items"] == len(items)
    measured = evaluate_items(items, load_encoder("fake"), read=opened.reader())
    for mine, reference in zip(fake["directions"], measured.directions, strict=True):
        assert mine == json.loads(json.dumps(reference.to_json()))
    assert 0 < fake["latency"]["text"]["p50_s"] <= fake["latency"]["text"]["p95_s"]
    assert fake["bytes_per_item"] == 4 * load_encoder("fake").spec.dim
    assert fake["peak_memory_bytes"] > 10 << 20
    assert champion["name"] == built_home.version
    assert champion["failure"]
    assert "Figures" in Path(told["report"]).read_text()
    again = run(*words)
    assert "fake" in again.stdout
    assert f"{built_home.version} has no figures" in again.stdout


def test_what_cannot_be_compared_says_why(home, tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'champion'"):
        run("--encoders", "--model", "champoin", "--home", home)
    with pytest.raises(WrongUse, match="names no encoder"):
        run("--encoders", "--model", "vlm=fake", "--home", home)
    with pytest.raises(NotReady, match="has no version to compare"):
        run("--encoders", "--home", tmp_path / "empty")


@pytest.mark.slow
def test_the_shipped_encoder_finds_drawn_pictures_in_either_precision(tmp_path):
    pytest.importorskip("torch", reason="the shipped encoder is exported with torch")
    from scrubjay.media.world.draw import draw
    from scrubjay.media.world.months import first_month
    from scrubjay.models.load import load_trainable

    export = tmp_path / "export"
    export.mkdir()
    load_trainable("builtin", source="shipped").export(export)
    (tmp_path / "media").mkdir()
    shelf, random = Shelf(tmp_path / "media"), np.random.default_rng(0)
    for shot in first_month()[:40]:
        out = io.BytesIO()
        Image.fromarray(draw(shot.scene, random).picture).save(out, "PNG")
        name = f"{shot.number}.png"
        shelf.put(name, out.getvalue(), Kind.IMAGE, captions=shot.captions[:1], group=name)
    home = Home(Settings(home=tmp_path / "home"))
    home.catalog.upsert(shelf.items)
    told = json.loads(
        run(
            *("--encoders", "--home", home.path, "--json", "--model", "encoder=fake"),
            *("--model", f"name=auto encoder=exported encoder.source={export}"),
            *(
                "--model",
                f"name=f32 encoder=exported encoder.source={export} encoder.precision=f32",
            ),
        ).stdout
    )
    rows = {one["name"]: one for one in told["encoders"]}
    recall = {
        name: {one["name"]: one["recall"]["1"]["value"] for one in row["directions"]}
        for name, row in rows.items()
    }
    assert recall["f32"]["text->image"] > 0.5 > recall["fake"]["text->image"]
    assert recall["auto"]["text->image"] == pytest.approx(recall["f32"]["text->image"], abs=0.06)
    assert rows["f32"]["model"]["size_bytes"] > 1_000_000
    better = {frozenset((one["first"], one["second"])): one["better"] for one in told["versus"]}
    assert better[frozenset(("fake", "f32"))] == "f32"
    assert better[frozenset(("auto", "f32"))] is None
