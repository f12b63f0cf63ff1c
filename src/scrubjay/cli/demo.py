"""`scrubjay demo`: the whole line on pictures Scrubjay draws and sentences it speaks itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import JsonOption, console, emit, progress_bar

if TYPE_CHECKING:
    from scrubjay.core.protocols import Progress
    from scrubjay.search.measure import Evaluation
    from scrubjay.search.query import Searcher, SearchResult
    from scrubjay.store.home import Home

SEED = 7
WANTED = "a red heart"
SPOKEN = "a blue star"


def demo(
    home: Annotated[Path, typer.Option("--home", help="Where the demonstration is kept.")] = Path(
        "demo-home"
    ),
    json: JsonOption = False,
) -> None:
    """Draw a collection, learn it, and find things in it by typing, showing and speaking.

    Example: scrubjay demo --home /tmp/demo
    """
    from scrubjay.core.types import Split
    from scrubjay.services import add_folder, evaluate, open_champion, open_home

    began = time.monotonic()
    opened = open_home(home)
    out = console()

    def say(line: str) -> None:
        if not json:
            out.print(line)

    with progress_bar() as progress:
        folder = _collection(opened.path / "collection", progress)
        added = add_folder(opened, folder, month="2026-01", progress=progress)
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(added.by_kind.items()))
        say(f"1. A collection of its own making in {folder}: {kinds}")
        if opened.registry.champion() is None:
            say("2. Learning it from nothing: three towers, one space (about a minute and a half)")
            _learn(opened, progress)
        else:
            say("2. Learned before: the champion serves")
        measured = evaluate(opened, None, split=Split.TEST, progress=progress)
    figures = _figures(measured)
    for name, recall in figures.items():
        say(f"   {name:14} R@10 {recall:.2f} on pictures and a voice it never met")
    searcher = open_champion(opened)
    answers = _ask(searcher, folder)
    for how, result in answers.items():
        best = result.hits[0]
        say(f"3. {how}: {best.caption} ({best.score:.2f}, {result.took_ms.total:.0f} ms)")
    total = time.monotonic() - began
    if json:
        emit(
            {
                "recall_at_10": figures,
                "searches": {how: result.to_json() for how, result in answers.items()},
                "total_s": round(total, 1),
            }
        )
        return
    say(f"\nTry it:  scrubjay search 'a green ring' --home {home}")
    say("Yours:   scrubjay add FOLDER && scrubjay train && scrubjay search 'what you look for'")
    mean = sum(figures.values()) / len(figures)
    typer.echo(f"demo: ok recall_at_10={mean:.2f} total_s={total:.0f}")


def _collection(folder: Path, progress: Progress) -> Path:
    from scrubjay.cli.demo_collection import write_collection

    if not (folder / "manifest.jsonl").exists():
        write_collection(folder, seed=SEED, progress=progress)
    return folder


def _learn(home: Home, progress: Progress) -> None:
    from scrubjay.cli.compose import compose
    from scrubjay.services import train

    train(home, compose(["experiment=demo"]), resume=False, progress=progress)


def _figures(evaluation: Evaluation) -> dict[str, float]:
    return {direction.name: direction.recall[10].value for direction in evaluation.directions}


def _ask(searcher: Searcher, folder: Path) -> dict[str, SearchResult]:
    from scrubjay.core.types import Kind
    from scrubjay.search.query import Query

    pictures = frozenset({Kind.IMAGE})
    picture = folder / "images" / "red-heart-7.png"
    answers = {
        f"typing {WANTED!r}": searcher.search(Query(text=WANTED, kinds=pictures)),
        "showing a red heart": searcher.search(Query(picture=picture.read_bytes(), kinds=pictures)),
    }
    sound = folder / "recordings" / "blue-star-7.wav"
    if sound.exists():
        answers[f"saying {SPOKEN!r}"] = searcher.search(
            Query(sound=sound.read_bytes(), kinds=pictures)
        )
        answers["recordings for the picture of a red heart"] = searcher.search(
            Query(picture=picture.read_bytes(), kinds=frozenset({Kind.SPEECH}))
        )
    return answers
