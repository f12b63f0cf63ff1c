"""The model card: what a client should know before using a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scrubjay.core.types import EncoderSpec


def model_card(
    *,
    spec: EncoderSpec,
    lineage: Mapping[str, Any],
    directions: Sequence[Mapping[str, Any]],
    split: str | None,
    fitted: Mapping[str, float],
) -> str:
    """Markdown with data, lineage, figures and limits.

    Args:
        fitted: what the run itself measured, by name.
        directions: evaluated directions as their JSON objects.
        split: the part of the data the figures were taken on, or None when none was held out.
    """
    towers = ", ".join(sorted(modality.value for modality in spec.modalities))
    lines = [
        f"# A {spec.name} encoder trained by Scrubjay",
        "",
        f"- towers: {towers}; vectors of {spec.dim} numbers, compare by cosine",
        f"- trained from: {lineage['source']}"
        + (f", {lineage['items']} items" if lineage.get("items") else ""),
        f"- parent version: {lineage.get('parent') or 'none'}",
        f"- code: scrubjay {lineage['scrubjay']}, revision {lineage.get('revision') or 'unknown'}",
        f"- run: {lineage['run']}",
        "",
        "## Figures",
        "",
    ]
    if directions:
        lines += [
            f"On the {split} part, never trained on. In brackets: 95% bootstrap intervals.",
            "",
            "| direction | queries | gallery | R@1 | R@5 | R@10 | MRR | median rank |",
            "|---|---|---|---|---|---|---|---|",
            *(_row(direction) for direction in directions),
        ]
    else:
        lines.append("No items of the collection were held out to take them on.")
    lines += [
        "",
        "The run itself measured:",
        "",
        *(f"- {name}: {value:.4g}" for name, value in sorted(fitted.items())),
        "",
        "## Limits",
        "",
        "It knows what its pictures and descriptions showed it. Figures on few queries have wide "
        "intervals; a small collection is learned by heart rather than understood.",
        "",
        "## Licence",
        "",
        "That of the base model and of the data it was trained on; both are the owner's to state.",
        "",
    ]
    return "\n".join(lines)


def _row(direction: Mapping[str, Any]) -> str:
    recall = [direction["recall"][k] for k in ("1", "5", "10")]
    cells = [f"{r['value']:.3f} [{r['low']:.3f}, {r['high']:.3f}]" for r in recall]
    return (
        f"| {direction['name']} | {direction['n_queries']} | {direction['n_gallery']} | "
        + " | ".join(cells)
        + f" | {direction['mrr']['value']:.3f} | {direction['median_rank']['value']:.0f} |"
    )
