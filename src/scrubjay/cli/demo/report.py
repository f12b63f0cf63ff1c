"""The demonstration's report: pictures found before and after, in one HTML file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scrubjay.cli.demo.asking import CUT_OFF, found
from scrubjay.cli.demo.collection import picture_name
from scrubjay.media.world.months import Shot

if TYPE_CHECKING:
    from scrubjay.search.query import Searcher

TEMPLATE = "report.html.j2"
EXAMPLES = 4
PICTURES = 6
"""Shown of each answer."""


def write_report(
    path: Path,
    searchers: Mapping[str, Searcher],
    asked: Sequence[Shot],
    figures: Mapping[str, tuple[float, float]],
) -> list[tuple[str, int | None, int | None]]:
    """Write the report beside the collection.

    Args:
        path: of the HTML file.
        searchers: `before` and `after`.
        asked: held-out shots of the new month.
        figures: `before` and `after` to R@10 of newcomers and of the first month.

    Returns:
        Caption, rank before and rank after of what is shown; None for beyond the first ten.
    """
    from jinja2 import Environment, PackageLoader, select_autoescape

    kinds = sorted({shot.kind for shot in asked})
    chosen = [next(shot for shot in asked if shot.kind == kind) for kind in kinds]
    answers = {when: [found(one, shot) for shot in chosen] for when, one in searchers.items()}
    folder = path.parent / "collection"
    environment = Environment(
        loader=PackageLoader("scrubjay.cli.demo", "."), autoescape=select_autoescape(default=True)
    )
    page = environment.get_template(TEMPLATE).render(
        figures=figures,
        queries=[
            {
                "caption": shot.captions[0],
                "answers": {
                    when: [
                        {
                            "name": name,
                            "picture": _inline(folder, name),
                            "right": name == picture_name(shot),
                        }
                        for name in answers[when][at][:PICTURES]
                    ]
                    for when in searchers
                },
            }
            for at, shot in enumerate(chosen)
        ],
    )
    aside = path.with_suffix(".part")
    aside.write_text(page, encoding="utf-8")
    aside.replace(path)
    return [
        (
            shot.captions[0],
            _rank(answers["before"][at], shot),
            _rank(answers["after"][at], shot),
        )
        for at, shot in enumerate(chosen[:EXAMPLES])
    ]


def _rank(names: Sequence[str], shot: Shot) -> int | None:
    own = picture_name(shot)
    return names.index(own) + 1 if own in names[:CUT_OFF] else None


def _inline(folder: Path, name: str) -> str:
    """A picture of the collection as a data URI."""
    (path,) = folder.glob(f"*/pictures/{name}")
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
