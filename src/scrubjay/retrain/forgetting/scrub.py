"""Items taken out of the runs: figures and weights stay, what shows an item goes.

Of a run that saw an item the pictures go, for nobody can tell whom they show, and the records of
tracker files that hold pictures. A report that shows media goes when it may show the item. JSON
loses the item's rows, and other texts lose what they say of it; everything else stays.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from scrubjay.core.errors import Damaged
from scrubjay.core.failpoint import failpoint
from scrubjay.core.types import Modality
from scrubjay.evaluate.examples import View
from scrubjay.retrain.forgetting.tfevents import without_pictures
from scrubjay.retrain.forgetting.traces import Traces
from scrubjay.retrain.views_file import load_views, save_views
from scrubjay.store.durable import fsync_folder, write_durably

PICTURES: Final = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif"))
WEIGHTS: Final = frozenset((".ckpt", ".safetensors", ".bin", ".onnx", ".pt"))
"""What was learned; the version's card says from when on an item is not part of it."""
PAGES: Final = frozenset((".html", ".htm"))
VIEWS: Final = ".npz"
ASIDE: Final = ".part"
_EVENTS: Final = "tfevents"
_GONE: Final = object()


def scrub_runs(runs: Path, traces: Traces, *, saw: Callable[[Path], bool]) -> tuple[str, ...]:
    """Take items out of everything the runs keep. The same call again changes nothing.

    Args:
        runs: the folder of runs; it may hold single files, too.
        saw: whether a run, by its folder, may have shown them in pictures.

    Returns:
        Files that were removed or written anew, below `runs`.
    """
    changed = []
    for entry in sorted(runs.iterdir()) if runs.is_dir() else ():
        pictured = saw(entry)
        for path in _files(entry):
            failpoint("forget.before_file")
            if _scrub(path, traces, pictured=pictured):
                changed.append(path.relative_to(runs).as_posix())
            failpoint("forget.after_file")
    return tuple(changed)


def reword(folder: Path, traces: Traces) -> int:
    """Take what other texts say of items out of all JSON below a folder, and nothing else.

    For records whose form counts: reasons that name another item, as one of near-duplicates does.

    Returns:
        Files that were written anew.
    """
    changed = 0
    for path in sorted(folder.rglob("*.json")):
        data = path.read_bytes()
        try:
            value = json.loads(data)
        except ValueError:
            continue  # Whoever reads it says that it is damaged.
        left = _reworded(value, traces)
        if left != value:
            text = json.dumps(left, indent=1, ensure_ascii=False)
            write_durably(path, text.encode("utf-8"), point="scrub")
            changed += 1
    return changed


def drop_examples(prompts: Path, traces: Traces) -> int:
    """Take items out of the owner's prompts, whose examples are a line each.

    Returns:
        Files that were written anew.
    """
    changed = 0
    for path in sorted(prompts.glob("*.yaml")):
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        lines = text.splitlines(keepends=True)
        kept = [line for line in lines if not _shows(line, traces)]
        if kept != lines:
            data = "".join(kept).encode("utf-8", "surrogateescape")
            write_durably(path, data, point="scrub")
            changed += 1
    return changed


def _shows(line: str, traces: Traces) -> bool:
    return traces.found_in(line) or any(sha256 in line for sha256 in traces.sha256s)


def _reworded(value: Any, traces: Traces) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return traces.without(value)
    if isinstance(value, list):
        return [_reworded(one, traces) for one in value]
    if isinstance(value, dict):
        return {key: _reworded(one, traces) for key, one in value.items()}
    return value


def _files(entry: Path) -> Iterator[Path]:
    if not entry.is_dir():
        yield entry
    for parent, _, names in os.walk(entry):
        yield from (Path(parent, name) for name in sorted(names))


def _scrub(path: Path, traces: Traces, *, pictured: bool) -> bool:
    """Whether the file was changed."""
    left_by_a_killed_writer = path.suffix == ASIDE
    suffix = Path(path.name.removesuffix(ASIDE)).suffix.lower()
    if suffix in WEIGHTS or not path.is_file() or path.is_symlink():
        return False
    if suffix in PICTURES:
        return pictured and _remove(path)
    if left_by_a_killed_writer:
        return traces.found_in_bytes(path.read_bytes()) and _remove(path)
    if suffix == VIEWS:
        return _scrub_views(path, traces)
    data = path.read_bytes()
    kept = _kept(path.name, data, traces, pictured=pictured)
    if kept is None:
        return _remove(path)
    if kept == data:
        return False
    write_durably(path, kept, point="scrub")
    return True


