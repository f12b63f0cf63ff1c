"""From a picture to its measures: read > look (where a model can) > answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scrubjay.ask.answer import Shown, Step
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.extraction import Extracted, Found, answer, found_in
from scrubjay.ask.extracting.fusing import alike, judge_all, worth_a_look
from scrubjay.ask.extracting.scoring import shipped
from scrubjay.ask.gleaned import Gleaned
from scrubjay.ask.looking import handed_over
from scrubjay.ask.models import Models
from scrubjay.ask.steps import OnStep, Walk
from scrubjay.core.types import Picture
from scrubjay.models.family import Room

NOT_OF_LABELS: Final = frozenset({"builtin"})
"""Families that know nothing of labels: only what is read counts."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a picture says of what it was asked for.

    Attributes:
        name: of the picture.
        notes: what somebody should know.
    """

    name: str
    answers: tuple[Extracted, ...]
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "picture": self.name,
            "answers": [one.to_json() for one in self.answers],
            "steps": [step.to_json() for step in self.steps],
            "notes": list(self.notes),
        }


class Extracting:
    """Extracts with some models; they are loaded when first needed."""

    def __init__(self, models: Models) -> None:
        """Take the models."""
        self._models = models

    @property
    def looks(self) -> bool:
        """Whether a model looks at the numbers, too: one that follows instructions.

        Raises:
            MissingExtra, ModelNotFound: it cannot be loaded.
        """
        if self._models.settings.vlm.family in NOT_OF_LABELS:
            return False
        return self._models.vlm().spec.instructed

    @property
    def fingerprint(self) -> str:
        """Changes when answers may: with the models, and with what candidates are weighed by."""
        told = [self._models.ocr().spec.fingerprint, json.dumps(shipped().to_json())]
        told += [self._models.vlm().spec.fingerprint] if self.looks else []
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def extract(
        self, shown: Shown, entities: Sequence[Entity], *, on_step: OnStep | None = None
    ) -> Extraction:
        """What a picture says of some entities, in their order.

        Raises:
            BadMedia: it is no picture.
            MissingExtra, ModelNotFound: a model that is needed cannot be loaded.
        """
        (looked,) = handed_over([shown])
        walk = Walk(self._models, Gleaned(), on_step)
        with walk.step("read", lambda: self._models.ocr().spec.family):
            ocr = self._models.ocr()
            with self._models.turn(Room.OCR):
                found = found_in(ocr.read(shown.picture))
        if self.looks:
            found = self._looked(walk, shown.picture, found, frozenset(entities))
        answers = tuple(answer(found, entity) for entity in entities)
        return Extraction(looked.source.name, answers, tuple(walk.steps), tuple(walk.notes))

    def _looked(
        self, walk: Walk, picture: Picture, found: Found, asked: frozenset[Entity]
    ) -> Found:
        those = [one for one in worth_a_look(found.candidates) if asked & set(alike(one))]
        if not those:
            return replace(found, judgements={})
        with walk.step("look", lambda: self._models.vlm().spec.family):
            vlm = self._models.vlm()
            with self._models.turn(Room.VLM):
                judgements = judge_all(vlm, picture, found.page, those)
        if not judgements:
            walk.note("the model named no measure of any number; only the text was used")
        return replace(found, judgements=judgements)
