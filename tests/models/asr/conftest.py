from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.spoken_models import convert_whisper, save_whisper


@pytest.fixture(scope="session")
def whisper_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random Whisper, as save_pretrained writes it."""
    return save_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="session")
def converted_folder(whisper_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, converted to CTranslate2."""
    pytest.importorskip("ctranslate2")
    return convert_whisper(whisper_folder, tmp_path_factory.mktemp("ctranslate2") / "whisper")
