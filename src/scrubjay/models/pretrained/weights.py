"""A name for the files of a model, without reading every byte of large weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from scrubjay.core.errors import Damaged

READ_WHOLE = 64 * 2**20
"""Weights files up to so many bytes are read whole."""
SAMPLE = 4096
"""Bytes of a tensor's middle that stand for it in larger files."""
LONGEST_HEADER = 100 * 2**20
"""As the safetensors format has it."""

BESIDE = ("*.json", "*.jinja", "*.txt", "*.model")


def folder_fingerprint(folder: Path, options: str) -> str:
    """sha256 of a model's files and of how they are used.

    Of a weights file above 64 MiB, a few kilobytes of each tensor are read: training changes all of
    a tensor, and reading 15 GB would take longer than loading them.

    Raises:
        Damaged: a weights file is not whole.
    """
    digest = hashlib.sha256(options.encode())
    for path in sorted(one for pattern in BESIDE for one in folder.glob(pattern)):
        digest.update(f"{path.name} {path.stat().st_size}".encode())
        digest.update(path.read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(f"{path.name} {path.stat().st_size}".encode())
        _weights(path, digest)
    return digest.hexdigest()


def _weights(path: Path, digest: hashlib._Hash) -> None:
    with path.open("rb") as file:
        if path.stat().st_size <= READ_WHOLE:
            digest.update(file.read())
            return
        length = int.from_bytes(file.read(8), "little")
        if length > LONGEST_HEADER:
            raise Damaged(f"{path} is no safetensors file; copy it again")
        header = file.read(length)
        digest.update(header)
        try:
            tensors = json.loads(header)
            spans = [one["data_offsets"] for name, one in tensors.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged(f"{path} is no safetensors file; copy it again") from error
        for start, end in spans:
            file.seek(8 + length + max(start, (start + end - SAMPLE) // 2))
            digest.update(file.read(min(SAMPLE, end - start)))
