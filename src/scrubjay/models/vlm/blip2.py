"""BLIP-2 (Li et al. 2023): captions, and short answers to questions about one picture."""

from __future__ import annotations

from pathlib import Path

from scrubjay.core.protocols import VisionLanguage


def load(
    *,
    source: str | Path,
    adapter: str | Path | None = None,
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
) -> VisionLanguage:
    """A BLIP-2; its options are those of the `transformers` family, and so are the errors."""
    from scrubjay.models.pretrained.ways.blip2 import KIND, Blip2

    opened = KIND.open(
        source, adapter=adapter, quantize=quantize, dtype=dtype, device=device, threads=threads
    )
    return Blip2.of(opened, None).looker(opened)