def _scrub_views(path: Path, traces: Traces) -> bool:
    """Rows of the items' files, and of all texts of their groups: whose they are is not kept."""
    try:
        views = load_views(path)
    except Damaged:
        return _remove(path)
    kept = {modality: _rows_left(modality, view, traces) for modality, view in views.items()}
    if all(len(kept[modality]) == len(view) for modality, view in views.items()):
        return False
    save_views(path, kept)
    return True


def _rows_left(modality: Modality, view: View, traces: Traces) -> View:
    theirs = [
        uri in traces.names or (not uri and group in traces.groups)
        for uri, group in zip(view.uris, view.groups, strict=True)
    ]
    left = np.flatnonzero(~np.array(theirs, bool))
    return View(
        modality,
        view.vectors[left],
        tuple(view.groups[at] for at in left),
        tuple(view.uris[at] for at in left),
        tuple(view.texts[at] for at in left),
    )


def _kept(name: str, data: bytes, traces: Traces, *, pictured: bool) -> bytes | None:
    """What is left of a file; None when nothing is."""
    if _EVENTS in name:
        left = without_pictures(data) if pictured else data
        return None if traces.found_in_bytes(left) else left
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None if traces.found_in_bytes(data) else data
    suffix = Path(name).suffix.lower()
    if suffix in PAGES:
        return None if _is_on_page(text, traces) else data
    if suffix == ".json":
        return _json_without(text, traces).encode("utf-8")
    lines = (_line_without(line, traces) for line in text.splitlines(keepends=True))
    return "".join(lines).encode("utf-8")


def _is_on_page(text: str, traces: Traces) -> bool:
    shown = html.unescape(text)
    shows_media = "data:image/" in text or "data:audio/" in text
    return traces.found_in(shown) or (shows_media and traces.may_be_on(shown))


def _json_without(text: str, traces: Traces) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return traces.without(text)
    left = _without(value, traces)
    if left is _GONE:
        return "null\n"
    return text if left == value else json.dumps(left, indent=1, ensure_ascii=False) + "\n"


def _line_without(line: str, traces: Traces) -> str:
    """A line of a log or a table, or nothing; one of JSON keeps its other fields."""
    if line.startswith("{"):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if value is not None:
            left = _without(value, traces)
            if left is _GONE:
                return ""
            return line if left == value else json.dumps(left, ensure_ascii=False) + "\n"
    return "" if traces.found_in(line) else line


def _without(value: Any, traces: Traces) -> Any:  # noqa: ANN401 - JSON
    """JSON without the items' rows, and without what other strings say of them."""
    if isinstance(value, str):
        return traces.without(value)
    if isinstance(value, list):
        left = (_without(one, traces) for one in value if not _names_theirs(one, traces))
        return [one for one in left if one is not _GONE]
    if not isinstance(value, dict):
        return value
    if _is_theirs(value, traces):
        return _GONE
    if isinstance(value.get("sha256"), str):
        return value  # The row of another item: what it says is that item's.
    kept = {traces.without(key): _without(one, traces) for key, one in value.items()}
    return {key: one for key, one in kept.items() if one is not _GONE}


def _is_theirs(row: dict[str, Any], traces: Traces) -> bool:
    known = {
        "id": traces.ids,
        "item": traces.ids,
        "sha256": traces.sha256s,
        "uri": traces.names,
        "path": traces.names,
    }
    return any(isinstance(row.get(key), str) and row[key] in of for key, of in known.items())


def _names_theirs(pair: object, traces: Traces) -> bool:
    """Whether this is a file's name with what is said of it."""
    return isinstance(pair, list) and len(pair) == 2 and pair[0] in traces.names


def _remove(path: Path) -> bool:
    path.unlink(missing_ok=True)
    fsync_folder(path.parent)
    return True
