"""The demonstration's two months of pictures: familiar things, then twelve kinds never seen.

Scenes follow from fixed seeds, so that the recordings shipped with the package belong to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from scrubjay.media.world.captions import caption, plainest
from scrubjay.media.world.scene import Sampler, Scene, Template, meaning
from scrubjay.media.world.things import Language, newcomers, things

SEED = 20_260
FAMILIAR_SCENES = 420
"""Of the first month."""
SPOKEN_EVERY = 3
"""One scene of the first month in so many comes with a recording."""
HELD_OUT_EVERY = 4
"""One scene in so many is held out, in both months."""
SCENES_EACH = 32
"""Of every newcomer in the second month."""
AMONG_THEMSELVES = 0.6
"""Share of objects beside a newcomer that are newcomers too: they arrive together."""
OTHER_LANGUAGES = (Language.SPANISH, Language.FRENCH, Language.GERMAN)
NEWCOMERS_TEMPLATES = {
    Template.ONE: 0.1,
    Template.COUNT: 0.25,
    Template.PLACE: 0.4,
    Template.SOME: 0.25,
}


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture to be drawn.

    Attributes:
        number: its place in the month.
        captions: what its owner wrote about it; the first is the plainest.
        held_out: whether it is never learned from.
        kind: the English name of the newcomer it shows; empty in the first month.
    """

    number: int
    scene: Scene
    captions: tuple[str, ...]
    held_out: bool
    kind: str = ""

    @property
    def spoken(self) -> bool:
        """Whether a recording of its plainest caption is shipped."""
        return not self.kind and self.number % SPOKEN_EVERY == 1


def first_month() -> tuple[Shot, ...]:
    """Scenes of familiar things; no two mean the same."""
    random = np.random.default_rng([SEED, 1])
    scenes: dict[int, Scene] = {}
    while len(scenes) < FAMILIAR_SCENES:
        scene = Sampler().scene(random)
        scenes.setdefault(meaning(scene), scene)
    return tuple(_shot(number, scene, random) for number, scene in enumerate(scenes.values()))


def second_month() -> tuple[Shot, ...]:
    """Scenes with a newcomer each, alone, beside one another or beside familiar things."""
    random = np.random.default_rng([SEED, 2])
    seen: set[int] = set()
    shots: list[Shot] = []
    for kind in newcomers():
        for scene in _with(kind, seen, random):
            shots.append(_shot(len(shots), scene, random, kind))
    return tuple(shots)


def _with(kind: int, seen: set[int], random: np.random.Generator) -> Iterator[Scene]:
    templates = list(NEWCOMERS_TEMPLATES)
    wanted = len(seen) + SCENES_EACH
    while len(seen) < wanted:
        chance = random.choice(len(templates), p=list(NEWCOMERS_TEMPLATES.values()))
        scene = Sampler().scene(random, templates[int(chance)])
        others = [
            int(random.choice(newcomers())) if random.random() < AMONG_THEMSELVES else concept
            for concept in scene.concepts[1:]
        ]
        at = int(random.integers(len(others) + 1))
        scene = replace(scene, concepts=(*others[:at], kind, *others[at:]))
        if len(set(scene.concepts)) == len(scene.concepts) and meaning(scene) not in seen:
            seen.add(meaning(scene))
            yield scene


def _shot(number: int, scene: Scene, random: np.random.Generator, kind: int | None = None) -> Shot:
    other = OTHER_LANGUAGES[int(random.integers(len(OTHER_LANGUAGES)))]
    written = (
        plainest(scene).text,
        caption(scene, Language.ENGLISH, random).text,
        caption(scene, other, random).text,
    )
    return Shot(
        number,
        scene,
        tuple(dict.fromkeys(written)),
        held_out=number % HELD_OUT_EVERY == HELD_OUT_EVERY - 1,
        kind="" if kind is None else things()[kind].name,
    )
