"""`scrubjay extract`: measures of products off their pictures, one picture or a whole CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.answers import shown_picture, tell_step
from scrubjay.cli.frame import HomeOption, JsonOption, emit, note, progress_bar
from scrubjay.cli.search import printable
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from scrubjay.ask.extracting.chain import Extracting
    from scrubjay.ask.extracting.extraction import Extracted


def extract(
    picture: Annotated[
        list[str] | None,
        typer.Argument(
            help="The picture, unless --csv names many; then settings as key=value, such as "
            "vlm=transformers vlm.source=FOLDER.",
            metavar="[PICTURE] [OVERRIDES]",
            show_default=False,
        ),
    ] = None,
    entity: Annotated[
        list[str] | None,
        typer.Option(
            "--entity",
            "-e",
            help="width, depth, height, item_weight, maximum_weight_recommendation, voltage, "
            "wattage or item_volume; may be repeated; default all.",
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(help="Questions: index,image_link,group_id,entity_name.", metavar="FILE"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the predictions of --csv go.", metavar="FILE")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the pictures of --csv are; default beside it.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Read a product's weight, size, volume, voltage or power off its picture.

    Each value has a unit, how sure it is, and where it stands; there is none where it is not sure.
    With --csv, questions are answered as in the Amazon ML Challenge 2024.

    Example: scrubjay extract label.jpg --entity item_weight

    Example: scrubjay extract --csv test.csv --out predictions.csv --folder images
    """
    from scrubjay.ask.extracting.chain import Extracting
    from scrubjay.ask.extracting.entities import Entity, entity_named
    from scrubjay.ask.models import Models
    from scrubjay.cli.compose import ask_settings
    from scrubjay.services import open_home

    words = list(picture or ())
    shown = Path(words.pop(0)) if csv is None and words else None
    if csv is not None and words and "=" not in words[0]:
        raise WrongUse(f"give a picture ({words[0]}) or --csv, not both")
    if shown is None and csv is None:
        raise WrongUse("name a picture: scrubjay extract FILE --entity item_weight; or --csv FILE")
    if csv is None and (out is not None or folder is not None):
        raise WrongUse("--out and --folder belong to --csv")
    if csv is not None and entity:
        raise WrongUse("--csv says in each line what is asked for; leave --entity out")
    entities = list(dict.fromkeys(entity_named(one) for one in entity)) if entity else list(Entity)
    settings = ask_settings(open_home(home).path, words)
    extracting = Extracting(Models(settings))
    if csv is not None:
        _predict(extracting, csv, out, folder, as_json=json)
        return
    if shown is None:
        return
    found = extracting.extract(shown_picture(shown), entities, on_step=tell_step)
    if json:
        emit(found.to_json())
        return
    for one in found.answers:
        sys.stdout.write(f"{told(one)}\n")
    for remark in found.notes:
        note(printable(remark))


def told(one: Extracted) -> str:
    """A line for a person."""
    if not one.prediction:
        why = f" ({one.note})" if one.note else ""
        return f"{one.entity}: not told{why}"
    pieces = f", {one.count} pieces together" if one.count > 1 else ""
    x0, y0, x1, y1 = one.box or (0.0, 0.0, 1.0, 1.0)
    place = f"{x0:.2f},{y0:.2f} to {x1:.2f},{y1:.2f}"
    text = printable(one.text or "")
    return (
        f"{one.entity}: {one.prediction}{pieces} ({one.confidence:.0%} sure, “{text}” at {place})"
    )


def _predict(
    extracting: Extracting, csv: Path, out: Path | None, folder: Path | None, *, as_json: bool
) -> None:
    from scrubjay.ask.extracting.challenge_csv import read_questions
    from scrubjay.ask.extracting.predicting import predict

    if out is None:
        raise WrongUse("say where the predictions go: --out predictions.csv")
    if out.absolute() == csv.absolute() or (out.exists() and out.samefile(csv)):
        raise WrongUse(f"--out {out} would replace the questions; name another file")
    if folder is not None and not folder.is_dir():
        raise WrongUse(f"there is no folder {folder}")
    rows = read_questions(csv, folder)
    with progress_bar() as progress:
        done = predict(
            rows,
            extracting,
            out,
            progress=progress,
            on_problem=lambda problem: note(f"not read: {printable(problem)}"),
        )
    if as_json:
        emit({**done.to_json(), "path": str(out)})
        return
    kept = f" ({done.kept} known from a run before)" if done.kept else ""
    sys.stdout.write(
        f"{done.answered} of {len(done.answers)} questions answered, of {done.pictures} "
        f"picture{'s' if done.pictures > 1 else ''}{kept}: {out}\n"
    )
    if done.problems:
        several = "s" if len(done.problems) > 1 else ""
        sys.stdout.write(f"{len(done.problems)} picture{several} could not be read\n")
    if done.f1 is not None:
        score = done.f1
        sys.stdout.write(
            f"F1 {score.value:.3f} (precision {score.precision:.3f}, recall {score.recall:.3f}: "
            f"{score.right} right, {score.wrong} wrong, {score.missed} missed)\n"
        )
