"""`scrubjay search`: find by typing, showing or speaking."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit, note
from scrubjay.cli.microphone import SecondsOption
from scrubjay.cli.thumbnails import Screen, escape_sequence, half_blocks, screen
from scrubjay.core.errors import ScrubjayError, WrongUse
from scrubjay.core.types import Hit, Kind

if TYPE_CHECKING:
    from scrubjay.core.types import Picture
    from scrubjay.search.query import Query, Searcher, SearchResult
    from scrubjay.store.reader import Reader

MICROPHONE = "microphone"

NOT_CLOSE = "nothing here is close enough; leave --cutoff out to see what is nearest"

SHOWN = 240
"""Characters of a caption that a table shows."""


def search(
    text: Annotated[str | None, typer.Argument(help="What to look for, in words.")] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(help="A picture to look for the like of; with --in, may be repeated."),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            "--in", help="Look for it in this video: a file, or an item's id.", metavar="VIDEO"
        ),
    ] = None,
    clip: Annotated[
        Path | None, typer.Option(help="With --in: a short video of what to look for.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            help="With --in: a folder for the frames with what was found in a box.",
            metavar="FOLDER",
        ),
    ] = None,
    speech: Annotated[Path | None, typer.Option(help="A recorded query.")] = None,
    like: Annotated[
        str | None, typer.Option(help="An item's id: find more like it.", metavar="ID")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            help="How much a part counts: text=0.5; below zero for unlike it. May be repeated.",
            metavar="PART=NUMBER",
        ),
    ] = None,
    microphone: Annotated[
        bool, typer.Option("--microphone", help="Speak the query; a pause ends it.")
    ] = False,
    seconds: SecondsOption = 10.0,
    k: Annotated[
        int | None,
        typer.Option(
            "--k", "-k", help="How many to find: 1 to 1000, default 10; with --in 1 to 50, 5."
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(help="The page after: `next` of the same query's --json.", metavar="CURSOR"),
    ] = None,
    kind: Annotated[
        list[Kind] | None, typer.Option(help="Find only this kind; may be repeated.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(help="A condition on attributes: \"tag = 'x' and price < 20\".")
    ] = None,
    cutoff: Annotated[
        bool, typer.Option("--cutoff", help="Find nothing rather than what is not close enough.")
    ] = False,
    thumbnails: Annotated[bool, typer.Option(help="Show pictures in a terminal that can.")] = True,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Find what is nearest to a text, a picture, a spoken query, an item, or a mix of them.

    Example: scrubjay search "a red apple" --k 5 --where "month = '2026-11'"

    Example: scrubjay search "at night" --image bridge.jpg --weight text=0.5

    Example: scrubjay search --in holiday.mp4 --image keys.jpg
    """
    if all(one is None for one in (text, image or None, clip, speech, like)) and not microphone:
        raise WrongUse(
            'give a query: a text ("a red apple"), --image FILE, --speech FILE, --microphone, '
            "--like ID, or several of them"
        )
    if speech is not None and microphone:
        raise WrongUse("give one recording: --speech FILE or --microphone")
    weights = read_weights(weight or ())
    if within is not None:
        given = {"like": like, "after": after, "kind": kind, "where": where, "cutoff": cutoff}
        refuse(given, f"narrows a search of everything; --in {within} looks through one video")
        from scrubjay.cli.search_in import search_in
        from scrubjay.search.needle_in import Sought

        sought = Sought(
            text=text,
            pictures=tuple((str(path), query_file(path)) for path in image or ()),
            clip=clip,
            sound=speech_bytes(seconds) if microphone else query_file(speech) if speech else None,
            sound_name=str(speech) if speech else MICROPHONE if microphone else None,
            weights=weights,
            k=5 if k is None else k,
        )
        search_in(home, within, sought, save=save, thumbnails=thumbnails, json=json)
        return
    refuse({"clip": clip, "save": save}, "is for looking through one video; name it with --in")
    if len(image or ()) > 1:
        raise WrongUse("give one --image; several are examples of what --in VIDEO looks for")
    picture = image[0] if image else None
    from scrubjay.search.query import Query
    from scrubjay.services import open_champion, open_home

    opened = open_home(home)
    searcher = open_champion(opened)
    sound = speech_bytes(seconds) if microphone else query_file(speech) if speech else None
    query = Query(
        text=text,
        picture=query_file(picture) if picture else None,
        sound=sound,
        like=like,
        weights=weights,
        k=10 if k is None else k,
        after=after,
        kinds=frozenset(kind) if kind else None,
        where=where,
        cutoff=cutoff,
        picture_name=str(picture) if picture else None,
        sound_name=str(speech) if speech else MICROPHONE if microphone else None,
    )
    result = searcher.search(query)
    if json:
        emit(result.to_json())
    elif not result.hits:
        note(NOT_CLOSE if result.cut else nothing_found(query, searcher))
    else:
        how = screen(os.environ, terminal=sys.stdout.isatty()) if thumbnails else None
        show(result, how, opened.reader)
    if result.uncut and not json:
        note(let_through(result))


def refuse(given: Mapping[str, object], why: str) -> None:
    """Refuse options that were given where they mean nothing.

    Raises:
        WrongUse: one was.
    """
    for name, value in given.items():
        if value:
            raise WrongUse(f"--{name} {why}")


