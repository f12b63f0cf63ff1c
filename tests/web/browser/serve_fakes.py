"""`scrubjay serve` with models that follow from arithmetic; others hear and speak where asked."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.config import Settings
from scrubjay.store.home import Home
from scrubjay.web.server import serve
from scrubjay.web.settings import ServeSettings


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hears", default="fake")
    parser.add_argument("--speaks", default="fake")
    given = parser.parse_args()
    asking = AskSettings(
        vlm=Choice("fake"),
        ocr=Choice("fake"),
        asr=Choice(given.hears),
        tts=Choice(given.speaks),
    )
    home = Home(Settings(home=given.home, threads=1, builtin=False))
    serve(home, ServeSettings(port=given.port), tell=print, asking=asking)


if __name__ == "__main__":
    main()
