"""`scrubjay diagnose`: where a version fails, and what to try."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scrubjay.cli.evaluate import WIDTH, Part
from scrubjay.cli.frame import HomeOption, JsonOption, console, emit, note, progress_bar
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.table import Table

    from scrubjay.retrain.diagnosing.diagnose import Diagnosis

SHOWN: Final = 8
"""Slices in the terminal; the page has all."""


def diagnose(
    version: Annotated[
        str | None, typer.Argument(help="A registered version; default: the champion.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="With --curve: the recipe to train its parts by, as of `scrubjay retrain`.",
            metavar="OVERRIDES",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Another version to hold it against.", metavar="VERSION"),
    ] = None,
    split: Annotated[
        Part, typer.Option(help="Part of the collection; test was never trained on.")
    ] = Part.TEST,
    folder: Annotated[
        Path | None,
        typer.Option(help="Diagnose on a folder that is not in the home.", metavar="DIR"),
    ] = None,
    curve: Annotated[
        bool,
        typer.Option("--curve", help="Also measure what more data would bring; takes longest."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where the HTML page goes, with the JSON beside it; default: runs/ of the home.",
            metavar="PAGE",
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Find where a version fails: by slice, in noise, word by word, and what to try.

    Example: scrubjay diagnose --split val --out page.html

    Example: scrubjay diagnose VERSION --against champion

    Example: scrubjay diagnose --curve experiment=hard_negatives trainer.max_epochs=4
    """
    from scrubjay.cli.compose import month_config
    from scrubjay.core.types import Split
    from scrubjay.services import diagnose as measure
    from scrubjay.services import diagnosis_page, open_home

    named = list(overrides or ())
    if version is not None and ("=" in version or version.startswith("~")):
        named.insert(0, version)  # no version was named
        version = None
    if named and not curve:
        raise WrongUse(
            f"{named[0]!r} is a setting of the trainings that --curve makes; add --curve"
        )
    opened = open_home(home)
    if out is not None and out.suffix == ".json":
        raise WrongUse(f"--out {out} is where the page goes; the JSON is written beside it")
    recipe = (month_config(opened.path, named), named) if curve else None
    with progress_bar() as progress:
        found = measure(
            opened,
            version,
            against=against,
            split=None if split is Part.ALL else Split(split.value),
            folder=folder,
            curve=curve,
            recipe=recipe,
            progress=progress,
        )
        progress("writing the page", 0, None)
        page = diagnosis_page(opened, found)
    path = out or opened.runs / f"diagnose-{found.version}-{found.part}.html"
    told = found.to_json()
    _write(path, page)
    _write(path.with_suffix(".json"), json_.dumps(told, ensure_ascii=False, indent=2) + "\n")
    if json:
        emit({**told, "page": str(path)})
        return
    show(found, told["sections"])
    console().print(f"page: {path}", soft_wrap=True)


def show(found: Diagnosis, sections: Mapping[str, Any]) -> None:
    """A summary for a person: the worst slices, what was not measured, what to try."""
    for one in found.notes:
        note(one)
    out = console()
    against = f" against {found.against}" if found.against else ""
    out.print(f"{found.version}{against}: {found.n_items} items, part {found.part}", markup=False)
    if not out.is_terminal:
        out.width = max(out.width, WIDTH)
    if table := worst(sections.get("slices", {}), compared=found.against is not None):
        out.print(table)
    for one in sections.get("advice", {}).get("advice", ()):
        out.print(f"{one['because']} {one['recipe']}", markup=False, soft_wrap=True)
        out.print(f"  {one['command']}", markup=False, soft_wrap=True)
    for line in _more_data(sections.get("curve", {})):
        out.print(line, markup=False, soft_wrap=True)
    for name, one in sections.items():
        if why := one.get("why"):
            note(f"{name} not measured: {why}")


def _more_data(curve: Mapping[str, Any]) -> Iterator[str]:
    """What the curve says, where one was trained."""
    if untrained := curve.get("untrained"):
        brought = curve["brought"]
        yield (
            f"As it stands its error is {100 * untrained['value']:.1f}%; learning from all there "
            f"is brings {100 * brought['value']:+.1f} points ({100 * brought['low']:+.1f} to "
            f"{100 * brought['high']:+.1f})."
        )
        if brought["low"] <= 0:
            yield "By this recipe that is no sure gain: try another before you judge the data."
    if outlook := curve.get("outlook"):
        yield f"With one more month: {outlook['why']}."


def worst(slices: Mapping[str, Any], *, compared: bool) -> Table | None:
    """The slices shown to be worse, then those with the largest deficits."""
    from rich.markup import escape
    from rich.table import Table

    rows = [
        (direction, one)
        for direction in slices.get("directions", ())
        for one in direction["slices"]
    ]
    rows.sort(key=lambda row: (not row[1]["worse"], row[1]["difference"]["value"]))
    if not rows:
        return None
    table = Table(box=None, pad_edge=False, title="Worst slices", title_justify="left")
    table.add_column("direction", no_wrap=True)
    table.add_column("slice", overflow="fold")
    for name in ("queries", "recall", "rest", "p", "", *(("change",) if compared else ())):
        table.add_column(name, justify="right", no_wrap=True)
    for direction, one in rows[:SHOWN]:
        k = direction["judged_at"]
        recall, difference = one["recall"][str(k)]["value"], one["difference"]["value"]
        change = one["change"]
        table.add_row(
            direction["name"],
            escape(f"{one['about']}: {one['name']}"),
            str(one["n_queries"]),
            f"{recall:.3f} R@{k}",
            f"{recall - difference:.3f}",
            f"{one['p_adjusted']:.3f}",
            "worse" if one["worse"] else "",
            *((f"{change['gain']['value']:+.3f}" if change else "-",) if compared else ()),
        )
    return table


def _write(path: Path, text: str) -> None:
    from scrubjay.store.durable import write_durably

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, text.encode("utf-8"))
    except OSError as error:
        raise WrongUse(f"the page cannot be written to {path}: {error.strerror}") from error