def read_weights(given: Sequence[str]) -> dict[str, float]:
    """`text=0.5` and the like, taken apart.

    Raises:
        WrongUse: one that is not of that form.
    """
    weights: dict[str, float] = {}
    for one in given:
        name, _, number = one.partition("=")
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if math.isnan(weight) or name in weights:
            raise WrongUse(
                f"--weight {one!r} is not understood; write each part once, such as text=0.5"
            )
        weights[name] = weight
    return weights


def query_file(path: Path) -> bytes:
    """The bytes of a query.

    Raises:
        WrongUse: it cannot be read or is far too large for a query.
    """
    from scrubjay.core.config import MediaLimits

    try:
        if path.stat().st_size > MediaLimits().max_bytes:
            raise WrongUse(f"{path} is too large to be asked with ({path.stat().st_size:,} bytes)")
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror or error}") from error


def speech_bytes(seconds: float) -> bytes:
    """A query recorded from the microphone, as a WAV file's bytes."""
    from scrubjay.cli.microphone import record
    from scrubjay.media.audio import encode_wav

    told = f"listening: speak, then pause (at most {seconds:g} seconds)"
    return encode_wav(record(seconds, ready=lambda: note(told)))


def let_through(result: SearchResult) -> str:
    """Of which kinds of item the cutoff that was wanted left out nothing, and why."""
    named = " and ".join(kind.value for kind in result.uncut)
    if result.query.alone is None:
        return f"--cutoff left out nothing of {named}: mixes and likes are never cut"
    return (
        f"--cutoff left out nothing of {named}: what answers such a question cannot be told from "
        f"the rest here; `scrubjay evaluate` says why"
    )


def nothing_found(query: Query, searcher: Searcher) -> str:
    """Why there are no hits, and what to do."""
    if not searcher.generation.count():
        return "nothing found: the index is empty; add media with `scrubjay add FOLDER`"
    if query.after:
        return "nothing more: that was the last page"
    narrowed = []
    if query.where:
        narrowed.append(f"--where {query.where!r}")
    if query.kinds:
        narrowed += [f"--kind {kind.value}" for kind in sorted(query.kinds)]
    if not narrowed:
        return "nothing found: nothing else is indexed"
    return f"nothing found: no indexed item passes {' and '.join(narrowed)}; search with less of it"


def show(
    result: SearchResult, how: Screen | None, reader: Callable[[Collection[str]], Reader]
) -> None:
    """Hits for a person: a table in a terminal, lines with tabs elsewhere.

    Args:
        how: what pictures the terminal can show, or None.
        reader: what reads the items with these ids.
    """
    if not sys.stdout.isatty():
        for hit in result.hits:
            cells = [f"{hit.score:.3f}", printable(hit.caption or ""), place(hit)]
            sys.stdout.write("\t".join(cells) + "\n")
        return
    pictures = [] if how is None else _pictures(result, reader)
    if how in {Screen.KITTY, Screen.ITERM}:
        _show_pictures(result, pictures, how)
    else:
        _show_table(result, pictures if how is not None else None)
    took = result.took_ms
    console().print(
        f"{len(result.hits)} found in {took.total:.0f} ms "
        f"(encode {took.encode:.0f}, search {took.search:.0f}) by {result.version}",
        style="dim",
    )


def _show_table(result: SearchResult, pictures: Sequence[Picture | None] | None) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=pictures is None)
    if pictures is not None:
        table.add_column("")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("caption", overflow="fold", ratio=3)
    table.add_column("path", overflow="fold", ratio=2)
    for number, hit in enumerate(result.hits):
        cells = [
            Text(f"{hit.score:.3f}"),
            Text(shortened(printable(hit.caption or ""))),
            Text(place(hit), style="dim"),
        ]
        if pictures is not None:
            picture = pictures[number]
            cells.insert(0, half_blocks(picture) if picture is not None else Text(hit.kind.value))
            table.add_row(*cells, end_section=True)
        else:
            table.add_row(*cells)
    console().print(table)


def _show_pictures(result: SearchResult, pictures: Sequence[Picture | None], how: Screen) -> None:
    for hit, picture in zip(result.hits, pictures, strict=True):
        if picture is not None:
            sys.stdout.write(escape_sequence(picture, how) + "\n")
        sys.stdout.write(
            f"{hit.score:.3f}  {printable(hit.caption or '')}\n       {place(hit)}\n\n"
        )


def _pictures(
    result: SearchResult, reader: Callable[[Collection[str]], Reader]
) -> list[Picture | None]:
    """The hits' pictures; None for what has none, and for a file that is gone by now."""
    from scrubjay.media.image import decode_picture

    read = reader([hit.id for hit in result.hits])

    def picture(hit: Hit) -> Picture | None:
        if hit.kind is not Kind.IMAGE:
            return None
        try:
            return decode_picture(read(hit.uri), min_side=64)
        except ScrubjayError:
            return None

    return [picture(hit) for hit in result.hits]


def place(hit: Hit) -> str:
    """Where the hit is: its path, relative when that is shorter, and the moment in it."""
    path = hit.uri.removeprefix("file://")
    if Path(path).is_absolute():
        path = min(path, os.path.relpath(path), key=len)
    if hit.start_s is None or hit.end_s is None:
        return printable(path)
    return f"{printable(path)} {clock(hit.start_s)}-{clock(hit.end_s)}"


def shortened(text: str) -> str:
    """The beginning of a long caption; a machine gets all of it."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"


def clock(seconds: float) -> str:
    """Minutes and seconds: 75.5 is 1:15.5."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def printable(text: str) -> str:
    """The text without characters that would steer the terminal."""
    words = " ".join(text.split())
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in words)
