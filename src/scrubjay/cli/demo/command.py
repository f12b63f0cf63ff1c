"""The demonstration as a command: a story told in figures, each measured when it is printed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import JsonOption, console, emit, progress_bar

if TYPE_CHECKING:
    from scrubjay.core.protocols import Progress
    from scrubjay.media.world.months import Shot
    from scrubjay.search.query import Searcher
    from scrubjay.store.home import Home

FIRST, SECOND = "2026-01", "2026-02"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the demonstration measured.

    Attributes:
        before: newcomers' R@10 with the encoder that never saw them.
        after: with the one that learned them.
        old_before: R@10 of the first month's held-out pictures, before.
        old_after: after.
        first_search_s: from the command's start to its first answer.
        total_s: of the whole demonstration.
    """

    before: float
    after: float
    old_before: float
    old_after: float
    first_search_s: float
    total_s: float

    def line(self) -> str:
        """The last line, for machines."""
        return (
            f"demo: ok before={self.before:.2f} after={self.after:.2f} "
            f"old_before={self.old_before:.2f} old_after={self.old_after:.2f} "
            f"first_search_s={self.first_search_s:.0f} total_s={self.total_s:.0f}"
        )


def demo(
    home: Annotated[Path, typer.Option("--home", help="Where the demonstration is kept.")] = Path(
        "demo-home"
    ),
    json: JsonOption = False,
) -> None:
    """Find things, learn twelve new kinds of thing, and find those too: in about three minutes.

    Run again, it measures what it learned before.

    Example: scrubjay demo --home /tmp/demo
    """
    out = console()

    def say(line: str = "") -> None:
        if not json:
            out.print(line, soft_wrap=True)

    began = time.monotonic()
    from scrubjay.services import open_home

    with progress_bar() as progress:
        figures = _tell(open_home(home, builtin=True), say, progress, began)
    if json:
        emit(asdict(figures))
        return
    say()
    say(f"Look:    {home / 'report.html'}")
    say(f"Try:     scrubjay search 'two lobsters' --home {home}")
    say("Yours:   scrubjay add FOLDER && scrubjay search 'what you look for'")
    say("A CLIP:  scrubjay train experiment=tickets_clip encoder.source=FOLDER_OF_A_CLIP")
    typer.echo(figures.line())


def _tell(home: Home, say: Callable[[str], None], progress: Progress, began: float) -> Figures:
    from scrubjay.cli.demo.asking import held_out, recall_at_10
    from scrubjay.cli.demo.collection import write_month
    from scrubjay.cli.demo.report import write_report
    from scrubjay.media.world.months import first_month, second_month
    from scrubjay.services import add_folder, open_version, shipped_version

    old, new = first_month(), second_month()
    folder = write_month(home.path / "collection" / FIRST, old, progress)
    add_folder(home, folder, month=FIRST, progress=progress)
    shipped = shipped_version(home)
    searcher = open_version(home, shipped, progress=progress)
    spoken = sum(shot.spoken for shot in old)
    say(f"1. {len(old)} pictures and {spoken} recordings; {shipped} serves, the encoder in the box")
    first_search_s = _find(searcher, folder, old, say) - began

    second = write_month(home.path / "collection" / SECOND, new, progress)
    add_folder(home, second, month=SECOND, progress=progress)
    searcher = open_version(home, shipped, progress=progress)
    kinds = sorted({shot.kind for shot in new})
    before = recall_at_10(searcher, held_out(new))
    old_before = recall_at_10(searcher, held_out(old))
    say(f"2. A new month: {len(new)} pictures of {len(kinds)} kinds of thing it never saw:")
    say(f"   {', '.join(kinds)}")
    say(f"   found among the first ten: newcomers {before:.0%}, the first month's {old_before:.0%}")

    version, seconds = _learned(home, shipped, progress)
    tuned = open_version(home, version, progress=progress)
    after = recall_at_10(tuned, held_out(new))
    old_after = recall_at_10(tuned, held_out(old))
    say(f"3. {f'Learned in {seconds:.0f} s' if seconds else 'Learned before'}: {version} serves")
    say(f"   found among the first ten: newcomers {after:.0%}, the first month's {old_after:.0%}")
    examples = write_report(
        home.path / "report.html",
        {"before": searcher, "after": tuned},
        held_out(new),
        {"before": (before, old_before), "after": (after, old_after)},
    )
    say("4. The same searches, before and after:")
    for caption, was, now in examples:
        say(f"   {caption!r}: {_place(was)} before, {_place(now)} now")
    total_s = time.monotonic() - began
    return Figures(before, after, old_before, old_after, first_search_s, total_s)


def _place(rank: int | None) -> str:
    return "not among the first ten" if rank is None else f"number {rank}"


def _find(
    searcher: Searcher, folder: Path, shots: tuple[Shot, ...], say: Callable[[str], None]
) -> float:
    """Search by typing, speaking and showing.

    Returns:
        When the first answer was there, on the monotonic clock.
    """
    from scrubjay.cli.demo.asking import held_out, spoken_recall_at_10
    from scrubjay.cli.demo.collection import picture_name, sound_name
    from scrubjay.core.types import Kind
    from scrubjay.search.query import Query

    pictures, sounds = frozenset({Kind.IMAGE}), frozenset({Kind.SPEECH})
    placed = [shot for shot in held_out(shots) if shot.scene.place]
    typed = placed[0].captions[0]
    said, shown, *_ = (shot for shot in placed[1:] if shot.spoken)
    sound = (folder / "recordings" / sound_name(said)).read_bytes()
    picture = (folder / "pictures" / picture_name(shown)).read_bytes()
    asked = {
        f"typing {typed!r}": Query(text=typed, kinds=pictures),
        f"saying {said.captions[0]!r}": Query(sound=sound, kinds=pictures),
        f"showing {shown.captions[0]!r}": Query(picture=picture, k=2, kinds=pictures),
        f"recordings for that picture, {shown.captions[0]!r}": Query(picture=picture, kinds=sounds),
    }
    first = None
    for how, query in asked.items():
        answer = searcher.search(query)
        first = first or time.monotonic()
        best = answer.hits[1 if how.startswith("showing") else 0]
        say(f"   {how} finds {best.caption!r} ({answer.took_ms.total:.0f} ms)")
    spoken = [shot for shot in held_out(shots) if shot.spoken]
    heard, recordings = spoken_recall_at_10(searcher, folder, spoken)
    say(
        f"   found among the first ten, {len(spoken)} tried: {heard:.0%} of the pictures by saying "
        f"what they show, {recordings:.0%} of the recordings by showing the picture"
    )
    return first or time.monotonic()


def _learned(home: Home, shipped: str, progress: Progress) -> tuple[str, float]:
    """The version that knows the newcomers, and the seconds it took; 0 when it was there."""
    from scrubjay.cli.compose import compose
    from scrubjay.services import current_champion, train

    champion = current_champion(home)
    if champion.version != shipped:
        return champion.version, 0.0
    began = time.monotonic()
    source = home.registry.folder(shipped)
    config = compose(["experiment=demo", f"encoder.source={source}"])
    trained = train(home, config, resume=False, progress=progress)
    return trained.version or shipped, time.monotonic() - began
