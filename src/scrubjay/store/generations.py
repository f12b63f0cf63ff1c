"""A folder of generations, and what lies beside each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import Conflict, UnknownName, WrongUse
from scrubjay.store.attributes import arrow_types
from scrubjay.store.durable import remove_folder, sweep_trash
from scrubjay.store.index import Generation
from scrubjay.store.rows import row_schema
from scrubjay.store.table import StoredTable

DEFAULTS: Final = IndexSettings()


class Generations:
    """A folder of generations."""

    def __init__(self, folder: Path, settings: IndexSettings = DEFAULTS) -> None:
        self._folder = folder
        self._settings = settings

    def create(
        self,
        name: str,
        *,
        dim: int,
        attribute_types: Mapping[str, str],
        version: str | None = None,
    ) -> Generation:
        """Begin an empty generation.

        Args:
            name: letters, digits, `.`, `_` and `-`.
            dim: length of its vectors.
            attribute_types: the catalog's; more are added as rows bring them.
            version: in whose space its vectors will be; by default the one it is named after.

        Raises:
            Conflict: there is one of that name.
            WrongUse: a name, length or type that cannot be.
        """
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) is None or name.endswith("."):
            raise WrongUse(f"{name!r} cannot be a generation's name: use letters, digits and - _ .")
        if dim < 1:
            raise WrongUse(f"vectors of {dim} numbers cannot be indexed")
        if unknown := set(attribute_types.values()) - arrow_types().keys():
            raise UnknownName("attribute type", min(unknown), arrow_types())
        table = StoredTable(self._path(name), point="generation")
        with table.writing():
            sweep_trash(self._folder)
            if table.exists():
                raise Conflict(f"generation {name!r} is there already; open it, or remove it first")
            table.create(
                row_schema(dim, attribute_types, version=name if version is None else version)
            )
        return self.open(name)

    def open(self, name: str) -> Generation:
        """A generation by its name.

        Raises:
            UnknownName: there is none; the message offers the nearest.
        """
        if name not in (known := self.names()):
            raise UnknownName("generation", name, known)
        return Generation(self._path(name), self._settings)

    def names(self) -> tuple[str, ...]:
        """Every generation, in order of name."""
        found = self._folder.glob("[!.]*.lance")
        return tuple(sorted(one.stem for one in found if StoredTable(one, point="").exists()))

    def remove(self, name: str) -> None:
        """Remove a generation. Whether it serves is the caller's to know.

        Raises:
            UnknownName: there is none.
        """
        if name not in (known := self.names()):
            raise UnknownName("generation", name, known)
        with StoredTable(self._path(name), point="generation").writing():
            self.cutoff(name).unlink(missing_ok=True)
            remove_folder(self._path(name), point="generation")

    def cutoff(self, name: str) -> Path:
        """Where it is written down what is close enough in a generation; it goes with it."""
        return self._folder / f"{name}.cutoff.json"

    def sweep(self) -> None:
        """Delete what is left of generations whose removal was killed."""
        sweep_trash(self._folder)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lance"
