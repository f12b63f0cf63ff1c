"""Answers before and after a fit beside their pictures, in one HTML file that loads nothing."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

from scrubjay.core.types import Picture
from scrubjay.evaluate.written import Change

THUMBNAIL_SIDE = 160


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One held-out row.

    Attributes:
        picture: None: it is gone.
        score: token F1 of the two answers.
    """

    picture: Picture | None
    instruction: str
    right: str
    before: str
    after: str
    score: tuple[float, float]

    @property
    def thumbnail(self) -> str:
        """As a data URI; empty without a picture."""
        if self.picture is None:
            return ""
        from PIL import Image

        image = Image.fromarray(self.picture)
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        out = io.BytesIO()
        image.save(out, format="JPEG", quality=85)
        return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"


def taught_page(
    model: str, measures: Sequence[Change], shown: Sequence[Shown], *, n_rows: int
) -> str:
    """Render the page.

    Args:
        model: name of the base.
        measures: on all rows that were asked.
        shown: some of them.
        n_rows: that were asked.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("scrubjay.evaluate"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("taught.html.j2")
    return template.render(model=model, measures=measures, shown=shown, n_rows=n_rows)
