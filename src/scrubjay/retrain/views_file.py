"""Embedded views kept between two steps of a run: vectors, groups and names, no captions."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from scrubjay.core.errors import Damaged
from scrubjay.core.types import Modality
from scrubjay.evaluate.examples import View
from scrubjay.store.durable import write_durably


def save_views(path: Path, views: Mapping[Modality, View]) -> None:
    """Write views, replacing what is there; texts are left out."""
    arrays = {}
    for modality, view in views.items():
        arrays[f"{modality.value}.vectors"] = view.vectors
        arrays[f"{modality.value}.groups"] = np.array(view.groups, np.str_)
        arrays[f"{modality.value}.uris"] = np.array(view.uris, np.str_)
    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **arrays)
    write_durably(path, data.getvalue(), point="views")


def load_views(path: Path) -> dict[Modality, View]:
    """Read what `save_views` wrote.

    Raises:
        Damaged: it is not that.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = sorted({name.partition(".")[0] for name in file.files})
            return {
                Modality(name): View(
                    Modality(name),
                    file[f"{name}.vectors"],
                    tuple(map(str, file[f"{name}.groups"])),
                    tuple(map(str, file[f"{name}.uris"])),
                    ("",) * len(file[f"{name}.groups"]),
                )
                for name in found
            }
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise Damaged(
            f"{path} holds no embedded views ({error}); begin anew with "
            f"`scrubjay retrain --restart`"
        ) from error
