"""The image: its file is sound, its steps work in their order, and what comes out runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.dockerfile import Builder, Image, ignored, instructions, stages

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
TEXT = (DEPLOY / "Dockerfile").read_text()
IGNORE = (DEPLOY / "Dockerfile.dockerignore").read_text()


def test_a_linter_finds_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not installed (it has a wheel for Linux on x86-64)")
    said = subprocess.run(
        [linter, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (0, "")


def test_both_targets_run_as_nobody_with_one_volume_a_healthcheck_and_ctrl_c() -> None:
    image = {one.name: one for one in stages(TEXT)[1]}
    assert image["cpu"].source == image["cuda"].source == "base"
    base = image["base"].instructions
    given = {one.keyword: one.value for one in base}
    defaults = dict(one.value.split("=") for one in base if one.keyword == "ARG")
    assert given["USER"] == "${UID}:${GID}"
    assert int(defaults["UID"]) > 0 < int(defaults["GID"])
    assert [one.value for one in base if one.keyword == "VOLUME"] == ["/data"]
    assert "HEALTHCHECK" in given
    assert given["STOPSIGNAL"] == "SIGINT"
    later = (*image["cpu"].instructions, *image["cuda"].instructions)
    assert not {"USER", "VOLUME", "RUN", "ENTRYPOINT"} & {one.keyword for one in later}


def test_the_targets_differ_in_torch_alone() -> None:
    built = {one.name: one.instructions for one in stages(TEXT)[1] if one.name.startswith("built-")}

    def rest(name: str) -> list[tuple[str, str]]:
        return [(one.keyword, one.value) for one in built[name] if one.keyword != "ARG"]

    assert rest("built-cpu") == rest("built-cuda")
    indexes = {name: built[name][0].value for name in built}
    assert indexes["built-cpu"].endswith("/cpu")
    assert re.search(r"/cu\d+$", indexes["built-cuda"])
    readme = (REPOSITORY / "README.md").read_text()
    for index in indexes.values():
        assert index.partition("=")[2] in readme


def test_nothing_but_what_the_image_is_made_of_is_sent_to_the_builder() -> None:
    kept = ["pyproject.toml", "LICENSE", "src/scrubjay/cli/main.py", "src/scrubjay/conf/train.yaml"]
    left = [".git/config", ".venv/bin/python", "scrubjay-home/catalog.lance", "tests/conftest.py"]
    left += ["deploy/compose.yaml", "src/scrubjay/cli/__pycache__/main.cpython-311.pyc", "my.env"]
    assert not [name for name in kept if ignored(REPOSITORY, name, IGNORE)]
    assert not [name for name in left if not ignored(REPOSITORY, name, IGNORE)]


def test_every_path_a_copy_names_is_there_and_sent() -> None:
    for one in instructions(TEXT):
        if one.keyword == "COPY" and "from" not in one.flags:
            for name in one.words[:-1]:
                assert (REPOSITORY / name).exists(), f"line {one.line}: {name}"
                assert not ignored(REPOSITORY, name, IGNORE), f"line {one.line}: {name}"


def test_continued_lines_comments_flags_and_forms_are_read() -> None:
    read = instructions(
        "# a comment\nFROM x AS y\nRUN a \\\n# inside\n    && b\n"
        'HEALTHCHECK --interval=5m --retries=3 CMD ["c", "d e"]\nCOPY --from=y /a /b\n'
    )
    assert [(one.line, one.keyword, one.flags) for one in read] == [
        (2, "FROM", {}),
        (3, "RUN", {}),
        (6, "HEALTHCHECK", {"interval": "5m", "retries": "3"}),
        (7, "COPY", {"from": "y"}),
    ]
    assert read[1].value.split() == ["a", "&&", "b"]
    assert read[3].words == ["/a", "/b"]


def test_a_path_outside_of_the_image_is_refused(tmp_path: Path) -> None:
    text = "FROM python:3.11-slim AS a\nRUN touch /etc/passwd\n"
    builder = Builder(text, context=tmp_path, ignore="", work=tmp_path / "work")
    with pytest.raises(ValueError, match="/etc"):
        builder.build("a", {})


def _torch_index() -> str:
    """Where a CPU build of torch comes from: the file's own index, or a wheel this machine has."""
    report = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
    report += ["--ignore-installed", "--report", "-", "--constraint", "constraints.txt", "torch"]
    found = subprocess.run(report, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        version = json.loads(found.stdout)["install"][0]["metadata"]["version"]
        if version.endswith("+cpu"):
            return os.environ.get("PIP_INDEX_URL") or _pips_own_index()
    stage = next(one for one in stages(TEXT)[1] if one.name == "built-cpu")
    return stage.instructions[0].value.partition("=")[2]


def _pips_own_index() -> str:
    """Where pip looks when nobody says where, as its help has it."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--help"],
        env={**os.environ, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"\(default (https?://\S+)\)", said)
    assert found is not None, "pip's help does not name its index"
    return found[1]


IN_THE_BASE = frozenset(
    {
        *("ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libmvec.so.1"),
        *("libpthread.so.0", "librt.so.1", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"),
    }
)
"""Libraries Debian's slim Python image has: glibc's, GCC's, and what apt and Python need."""
OPTIONAL = frozenset({"libOpenCL.so.1"})
"""Of OpenVINO's plugin for Intel graphics, which is loaded only where there are some."""
FOR_GPUS = re.compile(r"libbitsandbytes_(cuda|rocm|xpu)")
"""One of them is loaded where there is such a GPU, with the libraries of its torch."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_steps_in_their_order_make_an_image_that_finds_things(tmp_path: Path) -> None:
    builder = Builder(TEXT, context=REPOSITORY, ignore=IGNORE, work=tmp_path / "build")
    mine = {"TORCH_INDEX": _torch_index(), "UID": str(os.getuid()), "GID": str(os.getgid())}
    try:
        image = builder.build("cpu", mine)
        _holds_the_whole_package(builder)
        _brings_every_library(builder)
        _finds_things_and_writes_only_to_its_volume(builder, image)
    finally:
        shutil.rmtree(tmp_path / "build", ignore_errors=True)  # two gigabytes


def _finds_things_and_writes_only_to_its_volume(builder: Builder, image: Image) -> None:
    before = _files(builder.root / "opt")
    assert builder.run(image, ["--version"]).stdout.startswith("scrubjay ")
    healthy = subprocess.run(
        image.healthcheck, env=image.env, cwd=builder.below(image.workdir), check=False
    )
    assert healthy.returncode == 0
    pictures = builder.root / "data" / "pictures"
    _draw(pictures)
    builder.run(image, ["add", str(pictures)])
    found = json.loads(builder.run(image, ["search", "a red circle", "--json"]).stdout)
    assert found["hits"]
    planned = builder.run(image, ["retrain", "--dry-run", f"data.source={pictures}"])
    assert "nothing was done" in planned.stdout
    written = [path.name for path in (builder.root / "data").iterdir()]
    assert sorted(written) == ["home", "pictures"]
    assert _files(builder.root / "opt") == before, "the image could not be mounted read-only"


def _holds_the_whole_package(builder: Builder) -> None:
    there = next((builder.root / "opt").glob("scrubjay/lib/python3*/site-packages"))
    tracked = subprocess.run(
        ["git", "ls-files", "src/scrubjay"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    missing = [one for one in tracked if not (there / one.removeprefix("src/")).is_file()]
    assert not missing
    assert not (there / "tests").exists()
    assert not (builder.root / "src").exists() or not list((builder.root / "src").iterdir())


def _brings_every_library(builder: Builder) -> None:
    reader = shutil.which("readelf")
    if reader is None:  # binutils; everywhere else the other checks still hold
        return
    libraries = [
        path
        for path in (builder.root / "opt").rglob("*")
        if ".so" in path.name and path.is_file() and not path.is_symlink()
        if not FOR_GPUS.match(path.name)
        # Compiled for a torch with GPUs; beside one without, it is mended when it is imported.
        if path.parent.name != "torchvision"
    ]
    brought = {path.name for path in (builder.root / "opt").rglob("*.so*")}
    said = subprocess.run(
        [reader, "--dynamic", *libraries], capture_output=True, text=True, check=False
    ).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", said))
    assert "libc.so.6" in needed
    assert needed - brought - IN_THE_BASE - OPTIONAL == set()


def _draw(folder: Path) -> None:
    from PIL import Image as Picture
    from PIL import ImageDraw

    folder.mkdir()
    for number, colour in enumerate(["red", "green", "blue"]):
        picture = Picture.new("RGB", (96, 96), "white")
        ImageDraw.Draw(picture).ellipse((16 + number, 16, 80, 80), fill=colour)
        picture.save(folder / f"{colour}.png")


def _files(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.lstat().st_mtime_ns
        for path in folder.rglob("*")
        if not path.is_dir()
    }
