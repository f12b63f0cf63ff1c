from __future__ import annotations

from scrubjay.core.types import EncoderSpec, Modality
from scrubjay.retrain.card import model_card

SPEC = EncoderSpec(
    name="builtin",
    version="",
    dim=192,
    modalities=frozenset({Modality.TEXT, Modality.IMAGE}),
    fingerprint="f" * 64,
)
LINEAGE = {
    "run": "20261101-000000-abcd",
    "source": "snapshot 2026-11-1234567",
    "items": 200,
    "parent": "2026-10-7654321",
    "scrubjay": "0.1.0",
    "revision": "abc",
}
DIRECTION = {
    "name": "text->image",
    "n_queries": 20,
    "n_gallery": 19,
    "recall": {k: {"value": 0.5, "low": 0.25, "high": 0.75} for k in ("1", "5", "10")},
    "mrr": {"value": 0.4, "low": 0.3, "high": 0.5},
    "median_rank": {"value": 3.0, "low": 2.0, "high": 4.0},
}


def test_the_card_names_data_parent_and_towers() -> None:
    card = model_card(spec=SPEC, lineage=LINEAGE, directions=(), split=None, fitted={})
    assert "snapshot 2026-11-1234567, 200 items" in card
    assert "parent version: 2026-10-7654321" in card
    assert "towers: image, text; vectors of 192 numbers" in card


def test_figures_come_with_their_intervals_and_counts() -> None:
    card = model_card(spec=SPEC, lineage=LINEAGE, directions=[DIRECTION], split="test", fitted={})
    assert "| text->image | 20 | 19 | 0.500 [0.250, 0.750] |" in card
    assert "On the test part" in card


def test_a_card_without_figures_says_so() -> None:
    card = model_card(
        spec=SPEC, lineage=LINEAGE, directions=(), split=None, fitted={"test/precision_at_10": 0.5}
    )
    assert "No items of the collection were held out" in card
    assert "- test/precision_at_10: 0.5" in card
