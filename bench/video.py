"""An hour of film: how it is cut into moments, how they are found, and what that costs.

    python bench/video.py                                # three minutes of film, to try
    python bench/video.py --minutes 60 --films FOLDER --json FILE

The film is drawn, spoken and encoded here from a seed: scenes of the world the encoder in the box
comes from, cuts, dissolves and fades, a camera that moves, grain; sentences in voices of that
encoder's training, hiss, hum and music; boards with words; small things that pass. It is added to a
new home as people add a folder, and searched by what was planned: captions, other drawings of the
scenes, and voices nobody was taught with. Each part stands by itself: one that fails leaves the
others, and what is known is written after each. Needs espeak-ng.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.types import Kind
from scrubjay.services import current_champion, list_items, open_champion, open_encoder, open_home
from video_figure import timeline
from video_film import Made, made, planned
from video_needle import looked_for, needles
from video_search import asked, ways
from video_shots import agreement
from video_table import rows
from video_watch import GIB, run

if TYPE_CHECKING:
    from scrubjay.store.rows import StoredMoment

ADD = str(Path(__file__).with_name("video_add.py"))
MOST_MEMORY = 1.5 * GIB


@dataclass
class Figures:
    """What is known so far, written again after each part."""

    told: dict[str, Any] = field(default_factory=dict)
    to: Path | None = None

    def put(self, part: str, figures: Mapping[str, Any] | str) -> None:
        """Take a part in, write everything again, and print what is new."""
        before = self.told.get(part, {})
        self.told[part] = figures
        if self.to is not None:
            beside = self.to.with_name(self.to.name + ".part")
            beside.write_text(json.dumps(self.told, indent=1))
            beside.rename(self.to)
        if isinstance(figures, Mapping):
            new = {name: one for name, one in figures.items() if before.get(name) != one}
            print(f"{part}: {json.dumps(new)}", flush=True)


@dataclass(frozen=True)
class Bench:
    """What every part works with."""

    film: Made
    home: Path
    figures: Figures
    given: argparse.Namespace


def main() -> None:
    given = arguments()
    figures = Figures(to=given.json)
    with tempfile.TemporaryDirectory(prefix="scrubjay-video-") as here:
        width, height = (int(one) for one in given.size.split("x"))
        film = planned(given.minutes, seed=given.seed, fps=given.fps, size=(width, height))
        one = made(film, given.films or Path(here) / "films")
        bench = Bench(one, given.home or Path(here) / "home", figures, given)
        figures.put("film", described(one))
        for name in given.parts:
            began = time.perf_counter()
            try:
                PARTS[name](bench)
            except Exception:  # noqa: BLE001 - the other parts go on
                figures.put(f"{name} failed", traceback.format_exc())
                traceback.print_exc()
            print(f"{name} took {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    for row in rows(figures.told):
        print(row.line(markdown=given.markdown), flush=True)
    sys.exit(any(name.endswith(" failed") for name in figures.told))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=3.0, help="of film")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--size", default="480x360", help="of a frame, WIDTHxHEIGHT")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--films", type=Path, help="films are kept in this folder")
    parser.add_argument("--home", type=Path, help="the home is kept here; it must be new")
    parser.add_argument("--queries", type=int, default=300, help="of each way to ask, at most")
    parser.add_argument("--needles", type=int, default=6, help="things that are looked for")
    parser.add_argument(
        "--needle-minutes", type=float, default=2.0, help="of film each is looked for in"
    )
    parser.add_argument(
        "--parts", nargs="+", choices=sorted(PARTS), default=list(PARTS), help="of the measurement"
    )
    parser.add_argument("--json", type=Path, help="figures are written here, part by part")
    parser.add_argument("--figure", type=Path, help="draw two minutes of it as SVG")
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


def described(one: Made) -> dict[str, Any]:
    film = one.film
    return {
        "seconds": round(film.duration_s, 2),
        "frames": f"{film.width} x {film.height}, {film.fps} a second",
        "bytes": one.path.stat().st_size,
        "shots": len(film.shots),
        "sentences": len(one.said),
        "boards": sum(shot.sign is not None for shot in film.shots),
        "passing": sum(shot.passing is not None for shot in film.shots),
        "made in": round(one.took_s, 1),
    }


def indexed(bench: Bench) -> None:
    """Add the film to a new home, in a process of its own."""
    cost = run([ADD, str(bench.film.folder), str(bench.home)])
    told: dict[str, Any] = json.loads(cost.out.strip().splitlines()[-1])
    seconds = bench.film.film.duration_s
    passes = told["passes"]
    words = told["hearing words"]["seconds"]
    speech = passes.get("listening", 0.0) - words - told["hearing words"]["loading"]
    bench.figures.put(
        "index",
        {
            **told,
            "pictures, processor a second": round(told["processor"]["looking"] / seconds, 4),
            "pictures, times real time": round(seconds / passes["looking"], 1),
            "speech, times real time": round(seconds / speech, 1) if speech > 0 else None,
            "process GiB": round(cost.own / GIB, 3),
            "with all it starts GiB": round(cost.all / GIB, 3),
            "within memory": cost.all <= MOST_MEMORY,
        },
    )


def cut(bench: Bench) -> None:
    """Hold the moments against the shots."""
    found = moments(bench.home)
    bench.figures.put("shots", agreement(found, bench.film.film))
    if bench.given.figure is not None:
        timeline(bench.film, found, bench.given.figure)


def moments(home: Path) -> tuple[StoredMoment, ...]:
    """Of the only video there is."""
    opened = open_home(home)
    (video,) = [one for one in list_items(opened).items if one.kind is Kind.VIDEO]
    return open_champion(opened).generation.moments(video.id)


def searched(bench: Bench) -> None:
    """Ask for moments in every way."""
    searcher = open_champion(open_home(bench.home))
    told: dict[str, Any] = {}
    given = bench.given
    for way, questions in ways(bench.film.film, most=given.queries, seed=given.seed):
        told[way] = asked(searcher, questions)
        bench.figures.put("search", dict(told))


def looked(bench: Bench) -> None:
    """Look for small things."""
    given = bench.given
    home = open_home(bench.home)
    encoder = open_encoder(home, current_champion(home).version)
    wanted = needles(
        bench.film.film, most=given.needles, minutes=given.needle_minutes, seed=given.seed
    )
    told: dict[str, Any] = {"minutes": wanted[0].minutes if wanted else 0.0}
    for way, outcome in looked_for(bench.film, encoder, wanted, given.seed):
        told[way] = outcome
        bench.figures.put("needles", dict(told))


PARTS: Mapping[str, Callable[[Bench], None]] = {
    "index": indexed,
    "shots": cut,
    "search": searched,
    "needles": looked,
}


if __name__ == "__main__":
    main()
