"""Months with a video among what is learned from: found by moment after every deployment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.types import Clue, Kind
from scrubjay.retrain.month_data import _pairs
from tests.media.films import BLUE, GREEN, RED, write_film
from tests.retrain.bands import write_month
from tests.retrain.months import FIRST, QUICK, opened, retrain

pytest.importorskip("av", reason="videos need the `video` extra")


def kept(home: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in home.glob("gleanings/*/*.json")}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_video_is_found_after_each_deployment_and_heard_and_read_once(tmp_path: Path) -> None:
    bucket, home = tmp_path / "bucket", tmp_path / "home"
    write_month(bucket / "2026-01", FIRST, most=60)
    (bucket / "films").mkdir()
    tone = 0.3 * np.sin(np.arange(48_000 * 6) * 0.05)
    write_film(bucket / "films" / "clip.mp4", [(RED, 2), (GREEN, 2), (BLUE, 2)], samples=tone)
    source = f"data.source={bucket}"

    first = retrain(home, "month=2026-01", source, settings=QUICK)
    assert (first.code, first.result["status"]) == (0, "promoted"), first.err
    found = kept(home)
    assert any(name.startswith("shots-") for name in found)
    write_month(bucket / "2026-02", ("orange",), among=FIRST, most=30, seed=1)
    second = retrain(home, "month=2026-02", source, settings=QUICK)
    assert (second.code, second.result["status"]) == (0, "promoted"), second.err
    assert second.result["version"] != first.result["version"]
    assert kept(home) == found, "nothing is looked at, heard or read a second time"

    now = opened(home)
    (video,) = [item for item in now.catalog.items() if item.kind is Kind.VIDEO]
    for version in (first.result["version"], second.result["version"]):
        generation = now.generations.open(version)
        assert generation.embedded()[video.id] == video.sha256
        rows = [
            row
            for page in generation.pages(1_000)
            for row in page.rows.to_pylist()
            if row["id"] == video.id and row["clue"] == Clue.SEEN.value
        ]
        assert sorted(row["moment_s"] for row in rows) == pytest.approx([0, 2, 4], abs=0.15)
        assert {row["version"] for row in rows} == {version}
    learned = {video.id: video.sha256}
    assert _pairs(now, learned, held=(), heard=0) == []
