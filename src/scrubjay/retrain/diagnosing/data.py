"""What is wrong with the data rather than with the model: item by item, with what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.evaluate.duplicates import alike, same_vectors, same_words
from scrubjay.evaluate.mislabelled import FEWEST, Fits, fits_of
from scrubjay.evaluate.vague_captions import repeated_captions, vague_wording
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.search.decode import MODALITY_OF
from scrubjay.store.home import Home

LOOK: Final = "looks the same"
WORDS: Final = "says the same, word for word,"
VECTOR: Final = "is the same to the version"
"""Why a held-out item may be one that was trained on."""

SHOWN: Final = 30
"""Rows of each list; how many there are in all is said."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One item and what is doubtful about it.

    Attributes:
        item: its id; `uri` and `modality` show it.
        caption: the words in question.
        reason: in words.
        figure: how strongly; larger is worse.
        other: id of the item it is compared with, or ""; `other_uri`, `other_text` show it.
        todo: a command, or what to do in words.
    """

    item: str
    uri: str
    modality: str
    split: str
    caption: str
    reason: str
    figure: float
    todo: str
    other: str = ""
    other_uri: str = ""
    other_modality: str = ""
    other_text: str = ""

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "item": self.item,
            "uri": self.uri,
            "split": self.split,
            "caption": self.caption,
            "reason": self.reason,
            "figure": self.figure,
            "do": self.todo,
            "other": self.other,
            "other_uri": self.other_uri,
            "other_text": self.other_text,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """One list.

    Attributes:
        rows: the worst of those found.
        found: how many there are.
        asked: among how many.
        by_reason: how many for each reason, where a list has several kinds.
    """

    rows: tuple[Suspicion, ...] = ()
    found: int = 0
    asked: int = 0
    by_reason: Mapping[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Of those asked, 0 when none was."""
        return self.found / self.asked if self.asked else 0.0

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "found": self.found,
            "asked": self.asked,
            "share": self.share,
            "by_reason": dict(self.by_reason),
            "rows": [one.to_json() for one in self.rows],
        }


@dataclass(frozen=True, slots=True)
class Section:
    """What is doubtful in the data.

    Attributes:
        mislabelled: captions of the part diagnosed that fit something else far better.
        duplicates: held-out items that training has seen as another.
        vague: captions of the whole collection that describe nothing visible.
        shared_groups: content groups that are both trained on and held out.
    """

    mislabelled: Found
    duplicates: Found
    vague: Found
    shared_groups: int = 0
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "mislabelled": self.mislabelled.to_json(),
            "duplicates": self.duplicates.to_json(),
            "vague": self.vague.to_json(),
            "shared_groups": self.shared_groups,
            "notes": list(self.notes),
        }


def measure(
    material: Material,
    against: Material | None = None,
    *,
    home: Home | None = None,
    progress: Progress = silent,
) -> Section:
    """Look for wrong captions, duplicates and empty words; of another version nothing is asked.

    Args:
        home: where the collection may be embedded with this version already.
    """
    progress("looking at the data", 0, 3)
    fits = _fits(material)
    mislabelled = _mislabelled(material, fits)
    progress("looking at the data", 1, 3)
    duplicates, shared, notes = _duplicates(material, home)
    progress("looking at the data", 2, 3)
    vague = _vague(material, fits)
    asked = sum(len(one.captions) for _, one in fits)
    if fits and asked < FEWEST:
        notes.append(
            f"{asked} pairs are too few to tell a wrong one from an odd one; {FEWEST} would do."
        )
    progress("looking at the data", 3, 3)
    return Section(mislabelled, duplicates, vague, shared, tuple(notes))


def _fits(material: Material) -> list[tuple[Modality, Fits]]:
    views = material.evaluation.views
    if Modality.TEXT not in views:
        return []
    return [
        (modality, fits)
        for modality in (Modality.IMAGE, Modality.SPEECH)
        if modality in views and (fits := fits_of(views[Modality.TEXT], views[modality]))
    ]


def _mislabelled(material: Material, fits: Sequence[tuple[Modality, Fits]]) -> Found:
    rows: list[Suspicion] = []
    found = 0
    for modality, one in fits:
        suspects = one.suspects().tolist()
        found += len(suspects)
        texts = material.evaluation.views[Modality.TEXT]
        for at in suspects[:SHOWN]:
            item = _owner(material, modality, int(one.captions[at]), int(one.media[at]))
            better = material.owners(modality)[int(one.best_media[at])][0]
            caption = texts.texts[int(one.captions[at])]
            rows.append(
                Suspicion(
                    item.id,
                    item.uri,
                    modality.value,
                    item.split.value,
                    caption,
                    f"scores {one.own[at]:.2f} with its own "
                    f"{'picture' if modality is Modality.IMAGE else 'recording'}; another caption "
                    f"fits that better by {-one.caption_margin[at]:.2f}, and the caption fits "
                    f"another better by {-one.media_margin[at]:.2f}",
                    float(-one.z[at]),
                    fix(item.id),
                    better.id,
                    better.uri,
                    modality.value,
                    texts.texts[int(one.best_caption[at])],
                )
            )
    rows.sort(key=lambda one: -one.figure)
    asked = sum(len(one.captions) for _, one in fits)
    return Found(tuple(rows[:SHOWN]), found, asked)


