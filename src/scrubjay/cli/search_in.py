"""`scrubjay search --in VIDEO`: when something small is seen in one video, and where."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scrubjay.cli.frame import console, emit, note, progress_bar
from scrubjay.cli.search import clock, printable
from scrubjay.cli.thumbnails import Screen, escape_sequence, half_blocks, screen
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from scrubjay.core.types import Picture
    from scrubjay.search.needle import Sighting
    from scrubjay.search.needle_in import LookedIn, Sought

COLUMNS, ROWS = 32, 9
"""Character cells of a frame drawn with half blocks: a box must be seen in it."""

OUTLINE = (255, 40, 40)

_THIN, _THICK = 1 / 120, 1 / 32
"""Of an outline, as shares of a frame's longer side."""


def search_in(
    home: Path | None,
    video: str,
    sought: Sought,
    *,
    save: Path | None = None,
    thumbnails: bool = True,
    json: bool = False,
) -> None:
    """Look through a video and show what was seen.

    Raises:
        ScrubjayError: as `services.look_in`; WrongUse also where nothing can be saved.
    """
    from scrubjay.services import look_in, open_home

    if save is not None:
        make_place(save)
    with progress_bar() as progress:
        found = look_in(open_home(home), video, sought, progress=progress)
    if save is not None:
        save_frames(found.looked.sightings, save)
    if json:
        emit(found.to_json())
    elif not found.looked.sightings:
        note(nothing_seen(found))
    else:
        how = screen(os.environ, terminal=sys.stdout.isatty()) if thumbnails else None
        show(found, how)


def nothing_seen(found: LookedIn) -> str:
    """That nothing stands out, and what comes nearest."""
    from scrubjay.search.needle import LEAST_LIFT

    name, nearest = printable(found.video.name), found.looked.nearest
    if nearest is None:
        return f"nothing found: {name} shows no frame"
    return (
        f"nothing found: nothing in {name} stands out enough; the nearest is at "
        f"{clock(nearest.at_s)}, {where(nearest)} (lift {nearest.lift:.2f}, of {LEAST_LIFT:g} "
        f"that it takes)"
    )


def show(found: LookedIn, how: Screen | None) -> None:
    """Sightings for a person: a table in a terminal, lines with tabs elsewhere.

    Args:
        how: what pictures the terminal can show, or None.
    """
    sightings = found.looked.sightings
    if not sys.stdout.isatty():
        for one in sightings:
            cells = [f"{one.score:.3f}", clock(one.at_s), span(one), where(one)]
            sys.stdout.write("\t".join(cells) + "\n")
        return
    if how in {Screen.KITTY, Screen.ITERM}:
        for one in sightings:
            sys.stdout.write(escape_sequence(outlined(one, _THIN), how, ROWS) + "\n")
            words = f"{one.score:.3f}  {clock(one.at_s)}  {where(one)}"
            sys.stdout.write(f"{words}\n       {span(one)}\n\n")
    else:
        _show_table(sightings, pictures=how is not None)
    took = (found.encode_ms + found.look_ms) / 1000
    console().print(
        f"{len(sightings)} found in {found.looked.frames} frames in {took:.1f} s by "
        f"{found.version}",
        style="dim",
    )


def _show_table(sightings: Sequence[Sighting], *, pictures: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=not pictures)
    if pictures:
        table.add_column("")
    for name in ("score", "seen best at", "from - to", "where"):
        table.add_column(name, justify="right" if name == "score" else "left", no_wrap=True)
    for one in sightings:
        cells = [
            Text(f"{one.score:.3f}"),
            Text(clock(one.at_s)),
            Text(span(one), style="dim"),
            Text(where(one)),
        ]
        if pictures:
            cells.insert(0, half_blocks(outlined(one, _THICK), COLUMNS, ROWS))
        table.add_row(*cells, end_section=pictures)
    console().print(table)


def where(sighting: Sighting) -> str:
    """The place of what is seen in its frame, in words: `upper left`."""
    from scrubjay.ask.describing import place

    return place(sighting.box)


def span(sighting: Sighting) -> str:
    """From when to when it is seen."""
    return f"{clock(sighting.start_s)}-{clock(sighting.end_s)}"


def outlined(sighting: Sighting, share: float) -> Picture:
    """The frame of a sighting with its box drawn in it.

    Args:
        share: how thick, as a share of the frame's longer side.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    image = Image.fromarray(sighting.frame.picture)
    thick = max(1, round(share * max(image.size)))
    x0, y0, x1, y1 = (edge * image.size[at % 2] for at, edge in enumerate(sighting.box))
    ImageDraw.Draw(image).rectangle(
        (x0 - thick, y0 - thick, x1 + thick, y1 + thick), outline=OUTLINE, width=thick
    )
    return np.asarray(image)


def make_place(folder: Path) -> None:
    """Make a folder to save frames in, before anything is looked at.

    Raises:
        WrongUse: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUse(f"{folder} cannot be made: {error.strerror or error}") from error


def save_frames(sightings: Sequence[Sighting], folder: Path) -> None:
    """Write a PNG of each sighting's frame with its box, numbered from the surest.

    Raises:
        WrongUse: nothing can be written there.
    """
    import io

    from PIL import Image

    from scrubjay.store.durable import write_durably

    try:
        for number, one in enumerate(sightings, start=1):
            data = io.BytesIO()
            Image.fromarray(outlined(one, _THIN)).save(data, "PNG")
            write_durably(folder / f"{number:02d}-{one.at_s:.1f}s.png", data.getvalue())
    except OSError as error:
        raise WrongUse(f"{folder} cannot be written to: {error.strerror or error}") from error
