"""Record `scrubjay demo` in a terminal of its own, as the SVG the README shows.

python tools/record_demo.py [HOME]

What is drawn is what the command printed, in its colours; nothing is retyped. Progress goes to the
other stream and is left out.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

OUT = Path(__file__).parents[1] / "docs" / "demo.svg"
COLUMNS = 104
# Rich's own frame without its web font: the picture loads nothing from anywhere.
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


def main(home: Path) -> None:
    """Run the command and write the picture."""
    said = _in_a_terminal([sys.executable, "-m", "scrubjay", "demo", "--home", str(home)])
    console = Console(record=True, width=COLUMNS, file=sys.stdout, force_terminal=True)
    console.print(Text.from_ansi("$ make demo"))
    for line in said.replace(str(home), "demo-home").splitlines():
        console.print(Text.from_ansi(line), soft_wrap=False)
    drawn = console.export_svg(title="scrubjay demo", code_format=FRAME, unique_id="demo")
    # Lines are clipped to the web font's height; others draw an underscore below it.
    OUT.write_text(re.sub(r' clip-path="url\(#demo-line-\d+\)"', "", drawn), encoding="utf-8")


def _in_a_terminal(command: list[str]) -> str:
    """What a command prints on a terminal's standard output."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    with subprocess.Popen(
        command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(theirs)
        parts = []
        while part := _read(ours):
            parts.append(part)
    if process.returncode != 0:
        sys.exit(f"the demonstration left with {process.returncode}")
    return b"".join(parts).decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other end was closed: a terminal's way to say the end
        return b""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "demo-home")
