"""Somebody uploads while a month runs: nothing of it is lost, and all of it is found."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from scrubjay import services
from scrubjay.search.uploaded import Upload
from tests.retrain.bands import write_month
from tests.retrain.months import FIRST, QUICK, opened, retrain
from tests.search.uploading import png

PAUSE_S = 0.5


class Uploader(threading.Thread):
    """Uploads one picture after the other until it is told to stop."""

    def __init__(self, home: Path, first: int) -> None:
        super().__init__(daemon=True)
        self._home = opened(home)
        self._next = first
        self._stopping = threading.Event()
        self.acknowledged: list[str] = []
        self.problem: Exception | None = None

    def run(self) -> None:
        try:
            while not self._stopping.wait(PAUSE_S):
                upload = Upload(f"{self._next}.png", png(self._next))
                self._next += 1
                done = services.add_uploads(self._home, [upload], month="2026-01")
                assert not done.refused
                self.acknowledged += [one.item.id for one in done.taken]
        except Exception as error:  # noqa: BLE001 - the test fails with it
            self.problem = error

    def stop(self) -> None:
        self._stopping.set()
        self.join(60)
        assert not self.is_alive()
        if self.problem is not None:
            raise self.problem


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_is_uploaded_while_a_month_runs_is_kept_and_indexed(tmp_path: Path) -> None:
    bucket, home = tmp_path / "bucket", tmp_path / "home"
    write_month(bucket / "2026-01", FIRST, most=60)
    source = f"data.source={bucket}"
    uploaded: list[str] = []
    for number, month in enumerate(("2026-01", "2026-02")):
        if number:
            write_month(bucket / month, ("orange",), among=FIRST, most=40)
        uploader = Uploader(home, first=1000 * number)
        uploader.start()
        ran = retrain(home, f"month={month}", source, settings=QUICK)
        uploader.stop()
        assert ran.result["status"] == "promoted", ran.err
        assert len(uploader.acknowledged) >= 5, "it ran beside the month, not after it"
        uploaded += uploader.acknowledged
        now = opened(home)
        champion = now.registry.champion()
        assert champion is not None
        assert champion.version == ran.result["version"]
        indexed = now.generations.open(champion.generation).embedded()
        for item_id in uploaded:
            item = now.catalog.get(item_id)
            assert item is not None
            assert indexed[item_id] == item.sha256
            assert now.media.read(item.sha256)
    assert len(set(uploaded)) == len(uploaded)
