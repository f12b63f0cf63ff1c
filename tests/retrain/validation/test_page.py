"""The page and the message: complete, readable, and nothing in them is anybody's markup."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html.parser import HTMLParser

import pytest

from scrubjay.media.layout import Problem
from scrubjay.retrain.validation import page as validation_page
from scrubjay.retrain.validation.page import (
    validation_html,
    visible,
    write_validation,
)
from scrubjay.retrain.validation.validate import ValidateSettings, validate
from scrubjay.retrain.validation.verdict import Verdict
from tests.retrain.made import drop, item

WHEN = datetime(2026, 11, 21, 8, 30)
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>`|[a](javascript:b)"


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def page(verdict, **said):
    html = validation_html(
        verdict, **{"source": "s3://bucket/in", "month": "2026-11", "when": WHEN, **said}
    )
    parsed = _Tags()
    parsed.feed(html)
    return html, parsed


def evil_verdict():
    bad = (Problem(f"{EVIL}.jpg", f"duplicate id {EVIL}"),)
    return validate(
        drop(40, new_problems=bad, looked_at=41, added=[item(99, id=EVIL, captions=("-",))]),
        before=[item(n, tags=(EVIL,)) for n in range(200, 260)],
        settings=ValidateSettings(class_columns=("tags",)),
    )


def test_names_ids_reasons_and_classes_are_never_markup():
    html, parsed = page(evil_verdict(), source=EVIL)
    assert not {"script", "img", "a", "iframe"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert "<script" not in html
    text = "".join(parsed.text)
    assert f"{EVIL}.jpg" in text
    assert f"duplicate id {EVIL}" in text
    assert text.count(EVIL) >= 5


def test_the_page_loads_nothing():
    html, parsed = page(evil_verdict())
    assert not {"link", "script", "img", "iframe", "object"} & set(parsed.tags)
    assert "default-src 'none'" in html
    assert not re.search(r"url\(|@import|https?://", html)


def test_the_page_says_decision_rules_and_every_bad_row():
    verdict = validate(drop(70, unreadable=30), before=(), settings=ValidateSettings())
    _, parsed = page(verdict)
    text = " ".join(" ".join(parsed.text).split())
    assert "Validation of 2026-11: stopped before training" in text
    assert "scrubjay retrain --accept 2026-11" in text
    assert "30 of 100 new objects (30.0%) are set aside." in text
    for n in range(30):
        assert f"bad/{n:05d}.jpg" in text
    for one in verdict.findings:
        assert one.statement in text


def test_outcomes_are_words_and_not_only_colours():
    settings = ValidateSettings(class_columns=("tags",))
    verdict = validate(
        drop(40, unreadable=10),
        before=[item(n, tags=("a",)) for n in range(200, 260)],
        settings=settings,
    )
    text = "".join(page(verdict)[1].text)
    for word in ("✗ stops", "! warns", "✓ passed", "not judged"):
        assert word in text


def test_a_clean_month_says_so():
    verdict = validate(drop(50), before=(), settings=ValidateSettings())
    text = "".join(page(verdict)[1].text)
    assert "accepted" in text
    assert "None: every new object can be used." in text
    assert "--accept" not in text


def test_of_very_many_rows_the_first_are_shown_and_the_rest_counted(monkeypatch):
    monkeypatch.setattr(validation_page, "ROWS_SHOWN", 10)
    verdict = validate(drop(0, unreadable=25), before=(), settings=ValidateSettings())
    text = "".join(page(verdict)[1].text)
    assert "The first 10 are shown" in text
    assert "bad/00009.jpg" in text
    assert "bad/00010.jpg" not in text
    assert len(verdict.to_json()["bad"]) == 25


def test_every_table_has_a_caption_and_headers():
    html, parsed = page(evil_verdict())
    assert parsed.tags.count("table") == parsed.tags.count("caption") == 3
    assert html.count('scope="col"') == 9
    assert ("lang", "en") in parsed.attributes


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("a\x00b\x1b[31m", "a\\x00b\\x1b[31m"),
        ("two\nlines", "two\\x0alines"),
        ("\ud800", "\\ud800"),
        ("Zürich 犬 🐕.jpg", "Zürich 犬 🐕.jpg"),
        ("\u200bx", "\\u200bx"),
    ],
)
def test_marks_nobody_sees_are_written_out(text, seen):
    assert visible(text) == seen


def test_the_page_can_be_written_whatever_a_name_holds(tmp_path):
    problem = Problem("\ud800\u202e\x00.jpg", "truncated picture")
    verdict = validate(
        drop(5, new_problems=(problem,), looked_at=6), before=(), settings=ValidateSettings()
    )
    written = write_validation(tmp_path, verdict, source="x", month="2026-11", when=WHEN)
    assert "\\ud800\\u202e\\x00.jpg" in written.read_text("utf-8")


def test_the_page_and_the_record_of_all_rows_lie_side_by_side(tmp_path):
    verdict = evil_verdict()
    for _ in range(2):
        written = write_validation(tmp_path, verdict, source="x", month="2026-11", when=WHEN)
        assert {one.name for one in tmp_path.iterdir()} == {"validation.html", "validation.json"}
    record = json.loads((tmp_path / "validation.json").read_text())
    assert record["source"] == "x"
    assert Verdict.from_json(record) == verdict
    html = validation_html(verdict, source="x", month="2026-11", when=WHEN)
    assert written.read_text("utf-8") == html
