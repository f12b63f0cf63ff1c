"""GIT (Wang et al. 2022): captions."""

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
    """A GIT; its options are those of the `transformers` family, and so are the errors."""
    from scrubjay.models.pretrained.ways.git import KIND, Git

    opened = KIND.open(
        source, adapter=adapter, quantize=quantize, dtype=dtype, device=device, threads=threads
    )
    return Git.of(opened, None).looker(opened)
