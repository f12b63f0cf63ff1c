"""Which file a manifest means: by path, else by the name when only one file has it."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath, PureWindowsPath

from scrubjay.core.errors import BadMedia

USUAL_FOLDERS = frozenset(
    {
        *("images", "image", "imgs", "pictures", "photos"),
        *("audio", "audios", "wavs", "wav", "recordings", "sounds", "speech", "clips"),
    }
)
"""Folders that win when a name alone fits several files (a thumbnail beside its picture)."""


class Listing:
    """The files of a collection, found the way manifests name them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_path = {_composed(name): name for name in names}
        self._by_last: dict[str, list[str]] = defaultdict(list)
        for path in self._by_path:
            self._by_last[PurePosixPath(path).name].append(path)

    def find(self, reference: str, *, folder: str = "") -> str:
        """Find the file a manifest in `folder` names.

        It is looked for beside the manifest, then from the root, then anywhere by the end of its
        path. Accents may be composed or not, separators may be backslashes.

        Raises:
            BadMedia: the reference leaves the collection, fits no file, or fits several.
        """
        path = _composed(reference)
        _refuse_outside(path)
        for form in dict.fromkeys((path, path.replace("\\", "/"))):
            found = self._find(str(PurePosixPath(form)), folder)
            if found is not None:
                return found
        raise BadMedia("there is no such file")

    def _find(self, path: str, folder: str) -> str | None:
        beside = f"{_composed(folder)}/{path}" if folder else path
        for exact in (beside, path):
            if exact in self._by_path:
                return self._by_path[exact]
        ends = [one for one in self._by_last[PurePosixPath(path).name] if one.endswith(f"/{path}")]
        usual = [one for one in ends if _folder_above(one, path).lower() in USUAL_FOLDERS]
        fits = ends if len(ends) == 1 else usual or ends
        if len(fits) > 1:
            raise BadMedia(f"fits {len(fits)} files: {', '.join(sorted(fits)[:3])}; give the path")
        return self._by_path[fits[0]] if fits else None


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _folder_above(name: str, path: str) -> str:
    return PurePosixPath(name.removesuffix(path)).name


def _refuse_outside(path: str) -> None:
    windows = PureWindowsPath(path)
    if "://" in path:
        raise BadMedia("a web address: only files in the folder are read")
    if path.startswith("/") or windows.drive or windows.root:
        raise BadMedia("an absolute path: a manifest may name only files in its folder")
    if ".." in windows.parts:
        raise BadMedia("a path that leaves the folder")
    if not path.strip() or "\x00" in path:
        raise BadMedia("not a path")
