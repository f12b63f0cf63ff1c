"""`scrubjay feedback`: hits marked right or wrong, and captions fixed, without the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit

if TYPE_CHECKING:
    from scrubjay.search.reviewed import Said

feedback = typer.Typer(no_args_is_help=True)

Query = Annotated[str, typer.Argument(help="The words that were searched for.")]
ItemId = Annotated[str, typer.Argument(help="The hit's id, as `scrubjay search --json` shows it.")]


@feedback.callback()
def about() -> None:
    """Say which hits are right or wrong and how captions should read; the next month learns it.

    Example: scrubjay feedback wrong "a red star" 3f2a91c07d5be481
    """


@feedback.command("list")
def list_all(
    query: Annotated[str | None, typer.Option("--query", help="Only hits of these words.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Of each, the newest.")] = 500,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List what was said and not taken back, the newest first.

    Example: scrubjay feedback list --json
    """
    from scrubjay.services import list_feedback, open_home

    told = list_feedback(open_home(home), query=query, limit=limit)
    if json:
        emit(told.to_json())
        return
    out = console()
    for one in told.judgements:
        mark = "right" if one.right else "wrong"
        out.print(f"{mark}    {one.item}  {one.query}", markup=False, soft_wrap=True)
    for fix in told.fixes:
        out.print(f"caption  {fix.item}  {fix.caption}", markup=False, soft_wrap=True)
    if not (told.judgements or told.fixes):
        out.print("nothing was said yet")
    elif told.left_out:
        out.print(f"and {told.left_out:,} older ones")


@feedback.command()
def wrong(query: Query, item: ItemId, home: HomeOption = None, json: JsonOption = False) -> None:
    """Mark a hit as wrong: it does not fit the words.

    Example: scrubjay feedback wrong "a red star" 3f2a91c07d5be481
    """
    from scrubjay.services import judge, open_home

    _tell(judge(open_home(home), query, item, right=False), json=json)


@feedback.command()
def right(query: Query, item: ItemId, home: HomeOption = None, json: JsonOption = False) -> None:
    """Mark a hit as right: it fits the words.

    Example: scrubjay feedback right "a red star" 3f2a91c07d5be481
    """
    from scrubjay.services import judge, open_home

    _tell(judge(open_home(home), query, item, right=True), json=json)


@feedback.command()
def fix(
    item: ItemId,
    caption: Annotated[str, typer.Argument(help="How the caption should read.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Fix a caption: the item says this, and nothing else, from the next training on.

    Example: scrubjay feedback fix 3f2a91c07d5be481 "a green star above a dog"
    """
    from scrubjay.services import fix_caption, open_home

    _tell(fix_caption(open_home(home), item, caption), json=json)


@feedback.command()
def undo(
    item: ItemId,
    query: Annotated[
        str | None,
        typer.Option("--query", help="Take back the mark for these words, not the caption."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take back the fix of a caption, or with --query the mark of a hit.

    Example: scrubjay feedback undo 3f2a91c07d5be481 --query "a red star"
    """
    from scrubjay.services import fix_caption, judge, open_home

    opened = open_home(home)
    if query is None:
        _tell(fix_caption(opened, item, None), json=json)
    else:
        _tell(judge(opened, query, item, right=None), json=json)


def _tell(said: Said, *, json: bool) -> None:
    if json:
        emit(said.to_json())
        return
    if said.query is not None:
        mark = {True: "right", False: "wrong", None: "not marked"}[said.right]
        told = f"{said.item} is {mark} for {said.query!r}"
    elif said.caption is not None:
        told = f"{said.item} says from the next training on: {said.caption}"
    else:
        told = f"{said.item} keeps its captions: {'; '.join(said.captions) or 'none'}"
    console().print(told if said.changed else f"{told} (as before)", markup=False, soft_wrap=True)
