"""How the queries of a collection are divided: by what they say, show and sound like.

A query has what its own item has. Where its content group holds just one picture, or one recording,
to be found, it has what that one has too; where several would speak for it and differ, it has
nothing there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Progress
from scrubjay.core.types import AttributeValue, Item, Kind, Modality
from scrubjay.evaluate.english import COLOURS, FUNCTION_WORDS
from scrubjay.evaluate.retrieval import Direction
from scrubjay.evaluate.slices import Slice
from scrubjay.evaluate.words import WordClass, classes_of, is_english, words_of
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.search.decode import Decoded, decode_ahead, decode_item
from scrubjay.search.embed import cores

LEAST_QUERIES: Final = 10
"""Inside and outside a slice; with fewer there is nothing to tell."""
FEW_VALUES: Final = 12
"""Values an attribute may have to divide by."""
WORDS_SHOWN: Final = 8
"""Single words of each class, the most frequent first."""
SPEAKER: Final = ("speaker", "speaker_id", "voice", "narrator")
"""Attributes that say who speaks, the surest first."""
SPEAKER_PATHS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:^|[/_-])(?:speaker|spk|voice)s?[=/_-]?([^/_.-]+)[/_.-]",
        r"/(\d+)-\d+-\d{4}\.[a-z0-9]+$",  # LibriSpeech: reader-chapter-utterance
        r"/\d+_([a-z]+)_\d+\.[a-z0-9]+$",  # Free Spoken Digit Dataset: digit_speaker_take
    )
)
NAMED: Final[Mapping[WordClass, tuple[str, str]]] = {
    WordClass.OBJECT: ("an object", "no object"),
    WordClass.COLOUR: ("a colour", "no colour"),
    WordClass.ATTRIBUTE: ("a property", "no property"),
    WordClass.COUNT: ("a count", "no count"),
    WordClass.RELATION: ("a place", "no place"),
    WordClass.ACTION: ("an action", "no action"),
}
_SIDE: Final = 64
"""Pixels a picture is decoded to for its brightness."""
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32) / 255

Names = frozenset[str]


def slices_of(
    material: Material, direction: Direction, brightness: Mapping[str, float]
) -> list[Slice]:
    """Every slice of a direction's queries with enough of them inside and outside.

    Slices of the very same queries are one, which names the others.

    Args:
        brightness: item id -> mean brightness, 0 to 1.
    """
    asked, sought = (Modality(one) for one in direction.name.split("->"))
    owners = material.owners(asked)
    own = [owners[int(place)] for place in direction.queries]
    subjects = [_with_answer(items, material, sought) for items in own]
    view = material.evaluation.views[asked]
    captions = [
        (view.texts[int(place)],) if asked is Modality.TEXT else items[0].captions
        for place, items in zip(direction.queries, own, strict=True)
    ]
    found = [
        *_by_name("language", [_agreed(items, lambda one: one.language) for items in own]),
        *_by_name("speaker", _speakers(subjects)),
        *_by_name("tag", [frozenset(tag for one in items for tag in one.tags) for items in own]),
        *_by_attribute(subjects, material.everything),
        *_by_caption(captions, _frequencies(material.everything)),
        *_by_measure(
            "length of the recording",
            [_only(items, Kind.SPEECH, lambda one: one.duration_s) for items in subjects],
            ("short", "medium", "long"),
            lambda value: f"{value:.2g} s",
        ),
        *_by_measure(
            "picture size",
            [_only(items, Kind.IMAGE, _pixels) for items in subjects],
            ("small", "medium", "large"),
            lambda value: f"{value / 1e6:.2g} megapixels",
        ),
        *_by_measure(
            "brightness",
            [_only(items, Kind.IMAGE, lambda one: brightness.get(one.id)) for items in subjects],
            ("dark", "medium", "bright"),
            lambda value: f"{100 * value:.0f}%",
        ),
        *_by_name("month", [_agreed(items, lambda one: one.month) for items in own]),
    ]
    return _distinct(one for one in found if _enough(one.members))


def brightness_of(material: Material, progress: Progress) -> dict[str, float]:
    """Item id -> mean luma of its picture (ITU-R BT.601), 0 to 1; unreadable ones are left out."""
    pictures = [item for item in material.items if item.kind is Kind.IMAGE]
    if Modality.IMAGE not in material.encoder.spec.modalities:
        return {}
    spec = replace(material.encoder.spec, image_size=_SIDE)

    def decode(item: Item) -> Decoded:
        return decode_item(item, spec, read=material.read, limits=material.limits)

    found = {}
    decoded = decode_ahead(pictures, decode, threads=material.threads or cores(), ahead=64)
    for done, one in enumerate(decoded, start=1):
        for segment in one.segments:
            if isinstance(segment.media, np.ndarray):
                found[one.item.id] = float((segment.media @ _LUMA).mean())
        progress("looking at pictures", done, len(pictures))
    return found


def _by_caption(captions: Sequence[Sequence[str]], often: Mapping[str, int]) -> list[Slice]:
    lengths = [
        float(np.mean([len(words_of(one)) for one in said])) if said else None for said in captions
    ]
    rarest = [_rarest(said, often) for said in captions]
    classes = [_classes(said) for said in captions]
    slices = _by_measure(
        "caption length", lengths, ("short", "medium", "long"), lambda value: f"{value:.3g} words"
    )
    slices += _by_measure(
        "words",
        rarest,
        ("rare", "middling", "frequent"),
        lambda value: f"{value:.0f} things name the rarest",
    )
    for kind, (some, none) in NAMED.items():
        has = np.array([one is not None and kind in one for one in classes])
        lacks = np.array([one is not None and kind not in one for one in classes])
        slices += [
            Slice("words", f"name {some}", has),
            Slice("words", f"name {none}", lacks),
        ]
        values: list[Names | None] = [
            None if one is None else one.get(kind, frozenset()) for one in classes
        ]
        slices += _by_name(kind.value, values, most=WORDS_SHOWN)
    return slices


def _classes(captions: Sequence[str]) -> dict[WordClass, Names] | None:
    """Words of each class in any of the captions; None where none is English."""
    english = [one for one in captions if is_english(one)]
    if not english:
        return None
    found: dict[WordClass, set[str]] = {}
    for caption in english:
        for kind, words in classes_of(caption).items():
            found.setdefault(kind, set()).update(COLOURS.get(word, word) for word in words)
    return {kind: frozenset(words) for kind, words in found.items()}


def _frequencies(items: Iterable[Item]) -> Counter[str]:
    """Word -> content groups that name it."""
    said: dict[str, set[str]] = {}
    for item in items:
        for caption in item.captions:
            said.setdefault(item.group, set()).update(_content(caption))
    return Counter(word for words in said.values() for word in words)


def _content(caption: str) -> set[str]:
    return {word.text for word in words_of(caption)} - FUNCTION_WORDS


def _rarest(captions: Sequence[str], often: Mapping[str, int]) -> float | None:
    rarest = [min(often[word] for word in words) for words in map(_content, captions) if words]
    return float(np.mean(rarest)) if rarest else None


def _by_measure(
    about: str,
    values: Sequence[float | None],
    names: tuple[str, str, str],
    told: Callable[[float], str],
) -> list[Slice]:
    """Thirds; fewer parts where many values are equal."""
    measured = np.array([np.nan if one is None else one for one in values], np.float64)
    known = measured[~np.isnan(measured)]
    if len(np.unique(known)) < 2:
        return []
    low, high = np.quantile(known, [1 / 3, 2 / 3], method="inverted_cdf")
    if high == known.max():  # many are as large as the largest
        high = known[known < high].max()
    low = min(low, high)
    parts = [
        (f"{names[0]} (up to {told(low)})", measured <= low),
        (f"{names[1]} (up to {told(high)})", (measured > low) & (measured <= high)),
        (f"{names[2]} (more than {told(high)})", measured > high),
    ]
    return [Slice(about, name, members) for name, members in parts]


def _by_name(about: str, values: Sequence[Names | None], *, most: int | None = None) -> list[Slice]:
    """One slice a value, among the queries of which anything is known."""
    often = Counter(one for known in values for one in known or ())
    return [
        Slice(about, name, np.array([one is not None and name in one for one in values]))
        for name, _ in sorted(often.items(), key=lambda one: (-one[1], one[0]))[:most]
    ]


def _by_attribute(subjects: Sequence[tuple[Item, ...]], everything: Sequence[Item]) -> list[Slice]:
    values: dict[str, set[str]] = {}
    for item in everything:
        for name, value in item.attributes.items():
            values.setdefault(name, set()).update(_told(value))
    few = [
        name
        for name in sorted(values)
        if 1 < len(values[name]) <= FEW_VALUES and name.lower() not in SPEAKER
    ]
    return [
        one
        for name in few
        for one in _by_name(
            name, [_agreed(items, partial(_attribute, name=name)) for items in subjects]
        )
    ]


def _attribute(item: Item, name: str) -> AttributeValue | None:
    return item.attributes.get(name)


def _speakers(subjects: Sequence[tuple[Item, ...]]) -> list[Names | None]:
    recordings = [[one for one in items if one.kind is Kind.SPEECH] for items in subjects]
    known = speakers_of(one for items in recordings for one in items)
    return [_agreed(items, lambda one: known.get(one.id)) for items in recordings]


def speakers_of(items: Iterable[Item]) -> dict[str, AttributeValue]:
    """Item id -> who speaks in it: by its attribute, else by how the files are named."""
    recordings = {one.id: one for one in items if one.kind is Kind.SPEECH}
    for name in SPEAKER:
        said = {key: _lowered(one).get(name) for key, one in recordings.items()}
        if found := {key: one for key, one in said.items() if one is not None}:
            return found
    for pattern in SPEAKER_PATHS:
        named: dict[str, AttributeValue] = {
            key: match[1]
            for key, one in recordings.items()
            if (match := pattern.search(one.uri)) is not None
        }
        # A pattern that fits by chance fits few, or gives each recording its own "speaker".
        if len(named) >= 0.8 * len(recordings) and 1 < len(set(named.values())) <= len(named) / 2:
            return named
    return {}


def _lowered(item: Item) -> dict[str, AttributeValue]:
    return {name.lower(): value for name, value in item.attributes.items()}


def _with_answer(own: tuple[Item, ...], material: Material, sought: Modality) -> tuple[Item, ...]:
    """The items, and the one to be found where there is just one and they hold none."""
    kind = {Modality.IMAGE: Kind.IMAGE, Modality.SPEECH: Kind.SPEECH}.get(sought)
    if kind is None or any(one.kind is kind for one in own):
        return own
    answers = [one for one in material.by_group[own[0].group] if one.kind is kind]
    return (*own, *answers) if len(answers) == 1 else own


def _agreed(items: Iterable[Item], value: Callable[[Item], AttributeValue | None]) -> Names | None:
    """What all items that say anything say; None where none does, or they differ."""
    said = {_told(one) for item in items if (one := value(item)) is not None}
    return said.pop() if len(said) == 1 else None


def _told(value: AttributeValue) -> Names:
    if isinstance(value, tuple):
        return frozenset(value)
    if isinstance(value, bool):
        return frozenset(["yes" if value else "no"])
    return frozenset([value.isoformat() if isinstance(value, date) else str(value)])


def _only(items: Iterable[Item], kind: Kind, value: Callable[[Item], float | None]) -> float | None:
    """Of the one item of the kind; None where there are several, or none."""
    of_kind = [one for one in items if one.kind is kind]
    return value(of_kind[0]) if len(of_kind) == 1 else None


def _pixels(item: Item) -> float | None:
    return float(item.width * item.height) if item.width and item.height else None


def _enough(members: NDArray[np.bool_]) -> bool:
    inside = int(members.sum())
    return min(inside, len(members) - inside) >= LEAST_QUERIES


def _distinct(slices: Iterable[Slice]) -> list[Slice]:
    first: dict[bytes, Slice] = {}
    for one in slices:
        key = one.members.tobytes()
        if key in first:
            also = (*first[key].also, f"{one.about}: {one.name}")
            first[key] = replace(first[key], also=also)
        else:
            first[key] = one
    return list(first.values())
