"""The figures of `bench/video.py` as rows of docs/figures.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ask_table import Row
from video_search import DEPTH

SCRIPT = "bench/video.py"


def rows(told: Mapping[str, Any]) -> Iterator[Row]:
    """One for each part that is known."""
    film = told["film"]
    what = (
        f"{film['seconds'] / 60:.0f} minutes of generated film ({film['frames']}, "
        f"{film['shots']} shots, {film['sentences']} sentences, {film['boards']} boards)"
    )
    if "index" in told:
        yield _index(f"adding {what}, encoder in the box", told["index"])
    if "shots" in told:
        yield _shots(told["shots"])
    if "search" in told:
        yield _search(told["search"])
    if "needles" in told:
        yield _needles(told["needles"])


def _index(what: str, one: Mapping[str, Any]) -> Row:
    words, text = one["hearing words"], one["reading text"]
    figure = (
        f"{one['seconds']:.0f} s in all; decoding, shots and encoding key frames "
        f"{one['passes']['looking']:.0f} s, {one['pictures, times real time']:.0f}x real time "
        f"(aimed at 15; {one['processor']['looking']:.0f} s of processor); "
        f"speech without its words {one['speech, times real time'] or 0:.0f}x; "
        f"hearing words {words['seconds']:.0f} s; reading {text['calls']} key frames "
        f"{text['seconds']:.0f} s; memory at most {one['process GiB']:.2f} GiB, with the decoder's "
        f"process {one['with all it starts GiB']:.2f} (aimed at 1.5)"
    )
    return Row(what, figure, SCRIPT)


def _shots(one: Mapping[str, Any]) -> Row:
    f1 = ", ".join(f"{100 * one[name]:.1f} {name[3:]}" for name in one if name.startswith("F1"))
    found = ", ".join(
        f"{name} {one[f'{name} found'][0]} of {one[f'{name} found'][1]}"
        for name in ("cuts", "dissolves", "fades")
    )
    return Row(
        "its shots' boundaries, F1 in % (aimed at 95)",
        f"{f1}; {found}; moments that are no shot: {one['moments that are no shot']}",
        SCRIPT,
    )


def _search(one: Mapping[str, Any]) -> Row:
    figure = "; ".join(
        f"{way} {_share(told['first'])} / {_share(told[f'among {DEPTH}'])}, "
        f"{told['first']['questions']} questions"
        for way, told in one.items()
    )
    return Row(f"its moments found (IoU >= 0.5), R@1 / R@{DEPTH} in %", figure, SCRIPT)


def _needles(one: Mapping[str, Any]) -> Row:
    parts = []
    for way, told in one.items():
        if not isinstance(told, Mapping):
            continue
        shares = [name for name in told if isinstance(told[name], Mapping)]
        figures = ", ".join(f"{name} {_share(told[name])}" for name in shares)
        speed = f"{told['seconds a minute of film']:.1f} s a minute of film"
        parts.append(f"{way} {figures} of {told[shares[0]]['questions']}, {speed}")
    title = f"small things that pass, each looked for in {one['minutes']:g} minutes, in %"
    return Row(title, "; ".join(parts), SCRIPT)


def _share(score: Mapping[str, Any]) -> str:
    low, high = score["interval"]
    return f"{100 * score['accuracy']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
