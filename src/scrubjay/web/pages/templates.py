"""Templates of the page, and what each of them may call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from scrubjay import __version__
from scrubjay.web.pages import words
from scrubjay.web.pages.assets import assets


@dataclass(frozen=True, slots=True)
class Shell:
    """What surrounds every page.

    Attributes:
        current: the part of the page it belongs to, as the navigation calls it; "" is none.
        csrf: what its forms must carry.
        open: whether whoever looks may see more than the log-in.
        logged_in: whether there is a session to end.
        champion: the version that answers now.
        bigger: whether every control is to be large.
        here: the address of the page, to come back to.
    """

    current: str
    csrf: str = ""
    open: bool = True
    logged_in: bool = False
    champion: str | None = None
    bigger: bool = False
    here: str = "/"
    release: str = __version__


def render(template: str, shell: Shell, **values: Any) -> str:  # noqa: ANN401 - a template's names
    """A page, or a part of one; everything in it is escaped."""
    page: str = _environment().get_template(template).render(shell=shell, **values)
    return page


@cache
def _environment() -> Any:  # noqa: ANN401 - a jinja2.Environment
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("scrubjay.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = assets().address
    environment.filters.update(
        bytes=words.size,
        day=words.day,
        kind_name=words.kind_name,
        month_name=words.month_name,
        number=words.number,
        percent=words.percent,
    )
    return environment
