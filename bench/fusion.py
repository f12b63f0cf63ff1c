"""Moments of generated films by what is seen, heard, said and read: ways to make one order of four.

    python bench/fusion.py
    python bench/fusion.py --films 6 --seconds 500 --seed 1

The shipped built-in encoder makes the rows: two frames of each shot (seen), a sentence in a third
of them (heard, and its words, one in ten lost: said), a written sentence in a quarter (read). One
spoken sentence in three is about what is seen there, all others are about what is nowhere else.
Queries are about one shot each, in other words, another voice or another drawing. A right answer
is that shot. Needs espeak-ng.

- calibrated: what the product does, `search/fusing.py`, the best of all clues.
- calibrated, together: the root of the sum of squares of what each clue is above its mean.
- reciprocal rank: the sum over clues of 1 / (60 + rank), Cormack, Clarke and Buettcher 2009,
  "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods"; and with 1
  in the place of 60.
- as they are: the highest cosine of any clue.
- pictures alone, and the right clue alone, which nobody knows beforehand.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Champion, Clue, Item, Kind, Media, Modality, Split
from scrubjay.media.world.captions import caption
from scrubjay.media.world.draw import draw
from scrubjay.media.world.film import FilmShot, frames, plan
from scrubjay.media.world.scene import Sampler, Scene, meaning
from scrubjay.media.world.speak import Speaker, any_voice
from scrubjay.media.world.things import Language
from scrubjay.models.load import load_trainable, load_version
from scrubjay.search.fusing import scale_of
from scrubjay.search.query import Query, Searcher
from scrubjay.store.generations import Generations
from scrubjay.store.index import Row

if TYPE_CHECKING:
    from scrubjay.core.protocols import Encoder

FPS = 2
SPOKEN, WRITTEN, ABOUT_IT, LOST = 0.35, 0.25, 0.33, 0.1
BATCH = 32
CLUES = tuple(Clue)
SMALL = 12
"""Moments of a film that is searched alone."""

Floats = NDArray[np.float64]

TOWER: Mapping[Clue, Modality] = {
    Clue.SEEN: Modality.IMAGE,
    Clue.HEARD: Modality.SPEECH,
    Clue.SAID: Modality.TEXT,
    Clue.READ: Modality.TEXT,
}
"""What makes the rows of each clue."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A query about one moment, by one clue of it; `about` names both where two say it."""

    moment: int
    about: str
    modality: Modality
    media: Media


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What films are made of.

    Attributes:
        moments: (r,) of each row, numbered through all films.
        films: (m,) of each moment.
        clues: (r,) each row's place in CLUES.
    """

    media: list[tuple[Modality, Media]]
    moments: NDArray[np.int64]
    films: NDArray[np.int64]
    clues: NDArray[np.int64]
    asked: list[Asked]


def main() -> None:
    """Measure every way and print how often it finds the right moment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--films", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=500, help="of each film, about")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    made = films(given.films, given.seconds, given.seed)
    with tempfile.TemporaryDirectory() as folder:
        encoder = shipped(Path(folder))
        vectors = encoded(encoder, made.media)
        queries = encoded(encoder, [(one.modality, one.media) for one in made.asked])
        searcher = searched(Path(folder), encoder, made, vectors)
        n = len(made.films)
        print(f"{n} moments of {given.films} films, {len(vectors)} rows, {len(queries)} queries")
        told(asked_together(made, vectors, queries))
        print(f"\nEach {SMALL} moments that follow each other searched alone")
        told(asked_in_parts(made, vectors, queries))
        print(f"\nThe product itself: {product(searcher, made, queries)}")


