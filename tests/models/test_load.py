from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from scrubjay.core.errors import ModelNotFound, ScrubjayError, UnknownName, WrongUse
from scrubjay.core.protocols import Encoder
from scrubjay.models import family as door
from scrubjay.models.family import Room
from scrubjay.models.load import families, load_encoder, load_trainable, load_version


def plug_in(monkeypatch: pytest.MonkeyPatch, tmp_path, name: str, source: str, value: str) -> None:
    """A distribution on the path with one entry point, as pip would have installed it."""
    (tmp_path / f"{name}_plugin.py").write_text(textwrap.dedent(source))
    info = tmp_path / f"{name}_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[scrubjay.encoders]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_our_own_families_are_found_without_importing_them() -> None:
    printed = subprocess.run(
        [
            sys.executable,
            "-c",
            "from scrubjay.models.load import families\nimport sys\n"
            "print(*families())\n"
            "print(*(name for name in sys.modules if 'models.encoders.' in name or name=='torch'))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert {"builtin", "exported", "fake", "transformers"} <= set(printed[0].split())
    assert printed[1:] == [""]


def test_an_unknown_family_answers_with_the_near_miss() -> None:
    with pytest.raises(UnknownName, match="did you mean 'transformers'"):
        load_encoder("transformer")


def test_an_unknown_option_answers_with_the_near_miss() -> None:
    with pytest.raises(UnknownName, match="did you mean 'source'"):
        load_encoder("transformers", sources="x")


def test_a_missing_option_is_named() -> None:
    with pytest.raises(WrongUse, match=r"encoder\.source="):
        load_encoder("transformers")


def test_a_family_that_only_encodes_is_not_trained() -> None:
    with pytest.raises(WrongUse, match="cannot be trained"):
        load_trainable("fake")


def test_a_version_without_an_export_is_not_found(tmp_path) -> None:
    with pytest.raises(ModelNotFound, match="without an export"):
        load_version(tmp_path)


def test_another_package_adds_a_family_by_entry_point(monkeypatch, tmp_path) -> None:
    source = """
        from scrubjay.models.load import load_encoder

        def load(*, dim: int = 32):
            return load_encoder("fake", dim=dim)
    """
    plug_in(monkeypatch, tmp_path, "bower", source, "bower_plugin")
    assert "bower" in families()
    made = load_encoder("bower", dim=40)
    assert isinstance(made, Encoder)
    assert made.spec.dim == 40
    with pytest.raises(UnknownName, match="dim"):
        load_encoder("bower", dims=40)


def test_an_entry_point_may_name_the_function(monkeypatch, tmp_path) -> None:
    source = """
        from scrubjay.models.load import load_encoder

        def make():
            return load_encoder("fake")
    """
    plug_in(monkeypatch, tmp_path, "wren", source, "wren_plugin:make")
    assert load_encoder("wren").spec.name == "fake"


@pytest.mark.parametrize(
    ("source", "value", "message"),
    [
        ("import a_library_nobody_has", "finch_plugin", "finch-plugin cannot be imported"),
        ("", "finch_plugin:make", "which it does not have"),
        ("", "finch_plugin", "no function load"),
    ],
)
def test_a_broken_family_of_another_package_is_named(
    monkeypatch, tmp_path, source: str, value: str, message: str
) -> None:
    monkeypatch.delitem(sys.modules, "finch_plugin", raising=False)
    plug_in(monkeypatch, tmp_path, "finch", source, value)
    assert "finch" in families()
    with pytest.raises(ScrubjayError, match=message):
        load_encoder("finch")


def test_a_missing_extra_names_the_command() -> None:
    """In a process where torch cannot be imported, as after a base install."""
    program = """
        import sys
        for name in ("torch", "transformers", "safetensors"):
            sys.modules[name] = None
        from scrubjay.core.errors import MissingExtra
        from scrubjay.models.load import load_encoder
        for family, options in (("transformers", {"source": "x"}), ("builtin", {})):
            try:
                load_encoder(family, **options)
            except MissingExtra as error:
                print(error)
    """
    printed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "pip install 'scrubjay[hf]'" in printed[0]
    assert "pip install 'scrubjay[train]'" in printed[1]


@pytest.mark.parametrize("room", Room)
def test_every_room_has_an_entry_point_group_of_its_name(monkeypatch, room: Room) -> None:
    asked: list[str] = []
    monkeypatch.setattr(door, "entry_points", lambda *, group: asked.append(group) or [])
    families(room)
    assert asked == [f"scrubjay.{room.value}"]
