"""Command lines in documents and configuration files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

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
