"""Figures of the built-in encoder: scenes and voices it never met, and two-way probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Media, Modality, Picture, Sound
from scrubjay.evaluate.bootstrap import Estimate, bootstrap_mean
from scrubjay.evaluate.retrieval import Direction, evaluate_direction
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.lexicon import ABOVE, BELOW, LARGEST_COUNT, LEFT, OPPOSITE, RIGHT
from scrubjay.media.world.scene import Sampler, Scene, Template, meaning, shape_concept
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.speak import Speaker, any_voice
from scrubjay.media.world.things import Language

DIRECTIONS = (
    (Modality.TEXT, Modality.IMAGE),
    (Modality.SPEECH, Modality.IMAGE),
    (Modality.IMAGE, Modality.SPEECH),
    (Modality.SPEECH, Modality.TEXT),
    (Modality.IMAGE, Modality.TEXT),
    (Modality.TEXT, Modality.SPEECH),
)


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Scenes no two of which mean the same, pictured, written and spoken.

    Attributes:
        sounds: empty when nothing was spoken.
    """

    scenes: tuple[Scene, ...]
    pictures: tuple[Picture, ...]
    texts: tuple[str, ...]
    sounds: tuple[Sound, ...]


def gallery(
    n: int,
    *,
    seed: int,
    sampler: Sampler,
    speaker: Speaker | None = None,
    template: Template | None = None,
    language: Language = Language.ENGLISH,
    new_voices: bool = True,
) -> Gallery:
    """Draw, write and speak n scenes.

    Args:
        n: how many.
        seed: of scenes, drawing and voices; training uses others.
        sampler: where scenes come from.
        speaker: who says them; None leaves sounds out.
        template: of all scenes; None draws among those learned from.
        language: of texts and sounds.
        new_voices: whether the voices are those kept from training.
    """
    random = np.random.default_rng([seed, 20_000_003])
    scenes: dict[int, Scene] = {}
    while len(scenes) < n:
        scene = sampler.scene(random, template)
        scenes.setdefault(meaning(scene), scene)
    chosen = tuple(scenes.values())
    texts = tuple(plainest(scene, language).text for scene in chosen)
    sounds: tuple[Sound, ...] = ()
    if speaker is not None:
        sounds = tuple(
            speaker.say(text, any_voice(language, random, held_out=new_voices)).sound
            for text in texts
        )
    return Gallery(chosen, tuple(draw(scene, random).picture for scene in chosen), texts, sounds)


def retrieval(encoder: Encoder, of: Gallery) -> list[Direction]:
    """Every direction's figures; each scene is the one right answer to itself."""
    media: dict[Modality, Sequence[Media]] = {
        Modality.IMAGE: of.pictures,
        Modality.TEXT: of.texts,
        Modality.SPEECH: of.sounds,
    }
    vectors = {name: encoder.encode(name, some) for name, some in media.items() if some}
    groups = [str(at) for at in range(len(of.scenes))]
    return [
        evaluate_direction(
            f"{query.value}->{found.value}", vectors[query], vectors[found], groups, groups
        )
        for query, found in DIRECTIONS
        if query in vectors and found in vectors
    ]


Change = Callable[[Scene, np.random.Generator], Scene]


def probes(encoder: Encoder, *, n: int = 500, seed: int = 0) -> dict[str, Estimate]:
    """Share of pictures nearer to their own caption than to one that differs in one thing."""
    found = {}
    for name, (make, change) in _PROBES.items():
        random = np.random.default_rng([seed, 20_000_017, len(name)])
        scenes = [make(random) for _ in range(n)]
        pictures = encoder.encode(Modality.IMAGE, [draw(one, random).picture for one in scenes])
        right = encoder.encode(Modality.TEXT, [plainest(one).text for one in scenes])
        wrong = encoder.encode(
            Modality.TEXT, [plainest(change(one, random)).text for one in scenes]
        )
        won = _rowwise(pictures, right) > _rowwise(pictures, wrong)
        (found[name],) = bootstrap_mean(won[:, None].astype(np.float64), np.arange(n))
    return found


def _rowwise(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    products: NDArray[np.float32] = (a * b).sum(axis=1)
    return products


def _counted(random: np.random.Generator) -> Scene:
    return Sampler().scene(random, Template.COUNT)


def _recounted(scene: Scene, random: np.random.Generator) -> Scene:
    others = [n for n in range(2, LARGEST_COUNT + 1) if n != scene.count]
    return replace(scene, count=int(random.choice(others)))


def _two_shapes(random: np.random.Generator) -> Scene:
    a, b = random.choice(len(SHAPES), 2, replace=False)
    c, d = random.choice(len(COLOURS), 2, replace=False)
    return Scene(Template.SOME, (shape_concept(int(a), int(c)), shape_concept(int(b), int(d))))


def _exchanged(scene: Scene, random: np.random.Generator) -> Scene:
    """Both shapes in the other's colour."""
    del random
    (a, c), (b, d) = (divmod(one - shape_concept(0, 0), len(COLOURS)) for one in scene.concepts)
    return replace(scene, concepts=(shape_concept(a, d), shape_concept(b, c)))


def _beside(*places: str) -> Callable[[np.random.Generator], Scene]:
    def make(random: np.random.Generator) -> Scene:
        scene = Sampler().scene(random, Template.PLACE)
        return replace(scene, place=places[int(random.integers(len(places)))])

    return make


def _opposite(scene: Scene, random: np.random.Generator) -> Scene:
    del random
    return replace(scene, place=OPPOSITE[scene.place or LEFT])


_PROBES: Mapping[str, tuple[Callable[[np.random.Generator], Scene], Change]] = {
    "count": (_counted, _recounted),
    "colour_binding": (_two_shapes, _exchanged),
    "left_right": (_beside(LEFT, RIGHT), _opposite),
    "above_below": (_beside(ABOVE, BELOW), _opposite),
}
