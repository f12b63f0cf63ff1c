"""What a fit leaves: the adapter in peft's format, and the whole model in the base's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from scrubjay.models.pretrained.adapter import with_adapter
from scrubjay.models.pretrained.files import read_json
from scrubjay.models.pretrained.opening import DTYPES, open_model
from scrubjay.models.pretrained.quiet import quiet_transformers
from scrubjay.models.pretrained.source import WANTED
from scrubjay.training.vlm.base import Base
from scrubjay.training.vlm.folders import written_folder

ADAPTER, MERGED = "adapter", "merged"
"""Folders of a run."""
TEMPLATE = "chat_template.jinja"


def save_adapter(model: Any, run: Path) -> Path:  # noqa: ANN401 - of peft
    """Write adapter_config.json and adapter_model.safetensors.

    Returns:
        The folder.
    """
    final = run / ADAPTER
    with written_folder(final) as aside:
        model.save_pretrained(aside, safe_serialization=True, save_embedding_layers=False)
        (aside / "README.md").unlink(missing_ok=True)  # peft's form, not filled in
    return final


def save_merged(base: Base, run: Path) -> Path:
    """Write the base with the run's adapter added to its weights, in the type they are kept in.

    The base is read once more, whole: what was packed into fewer bits to learn is not what it is
    merged into.

    Returns:
        The folder.
    """
    final, source = run / MERGED, base.opened.folder
    whole = open_model(source, family=base.way.family, classes=base.way.classes(),
                       dtype=_kept_in(source), device="cpu")  # fmt: skip
    merged = with_adapter(whole.model, run / ADAPTER)
    with written_folder(final) as aside:
        with quiet_transformers():
            merged.save_pretrained(aside, safe_serialization=True)
        for pattern in WANTED:
            for path in source.glob(pattern):
                weights = path.suffix == ".safetensors" or path.name.endswith(".index.json")
                if not weights and not (aside / path.name).exists():
                    shutil.copyfile(path, aside / path.name)
        if base.chat_template is not None:
            shutil.copyfile(Path(base.chat_template).expanduser(), aside / TEMPLATE)
    return final


def _kept_in(folder: Path) -> str:
    config = read_json(folder / "config.json")
    told = str(config.get("dtype") or config.get("torch_dtype") or "float32")
    return told if told in DTYPES[1:] else "float32"
