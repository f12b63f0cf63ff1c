"""Recall of spoken queries as noise grows: the same recordings, clean and at known levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Kind, Modality, Sound
from scrubjay.evaluate.bootstrap import Estimate
from scrubjay.evaluate.multiple import holm
from scrubjay.evaluate.noise import active_level, babble, in_noise, white
from scrubjay.evaluate.paired import paired_gain
from scrubjay.evaluate.retrieval import rank
from scrubjay.evaluate.slices import CUTOFFS, judged_cutoff
from scrubjay.evaluate.wilson import estimated
from scrubjay.models.speech_input import as_sound
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.retrain.diagnosing.noise_plot import Plot, noise_plot
from scrubjay.retrain.diagnosing.slicing import speakers_of
from scrubjay.search.decode import decode_ahead, decode_item, windows
from scrubjay.search.embed import BATCH_SIZE, cores, middle

LEVELS: Final = (20, 10, 5, 0, -5)
"""Decibels between the speech and the noise."""
WHITE: Final = "white"
BABBLE: Final = "babble"
VOICES: Final = 6
"""Recordings that are heard together in babble."""
MOST: Final = 200
"""Recordings heard again."""
MOST_S: Final = 1200.0
"""Seconds of them."""
LEAST: Final = 10
SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Level:
    """What is found through one noise at one level.

    Attributes:
        noise: `white` or `babble`; None: the recordings as they are.
        snr_db: decibels between the speech and the noise.
        recall: cut-off -> share of recordings with a right answer among the first so many.
        lost: recall at the judged cut-off minus that of the clean recordings.
        p: of losing as much, if the noise did nothing.
        adjusted: the same, all levels shown taken together (Holm 1979).
    """

    noise: str | None
    snr_db: float | None
    recall: dict[int, Estimate]
    lost: Estimate | None = None
    p: float | None = None
    adjusted: float | None = None

    @property
    def name(self) -> str:
        """As a person says it."""
        return "clean" if self.noise is None else f"{self.noise}, {self.snr_db:g} dB"

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "noise": self.noise,
            "snr_db": self.snr_db,
            "recall": {str(k): one.to_json() for k, one in self.recall.items()},
            "lost": self.lost.to_json() if self.lost else None,
            "p": self.p,
            "p_adjusted": self.adjusted,
        }


@dataclass(frozen=True, slots=True)
class DirectionNoise:
    """One direction: clean first, then every noise from its weakest.

    Attributes:
        other: of the other version, in the same order; nothing where there is none.
    """

    name: str
    n_queries: int
    n_groups: int
    n_gallery: int
    judged_at: int
    levels: tuple[Level, ...]
    other: tuple[Level, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "name": self.name,
            "n_queries": self.n_queries,
            "n_groups": self.n_groups,
            "n_gallery": self.n_gallery,
            "judged_at": self.judged_at,
            "levels": [one.to_json() for one in self.levels],
            "other": [one.to_json() for one in self.other],
        }


@dataclass(frozen=True, slots=True)
class Noise:
    """Speech in noise.

    Attributes:
        recordings: heard again.
        of: recordings of the part diagnosed.
        against: the other version, where it hears too.
        notes: what is missing, a sentence each.
    """

    directions: tuple[DirectionNoise, ...]
    recordings: int
    of: int
    against: str | None = None
    notes: tuple[str, ...] = ()
    voices: int = VOICES

    def plot(self, direction: DirectionNoise) -> Plot:
        """A direction's curve."""
        return noise_plot(direction, self.against)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "against": self.against,
            "recordings": self.recordings,
            "of": self.of,
            "voices": self.voices,
            "notes": list(self.notes),
            "directions": [one.to_json() for one in self.directions],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A recording that is heard again, and who may talk over it."""

    item: Item
    sound: Sound
    others: tuple[int, ...]


Condition = tuple[str | None, float | None]


def measure(material: Material, against: Material | None, *, progress: Progress = silent) -> Noise:
    """Ask with the same recordings in more and more noise.

    Raises:
        NotReady: the version does not hear, or there is too little to hear.
    """
    if Modality.SPEECH not in material.encoder.spec.modalities:
        raise NotReady(f"{material.version} has no speech tower")
    directions = [
        one.name
        for one in material.evaluation.directions
        if one.name.startswith(f"{Modality.SPEECH.value}->")
    ]
    recordings = [item for item in material.items if item.kind is Kind.SPEECH]
    if not directions or len(recordings) < LEAST:
        raise NotReady(
            f"{len(recordings)} recordings in the part diagnosed have something to find; "
            f"{LEAST} are needed"
        )
    heard = _heard(material, _sample(recordings), progress)
    if len(heard) < LEAST:
        raise NotReady(f"somebody is heard in {len(heard)} recordings; {LEAST} are needed")
    conditions, notes = _conditions(heard)
    asked = _vectors(material.encoder, heard, conditions, "hearing noise", progress)
    also = None
    if against is not None and Modality.SPEECH in against.encoder.spec.modalities:
        also = _vectors(against.encoder, heard, conditions, "hearing noise again", progress)
    measured = []
    for name in directions:
        own = _direction(name, material, heard, asked, conditions, None)
        if own is None:
            continue
        if against is not None and also is not None:
            theirs = _direction(name, against, heard, also, conditions, own.judged_at)
            own = replace(own, other=theirs.levels) if theirs is not None else own
        measured.append(own)
    return Noise(
        _adjusted(measured),
        len(heard),
        len(recordings),
        against.version if against is not None and also is not None else None,
        notes,
    )


def _sample(recordings: Sequence[Item]) -> list[Item]:
    """As many as are heard again: always the same ones of a collection, whatever was added.

    Content hashes are in no order that means anything.
    """
    chosen: list[Item] = []
    seconds = 0.0
    for item in sorted(recordings, key=lambda one: one.sha256):
        seconds += item.duration_s or 0.0
        if len(chosen) == MOST or (seconds > MOST_S and len(chosen) >= LEAST):
            break
        chosen.append(item)
    return chosen


def _heard(material: Material, items: Sequence[Item], progress: Progress) -> list[Heard]:
    """The recordings with speech in them, and whom each may be talked over by."""
    spec = replace(material.encoder.spec, speech_window_s=None)
    sounds: list[tuple[Item, Sound]] = []
    decoded = decode_ahead(
        items,
        lambda item: decode_item(item, spec, read=material.read, limits=material.limits),
        threads=material.threads or cores(),
        ahead=2 * BATCH_SIZE,
    )
    for done, one in enumerate(decoded, start=1):
        sounds += [
            (one.item, sound)
            for sound in (as_sound(segment.media) for segment in one.segments)
            if active_level(sound) > 0
        ]
        progress("decoding recordings", done, len(items))
    said_by = speakers_of(items)
    return [
        Heard(item, sound, _others(at, item, [one for one, _ in sounds], said_by))
        for at, (item, sound) in enumerate(sounds)
    ]


def _others(at: int, item: Item, items: Sequence[Item], said_by: dict[str, Any]) -> tuple[int, ...]:
    """Recordings of other things by other people; else of other things; else all others."""
    rest = [place for place in range(len(items)) if place != at]
    apart = [place for place in rest if items[place].group != item.group]
    strangers = [
        place
        for place in apart
        if items[place].id in said_by and said_by[items[place].id] != said_by.get(item.id)
    ]
    return next(
        (tuple(some) for some in (strangers, apart, rest) if len(some) >= VOICES), tuple(rest)
    )


def _conditions(heard: Sequence[Heard]) -> tuple[list[Condition], tuple[str, ...]]:
    kinds = [WHITE]
    notes: tuple[str, ...] = ()
    if len(heard) > VOICES:
        kinds.append(BABBLE)
    else:
        notes = (f"No babble: it is mixed of {VOICES} other recordings.",)
    return [(None, None), *((kind, float(db)) for kind in kinds for db in LEVELS)], notes


def _vectors(
    encoder: Encoder,
    heard: Sequence[Heard],
    conditions: Sequence[Condition],
    what: str,
    progress: Progress,
) -> NDArray[np.float32]:
    """(conditions, recordings, dim) unit rows; of a long recording the middle of its windows."""
    found = np.zeros((len(conditions), len(heard), encoder.spec.dim), np.float32)
    window_s = encoder.spec.speech_window_s
    for place, condition in enumerate(conditions):
        waiting: list[tuple[int, Sound]] = []
        rows: dict[int, list[NDArray[np.float32]]] = {}
        for at, sound in enumerate(_mixed(heard, condition)):
            waiting += [(at, as_sound(one.media)) for one in windows(sound, window_s)]
            if len(waiting) >= BATCH_SIZE or at == len(heard) - 1:
                made = encoder.encode(Modality.SPEECH, [sound for _, sound in waiting])
                for (owner, _), row in zip(waiting, made, strict=True):
                    rows.setdefault(owner, []).append(row)
                waiting = []
                progress(what, place * len(heard) + at + 1, len(conditions) * len(heard))
        for at, some in rows.items():
            found[place, at] = middle(np.stack(some))
    return found


def _mixed(heard: Sequence[Heard], condition: Condition) -> Iterator[Sound]:
    """Every recording in its noise: the same noise at every level, only louder."""
    kind, snr_db = condition
    for one in heard:
        if kind is None or snr_db is None:
            yield one.sound
            continue
        random = np.random.default_rng([SEED, int(one.item.sha256[:16], 16)])
        if kind == WHITE:
            noise = white(len(one.sound), random)
        else:
            chosen = random.choice(np.array(one.others), VOICES, replace=False)
            noise = babble([heard[int(at)].sound for at in chosen], len(one.sound), random)
        yield in_noise(one.sound, noise, snr_db)


def _direction(
    name: str,
    material: Material,
    heard: Sequence[Heard],
    asked: NDArray[np.float32],
    conditions: Sequence[Condition],
    judged_at: int | None,
) -> DirectionNoise | None:
    """Figures of one direction; None where the gallery has no answer to enough of them."""
    gallery = material.evaluation.views.get(Modality(name.partition("->")[2]))
    if gallery is None:
        return None
    offered = set(gallery.groups)
    kept = [at for at, one in enumerate(heard) if one.item.group in offered]
    if len(kept) < LEAST:
        return None
    groups = [heard[at].item.group for at in kept]
    ranks = [
        rank(vectors[kept], gallery.vectors, groups, gallery.groups).ranks for vectors in asked
    ]
    k = judged_at or judged_cutoff(ranks[0])
    clean = (ranks[0] <= k).astype(np.float64)
    levels = []
    for (kind, snr_db), found in zip(conditions, ranks, strict=True):
        level = Level(
            kind,
            snr_db,
            {at: estimated((found <= at).astype(float).tolist(), groups) for at in CUTOFFS},
        )
        if kind is not None:
            gain = paired_gain(clean, (found <= k).astype(np.float64), groups)
            level = replace(
                level, lost=Estimate(gain.value, gain.low, gain.high), p=gain.p_at_least(0.0)
            )
        levels.append(level)
    return DirectionNoise(name, len(kept), len(set(groups)), len(gallery), k, tuple(levels))


def _adjusted(directions: Sequence[DirectionNoise]) -> tuple[DirectionNoise, ...]:
    """All losses of this version taken together."""
    ps = [one.p for direction in directions for one in direction.levels if one.p is not None]
    together = iter(holm(ps))
    return tuple(
        replace(
            direction,
            levels=tuple(
                one if one.p is None else replace(one, adjusted=next(together))
                for one in direction.levels
            ),
        )
        for direction in directions
    )
