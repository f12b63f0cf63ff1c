"""A name for what an encoder computes: equal fingerprints make equal vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


class ModuleFingerprint:
    """sha256 of a module's weights and of how media become its inputs.

    Recomputed only when a weight was written to since: torch counts the writes to each tensor.
    """

    def __init__(self, module: nn.Module, preprocessing: Mapping[str, Any]) -> None:
        self._module = module
        self._preprocessing = json.dumps(preprocessing, sort_keys=True)
        self._written = ""
        self._digest = ""

    def __str__(self) -> str:
        state = self._module.state_dict()
        written = repr([(name, one.data_ptr(), one._version) for name, one in state.items()])
        if written != self._written:
            self._digest, self._written = self._hash(), written
        return self._digest

    def _hash(self) -> str:
        import torch

        digest = hashlib.sha256(self._preprocessing.encode())
        for name, tensor in sorted(self._module.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            plain = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
            digest.update(plain.numpy().data)
        return digest.hexdigest()
