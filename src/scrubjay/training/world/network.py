"""The network this world is taught to."""

from __future__ import annotations

from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Modality
from scrubjay.models.builtin.network import ImageTower, Network


def network_of(encoder: TrainableEncoder) -> Network:
    """The network of a built-in encoder.

    Raises:
        BadConfig: it is another encoder, or has not every tower.
    """
    has = encoder.spec.modalities
    tower = encoder.tower(Modality.IMAGE) if has == frozenset(Modality) else None
    if not isinstance(tower, ImageTower):
        raise BadConfig(
            "this experiment teaches the built-in encoder to see, read and hear; use "
            "encoder=builtin with all its modalities"
        )
    return tower.network
