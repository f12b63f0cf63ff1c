from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scrubjay.core.protocols import VisionLanguage
from scrubjay.models.load import load_vlm


@pytest.fixture(scope="session")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a small saved model by kind; saved once."""
    from tests.models.vlm import older_models, small_models

    save = small_models.SAVE | older_models.SAVE
    saved: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in saved:
            saved[kind] = save[kind](tmp_path_factory.mktemp(kind) / kind)
        return saved[kind]

    return folder


@pytest.fixture(scope="session")
def vlm(looking) -> Callable[[str], VisionLanguage]:
    """The same, loaded through the real path."""
    from tests.models.vlm.older_models import FAMILIES

    loaded: dict[str, VisionLanguage] = {}

    def model(kind: str) -> VisionLanguage:
        if kind not in loaded:
            family = FAMILIES.get(kind, "transformers")
            loaded[kind] = load_vlm(family, source=looking(kind))
        return loaded[kind]

    return model