def films(count: int, seconds: float, seed: int) -> Made:
    """Plan, draw, speak and write films, and ask about each of their moments."""
    random = np.random.default_rng([seed, 6_000_007])
    speaker, sampler, seen = Speaker(), Sampler(shapes=0.3), set[int]()
    rows: list[tuple[int, Clue, Media]] = []
    asked: list[Asked] = []
    of_film: list[int] = []

    def fresh() -> Scene:
        while True:
            scene = sampler.scene(random)
            if meaning(scene) not in seen:
                seen.add(meaning(scene))
                return scene

    def says(scene: Scene) -> str:
        return caption(scene, Language.ENGLISH, random).text

    def spoken(text: str) -> Media:
        return speaker.say(text, any_voice(Language.ENGLISH, random, held_out=True)).sound

    for film in range(count):
        planned = plan(seconds, random, fps=FPS, spoken=0, signs=0)
        pictures = list(frames(planned))
        seen.update(meaning(shot.scene) for shot in planned.shots)
        for shot in planned.shots:
            moment = len(of_film)
            of_film.append(film)
            rows += [(moment, Clue.SEEN, pictures[at]) for at in _keys(shot, len(pictures))]
            about = {"seen": shot.scene}
            if random.random() < SPOKEN:
                twice = random.random() < ABOUT_IT
                scene = shot.scene if twice else fresh()
                text = says(scene)
                kept = [word for word in text.split() if random.random() >= LOST]
                rows.append((moment, Clue.HEARD, spoken(text)))
                rows.append((moment, Clue.SAID, " ".join(kept) or text))
                about = {"seen and said": scene} if twice else {**about, "said": scene}
            if random.random() < WRITTEN:
                about["read"] = fresh()
                rows.append((moment, Clue.READ, says(about["read"])))
            for clue, scene in about.items():
                asked += [
                    Asked(moment, clue, Modality.TEXT, says(scene)),
                    Asked(moment, clue, Modality.SPEECH, spoken(says(scene))),
                    Asked(moment, clue, Modality.IMAGE, draw(scene, random).picture),
                ]
    return Made(
        [(TOWER[clue], media) for _, clue, media in rows],
        np.array([moment for moment, _, _ in rows]),
        np.array(of_film),
        np.array([CLUES.index(clue) for _, clue, _ in rows]),
        asked,
    )


def _keys(shot: FilmShot, count: int) -> list[int]:
    """Two frames, a third of the shot away from either end."""
    third = (shot.end_s - shot.start_s) / 3
    return [min(count - 1, int(FPS * (shot.start_s + n * third))) for n in (1, 2)]


def shipped(folder: Path) -> Encoder:
    """The shipped weights as they serve, on one thread."""
    (folder / "version" / "export").mkdir(parents=True)
    load_trainable("builtin", source="shipped").export(folder / "version" / "export")
    return load_version(folder / "version", version="bench", threads=1)


def encoded(encoder: Encoder, media: Sequence[tuple[Modality, Media]]) -> NDArray[np.float32]:
    """(n, dim), in order."""
    vectors = np.empty((len(media), encoder.spec.dim), np.float32)
    for modality in Modality:
        places = [at for at, (one, _) in enumerate(media) if one is modality]
        for start in range(0, len(places), BATCH):
            piece = places[start : start + BATCH]
            vectors[piece] = encoder.encode(modality, [media[at][1] for at in piece])
    return vectors


Ways = Mapping[str, Floats]
"""Way -> (m,) how well each moment fits, the higher the better."""


def ways(
    made: Made, rows: NDArray[np.int64], vectors: NDArray[np.float32], query: NDArray[np.float32]
) -> Callable[[str], Ways]:
    """How well every moment fits a query by each way; the right clue is told last."""
    moments, place = np.unique(made.moments[rows], return_inverse=True)
    clues = made.clues[rows]
    cosines = (vectors[rows] @ query).astype(np.float64)
    best = np.full((len(CLUES), len(moments)), -np.inf)
    np.maximum.at(best, (clues, place), cosines)
    towers = [TOWER[CLUES[one]] for one in clues]
    background = {
        modality: vectors[rows[[one is modality for one in towers]]] for modality in set(towers)
    }
    scale = scale_of(query, background)
    lines = np.array([scale.lines[TOWER[clue]] for clue in CLUES])
    common = lines[:, :1] * best + lines[:, 1:]
    middle, above = scale.middle, scale.deviation
    ranks = np.full(best.shape, np.inf)
    for line, rank in zip(best, ranks, strict=True):
        there = np.flatnonzero(np.isfinite(line))
        rank[there[np.argsort(-line[there], kind="stable")]] = 1 + np.arange(len(there))

    def of(about: str) -> Ways:
        right = [clue for clue in CLUES if clue.value in about.split(" and ")]
        return {
            "calibrated": common.max(axis=0),
            "calibrated, together": np.sqrt(
                (np.maximum(0, (common - middle) / above) ** 2).sum(axis=0)
            ),
            "reciprocal rank, 60": (1 / (60 + ranks)).sum(axis=0),
            "reciprocal rank, 1": (1 / (1 + ranks)).sum(axis=0),
            "as they are": best.max(axis=0),
            "pictures alone": best[CLUES.index(Clue.SEEN)],
            "the right clue alone": best[[CLUES.index(one) for one in right]].max(axis=0),
        }

    return of


