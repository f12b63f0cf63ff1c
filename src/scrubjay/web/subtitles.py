"""What was heard, as subtitles: SubRip and WebVTT."""

from __future__ import annotations

from scrubjay.core.hearing import Heard, Transcript


def as_srt(heard: Transcript) -> str:
    """SubRip: numbered, times with a comma."""
    return "".join(
        f"{number}\n{_span(one, ',')}\n{_one_line(one.text)}\n\n"
        for number, one in enumerate(heard.segments, start=1)
    )


def as_vtt(heard: Transcript) -> str:
    """WebVTT (W3C): what could be read as markup is escaped."""
    cues = (f"{_span(one, '.')}\n{_escaped(_one_line(one.text))}\n\n" for one in heard.segments)
    return f"WEBVTT\n\n{''.join(cues)}"


def _span(heard: Heard, point: str) -> str:
    return f"{_time(heard.start_s, point)} --> {_time(heard.end_s, point)}"


def _time(seconds: float, point: str) -> str:
    millis = round(1000 * seconds)
    minutes, millis = divmod(millis, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{millis // 1000:02}{point}{millis % 1000:03}"


def _one_line(text: str) -> str:
    """An empty line would end a cue."""
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
