from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from PIL import Image

from scrubjay.ask.comparing.report_page import compare_html, in_bytes, in_seconds
from scrubjay.ask.comparing.results import Result
from scrubjay.ask.comparing.running import Outcome
from tests.ask.comparing.posed import point, posed, said

EVIL = "</td><script>alert(1)</script><img src=x onerror=alert(2)>"


def page_of(folder, *, n=4, names=("good", EVIL)):
    picture = folder / 'a "b" <c>.png'
    Image.new("RGB", (300, 200), (200, 30, 30)).save(picture)
    questions = tuple(
        replace(
            posed("red", f"{EVIL} not", question=f"{EVIL}?", group=str(at)),
            pictures=(picture,),
            name=str(at),
        )
        for at in range(n)
    )
    rows = []
    for number, name in enumerate(names):
        answers = tuple(
            said("red" if at % 2 or not number else EVIL, seconds=0.1 + number, confidence=0.8)
            for at in range(n)
        )
        outcome = Outcome(name, visits=[{"peak_bytes": (number + 1) * 10**8}])
        took = tuple(one.seconds for one in answers)
        rows.append(Result(point(name), outcome, questions, answers, took, 0.5 + number))
    rows.append(
        Result(
            point("broken"),
            Outcome("broken", failure=EVIL),
            questions,
            (said("", told=False),) * n,
            (),
            None,
        )
    )
    return compare_html(
        rows,
        name=EVIL,
        measure="normalised",
        currency="EUR",
        how="one at a time",
        machine={"system": "Linux", "processors": 2, "python": "3"},
        notes=[EVIL],
        when=datetime(2026, 11, 21, tzinfo=UTC),
    )


def test_nothing_a_stranger_wrote_becomes_markup(tmp_path):
    page = page_of(tmp_path)
    assert "<script" not in page
    assert "onerror=alert" not in re.sub(r"&lt;img src=x onerror=alert", "", page)
    assert "&lt;script&gt;" in page
    assert "<img src=x" not in page


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    page = page_of(tmp_path)
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert addresses
    assert all(one.startswith(("data:image/jpeg;base64,", "#")) for one in addresses)
    assert "default-src 'none'" in page


def test_figures_plots_and_answers_are_there(tmp_path):
    page = page_of(tmp_path)
    assert page.count("<svg") == 3  # time, memory, cost
    assert "100.0%" in page
    assert "2 questions that some answer right and others wrong" in page
    assert "✗ wrong" in page
    assert page.count("<h3>") == 5  # four questions, and what has no figures


def test_pages_of_one_point_or_of_none_are_pages_too(tmp_path):
    assert "<svg" not in page_of(tmp_path, names=("one",))
    assert "Without figures" in page_of(tmp_path, names=())


def test_sizes_and_times_for_people():
    assert [in_bytes(one) for one in (None, 5_000_000, 2_345_000_000)] == ["-", "5 MB", "2.35 GB"]
    assert [in_seconds(one) for one in (None, 0.01234, 12.345)] == ["-", "12.3 ms", "12.35 s"]
