"""Every figure of "Ask": reading, hearing, looking, memory, and the way from question to answer.

    python bench/ask.py                            # all of it
    python bench/ask.py spoken quantised           # some sections
    python bench/ask.py --markdown >> figures.md   # rows as docs/figures.md has them

Each section is a script of its own as well. Recordings of digits are looked for in
$SCRUBJAY_SHARED_DATA, else in `../shared/data`; a section whose data or program is missing says so
and is passed over.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator

from ask_table import Row
from scrubjay.core.errors import MissingExtra, ModelNotFound, NotReady

SECTIONS = {
    "ocr": "ocr",
    "charts": "charts",
    "asr": "ask_asr",
    "builtin": "ask_builtin",
    "quantised": "ask_quantised",
    "spoken": "ask_spoken",
}
"""Section -> the module beside this one whose `rows()` measures it."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog=f"sections: {', '.join(SECTIONS)}",
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="default: all")
    parser.add_argument("--markdown", action="store_true", help="rows of a Markdown table")
    options = parser.parse_args()
    if unknown := set(options.sections) - SECTIONS.keys():
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    if options.markdown:
        print("| what | figure | script |\n|---|---|---|")
    for name in options.sections or SECTIONS:
        if not options.markdown:
            print(f"{name}:", flush=True)
        for row in measured(name):
            print(row.line(markdown=options.markdown), flush=True)


def measured(name: str) -> Iterator[Row]:
    """The rows of a section, as they come."""
    try:
        yield from importlib.import_module(SECTIONS[name]).rows()
    except (MissingExtra, ModelNotFound, NotReady, FileNotFoundError) as error:
        print(f"{name} is passed over: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
