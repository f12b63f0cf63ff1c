"""A home begins with the encoder in the box, and goes on with its owner's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay import services
from scrubjay.core.config import Settings
from scrubjay.core.errors import MissingExtra, NotReady
from scrubjay.core.protocols import silent
from scrubjay.core.types import Kind
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.scene import Sampler, Scene
from scrubjay.models.builtin import shipped
from scrubjay.models.load import load_trainable
from scrubjay.retrain import shipped as retrain_shipped
from scrubjay.retrain.shipped import gives_way, register_shipped
from scrubjay.search.query import Query
from scrubjay.store.home import Home


def scenes(n: int) -> list[Scene]:
    random = np.random.default_rng(41)
    return [Sampler().scene(random) for _ in range(n)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(42)
    for at, scene in enumerate(scenes(20)):
        Image.fromarray(draw(scene, random).picture).save(folder / f"{at}.png")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Home:
    home = Home(Settings(home=tmp_path_factory.mktemp("home"), threads=1))
    added = services.add_folder(home, folder, month="2026-01", progress=silent)
    assert (added.indexed, added.version) == (20, services.current_champion(home).version)
    return home


def test_a_new_home_answers_without_any_training(home: Home) -> None:
    searcher = services.open_champion(home)
    right = 0
    for at, scene in enumerate(scenes(20)):
        asked = Query(text=plainest(scene).text, k=3, kinds=frozenset({Kind.IMAGE}))
        right += f"{at}.png" in [Path(hit.uri).name for hit in searcher.search(asked).hits]
    assert right >= 16


def test_the_shipped_version_is_told_from_the_owners(home: Home) -> None:
    version = services.shipped_version(home)
    assert version == services.current_champion(home).version
    assert gives_way(home, version)
    (about,) = home.registry.versions()
    assert about.metrics["galleries"]


def test_registering_it_again_keeps_it_once(home: Home) -> None:
    assert register_shipped(home, progress=silent) == services.shipped_version(home)
    assert len(home.registry.versions()) == 1


def test_without_torch_a_folder_is_added_all_the_same(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise MissingExtra("the built-in encoder", "train")

    monkeypatch.setattr(retrain_shipped, "load_trainable", missing)
    home = Home(Settings(home=tmp_path))
    added = services.add_folder(home, folder, month="2026-01", progress=silent)
    assert (added.added, added.indexed, added.version) == (20, 0, None)
    with pytest.raises(NotReady, match="does not hold"):
        services.shipped_version(home)


def test_a_home_may_begin_without_it(tmp_path: Path, folder: Path) -> None:
    home = Home(Settings(home=tmp_path, builtin=False))
    added = services.add_folder(home, folder, month="2026-01", progress=silent)
    assert added.version is None
    assert home.registry.versions() == []


def test_the_weights_are_half_precision_and_small() -> None:
    weights = shipped.FOLDER / "model.safetensors"
    assert weights.stat().st_size <= 20_000_000
    assert load_trainable("builtin", source="shipped").spec.dim == 192


def test_figures_and_card_come_with_the_weights() -> None:
    main = shipped.figures()["galleries"]["unseen scenes, unseen voices"]
    assert set(main) == {
        f"{a}->{b}"
        for a, b in (
            ("text", "image"),
            ("speech", "image"),
            ("image", "speech"),
            ("speech", "text"),
            ("image", "text"),
            ("text", "speech"),
        )
    }
    assert "nothing of photographs" in shipped.card()
