"""Templates by name: those that come with Scrubjay, and a home's own.

A template is a YAML file of `conf/prompt/` or of HOME/prompts/.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Final

from scrubjay.ask.template import PLAIN, Template
from scrubjay.ask.template_file import read_template
from scrubjay.core.errors import UnknownName, WrongUse

PACKAGED: Final = Path(__file__).resolve().parent.parent / "conf" / "prompt"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Prompts:
    """Templates by name: those that come with Scrubjay, and a home's own."""

    def __init__(self, own: Path | None = None) -> None:
        """Name the folder of the home's own; it need not exist."""
        self._own = own
        self._read: dict[str, tuple[int, Template]] = {}
        self._reading = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Every template there is, sorted."""
        folders = [PACKAGED, *([self._own] if self._own is not None else [])]
        found = {path.stem for folder in folders for path in folder.glob("*.yaml")}
        return tuple(sorted(name for name in found | {PLAIN.name} if NAME.fullmatch(name)))

    def get(self, name: str) -> Template:
        """A template.

        Raises:
            UnknownName: there is none of that name.
            BadConfig: its file cannot be used.
            MissingExtra: YAML, which it is written in, is not installed.
        """
        path = self._path(name)
        if path is None:
            if name == PLAIN.name:
                return PLAIN
            raise UnknownName("prompt", name[:80], self.names())
        changed = path.stat().st_mtime_ns
        with self._reading:
            if name not in self._read or self._read[name][0] != changed:
                self._read[name] = (changed, read_template(path))
            return self._read[name][1]

    def _path(self, name: str) -> Path | None:
        if not NAME.fullmatch(name):
            return None
        own = [] if self._own is None else [self._own / f"{name}.yaml"]
        packaged = [] if name == PLAIN.name else [PACKAGED / f"{name}.yaml"]
        return next((path for path in (*own, *packaged) if path.is_file()), None)


class Always(Prompts):
    """One template, by whatever name."""

    def __init__(self, template: Template) -> None:
        """Name it."""
        super().__init__()
        self._template = template

    def get(self, name: str) -> Template:
        """It."""
        return self._template


def checked_name(name: str) -> str:
    """The name itself.

    Raises:
        WrongUse: no file should be called so, or a template that comes with Scrubjay is.
    """
    if not NAME.fullmatch(name):
        raise WrongUse(
            f"a prompt cannot be called {name[:80]!r}; use small letters, digits, - and _"
        )
    if name == PLAIN.name or (PACKAGED / f"{name}.yaml").is_file():
        raise WrongUse(f"the prompt {name!r} comes with Scrubjay; choose another name")
    return name
