"""A Dockerfile read, and its steps carried out in a folder: what can be proven without an engine.

Not carried out: the base image itself (this Python stands in for it), USER for the RUN steps, and
the isolation of a container. Paths of the image become paths below the folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path

_CONTINUED = re.compile(r"\\\s*$")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_ABSOLUTE = re.compile(r"(?<![\w./:$}@*-])/(?=(\w[\w.-]*))")
_FLAG = re.compile(r"--([a-z-]+)=(\S+)\s*")
TOPS = ("src", "opt", "data", "tmp")
"""First parts of the absolute paths a Dockerfile may name: each is a folder below the root here."""
FROM_OUTSIDE = ("PIP_", "SSL_", "REQUESTS_", "HTTP_", "HTTPS_", "http_", "https_", "NO_PROXY")
"""How this machine reaches its package index; a builder has its own way."""


@dataclass(frozen=True)
class Instruction:
    line: int
    keyword: str
    flags: dict[str, str]
    value: str

    @property
    def words(self) -> list[str]:
        """The exec form, or the words of the shell form."""
        return json.loads(self.value) if self.value.startswith("[") else self.value.split()


@dataclass(frozen=True)
class Stage:
    name: str
    source: str
    instructions: tuple[Instruction, ...]


@dataclass
class Image:
    """What a stage ended with."""

    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0"
    volumes: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"


def instructions(text: str) -> list[Instruction]:
    """Every instruction, continued lines joined, comments left out."""
    found: list[Instruction] = []
    gathered, begun = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or (not line.strip() and not gathered):
            continue
        begun = begun if gathered else number
        gathered += _CONTINUED.sub(" ", line)
        if not _CONTINUED.search(line):
            found.append(_instruction(begun, gathered.strip()))
            gathered = ""
    return found


def _instruction(line: int, text: str) -> Instruction:
    keyword, _, rest = text.partition(" ")
    rest, flags = rest.strip(), {}
    if "<<" in rest:
        raise NotImplementedError(f"line {line}: a here-document is not understood here")
    while match := _FLAG.match(rest) if keyword in {"COPY", "RUN", "HEALTHCHECK", "FROM"} else None:
        flags[match[1]] = match[2]
        rest = rest[match.end() :]
    return Instruction(line, keyword.upper(), flags, rest)


def stages(text: str) -> tuple[list[Instruction], list[Stage]]:
    """The ARGs before the first FROM, and the stages."""
    before: list[Instruction] = []
    found: list[Stage] = []
    for one in instructions(text):
        if one.keyword == "FROM":
            source, _, name = one.value.partition(" AS ")
            found.append(Stage(name or str(len(found)), source, ()))
        elif found:
            last = found[-1]
            found[-1] = replace(last, instructions=(*last.instructions, one))
        else:
            before.append(one)
    return before, found


def ignored(context: Path, name: str, rules: str) -> bool:
    """Whether a .dockerignore leaves a path of the context out; the last rule that fits decides."""
    parts = [str(Path(*Path(name).parts[: n + 1])) for n in range(len(Path(name).parts))]
    out = False
    for rule in (line.strip() for line in rules.splitlines()):
        if rule and not rule.startswith("#"):
            pattern = rule.removeprefix("!").removeprefix("**/")
            anywhere = rule.removeprefix("!").startswith("**/")
            names = [Path(one).name for one in parts] if anywhere else parts
            if any(fnmatch(one, pattern) for one in names):
                out = not rule.startswith("!")
    return out


class Builder:
    """Carries out the steps of one target and of the stages it needs."""

    def __init__(self, text: str, *, context: Path, ignore: str, work: Path) -> None:
        self.before, self.stages = stages(text)
        self.context, self.ignore, self.work = context, ignore, work
        self.root = work / "root"
        self.images: dict[str, Image] = {}
        self.said: list[str] = []
        self.base = work / "base"
        self.base.mkdir(parents=True)
        interpreter = Path(sys.executable).resolve()
        for name in ("python", "python3"):
            (self.base / name).write_text(f'#!/bin/sh\nexec "{interpreter}" "$@"\n')
            (self.base / name).chmod(0o755)

    def build(self, target: str, given: dict[str, str]) -> Image:
        """The target's image; its files are below `root` afterwards."""
        stage = next(one for one in self.stages if one.name == target)
        known = {one.name for one in self.stages}
        needed = {one.flags["from"] for one in stage.instructions if "from" in one.flags}
        for other in [*sorted(needed & known), *({stage.source} & known)]:
            if other not in self.images:
                self.build(other, given)
                self.root.rename(self.work / f"stage-{other}")
        if stage.source in known:
            linked(self.work / f"stage-{stage.source}", self.root)
            was = self.images[stage.source]
            image = replace(was, env=dict(was.env), volumes=list(was.volumes))
        else:
            for top in TOPS:
                (self.root / top).mkdir(parents=True)
            image = Image(env={"PATH": f"{self.base}:/usr/bin:/bin"})
        self._carry_out(stage, image, given)
        self.images[target] = image
        return image

    def run(
        self, image: Image, command: list[str], *, expect: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """What `docker run IMAGE COMMAND` would do, as this user, without isolation."""
        done = subprocess.run(
            [*image.entrypoint, *command],
            cwd=self.below(image.workdir),
            env=image.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, (
            f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def below(self, text: str) -> str:
        """Every absolute path of the image in a text, as a path below the root."""

        def placed(match: re.Match[str]) -> str:
            if match[1] not in TOPS:
                raise ValueError(f"{text!r} names /{match[1]}, which is not a folder of the image")
            return f"{self.root}/"

        return _ABSOLUTE.sub(placed, text)

    def _carry_out(self, stage: Stage, image: Image, given: dict[str, str]) -> None:
        args: dict[str, str] = {}
        for one in stage.instructions:
            scope = {**args, **image.env}
            value = one.value if one.keyword == "RUN" else self._filled(one, scope)
            match one.keyword:
                case "ARG":
                    name, _, default = value.partition("=")
                    args[name] = given.get(name, default)
                case "ENV":
                    image.env.update(_pairs(value))
                case "WORKDIR":
                    image.workdir = value
                    Path(self.below(value)).mkdir(parents=True, exist_ok=True)
                case "RUN":
                    self._run(one, image, scope)
                case "COPY":
                    self._copy(one, image)
                case "USER":
                    image.user = value
                case "VOLUME":
                    image.volumes += one.words
                case "EXPOSE":
                    pass  # says which port a server has, and opens none
                case "STOPSIGNAL":
                    image.stop_signal = value
                case "ENTRYPOINT":
                    image.entrypoint = one.words
                case "CMD":
                    image.command = one.words
                case "HEALTHCHECK":
                    image.healthcheck = json.loads(value.removeprefix("CMD "))
                case _:
                    raise NotImplementedError(f"line {one.line}: {one.keyword}")

    def _filled(self, one: Instruction, scope: dict[str, str]) -> str:
        def filled(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if name not in scope:
                raise ValueError(f"line {one.line}: {name} is not set here")
            return scope[name]

        # Values that came from the scope are paths of this machine already: they are put in later.
        return _VARIABLE.sub(filled, self.below(one.value) if one.keyword == "ENV" else one.value)

    def _run(self, one: Instruction, image: Image, scope: dict[str, str]) -> None:
        outside = {k: v for k, v in os.environ.items() if k.startswith(FROM_OUTSIDE)}
        done = subprocess.run(
            ["/bin/sh", "-c", self.below(one.value)],
            cwd=self.below(image.workdir),
            env={**outside, "HOME": str(self.root / "tmp"), **scope},
            capture_output=True,
            text=True,
            check=False,
        )
        self.said.append(done.stdout + done.stderr)
        assert done.returncode == 0, f"line {one.line}: {one.value}\n{self.said[-1]}"

    def _copy(self, one: Instruction, image: Image) -> None:
        *names, where = one.words
        target = Path(self.below(where if where.startswith("/") else f"{image.workdir}/{where}"))
        if "from" in one.flags:
            stage = self.work / f"stage-{one.flags['from']}"
            linked(stage / names[0].lstrip("/"), target)
            return
        for name in names:
            source = self.context / name
            if ignored(self.context, name, self.ignore):
                raise ValueError(f"line {one.line}: {name} is kept out by the .dockerignore")
            to_folder = where.endswith("/") or len(names) > 1
            if source.is_dir():
                self._copy_folder(source, target)
            else:
                to = target / source.name if to_folder else target
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, to)

    def _copy_folder(self, source: Path, target: Path) -> None:
        for path in source.rglob("*"):
            name = str(path.relative_to(self.context))
            if path.is_file() and not ignored(self.context, name, self.ignore):
                to = target / path.relative_to(source)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)


def linked(source: Path, target: Path) -> None:
    """A copy of a folder that shares its bytes."""
    shutil.copytree(source, target, symlinks=True, copy_function=os.link, dirs_exist_ok=True)


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split())
