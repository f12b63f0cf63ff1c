import json
import os
import re
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest

from scrubjay.core.errors import Damaged, WrongUse
from scrubjay.core.types import Champion
from scrubjay.store.generations import Generations
from scrubjay.store.registry import Registry
from tests.store.killing import killed, run
from tests.store.made import names_in
from tests.store.scenarios import build


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "registry")


def register(registry, build=build, **changed):
    given = {
        "month": "2026-11",
        "lineage": {"parent": None},
        "metrics": {"r": 0.5},
        "card": "# C\n",
    }
    return registry.register(build, **{**given, **changed})


def built(content):
    def write(folder):
        (folder / "weights").write_bytes(content)

    return write


def entries(registry):
    return names_in(registry._versions) if registry._versions.exists() else []


def test_a_version_holds_what_was_built_and_what_was_said_of_it(registry):
    before = datetime.now(UTC)
    version = register(
        registry,
        lineage={"snapshot": "2026-11-abc", "config": {"lr": 0.1}, "parent": None},
        metrics={"recall": np.float32(0.5), "loss": float("nan"), "n": np.int64(3)},
        card="# Grüße\n",
    )
    assert re.fullmatch(r"2026-11-[0-9a-f]{7}", version)
    folder = registry.folder(version)
    assert (folder / "model.safetensors").read_bytes() == b"weights" * 1000
    assert (folder / "export" / "image.bin").read_bytes() == b"graph" * 1000
    assert (folder / "card.md").read_text("utf-8") == "# Grüße\n"
    (info,) = registry.versions()
    assert info.id == version
    assert before <= info.created <= datetime.now(UTC)
    assert info.lineage == {"snapshot": "2026-11-abc", "config": {"lr": 0.1}, "parent": None}
    assert info.metrics == {"recall": 0.5, "loss": None, "n": 3}
    registry.verify(version)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == {
        "model.safetensors",
        "export/image.bin",
        "card.md",
        "metrics.json",
    }
    assert not any(path.is_symlink() for path in folder.rglob("*"))


def test_names_count_as_content(registry):
    def other_name(folder):
        (folder / "weights2").write_bytes(b"one")

    assert register(registry, built(b"one")) != register(registry, other_name)


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda folder: None, "nothing was built"),
        (lambda folder: (folder / "link").symlink_to("/etc/passwd"), "a link"),
        (lambda folder: (folder / "links").symlink_to("/etc"), "a link"),
        (lambda folder: os.mkfifo(folder / "pipe"), "a link or a device"),
        (lambda folder: (folder / "metrics.json").write_text("{}"), "metrics.json"),
        (
            lambda folder: [(folder / name).write_text("{}") for name in ("a", "manifest.json")],
            "itself",
        ),
    ],
)
def test_what_cannot_be_registered_is_refused_and_leaves_nothing(registry, write, says):
    with pytest.raises(WrongUse, match=says):
        register(registry, write)
    assert entries(registry) == []


def test_a_build_that_fails_leaves_nothing(registry):
    def fails(folder):
        (folder / "half").write_bytes(b"x")
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        register(registry, fails)
    assert entries(registry) == []


def test_a_month_that_is_none_is_refused(registry):
    for month in ("November", "2026-00", "2026-1", "../2026-11"):
        with pytest.raises(WrongUse, match="YYYY-MM"):
            register(registry, month=month)


def test_lineage_that_is_not_text_is_kept_readable(registry):
    version = register(
        registry, lineage={"folder": os.fsdecode(b"/caf\xe9")}, card=os.fsdecode(b"\xe9")
    )
    registry.verify(version)
    assert registry.versions()[0].lineage == {"folder": "/caf\\udce9"}


