"""Where a pretrained model is on this machine: a directory, or a snapshot in the hub's cache."""

from __future__ import annotations

import os
import re
from pathlib import Path

from scrubjay.core.errors import ModelNotFound

WANTED = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
"""Files of a hub repository that are ever fetched; none of them is executable."""

HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


def find_model(
    source: str | Path, *, revision: str | None = None, download: bool | None = False
) -> Path:
    """The folder behind a directory name or a hub id.

    Args:
        source: a directory is taken first, whatever it is called; else a hub id.
        revision: branch, tag or commit of the hub repository.
        download: fetch from the hub what is not on this machine; HF_HUB_OFFLINE forbids it. None:
            the family never does.

    Raises:
        ModelNotFound: it is neither, or has no weights in safetensors.
    """
    folder = Path(source).expanduser()
    if not str(source) or not folder.is_dir():
        folder = _find_in_hub(str(source), revision=revision, download=download)
    if not (folder / "config.json").is_file():
        raise ModelNotFound(
            f"{folder} is not a model directory: config.json is missing. Give the directory that "
            f"save_pretrained wrote"
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelNotFound(_no_weights(folder))
    return folder


def _find_in_hub(source: str, *, revision: str | None, download: bool | None) -> Path:
    # One slash at most and nothing that only a path has.
    if source.startswith((".", "~", "/")) or not HUB_ID.fullmatch(source):
        raise ModelNotFound(f"there is no directory {source!r}; give a directory or a hub id")
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    offline = constants.HF_HUB_OFFLINE
    try:
        found = snapshot_download(
            source,
            revision=revision,
            allow_patterns=list(WANTED),
            local_files_only=offline or not download,
        )
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        raise ModelNotFound(
            f"the model {source!r} is not on this machine: it is no directory and not in the hub "
            f"cache ({constants.HF_HUB_CACHE}). {_what_next(source, offline, download)} "
            f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
        ) from error
    return Path(found)


def _what_next(source: str, offline: bool, download: bool | None) -> str:
    fetch = f"`hf download {source}`"
    if offline:
        return f"HF_HUB_OFFLINE is set: run {fetch} where the network is, or give a directory."
    if download:
        return "Fetching it failed: check the name and the network, or give a directory."
    if download is None:
        return f"Run {fetch} first, or give a directory."
    return f"Run {fetch} first, give encoder.download=true, or give a directory."


def _no_weights(folder: Path) -> str:
    pickled = sorted(path.name for path in folder.glob("*.bin"))
    if not pickled:
        return f"{folder} has no weights: no *.safetensors file"
    inside = os.fspath(folder)
    return (
        f"{folder} has its weights only as {pickled[0]}, a pickle, which can run code when it is "
        f"opened and is never loaded here. If you trust it, convert it once: python -c "
        f"\"from transformers import AutoModel; AutoModel.from_pretrained('{inside}')"
        f".save_pretrained('{inside}')\""
    )
