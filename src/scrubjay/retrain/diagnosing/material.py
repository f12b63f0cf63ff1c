"""What every section of a diagnosis is given: a version, opened, and what it was asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.models.load import EXPORT_FOLDER, load_version
from scrubjay.retrain.source import snapshot_source, this_month
from scrubjay.search.decode import DEFAULT_LIMITS, MODALITY_OF, Read
from scrubjay.search.measure import ALL, Evaluation, evaluate_items
from scrubjay.search.scan import scan_folder
from scrubjay.store.home import Home

CHAMPION: Final = "champion"
FALL_BACK: Final[dict[str, tuple[str, ...]]] = {
    "test": ("test", "val", ALL),
    "val": ("val", ALL),
    "train": ("train", ALL),
    ALL: (ALL,),
}
"""Part asked for -> the parts tried, in this order."""


@dataclass(frozen=True, eq=False)
class Material:
    """A version and the collection it is diagnosed on.

    Attributes:
        version: id of the version.
        items: of the part diagnosed, videos left out.
        everything: the whole snapshot or folder, whatever its split.
        evaluation: figures and embedded sides of `items`.
        read: the bytes behind a uri.
        threads: that may decode; 0: one per core.
        part: `test`, `val`, `train` or `all`: what was diagnosed.
        notes: what a reader must know of the choice of part and modalities, a sentence each.
    """

    version: str
    encoder: Encoder
    items: tuple[Item, ...]
    everything: tuple[Item, ...]
    evaluation: Evaluation
    read: Read
    limits: MediaLimits = DEFAULT_LIMITS
    threads: int = 0
    part: str = "test"
    notes: tuple[str, ...] = field(default=())

    def owners(self, modality: Modality) -> list[tuple[Item, ...]]:
        """The items behind each row of a view, in the view's order.

        Of a picture or a recording: itself. Of a caption: every item of its content group that
        carries it.

        Raises:
            KeyError: nothing of the modality was embedded.
        """
        view = self.evaluation.views[modality]
        if modality is Modality.TEXT:
            keys = zip(view.groups, view.texts, strict=True)
            return [self._by_caption[group, text] for group, text in keys]
        return [(self._by_uri[uri],) for uri in view.uris]

    @cached_property
    def by_group(self) -> dict[str, tuple[Item, ...]]:
        """Content group -> its items in the part diagnosed."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.group, []).append(item)
        return {group: tuple(items) for group, items in found.items()}

    @cached_property
    def _by_uri(self) -> dict[str, Item]:
        return {item.uri: item for item in self.items}

    @cached_property
    def _by_caption(self) -> dict[tuple[str, str], tuple[Item, ...]]:
        found: dict[tuple[str, str], list[Item]] = {}
        for item in self.items:
            for caption in dict.fromkeys(item.captions):
                found.setdefault((item.group, caption), []).append(item)
        return {key: tuple(items) for key, items in found.items()}


def gather(
    home: Home,
    version: str | None = None,
    *,
    split: Split | None = Split.TEST,
    folder: Path | None = None,
    progress: Progress = silent,
) -> Material:
    """Open a version and measure it on a part of the home's newest snapshot, or of a folder.

    Where nothing can be asked in the part named, the next one is taken: test, val, all.

    Args:
        version: an id; `champion` or None: what is being served.
        split: None: all of it.
        folder: looked at as training would, instead of the home's collection.

    Raises:
        NotReady: nothing is served, or nothing was added.
        UnknownName: there is no version of that name.
        WrongUse: the folder is missing, or holds nothing that can be used.
    """
    encoder = open_version(home, version)
    everything = _collection(home, folder, progress)
    asked = split.value if split is not None else ALL
    part, items = _part(everything, asked, encoder.spec.modalities)
    return _measured(home, encoder, items, everything, asked, part, progress)


def gather_other(
    home: Home, version: str, material: Material, *, progress: Progress = silent
) -> Material:
    """Another version on the items of `material`."""
    encoder = open_version(home, version)
    return _measured(
        home, encoder, material.items, material.everything, material.part, material.part, progress
    )


