"""`scrubjay compare`: models on your own questions, encoders on your own collection."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, emit, note, progress_bar
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from rich.console import Console

    from scrubjay.ask.comparing.questioning import Compared
    from scrubjay.store.home import Home

CONFIG = "config"
HOME = "home"


def compare(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="A JSONL file of your questions with their answers; then settings as key=value, "
            "such as rounds=3 prices.machine_per_hour=0.4.",
            metavar="[QUESTIONS] [OVERRIDES]",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A model as it would follow `scrubjay ask`; may be repeated. Default: what needs "
            "no download.",
            metavar="'KEY=VALUE ...'",
        ),
    ] = None,
    quantize: Annotated[
        str | None,
        typer.Option(help="Each model in each: none,8bit,4bit.", metavar="BITS"),
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(help="Each model with each: plain,rules,short.", metavar="NAMES")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A YAML file of models, prompts and prices.")
    ] = None,
    chat: Annotated[
        Path | None,
        typer.Option(
            help="Compare chat models on a JSONL file of prompts instead.", metavar="PROMPTS"
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="With --chat: the model that judges, as --model names one.",
            metavar="'KEY=VALUE ...'",
        ),
    ] = None,
    encoders: Annotated[
        bool, typer.Option("--encoders", help="Compare encoders on the collection instead.")
    ] = False,
    emit_: Annotated[
        str | None,
        typer.Option(
            "--emit",
            help="config: print the chosen point as HOME/ask.yaml has it; home: write it there.",
            metavar="config|home",
        ),
    ] = None,
    choose: Annotated[
        str,
        typer.Option(
            help="The point that --emit writes: best, cheapest, fastest, or its name.",
            metavar="WAY",
        ),
    ] = "best",
    report: Annotated[
        Path | None, typer.Option(help="Where the HTML page goes; default: in the home.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again what was answered before.")
    ] = False,
    example: Annotated[
        Path | None,
        typer.Option(help="Write an example to compare on into a new folder.", metavar="DIR"),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Compare models on your own questions: how often right, how sure, how fast, at what cost.

    Each model answers in a process of its own. What was answered is kept: a comparison that was
    ended goes on where it was.

    Example: scrubjay compare --example trial

    Example: scrubjay compare trial/questions.jsonl --config trial/compare.yaml

    Example: scrubjay compare q.jsonl --model vlm=builtin --model "vlm=transformers vlm.source=DIR"
    --quantize none,8bit --emit config --choose fastest

    Example: scrubjay compare --encoders --model champion --model "encoder=transformers
    encoder.source=DIR"
    """
    from scrubjay.cli.compare_points import compare_settings
    from scrubjay.services import open_home

    if example is not None:
        _write_example(example, as_json=json)
        return
    if emit_ not in {None, CONFIG, HOME}:
        raise WrongUse(f"--emit is config or home, not {emit_!r}")
    given = list(words or ())
    file = Path(given.pop(0)) if given and "=" not in given[0] else None
    if sum((file is not None, chat is not None, encoders)) != 1:
        raise WrongUse(
            "say what to compare on: questions (scrubjay compare questions.jsonl), prompts "
            "(--chat prompts.jsonl) or the collection (--encoders); --example DIR writes one to "
            "begin with"
        )
    if judge is not None and chat is None:
        raise WrongUse("--judge belongs to --chat")
    if emit_ is not None and file is None:
        raise WrongUse("--emit writes what `scrubjay ask` uses; compare on questions for it")
    opened = open_home(home)
    settings = compare_settings(opened.path, config, given)
    settings |= {"models": model} if model else {}
    settings |= {"quantize": _listed(quantize)} if quantize is not None else {}
    settings |= {"prompts": _listed(prompt)} if prompt is not None else {}
    if encoders:
        from scrubjay.cli.compare_encoders import run_encoders

        run_encoders(opened, model or (), settings, report=report, fresh=fresh, as_json=json)
        return
    if chat is not None:
        from scrubjay.cli.compare_chat import run_chat

        run_chat(
            opened,
            chat,
            model or (),
            settings,
            judge=judge,
            report=report,
            fresh=fresh,
            as_json=json,
        )
        return
    if file is None:
        return
    _on_questions(
        opened,
        file,
        settings,
        report=report,
        fresh=fresh,
        emitted=emit_,
        choose=choose,
        as_json=json,
    )