def _owner(material: Material, modality: Modality, caption: int, media: int) -> Item:
    """The item that carries the caption and is of the modality; else what fits it best."""
    carrying = material.owners(Modality.TEXT)[caption]
    best = material.owners(modality)[media][0]
    of_it = [item for item in carrying if MODALITY_OF[item.kind] is modality]
    return best if best in of_it or not of_it else of_it[0]


def _duplicates(material: Material, home: Home | None) -> tuple[Found, int, list[str]]:
    trained = [item for item in material.everything if item.split is Split.TRAIN]
    held_out = [item for item in material.everything if item.split is not Split.TRAIN]
    groups = {item.group for item in trained}
    shared = len({item.group for item in held_out} & groups)
    found: dict[int, tuple[Item, str, float]] = {}

    def note(places: Mapping[int, int], why: str) -> None:
        for mine, theirs in places.items():
            found.setdefault(mine, (trained[theirs], why, 1.0))

    pictured = [at for at, item in enumerate(held_out) if item.phash is not None]
    hashed = [at for at, item in enumerate(trained) if item.phash is not None]
    looks = alike(
        [held_out[at].phash or 0 for at in pictured], [trained[at].phash or 0 for at in hashed]
    )
    note({pictured[mine]: hashed[theirs] for mine, theirs in looks.items()}, LOOK)
    note(
        same_words(
            [(at, text) for at, item in enumerate(held_out) for text in item.captions],
            [(at, text) for at, item in enumerate(trained) for text in item.captions],
        ),
        WORDS,
    )
    notes = _by_vector(material, home, held_out, trained, found)
    order = sorted(found, key=lambda at: (found[at][1] != LOOK, at))
    rows = tuple(_pair(held_out[at], *found[at]) for at in order[:SHOWN])
    reasons = Counter(why for _, why, _ in found.values())
    return Found(rows, len(found), len(held_out), reasons), shared, notes


def _by_vector(
    material: Material,
    home: Home | None,
    held_out: Sequence[Item],
    trained: Sequence[Item],
    found: dict[int, tuple[Item, str, float]],
) -> list[str]:
    """Add what the version cannot tell apart, where the whole collection is embedded with it."""
    if home is None or material.version not in home.generations.names():
        return [
            "Vectors of what was trained on were not compared: the collection is not embedded with "
            "this version (`scrubjay champion set VERSION` embeds it). Looks and words were."
        ]
    generation = home.generations.open(material.version)
    mapped = generation.mapped()
    by_id = {item.id: at for at, item in enumerate(held_out) if item.id not in mapped}
    old_by_id = {item.id: item for item in trained if item.id not in mapped}
    for modality in (Modality.IMAGE, Modality.SPEECH):
        mine, rows = generation.views(list(by_id)).get(modality, ([], None))
        theirs, others = generation.views(list(old_by_id)).get(modality, ([], None))
        if rows is None or others is None:
            continue
        near = same_vectors(
            rows,
            others,
            ([held_out[by_id[one]].group for one in mine], [old_by_id[o].group for o in theirs]),
        )
        for row, (other, cosine) in near.items():
            found.setdefault(by_id[mine[row]], (old_by_id[theirs[other]], VECTOR, cosine))
    return []


def _pair(item: Item, other: Item, why: str, figure: float) -> Suspicion:
    return Suspicion(
        item.id,
        item.uri,
        _modality(item),
        item.split.value,
        _said(item),
        f"{why} as {other.id}, which was trained on",
        figure,
        f"give both one content group in the manifest (`group`), or remove one: "
        f"`scrubjay forget {item.id}`",
        other.id,
        other.uri,
        _modality(other),
        _said(other),
    )


def _vague(material: Material, fits: Sequence[tuple[Modality, Fits]]) -> Found:
    items = [item for item in material.everything if item.kind is not Kind.VIDEO]
    captions = [(item, caption) for item in items for caption in dict.fromkeys(item.captions)]
    found: dict[tuple[str, str], Suspicion] = {}

    def note(item: Item, caption: str, reason: str, figure: float) -> None:
        found.setdefault((item.id, caption), _doubt(item, caption, reason, figure))

    for item, caption in captions:
        # What a recording says is what it says: numbers and single words are no fault of it.
        if item.kind is not Kind.SPEECH and (reason := vague_wording(caption)):
            note(item, caption, reason, 3.0)
    repeated = repeated_captions([(item.group, caption) for item, caption in captions])
    for caption, groups in repeated.items():
        carrier = next(item for item, text in captions if text == caption)
        note(carrier, caption, f"{len(groups)} different things bear this caption", 2.0)
    for modality, one in fits:
        for at in one.vague().tolist():
            item = _owner(material, modality, int(one.captions[at]), int(one.media[at]))
            caption = material.evaluation.views[Modality.TEXT].texts[int(one.captions[at])]
            reason = f"it fits {one.beaten[at]:.0%} of the others as well as its own"
            note(item, caption, reason, float(one.beaten[at]))
    rows = sorted(found.values(), key=lambda one: -one.figure)
    return Found(tuple(rows[:SHOWN]), len(rows), len(captions))


def _doubt(item: Item, caption: str, reason: str, figure: float) -> Suspicion:
    return Suspicion(
        item.id,
        item.uri,
        _modality(item),
        item.split.value,
        caption,
        reason,
        figure,
        fix(item.id),
    )


def fix(item: str) -> str:
    """The command that mends an item's caption."""
    return f"scrubjay feedback fix {item}"


def _modality(item: Item) -> str:
    return MODALITY_OF[item.kind].value


def _said(item: Item) -> str:
    return next(iter(item.captions), "")
