"""Command lines in documents and configuration files, and what the command makes of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from scrubjay.cli.compare_points import compare_settings, points_of, words_of
from scrubjay.cli.compose import ask_settings, compose
from scrubjay.cli.main import app
from scrubjay.retrain.month_plan import plan_of
from scrubjay.services import open_home

NO_HOME = Path("/nowhere")
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """(language, body) of every fenced block of a Markdown text."""
    for match in _FENCE.finditer(text):
        indent = match[1]
        lines = [line.removeprefix(indent) for line in match[3].splitlines()]
        yield match[2], "\n".join(lines)


def lines(text: str) -> Iterator[str]:
    """Every command line of a Markdown text: of blocks, continued ones joined, and inline code."""
    for language, body in blocks(text):
        if language in {"", "sh", "console"}:
            joined = re.sub(r"\\\n\s*", " ", body)
            yield from (line.removeprefix("$ ").strip() for line in joined.splitlines())
    yield from _INLINE.findall(_FENCE.sub("", text))


def of(program: str, text: str) -> list[list[str]]:
    """The words of every command line that runs a program, as a shell would hand them over."""
    found = []
    for line in lines(text):
        for part in re.split(r"\$\(|\|(?![^']*'(?:[^']*'[^']*')*[^']*$)", line):
            # What is left of `$(...)` ends with its bracket.
            command = (
                part[:-1] if part.endswith(")") and part.count("(") < part.count(")") else part
            )
            if re.match(rf"{program}\s", command.strip()):
                found.append(shlex.split(command, comments=True))
    return found


def understood(words: list[str]) -> tuple[str, dict[str, Any]]:
    """A command's name and the values of its parameters, parsed and not run."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("scrubjay", list(words))
    name = ""
    while hasattr(command, "resolve_command"):
        rest = [*getattr(context, "_protected_args", []), *context.args]
        if not rest:
            break  # a group that does something by itself
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
    return name or command.name, context.params


def composed_overrides(words: list[str]) -> None:
    """Parse a command line and compose the settings it gives, if it gives any."""
    name, parameters = understood(words)
    overrides = parameters.get("overrides")
    if name == "train" and overrides:
        compose(overrides)
    elif name in {"retrain", "doctor"} and overrides:
        plan_of(compose(overrides, config_name="retrain"))
    elif name == "diagnose":
        named = [parameters["version"], *(overrides or ())]
        compose([one for one in named if one and "=" in one], config_name="retrain")
    elif name == "compare":
        compared_points(parameters)
    elif name in {"ask", "describe", "read", "serve"}:
        ask_settings(NO_HOME, asked_with(parameters))


def compared_points(parameters: dict[str, Any]) -> None:
    """Compose what a comparison is told, and the points it names."""
    words = list(parameters["words"] or [])
    overrides = [word for word in words if "=" in word]
    settings = compare_settings(NO_HOME, None, overrides)
    home = open_home(NO_HOME)
    if parameters["encoders"]:
        for text in parameters["model"] or []:
            assert words_of(text if "=" in text else f"encoder={text}")[0]
        return
    models = parameters["model"] or settings["models"]
    assert points_of(home, models, quantize=[], prompts=[])


def asked_with(parameters: dict[str, Any]) -> list[str]:
    """The settings of a command that asks; of `ask` they follow the question."""
    if "question" not in parameters:
        return list(parameters.get("overrides") or [])
    words = list(parameters["question"] or [])
    typed = not any(parameters[one] for one in ("speech", "microphone", "optimise"))
    return words[1:] if typed else words
