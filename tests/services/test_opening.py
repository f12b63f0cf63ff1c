"""A home is found where its owner says, and what is not there yet is said with what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay import services
from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import silent


def test_the_command_line_goes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert services.open_home(None).path.resolve() == tmp_path / "scrubjay-home"
    monkeypatch.setenv("SCRUBJAY_HOME", str(tmp_path / "mine"))
    assert services.open_home(None).path == tmp_path / "mine"
    assert services.open_home(tmp_path / "named").path == tmp_path / "named"
    assert list(tmp_path.iterdir()) == []  # a look makes nothing


def test_a_home_without_a_version_says_what_comes_first(tmp_path: Path) -> None:
    home = services.open_home(tmp_path / "home", builtin=False)
    for ask in (services.current_champion, services.open_champion):
        with pytest.raises(NotReady, match="scrubjay add FOLDER"):
            ask(home)
    with pytest.raises(NotReady, match="scrubjay models list"):
        services.pull_version(
            home.registry, services.CHAMPION_NAME, tmp_path / "out", progress=silent
        )
    with pytest.raises(NotReady, match=r"scrubjay\[train\]"):
        services.shipped_version(home)
    assert not (tmp_path / "out").exists()


def test_everything_public_is_offered_and_nothing_heavy_is_loaded_for_it() -> None:
    program = (
        "import sys; from scrubjay import services; "
        "[getattr(services, name) for name in services.__all__]; "
        "print(sorted({'torch', 'lancedb', 'openvino', 'hydra', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
