from __future__ import annotations

import re

import pytest

from scrubjay.ask.comparing.report_page import in_bytes, in_seconds
from tests.ask.comparing.pages import chat_page_of, encoder_page_of, page_of


def test_nothing_a_stranger_wrote_becomes_markup(tmp_path):
    page = page_of(tmp_path)
    assert "<script" not in page
    assert "onerror=alert" not in re.sub(r"&lt;img src=x onerror=alert", "", page)
    assert "&lt;script&gt;" in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("made", [chat_page_of, encoder_page_of])
def test_the_other_pages_escape_and_load_nothing_either(made):
    page = made()
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page


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
