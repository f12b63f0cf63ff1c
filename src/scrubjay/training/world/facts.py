"""What is true of a scene, as the targets every tower's vectors are taught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scrubjay.media.world.lexicon import ABOVE, BELOW, LEFT, OPPOSITE, RIGHT
from scrubjay.media.world.scene import Scene, Template, meaning

PLACES = (LEFT, RIGHT, ABOVE, BELOW)
TEMPLATES = tuple(Template)
MOST_TOGETHER = 4
"""Different concepts in a scene, at most."""
UNKNOWN = -100
"""A target that does not count: what cross entropy ignores."""


class Facts(NamedTuple):
    """Targets of n scenes, int64; UNKNOWN where there is none.

    Attributes:
        present: (n, MOST_TOGETHER) concepts.
        placed: (n, 4) the concept that is left, right, above and below.
        number: (n,) objects less one, of scenes of one concept.
        template: (n,).
        groups: (n,) equal for scenes that mean the same.
    """

    present: Tensor
    placed: Tensor
    number: Tensor
    template: Tensor
    groups: Tensor


def facts_of(scenes: Sequence[Scene]) -> Facts:
    """The facts of some scenes."""
    present = np.full((len(scenes), MOST_TOGETHER), UNKNOWN, np.int64)
    placed = np.full((len(scenes), len(PLACES)), UNKNOWN, np.int64)
    number = np.full(len(scenes), UNKNOWN, np.int64)
    for row, scene in enumerate(scenes):
        present[row, : len(scene.everything)] = scene.everything
        if scene.place is not None:
            first, second = scene.concepts
            placed[row, PLACES.index(scene.place)] = first
            placed[row, PLACES.index(OPPOSITE[scene.place])] = second
        if scene.template in {Template.ONE, Template.COUNT}:
            number[row] = scene.count - 1
    template = np.array([TEMPLATES.index(scene.template) for scene in scenes], np.int64)
    groups = np.array([meaning(scene) for scene in scenes], np.int64)
    return Facts(*(torch.from_numpy(one) for one in (present, placed, number, template, groups)))