def test_a_flipped_byte_anywhere_is_found(registry):
    version = register(registry)
    folder = registry.folder(version)
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        good = path.read_bytes()
        for place in {0, len(good) // 3, len(good) // 2, len(good) - 1}:
            path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
            with pytest.raises(Damaged, match=path.name):
                registry.verify(version)
        path.write_bytes(good)
        registry.verify(version)


def test_every_byte_of_the_manifest_is_sealed(registry):
    version = register(registry, built(b"x"))
    path = registry.folder(version) / "manifest.json"
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(Damaged):
            registry.verify(version)


def test_missing_extra_linked_and_renamed_files_are_found(registry):
    version = register(registry)
    folder = registry.folder(version)
    weights = folder / "model.safetensors"
    weights.rename(folder.parent / "kept")
    with pytest.raises(Damaged, match=r"model.safetensors is missing"):
        registry.verify(version)
    weights.symlink_to(folder.parent / "kept")
    with pytest.raises(Damaged, match="a link"):
        registry.verify(version)
    weights.unlink()
    (folder.parent / "kept").rename(weights)
    (folder / "export" / "extra.py").write_text("print()")
    with pytest.raises(Damaged, match=r"export/extra.py does not belong"):
        registry.verify(version)
    (folder / "export" / "extra.py").unlink()
    registry.verify(version)
    moved = folder.with_name("2026-11-0000000")
    folder.rename(moved)
    with pytest.raises(Damaged, match=version):
        registry.verify(moved.name)


def test_what_is_about_to_be_loaded_can_be_checked_alone(registry):
    version = register(registry)
    folder = registry.folder(version)
    (folder / "model.safetensors").write_bytes(b"other")
    registry.verify(version, below="export")
    (folder / "export" / "image.bin").write_bytes(b"other")
    with pytest.raises(Damaged, match=r"image\.bin was changed"):
        registry.verify(version, below="export")
    (folder / "export" / "image.bin").unlink()
    (folder / "export").rmdir()
    with pytest.raises(Damaged, match="export is not what was registered"):
        registry.verify(version, below="export")


REGISTER_POINTS = [
    f"registry.{side}_{step}" for step in ("build", "rename") for side in ("before", "after")
]


@pytest.mark.parametrize("point", REGISTER_POINTS)
def test_killed_while_registering_no_half_version_is_seen_and_the_next_call_tidies_up(
    tmp_path, registry, point
):
    earlier = register(registry, built(b"earlier"))
    assert killed("register", tmp_path, point)
    assert len(registry.ids()) == (2 if point == "registry.after_rename" else 1)
    for version in registry.ids():
        registry.verify(version)
    assert run("register", tmp_path) == 0
    assert len(registry.ids()) == 2
    for version in registry.ids():
        registry.verify(version)
    assert entries(registry) == sorted(registry.ids())
    assert earlier in registry.ids()


# The champion


@pytest.fixture
def pair(tmp_path, registry):
    """Two generations that can be published, made cheaply: a manifest is what makes one exist."""
    for name in ("old", "new"):
        versions = tmp_path / "generations" / f"{name}.lance" / "_versions"
        versions.mkdir(parents=True)
        (versions / "1.manifest").write_bytes(b"x")
    version = register(registry)
    return Champion(version, "old"), Champion(version, "new")


def test_a_version_without_its_manifest_is_never_published(registry, pair):
    old, _ = pair
    (registry.folder(old.version) / "manifest.json").write_bytes(b"{}")
    with pytest.raises(Damaged):
        registry.publish(old, expected=None)
    assert registry.champion() is None


def test_a_real_generation_can_be_published(tmp_path, registry):
    Generations(tmp_path / "generations").create("real", dim=4, attribute_types={})
    champion = Champion(register(registry), "real")
    registry.publish(champion, expected=None)
    assert registry.champion() == champion


def test_everything_the_pointer_names_is_flushed_before_the_pointer(registry, pair, monkeypatch):
    old, _ = pair
    calls, fsync, replace = [], os.fsync, os.replace

    def spy_fsync(descriptor):
        calls.append(os.path.realpath(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def spy_replace(source, target, **_):
        calls.append(f"pointer {target}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "replace", spy_replace)
    registry.publish(old, expected=None)
    pointer = calls.index(f"pointer {registry._folder / 'champion.json'}")
    folder = registry.folder(old.version)
    generation = registry._generations / "old.lance"
    named = [one for root in (folder, generation) for one in (root, *root.rglob("*"), root.parent)]
    assert {str(one) for one in named} <= set(calls[:pointer])
    assert calls[pointer + 1 :] == [str(registry._folder)]


def test_a_version_can_be_copied_elsewhere_and_still_verifies(tmp_path, registry):
    version = register(registry)
    other = Registry(tmp_path / "other")
    other._versions.mkdir(parents=True)
    shutil.copytree(registry.folder(version), other._versions / version)
    other.verify(version)
