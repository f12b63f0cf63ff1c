"""ViLT (Kim et al. 2021): a question about one picture, answered with one of its labels."""

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
    """A ViLT for questions; options and errors are those of the `transformers` family."""
    from scrubjay.models.pretrained.ways.vilt import KIND, Vilt

    opened = KIND.open(
        source, adapter=adapter, quantize=quantize, dtype=dtype, device=device, threads=threads
    )
    return Vilt.of(opened, None).looker(opened)
