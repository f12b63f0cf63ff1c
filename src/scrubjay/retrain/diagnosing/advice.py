"""What the figures of all sections advise, with the facts about the version that rules ask for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scrubjay.core.errors import ScrubjayError
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Item, Kind, Media, Modality, Split
from scrubjay.evaluate.advice import RULES, Advice, advise
from scrubjay.models.export import read_export
from scrubjay.models.load import EXPORT_FOLDER
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.search.decode import decode_item
from scrubjay.store.home import Home
from scrubjay.training.instantiate import TARGET

TIMED: Final = 4
"""Pictures that are encoded to know how long one takes."""

BYTES_A_PARAMETER: Final = 4


@dataclass(frozen=True, slots=True)
class Section:
    """What to do next.

    Attributes:
        advice: in order: what is wrong with the data first.
        rules: how many were asked.
        facts: of the version, as rules know them.
    """

    version: str
    advice: tuple[Advice, ...]
    facts: Mapping[str, Any]
    rules: int = len(RULES)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "advice": [one.to_json() for one in self.advice],
            "facts": dict(self.facts),
            "rules": self.rules,
        }


def measure(
    material: Material, sections: Mapping[str, Mapping[str, Any]], *, home: Home | None = None
) -> Section:
    """Ask every rule.

    Args:
        sections: name -> JSON of the other sections.
        home: whose registry knows how the version was trained.
    """
    facts = facts_of(material, home)
    return Section(material.version, advise({**sections, "facts": facts}), facts)


def facts_of(material: Material, home: Home | None) -> dict[str, Any]:
    """What rules ask of a version beside its figures; what nobody knows is absent."""
    facts: dict[str, Any] = {
        "version": material.version,
        "train_groups": len(
            {item.group for item in material.everything if item.split is Split.TRAIN}
        ),
        "recall": {
            one.name: one.recall[10].value
            for one in material.evaluation.directions
            if 10 in one.recall
        },
    }
    took = picture_ms(material)
    if took is not None:
        facts["picture_ms"] = round(took, 2)
    return facts if home is None else facts | _registered(home, material.version)


def _registered(home: Home, version: str) -> dict[str, Any]:
    about = next((one for one in home.registry.versions() if one.id == version), None)
    if about is None:
        return {}
    folder = home.registry.folder(version)
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    facts: dict[str, Any] = {
        "folder": str(folder),
        "family": read_export(folder / EXPORT_FOLDER).family,
    }
    if weights:
        facts["parameters"] = weights // BYTES_A_PARAMETER
    config = about.lineage.get("config")
    if isinstance(config, Mapping):
        facts["loss"] = str((config.get("loss") or {}).get(TARGET, ""))
        if "lora" in str((config.get("encoder") or {}).get(TARGET, "")):
            facts["tuned"] = "lora"
    return facts


def picture_ms(material: Material) -> float | None:
    """Milliseconds the version needs for a picture, decoding not counted; None without any."""
    if Modality.IMAGE not in material.encoder.spec.modalities:
        return None
    pictures = [item for item in material.items if item.kind is Kind.IMAGE][:TIMED]
    shown = [media for item in pictures for media in _media(item, material)]
    if not shown:
        return None
    return min(_seconds(material.encoder, shown) for _ in range(2)) / len(shown) * 1000


def _media(item: Item, material: Material) -> list[Media]:
    try:
        decoded = decode_item(
            item, material.encoder.spec, read=material.read, limits=material.limits
        )
    except ScrubjayError:
        return []
    return [segment.media for segment in decoded.segments]


def _seconds(encoder: Encoder, shown: list[Media]) -> float:
    began = time.perf_counter()
    encoder.encode(Modality.IMAGE, shown)
    return time.perf_counter() - began