def open_version(home: Home, version: str | None) -> Encoder:
    """A registered version's exported graphs, after they were held against its manifest.

    Raises:
        NotReady: the champion was asked for and nothing is served.
        UnknownName: there is no version of that name.
    """
    if version is None or version == CHAMPION:
        champion = home.registry.champion()
        if champion is None:
            raise NotReady(
                f"no version serves {home.path} yet: name one (`scrubjay models list`), or run "
                f"`scrubjay add FOLDER`, then `scrubjay train`"
            )
        version = champion.version
    home.registry.verify(version, below=EXPORT_FOLDER)
    return load_version(
        home.registry.folder(version), version=version, threads=home.settings.threads
    )


def askable(items: Iterable[Item], modalities: Collection[Modality]) -> bool:
    """Whether some content group has two of the modalities, so that one can ask for the other."""
    sides: dict[str, set[Modality]] = {}
    for item in items:
        has = sides.setdefault(item.group, set())
        if item.kind in {Kind.IMAGE, Kind.SPEECH}:
            has.add(MODALITY_OF[item.kind])
        if item.captions:
            has.add(Modality.TEXT)
        if len(has.intersection(modalities)) > 1:
            return True
    return False


def _collection(home: Home, folder: Path | None, progress: Progress) -> tuple[Item, ...]:
    if folder is None:
        if not home.catalog.count():
            raise NotReady(
                f"nothing to diagnose with in {home.path}: run `scrubjay add FOLDER` first, or "
                f"give --folder FOLDER"
            )
        items: tuple[Item, ...] = snapshot_source(home).items
    else:
        items = scan_folder(
            folder,
            month=this_month(),
            limits=home.settings.limits,
            progress=progress,
            threads=home.settings.threads,
        ).items
    return tuple(item for item in items if item.kind is not Kind.VIDEO)


def _part(
    everything: tuple[Item, ...], asked: str, modalities: Collection[Modality]
) -> tuple[str, tuple[Item, ...]]:
    """The first part in which something can be asked."""
    parts = {
        name: tuple(item for item in everything if name in {ALL, item.split.value})
        for name in FALL_BACK[asked]
    }
    for name, items in parts.items():
        if askable(items, modalities):
            return name, items
    return ALL, everything


def _measured(
    home: Home,
    encoder: Encoder,
    items: tuple[Item, ...],
    everything: tuple[Item, ...],
    asked: str,
    part: str,
    progress: Progress,
) -> Material:
    read = home.reader()
    evaluation = evaluate_items(
        items,
        encoder,
        read=read,
        limits=home.settings.limits,
        threads=home.settings.threads,
        progress=progress,
    )
    return Material(
        version=encoder.spec.version,
        encoder=encoder,
        items=items,
        everything=everything,
        evaluation=evaluation,
        read=read,
        limits=home.settings.limits,
        threads=home.settings.threads,
        part=part,
        notes=tuple(_notes(encoder, items, asked, part, evaluation)),
    )


def _notes(
    encoder: Encoder, items: tuple[Item, ...], asked: str, part: str, evaluation: Evaluation
) -> list[str]:
    said = []
    if part != asked:
        said.append(
            f"Nothing can be asked in the {asked} part, so this is about "
            + ("all items." if part == ALL else f"the {part} part.")
        )
    if part in {ALL, "train"}:
        said.append(
            "What is diagnosed holds what the version may have been trained on: on new data it "
            "does worse than the figures say."
        )
    has = {MODALITY_OF[item.kind] for item in items}
    has |= {Modality.TEXT} if any(item.captions for item in items) else set()
    said += [
        f"{encoder.spec.version} has no {one.value} tower: nothing is said of the collection's "
        f"{_PLURAL[one]}."
        for one in Modality
        if one in has - encoder.spec.modalities
    ]
    if evaluation.problems:
        said.append(f"{len(evaluation.problems)} files or captions could not be used.")
    return said


_PLURAL: Final = {
    Modality.IMAGE: "pictures",
    Modality.TEXT: "texts",
    Modality.SPEECH: "recordings",
}