def _on_questions(
    home: Home,
    file: Path,
    settings: dict[str, Any],
    *,
    report: Path | None,
    fresh: bool,
    emitted: str | None,
    choose: str,
    as_json: bool,
) -> None:
    from scrubjay.ask.comparing.chosen import chosen
    from scrubjay.ask.comparing.cost import Prices
    from scrubjay.ask.comparing.questioning import compare_points
    from scrubjay.ask.comparing.questions import digest, read_questions
    from scrubjay.ask.comparing.running import machine
    from scrubjay.ask.comparing.scores import checked_measure
    from scrubjay.cli.compare_points import points_of
    from scrubjay.store.durable import locked

    measure = checked_measure(settings["measure"])
    prices, measuring = Prices.from_config(settings["prices"]), measuring_of(settings, fresh=fresh)
    questions = read_questions(file)
    points = points_of(
        home, settings["models"], quantize=settings["quantize"], prompts=settings["prompts"]
    )
    for point in points:
        if point.chat is not None:
            raise WrongUse(f"{point.name} looks at no pictures; compare it with --chat PROMPTS")
    folder = home.path / "comparisons" / f"{file.stem[:40]}-{digest(questions)[:12]}"
    with progress_bar() as progress, locked(folder / "lock", "comparing", wait_s=1.0):
        compared = compare_points(
            points, questions, folder, measuring=measuring, prices=prices, progress=progress
        )
    where = machine()
    path = report or folder / "report.html"
    _write_page(
        compared, path, name=file.name, measure=measure, currency=prices.currency,
        how=measuring.how, machine=where,
    )  # fmt: skip
    pick = None if emitted is None else chosen(compared.rows, choose, measure=measure)
    text = "" if pick is None else _config_of(pick, file, measure)
    if emitted == HOME:
        note(f"written to {_into_home(home, text)}; what was there is in ask.yaml.before")
    if as_json:
        emit(
            {
                **as_object(compared, file, measure, measuring.how, where, prices.currency),
                "report": str(path),
                "chosen": None if pick is None else pick.name,
                "config": text or None,
            }
        )
        return
    from scrubjay.cli.compare_show import show

    to_print = emitted == CONFIG
    show(compared.rows, _console(stderr=to_print), measure=measure, currency=prices.currency)
    for one in compared.notes:
        note(one)
    note(f"times: {measuring.how}")
    note(f"report: {path}")
    if to_print:
        typer.echo(text, nl=False)


def measuring_of(settings: dict[str, Any], *, fresh: bool) -> Any:  # noqa: ANN401 - a Measuring
    """How it is measured, as the configuration says."""
    from scrubjay.ask.comparing.running import Measuring

    return Measuring(
        warmup=settings["warmup"],
        rounds=settings["rounds"],
        limit_s=settings["limit_s"],
        fresh=fresh,
    )


def as_object(
    compared: Compared, file: Path, measure: str, how: str, machine: dict[str, Any], currency: str
) -> dict[str, Any]:
    """The documented JSON object."""
    from scrubjay.ask.comparing.results import versus

    return {
        "questions": str(file),
        "measure": measure,
        "currency": currency,
        "how": how,
        "machine": machine,
        "notes": list(compared.notes),
        "points": [row.to_json() for row in compared.rows],
        "versus": [one.to_json() for one in versus(compared.rows, measure)],
        "answers": _answers(compared),
    }


def _answers(compared: Compared) -> list[dict[str, Any]]:
    """Every answer to every question."""
    answered = [row for row in compared.rows if row.failure is None]
    questions = answered[0].questions if answered else ()
    return [
        {
            "id": posed.name,
            "question": posed.question,
            "right": list(posed.answers),
            "unanswerable": posed.unanswerable,
            "answers": {
                row.name: {**row.said[at].to_json(), "normalised": row.scores[at].normalised}
                for row in answered
            },
        }
        for at, posed in enumerate(questions)
    ]


def _write_example(folder: Path, *, as_json: bool) -> None:
    from scrubjay.ask.comparing.example import write_example

    written = write_example(folder)
    if as_json:
        emit(written)
        return
    note(f"{written['n_questions']} questions about {written['n_pictures']} pictures are written")
    typer.echo(f"scrubjay compare {written['questions']} --config {written['config']}")


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    return Console(highlight=False, stderr=stderr)


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _write_page(compared: Compared, path: Path, **told: Any) -> None:  # noqa: ANN401
    from scrubjay.ask.comparing.report_page import compare_html

    page = compare_html(compared.rows, notes=compared.notes, when=datetime.now(UTC), **told)
    write_page(path, page)


def write_page(path: Path, page: str) -> None:
    """Write an HTML page, whole or not at all.

    Raises:
        WrongUse: it cannot be written there.
    """
    from scrubjay.store.durable import write_durably

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, page.encode("utf-8", "replace"))
    except OSError as error:
        raise WrongUse(f"the report cannot be written to {path}: {error.strerror}") from error


def _config_of(pick: Any, file: Path, measure: str) -> str:  # noqa: ANN401 - a Result
    from scrubjay.cli.compare_points import config_text

    accuracy = pick.accuracy[measure]
    said = (
        f"Chosen by `scrubjay compare {file.name}`: {pick.name}.\n"
        f"{measure}: {accuracy.value:.1%} of {len(pick.questions)} questions "
        f"(95%: {accuracy.low:.1%} to {accuracy.high:.1%}), median "
        f"{pick.percentile(50) or 0:.3f} s an answer."
    )
    return config_text(pick.point.words, said)


def _into_home(home: Home, text: str) -> Path:
    """Write the home's standing choices; those from before stay beside them."""
    from scrubjay.cli.compose import ASK_FILE
    from scrubjay.store.durable import write_durably

    path = home.path / ASK_FILE
    if path.exists():
        write_durably(path.with_name(f"{ASK_FILE}.before"), path.read_bytes())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, text.encode())
    return path
