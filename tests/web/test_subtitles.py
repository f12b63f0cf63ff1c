"""Subtitles in the two formats players know."""

from __future__ import annotations

from scrubjay.core.hearing import Heard, Transcript
from scrubjay.web.subtitles import as_srt, as_vtt

HEARD = Transcript(
    (
        Heard("Zwei  Tassen\n\nauf <b>dem</b> Tisch & mehr", 0.0, 1.9996),
        Heard("--> und eine daneben", 3661.25, 36_000.0),
    ),
    "de",
    40_000.0,
    "fake",
)


def test_subrip_has_numbers_and_commas_and_no_line_ends_a_cue_early():
    assert as_srt(HEARD) == (
        "1\n00:00:00,000 --> 00:00:02,000\nZwei Tassen auf <b>dem</b> Tisch & mehr\n\n"
        "2\n01:01:01,250 --> 10:00:00,000\n--> und eine daneben\n\n"
    )


def test_webvtt_is_escaped():
    assert as_vtt(HEARD) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:02.000\n"
        "Zwei Tassen auf &lt;b&gt;dem&lt;/b&gt; Tisch &amp; mehr\n\n"
        "01:01:01.250 --> 10:00:00.000\n--&gt; und eine daneben\n\n"
    )


def test_where_nobody_speaks_there_is_no_cue():
    silent = Transcript((), None, 3.0, "fake")
    assert (as_srt(silent), as_vtt(silent)) == ("", "WEBVTT\n\n")
