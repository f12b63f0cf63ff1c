"""The house's own shape: what starts fast stays light, what the README draws is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
HEAVY = {"torch", "lightning", "lancedb", "pyarrow", "openvino", "hydra", "transformers", "obstore"}


def modules_after(program: str) -> set[str]:
    printed = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {name.partition(".")[0] for name in printed.split()}


def test_the_command_line_starts_without_anything_heavy() -> None:
    assert modules_after("import scrubjay.cli.main") & HEAVY == set()


def test_every_room_is_in_the_readme_tree() -> None:
    tree = re.search(
        r"```\nsrc/scrubjay/\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL
    )
    assert tree is not None
    drawn = set(re.findall(r"^  (\w+)(?:/|\.py)", tree.group(1), re.MULTILINE))
    real = {
        path.stem
        for path in (REPOSITORY / "src" / "scrubjay").iterdir()
        if not path.name.startswith("_") and path.suffix in {"", ".py"}
    }
    assert drawn == real


def test_tests_mirror_the_rooms() -> None:
    rooms = {path.parent.name for path in (REPOSITORY / "src/scrubjay").glob("*/__init__.py")}
    mirrored = {path.parent.name for path in (REPOSITORY / "tests").glob("*/__init__.py")}
    assert rooms - {"conf"} <= mirrored


@pytest.mark.parametrize(
    "command",
    [
        *(
            "demo",
            "add",
            "train",
            "sweep",
            "generate",
            "evaluate",
            "search",
            "champion",
            "champion set",
        ),
        *("feedback list", "feedback wrong", "feedback right", "feedback fix", "feedback undo"),
        *("ask", "describe", "read", "watch", "compare", "extract"),
    ],
)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", *command.split(), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Example: scrubjay" in " ".join(done.stdout.split())
    assert "--json" in done.stdout
