"""Style sheets, scripts and pictures of the page: each at an address that names all their bytes.

One digest of all assets stands in every address. So a browser may keep what it has for a year, and
scripts that import each other by a relative name always get the same release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import PurePath
from typing import Final

from scrubjay.core.errors import UnknownName

TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
DIGITS: Final = 12
"""Hex digits of the digest in an address."""


@dataclass(frozen=True, slots=True)
class Assets:
    """Every file with its bytes.

    Attributes:
        digest: names all of them.
    """

    files: Mapping[str, bytes]
    digest: str

    def address(self, name: str) -> str:
        """Where a page finds an asset.

        Raises:
            UnknownName: there is no such file.
        """
        if name not in self.files:
            raise UnknownName("asset", name, self.files)
        return f"/static/{self.digest}/{name}"


def media_type(name: str) -> str:
    """What a browser is told an asset is."""
    return TYPES[PurePath(name).suffix]


@cache
def assets() -> Assets:
    """All that is in the package; read once."""
    folder = files("scrubjay.web").joinpath("static")
    found = {
        one.name: one.read_bytes()
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if PurePath(one.name).suffix in TYPES
    }
    digest = sha256()
    for name, data in found.items():
        digest.update(name.encode() + b"\0" + sha256(data).digest())
    return Assets(found, digest.hexdigest()[:DIGITS])
