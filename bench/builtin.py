"""The encoder in the box: recall on scenes and voices it never met, probes, and query times.

    python bench/builtin.py
    python bench/builtin.py --write 2026-11 --note "Two hours on two cores."

What is measured is what serves: the exported graphs, one thread. Needs espeak-ng. With --write the
figures and the model card that ship beside the weights are made anew.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Media, Modality
from scrubjay.media.world.scene import Sampler, Template
from scrubjay.media.world.speak import Speaker
from scrubjay.media.world.things import Language
from scrubjay.models.builtin.shipped import CARD, FIGURES, FOLDER
from scrubjay.models.builtin.shipped import figures as shipped_figures
from scrubjay.models.load import load_trainable, load_version
from scrubjay.training.world.measure import Gallery, gallery, probes, retrieval

SCENES = 1000
SEED = 1
QUERIES = 50


def main() -> None:
    """Measure, print the card, and write it when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", metavar="MONTH", help="month the weights were trained in")
    parser.add_argument("--note", default="", help="how long the training took, and where")
    given = parser.parse_args()
    speaker = Speaker()
    with tempfile.TemporaryDirectory() as folder:
        encoder = exported(Path(folder))
        figures: dict[str, Any] = {
            "month": given.write,
            "note": given.note or shipped_note(),
            "scenes": SCENES,
            "galleries": {
                name: measured(encoder, make(speaker)) for name, make in GALLERIES.items()
            },
            "probes": {name: one.to_json() for name, one in probes(encoder, n=1000).items()},
            "query_ms": latency(encoder, speaker),
        }
    card = model_card(figures)
    if given.write:
        (FOLDER / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        (FOLDER / CARD).write_text(card, encoding="utf-8")
    sys.stdout.write(card)


def shipped_note() -> str:
    """What was noted when the weights were shipped."""
    return str(shipped_figures().get("note", "")) if (FOLDER / FIGURES).exists() else ""


def exported(folder: Path) -> Encoder:
    """The shipped weights as they serve, on one thread."""
    (folder / "export").mkdir()
    load_trainable("builtin", source="shipped").export(folder / "export")
    return load_version(folder, threads=1)


def _of(**settings: Any) -> Callable[[Speaker], Gallery]:  # noqa: ANN401 - `gallery` checks each
    sampler = Sampler(held_out_pairs=settings.pop("held_out_pairs", False))
    return lambda speaker: gallery(SCENES, seed=SEED, sampler=sampler, speaker=speaker, **settings)


GALLERIES: dict[str, Callable[[Speaker], Gallery]] = {
    "unseen scenes, unseen voices": _of(),
    "unseen scenes, trained voices": _of(new_voices=False),
    "pairs of things never seen together": _of(held_out_pairs=True),
    "a template never seen (two apples and a dog)": _of(template=Template.COUNT_AND),
    "Spanish": _of(language=Language.SPANISH),
    "French": _of(language=Language.FRENCH),
    "German": _of(language=Language.GERMAN),
}


def measured(encoder: Encoder, of: Gallery) -> dict[str, Any]:
    """Direction to R@1 and R@10 with 95% intervals."""
    return {
        one.name: {str(k): one.recall[k].to_json() for k in (1, 10)}
        for one in retrieval(encoder, of)
    }


def latency(encoder: Encoder, speaker: Speaker) -> dict[str, float]:
    """Median milliseconds of one query, preprocessing included."""
    asked = gallery(QUERIES, seed=SEED + 1, sampler=Sampler(), speaker=speaker)
    two_s = [sound[:32_000] for sound in asked.sounds if len(sound) >= 32_000]
    media: dict[Modality, list[Media]] = {
        Modality.TEXT: list(asked.texts),
        Modality.IMAGE: list(asked.pictures),
        Modality.SPEECH: list(two_s),
    }
    return {name.value: _median_ms(encoder, name, some) for name, some in media.items()}


def _median_ms(encoder: Encoder, name: Modality, media: list[Media]) -> float:
    encoder.encode(name, media[:1])
    took = []
    for one in media:
        began = time.perf_counter()
        encoder.encode(name, [one])
        took.append(1000 * (time.perf_counter() - began))
    return round(median(took), 2)


def model_card(figures: dict[str, Any]) -> str:
    """Markdown: what it is, what it knows, how well, and what it is not."""
    lines = [
        "# The encoder in the box",
        "",
        "A small encoder for pictures, texts and speech that comes with Scrubjay, so that a fresh",
        "machine can find things before anybody has chosen a model. It is a demonstration and a",
        "test bed: it knows what Scrubjay draws and speaks itself, and **nothing of photographs**.",
        "For real pictures use a CLIP or SigLIP (`encoder=transformers encoder.source=...`).",
        "",
        "- Network: one transformer for three modalities, a feed-forward expert each (after VLMo,",
        "  Bao et al. 2022), 4 layers of 192, vectors of 192 numbers; half-precision safetensors.",
        "- Knows: 155 everyday things drawn from Noto Color Emoji, 8 shapes in 10 colours, counts",
        "  from 1 to 5, left, right, above and below, 60 words on signs; English, Spanish, French",
        "  and German, written and spoken by espeak-ng.",
        "- Never shown: 12 kinds of thing (the demonstration's newcomers), a tenth of all pairs of",
        "  things, one template, a sixth of the voices.",
        f"- Trained by `scrubjay train experiment=builtin`, one seed. {figures['note']}",
        "",
        f"## Figures, {figures['scenes']:,} scenes each",
        "",
        "Recall at 1 and at 10 in percent, 95% bootstrap intervals in brackets, from the exported",
        "graphs. Every scene has exactly one right answer among all.",
        "",
    ]
    for name, directions in figures["galleries"].items():
        lines += [
            f"### {name[0].upper()}{name[1:]}",
            "",
            "| direction | R@1 | R@10 |",
            "|---|---|---|",
        ]
        lines += [
            f"| {direction} | {_percent(recall['1'])} | {_percent(recall['10'])} |"
            for direction, recall in directions.items()
        ]
        lines.append("")
    lines += [
        "### Two-way probes, chance 50%",
        "",
        "Share of pictures nearer to their caption than to one that differs in one thing.",
        "",
        "| probe | right |",
        "|---|---|",
        *(
            f"| {name.replace('_', ' ')} | {_percent(one)} |"
            for name, one in figures["probes"].items()
        ),
        "",
        "### One query on one thread, ms, median",
        "",
        ", ".join(f"{name} {ms}" for name, ms in figures["query_ms"].items()) + " (speech of 2 s).",
        "",
        "## Licence",
        "",
        "Weights: Apache-2.0, like Scrubjay. Pictures of things came from Noto Color Emoji (SIL",
        "Open Font License 1.1), its voices from espeak-ng.",
        "",
    ]
    return "\n".join(lines)


def _percent(estimate: dict[str, float]) -> str:
    value, low, high = (100 * estimate[key] for key in ("value", "low", "high"))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    main()
