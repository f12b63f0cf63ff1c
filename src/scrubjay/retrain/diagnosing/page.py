"""A diagnosis as one HTML file.

Self-contained: pictures are small data-URI JPEGs, plots are inline SVG, nothing is loaded from
elsewhere. Every text of an owner is escaped. Each section has a template of its own,
`diagnosis_NAME.html.j2`, which is given the section and what the page gives all of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import PurePath

from scrubjay.evaluate.page_media import recordings, thumbnails
from scrubjay.evaluate.report import FEW_QUERIES, Embedded
from scrubjay.retrain.diagnosing.diagnose import TITLES, Diagnosis


def diagnosis_html(diagnosis: Diagnosis, read: Callable[[str], bytes]) -> str:
    """Render the page.

    Args:
        read: the bytes behind an item's address.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("scrubjay.evaluate", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    embedded = Embedded(thumbnails(read), recordings(read))
    page: str = environment.get_template("diagnosis.html.j2").render(
        diagnosis=diagnosis,
        chapters=[
            {
                "name": name,
                "title": TITLES[name],
                "section": section,
                "why": getattr(section, "why", None),
            }
            for name, section in diagnosis.sections.items()
        ],
        few=FEW_QUERIES,
        nonce=secrets.token_urlsafe(16),
        picture=embedded.picture,
        sound=embedded.sound,
        file_name=lambda uri: PurePath(uri).name,
    )
    return page
