"""A video becomes rows of moments, streamed, and what costs much is made once."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, MissingExtra
from scrubjay.core.types import Clue, Item, Kind, Modality, Split
from scrubjay.media.moments import Moment
from scrubjay.search import film_passes
from scrubjay.search.film import glean
from scrubjay.search.film_models import LazyModels, NoModels
from scrubjay.search.film_rows import FilmRows, film_rows
from scrubjay.search.film_sound import Loudness
from scrubjay.store.gleanings import Gleanings
from scrubjay.store.index import Row
from tests.media.films import BLACK, BLUE, GREEN, RED, WHITE, write_film
from tests.search.conftest import ColourEncoder
from tests.search.film_models import Ear, Eye, models

pytest.importorskip("av", reason="videos need the `video` extra")

REPOSITORY = Path(__file__).resolve().parents[2]
SHOTS = [(RED, 3), (BLACK, 1), (GREEN, 2), (BLUE, 25), (WHITE, 2)]
LOUD = [(0.5, 2.5), (10.0, 14.0), (31.5, 32.5)]


@pytest.fixture(autouse=True, scope="module")
def every_sound_is_speech() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film_passes, "activity_here", lambda: (Loudness(), "loudness", None))
        yield


def tones(seconds: float, loud: Sequence[tuple[float, float]]) -> np.ndarray:
    """Silence, and a tone in these seconds, at 48 kHz."""
    times = np.arange(round(48_000 * seconds)) / 48_000
    on = np.zeros(len(times), bool)
    for start, end in loud:
        on |= (times >= start) & (times < end)
    return np.where(on, 0.4 * np.sin(2 * np.pi * 330 * times), 0.0)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_film(path, SHOTS, samples=tones(33, LOUD))
    return path


@pytest.fixture(scope="module")
def whole(film: Path, every_sound_is_speech: None) -> FilmRows:
    return made_of(film)


def item_of(path: Path) -> Item:
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    return Item(
        sha256[:16], Kind.VIDEO, (str(path),), sha256, "g", Split.TRAIN, "2026-11", len(data)
    )


def made_of(path: Path, encoder: ColourEncoder | None = None, **options: object) -> FilmRows:
    given = {"models": models(), **options}
    return film_rows(path, item_of(path), encoder or ColourEncoder(), **given)


def of(rows: Sequence[Row], clue: Clue) -> list[tuple[float, float]]:
    return [(round(r.start_s, 1), round(r.end_s, 1)) for r in rows if r.clue is clue]


def alike(a: FilmRows, b: FilmRows) -> bool:
    return a.rows == b.rows and np.array_equal(a.vectors, b.vectors)


def test_every_shot_is_a_moment_with_what_is_seen_heard_said_and_read_in_it(
    whole: FilmRows,
) -> None:
    made = whole
    assert of(made.rows, Clue.SEEN) == [(0, 3), (4, 6), (6, 18.5), (31, 33)]
    assert of(made.rows, Clue.READ) == [(0, 3), (4, 6), (6, 18.5)]
    texts = [row.text for row in made.rows if row.clue is Clue.READ]
    assert texts == ["stop here", "go ahead", "deep water"]
    said = [row for row in made.rows if row.clue is Clue.SAID]
    assert [row.text for row in said] == [
        "speech of 3.0 seconds",
        "speech of 4.0 seconds",
        "speech of 2.0 seconds",
    ]
    heard = [row for row in made.rows if row.clue is Clue.HEARD]
    assert {row.moment for row in heard} == {(0.0, 3.0), (6.0, 18.5), (31.0, 33.0)}
    assert all(row.end_s - row.start_s <= 1.0 for row in heard)
    assert {row.modality for row in heard} == {Modality.SPEECH}
    assert made.broken is None
    assert made.vectors.shape == (len(made.rows), 4)


def test_what_is_seen_is_embedded_from_its_own_frame(whole: FilmRows) -> None:
    made = whole
    seen = [v for row, v in zip(made.rows, made.vectors, strict=True) if row.clue is Clue.SEEN]
    assert [int(np.argmax(vector[:3])) for vector in seen[:3]] == [0, 1, 2]


def test_every_row_lies_in_its_moment_or_mostly_does_and_keys_are_distinct(whole: FilmRows) -> None:
    made = whole
    moments = {Moment(*row.moment) for row in made.rows if row.moment is not None}
    for row in made.rows:
        shared = Moment(*row.moment).shared_s(row.start_s, row.end_s)
        assert shared > 0
        assert shared >= max(one.shared_s(row.start_s, row.end_s) for one in moments) - 1e-9
    assert len({row.key for row in made.rows}) == len(made.rows)
    assert all(
        a.end_s <= b.start_s
        for a, b in itertools.pairwise(sorted(moments, key=lambda one: one.start_s))
    )


def test_black_and_repeated_frames_have_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    write_film(path, [(BLACK, 2), (RED, 90), (BLACK, 3)])
    made = made_of(path)
    assert of(made.rows, Clue.SEEN) == [(38, 56)]
    assert len(made.rows) == 2
    dark = tmp_path / "dark.mp4"
    write_film(dark, [(BLACK, 3)])
    with pytest.raises(BadMedia, match="nothing in it can be found"):
        made_of(dark)


def test_who_speaks_over_black_is_found_there(tmp_path: Path) -> None:
    path = tmp_path / "titles.mp4"
    write_film(path, [(BLACK, 6), (RED, 2)], samples=tones(8, [(1, 4)]))
    made = made_of(path, models=NoModels())
    assert {row.moment for row in made.rows if row.clue is Clue.HEARD} == {(1.0, 4.0)}


def test_an_encoder_without_a_tower_leaves_out_what_it_would_read(film: Path) -> None:
    clues = {
        frozenset({Modality.IMAGE, Modality.TEXT}): {Clue.SEEN, Clue.SAID, Clue.READ},
        frozenset({Modality.SPEECH}): {Clue.HEARD},
    }
    for towers, expected in clues.items():
        made = made_of(film, ColourEncoder(towers))
        assert {row.clue for row in made.rows} == expected


def test_what_is_not_installed_is_left_out_and_named(film: Path) -> None:
    def missing() -> Ear:
        raise MissingExtra("hearing with nothing", "speech")

    made = made_of(film, models=LazyModels(missing, Eye))
    assert {row.clue for row in made.rows} == {Clue.SEEN, Clue.HEARD, Clue.READ}
    (told,) = made.lacking
    assert told.startswith("what is said in videos is not searched by its words: ")
    assert "pip install 'scrubjay[speech]'" in told


def test_a_film_that_is_cut_off_is_used_up_to_there_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.mkv"
    write_film(path, [(RED, 4), (GREEN, 4), (BLUE, 4)], container="matroska", fps=25)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    kept = Gleanings(tmp_path / "kept")
    for _ in range(2):  # what is kept says it, too
        made = made_of(path, kept=kept)
        assert made.broken is not None
        assert "truncated video" in made.broken
        assert "of 12.0 s" in made.broken
        assert of(made.rows, Clue.SEEN)[0] == (0, 4)
        assert max(row.end_s for row in made.rows) < 12


def test_what_is_kept_is_made_once_and_the_rows_stay_the_same(
    film: Path, tmp_path: Path, whole: FilmRows
) -> None:
    kept, ear, eye = Gleanings(tmp_path / "kept"), Ear(), Eye()
    first = made_of(film, models=models(ear, eye), kept=kept)
    asked = (len(ear.asked), eye.asked)
    assert asked == (3, 5 - 1)
    again = made_of(film, models=models(ear, eye), kept=kept)
    assert (len(ear.asked), eye.asked) == asked
    assert alike(first, again)
    assert alike(first, whole)
    other = Ear(version="2")
    made_of(film, models=models(other, eye), kept=kept)
    assert len(other.asked) == 3
    assert eye.asked == asked[1]


def test_watching_needs_no_encoder_and_shares_what_is_kept(film: Path, tmp_path: Path) -> None:
    kept, ear, eye = Gleanings(tmp_path / "kept"), Ear(), Eye()
    sha256 = item_of(film).sha256
    watched = glean(film, sha256, models=models(ear, eye), kept=kept)
    assert [round(one.start_s) for one in watched.moments] == [0, 4, 6, 18, 31]
    assert watched.transcript is not None
    assert len(watched.transcript.segments) == 3
    assert len(watched.readings) == 4
    asked = (len(ear.asked), eye.asked)
    made_of(film, models=models(ear, eye), kept=kept)
    assert (len(ear.asked), eye.asked) == asked
    assert glean(film, sha256, models=models(ear, eye), kept=kept) == watched


class Dying(Gleanings):
    """Dies after so many were kept."""

    left = 0

    def put(self, *given: object, **named: object) -> bool:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return super().put(*given, **named)  # type: ignore[arg-type]


@pytest.mark.slow
def test_whoever_is_stopped_anywhere_goes_on_and_makes_nothing_twice(
    film: Path, tmp_path: Path, whole: FilmRows
) -> None:
    ear, eye = Ear(), Eye()
    for stops in itertools.count(1):
        dying = Dying(tmp_path / "kept")
        dying.left = 1
        try:
            made = made_of(film, models=models(ear, eye), kept=dying)
        except KeyboardInterrupt:
            assert stops < 20
        else:
            break
    assert alike(made, whole)
    # Each stop loses the one thing that was being made.
    assert stops == 1 + 3 + 2 + 4
    assert len(set(ear.asked)) == 3
    assert len(ear.asked) <= 2 * 3
    assert eye.asked <= 2 * 4


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on(film: Path, tmp_path: Path, whole: FilmRows) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from scrubjay.search import film_passes\n"
        "from scrubjay.search.film_sound import Loudness\n"
        "from scrubjay.store.gleanings import Gleanings\n"
        "from tests.search.test_film import made_of, models, Ear, Eye\n"
        "film_passes.activity_here = lambda: (Loudness(), 'loudness', None)\n"
        "ear, eye = Ear(), Eye()\n"
        "path, kept = Path(sys.argv[1]), Gleanings(Path(sys.argv[2]))\n"
        "made = made_of(path, models=models(ear, eye), kept=kept)\n"
        "print(len(ear.asked), eye.asked, len(made.rows), float(made.vectors.sum()))\n"
    )
    command = [sys.executable, "-c", program, str(film), str(tmp_path / "kept")]

    def run(place: str | None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        if place:
            environment["SCRUBJAY_FAILPOINT"] = place
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=280
        )

    assert run("film.after_shots").returncode == -9
    kept = sorted(path.name.partition("-")[0] for path in (tmp_path / "kept").glob("*/*.json"))
    assert kept == ["shots"]
    assert run("gleaning.after_replace").returncode == -9
    kept = [path.name for path in (tmp_path / "kept").glob("*/transcript_*.json")]
    assert len(kept) == 1
    heard, read, rows, total = run(None).stdout.split()
    assert (int(heard), int(read), int(rows)) == (2, 4, len(whole.rows))
    assert float(total) == pytest.approx(float(whole.vectors.sum()))


def test_progress_is_told_in_seconds_of_the_film(film: Path) -> None:
    told: dict[str, list[tuple[int, int | None]]] = {}
    made_of(film, progress=lambda what, done, of: told.setdefault(what, []).append((done, of)))
    assert list(told) == ["film.mp4: looking", "film.mp4: listening", "film.mp4: reading"]
    assert told["film.mp4: looking"][-1] == (33, 33)
    assert all(total == 33 for each in told.values() for _, total in each)


MEASURED = """
import re, sys
from pathlib import Path
from scrubjay.search import film_passes
from scrubjay.search.film_sound import Loudness
from tests.search.test_film import made_of
film_passes.activity_here = lambda: (Loudness(), 'loudness', None)
made = made_of(Path(sys.argv[1]))
peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) // 1024, len(made.rows))
"""


@pytest.mark.slow
def test_a_long_film_takes_little_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """Twelve minutes would be 330 MB of frames and 46 MB of sound."""
    peaks = {}
    for minutes in (2, 12):
        path = tmp_path / f"{minutes}.mp4"
        shots = [((RED, GREEN, BLUE)[n % 3], 4.0) for n in range(15 * minutes)]
        sound = np.tile(tones(10, [(0, 3)]).astype(np.float32), 6 * minutes)
        write_film(path, shots, samples=sound)
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, str(path)],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        peak, rows = map(int, done.stdout.split())
        assert rows >= 15 * minutes
        peaks[minutes] = peak
    assert peaks[12] < peaks[2] + 50, json.dumps(peaks)