Found = dict[str, dict[str, list[tuple[float, float]]]]
"""What was asked -> way -> whether the right moment was first, and among the first five."""


def asked_together(made: Made, vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> Found:
    """Every query to all films."""
    return asked_of(made, vectors, queries, [np.arange(len(made.films))])


def asked_in_parts(made: Made, vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> Found:
    """Every query to the few moments its own lies among."""
    starts = range(0, len(made.films) - SMALL + 1, SMALL)
    return asked_of(made, vectors, queries, [np.arange(one, one + SMALL) for one in starts])


def asked_of(
    made: Made,
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    parts: Sequence[NDArray[np.int64]],
) -> Found:
    """Every query to the moments among which its own is."""
    found: Found = defaultdict(lambda: defaultdict(list))
    for part in parts:
        rows = np.flatnonzero(np.isin(made.moments, part))
        for one, query in zip(made.asked, queries, strict=True):
            if one.moment not in part:
                continue
            right = int(np.searchsorted(part, one.moment))
            for way, scores in ways(made, rows, vectors, query)(one.about).items():
                hits = _hits(scores, right)
                for key in ("all", one.modality.value, f"{one.modality.value}, {one.about}"):
                    found[key][way].append(hits)
    return found


def _hits(scores: Floats, right: int) -> tuple[float, float]:
    """Whether it is first and among five; of those that tie, by chance."""
    above = int((scores > scores[right]).sum())
    tied = int((scores == scores[right]).sum())
    first, five = (min(1.0, max(0, n - above) / tied) for n in (1, 5))
    return first, five


def told(found: Found) -> None:
    """Print R@1 and R@5 in per cent."""
    names = list(found["all"])
    for name in names:
        print(f"  {name}: {_share(found['all'][name])}")
    print(f"{'':28}" + "".join(f"{name:>22}" for name in names))
    for key in sorted(found):
        cells = "".join(f"{_share(found[key][name]):>22}" for name in names)
        print(f"{key:<22}{len(found[key][names[0]]):>6}{cells}")


def _share(hits: Sequence[tuple[float, float]]) -> str:
    first, five = 100 * np.mean(hits, axis=0)
    return f"{first:.1f} / {five:.1f}"


def searched(folder: Path, encoder: Encoder, made: Made, vectors: NDArray[np.float32]) -> Searcher:
    """The films as ingestion would write them, with a search before them."""
    generation = Generations(folder).create(
        "bench", dim=encoder.spec.dim, attribute_types={}, version=encoder.spec.version
    )
    generation.add(list(_rows(made, encoder.spec.version)), vectors)
    return Searcher(encoder, generation, Champion("bench", "bench"))


def _rows(made: Made, version: str) -> Iterator[Row]:
    turns: dict[int, int] = defaultdict(int)
    for moment, clue in zip(made.moments.tolist(), made.clues.tolist(), strict=True):
        film = int(made.films[moment])
        item = Item(
            id=f"film-{film}",
            kind=Kind.VIDEO,
            uris=(f"/films/{film}.mp4",),
            sha256=str(film),
            group=str(film),
            split=Split.TEST,
            month="2026-11",
            size=1,
        )
        start = 10.0 * moment + turns[moment]
        turns[moment] += 1
        one = CLUES[clue]
        span = (10.0 * moment, 10.0 * moment + 10)
        yield Row(item, TOWER[one], version, start, start + 1, one, None, span)


def product(searcher: Searcher, made: Made, queries: NDArray[np.float32]) -> str:
    """How often a search finds the right moment, and names the clue that was asked about."""
    hits, named, other = [], [], []
    for one, query in zip(made.asked, queries, strict=True):
        result = searcher.find(Query(text="as encoded", k=5), query)
        right = [hit.start_s == 10.0 * one.moment for hit in result.hits]
        hits.append((float(right[0]), float(any(right))))
        for hit, good in zip(result.hits, right, strict=True):
            clues = {Clue(each.kind) for each in hit.evidence}
            asked = {clue for clue in CLUES if clue.value in one.about.split(" and ")}
            asked |= {Clue.HEARD} if Clue.SAID in asked else set()
            if good:
                named.append(bool(clues & asked))
                other.append(len(clues - asked))
    return (
        f"{_share(hits)}; of the right moments it found, {100 * np.mean(named):.0f}% name the clue "
        f"asked about and {np.mean(other):.2f} others on average"
    )


if __name__ == "__main__":
    main()
