from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import torch

from scrubjay.core.protocols import Encoder, TrainableEncoder
from scrubjay.models.load import load_trainable, load_version
from tests.models.pretrained_models import SAVE
from tests.models.remote_server import ProtocolServer, protocol_server
from tests.models.speech_models import SAVE_SPEECH

torch.set_num_threads(1)


@pytest.fixture
def server() -> Iterator[ProtocolServer]:
    """A server of the fake models, for one test to script."""
    with protocol_server() as running:
        yield running


@pytest.fixture(scope="module")
def standing_server() -> Iterator[ProtocolServer]:
    """The same for all tests of a module, which ask it and no more."""
    with protocol_server() as running:
        yield running


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a small saved model by kind; saved once."""
    saved: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in saved:
            saved[kind] = SAVE[kind](tmp_path_factory.mktemp(kind))
        return saved[kind]

    return folder


@pytest.fixture(scope="session")
def trainable(pretrained) -> Callable[[str], TrainableEncoder]:
    """The same, loaded through the real path; not to be trained."""
    loaded: dict[str, TrainableEncoder] = {}

    def encoder(kind: str) -> TrainableEncoder:
        if kind not in loaded:
            loaded[kind] = load_trainable("transformers", source=pretrained(kind))
        return loaded[kind]

    return encoder


@pytest.fixture(scope="session")
def open_clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a small saved model of open_clip by kind; saved once."""
    from tests.models.open_clip_models import save

    return cache(lambda kind: save(kind, tmp_path_factory.mktemp(f"open-clip-{kind}")))


@pytest.fixture(scope="session")
def open_clip(open_clip_folder) -> Callable[[str], TrainableEncoder]:
    """The same, loaded through the real path; not to be trained."""
    return cache(lambda kind: load_trainable("open_clip", source=open_clip_folder(kind)))


@pytest.fixture(scope="session")
def version_folder(trainable, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The same as a registered folder: native files, and graphs in export/."""
    written: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in written:
            path = tmp_path_factory.mktemp(f"{kind}-version")
            (path / "export").mkdir()
            trainable(kind).save_pretrained(path)
            trainable(kind).export(path / "export")
            written[kind] = path
        return written[kind]

    return folder


@pytest.fixture(scope="session")
def served(version_folder) -> Callable[[str], Encoder]:
    """The exported graphs of the same, on one thread."""
    loaded: dict[str, Encoder] = {}

    def encoder(kind: str) -> Encoder:
        if kind not in loaded:
            loaded[kind] = load_version(version_folder(kind), version="2026-11-abc1234", threads=1)
        return loaded[kind]

    return encoder


@pytest.fixture(scope="session")
def speech_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a small saved speech model by kind; saved once."""
    return cache(lambda kind: SAVE_SPEECH[kind](tmp_path_factory.mktemp(kind)))


@pytest.fixture(scope="session")
def speech_tower(pretrained, speech_model) -> Callable[[str], TrainableEncoder]:
    """A CLIP with a speech tower around one of these; not to be trained."""

    def encoder(kind: str) -> TrainableEncoder:
        return load_trainable(
            "speech",
            base={"family": "transformers", "source": pretrained("clip")},
            speech=speech_model(kind),
            head={"width": 32, "heads": 4},
        )

    return cache(encoder)


@pytest.fixture(scope="session")
def speech_version(speech_tower, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The same as a registered folder: native files, and graphs in export/."""

    def folder(kind: str) -> Path:
        path = tmp_path_factory.mktemp(f"{kind}-version")
        (path / "export").mkdir()
        speech_tower(kind).save_pretrained(path)
        speech_tower(kind).export(path / "export")
        return path

    return cache(folder)
