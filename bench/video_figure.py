"""The first minutes of a film as a picture: shots as planned, moments as found."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from scrubjay.media.world.film import Change, boundaries
from scrubjay.store.rows import StoredMoment
from video_film import Made

SECONDS = 120.0
WIDTH, LEFT, RIGHT = 900, 128, 12
ROW, GAP = 22, 8
LETTER = 6.0
"""Width of a letter, about."""
COLOURS = {
    "seen": "#3b6ea8",
    "heard": "#c06a2b",
    "said": "#8a4fa3",
    "read": "#2f8060",
}
INK, FAINT, CHANGE = "#3a3f45", "#d9dde2", {"cut": "#3a3f45", "dissolve": "#b03a48", "fade": "#888"}


def timeline(made: Made, moments: Sequence[StoredMoment], to: Path) -> None:
    """Write the first two minutes as SVG: no colour is told apart from another by hue alone."""
    film = made.film
    end = min(SECONDS, film.duration_s)
    rows = ["planned", "found", "speech", "heard", "sign", "read"]
    height = 2 * GAP + len(rows) * (ROW + GAP) + 36
    names = {
        "planned": "shots, planned",
        "found": "moments, found",
        "speech": "spoken, planned",
        "heard": "heard, found",
        "sign": "boards, planned",
        "read": "read, found",
    }
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="11" role="img">',
        "<title>Two minutes of a generated film: what was planned and what was found</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    tops = {name: GAP + place * (ROW + GAP) for place, name in enumerate(rows)}
    for name, top in tops.items():
        out.append(f'<text x="{LEFT - 8}" y="{top + 15}" text-anchor="end">{names[name]}</text>')

    def x(at: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(at, end) / end

    def bar(row: str, start: float, stop: float, fill: str, tip: str, ink: str = "") -> None:
        if start >= end:
            return
        width = max(1.5, x(stop) - x(start) - 1)
        out.append(
            f'<rect x="{x(start):.1f}" y="{tops[row]}" width="{width:.1f}" height="{ROW}" '
            f'rx="3" fill="{fill}"><title>{escape(tip)}</title></rect>'
        )
        words = " ".join(tip.split())
        if ink and LETTER * len(words) < width:
            out.append(
                f'<text x="{x(start) + width / 2:.1f}" y="{tops[row] + 14}" font-size="9" '
                f'text-anchor="middle" fill="{ink}">{escape(words)}</text>'
            )

    for shot in film.shots:
        bar("planned", shot.start_s, shot.end_s, FAINT, shot.caption)
        if shot.sign is not None:
            bar("sign", shot.start_s, shot.end_s, FAINT, shot.sign.upper(), INK)
    for one in made.said:
        bar("speech", one.start_s, one.end_s, FAINT, one.text)
    for at, shot in zip(boundaries(film), film.shots[1:], strict=True):
        if at < end and shot.change is not Change.CUT:
            out.append(
                f'<circle cx="{x(at):.1f}" cy="{tops["planned"] + ROW / 2}" r="4" '
                f'fill="{CHANGE[shot.change.value]}"><title>{shot.change.value}</title></circle>'
            )
    for moment in moments:
        bar("found", moment.start_s, moment.end_s, COLOURS["seen"], f"{moment.start_s:.1f} s")
        for span in moment.spans:
            if span.start_s is None or span.end_s is None or span.clue is None:
                continue
            row = {"heard": "heard", "read": "read"}.get(span.clue.value)
            if row is not None:
                colour, tip = COLOURS[span.clue.value], span.text or ""
                bar(row, span.start_s, span.end_s, colour, tip, "#fff")
    out += [
        f'<text x="{x(second):.1f}" y="{height - 6}" text-anchor="middle" fill="{INK}">'
        f"{second // 60}:{second % 60:02}</text>"
        for second in range(0, int(end) + 1, 10)
    ]
    left = float(LEFT)
    for name in ("dissolve", "fade"):
        out.append(f'<circle cx="{left + 4}" cy="{height - 22}" r="4" fill="{CHANGE[name]}"/>')
        out.append(f'<text x="{left + 12}" y="{height - 18}" fill="{INK}">{name}</text>')
        left += 80
    to.write_text("\n".join([*out, "</svg>"]) + "\n")
