"""Settings every command shares, as plain typed values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOME_VARIABLE = "SCRUBJAY_HOME"
BUILTIN_VARIABLE = "SCRUBJAY_BUILTIN"
REGISTRY_VARIABLE = "SCRUBJAY_REGISTRY"
PRECISION_VARIABLE = "SCRUBJAY_PRECISION"
DEFAULT_HOME = "scrubjay-home"


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What a stranger's file may cost.

    Attributes:
        max_pixels: width x height of a picture, checked before it is decoded.
        max_bytes: size of one file.
        max_sound_s: length of a recording in seconds.
    """

    max_pixels: int = 50_000_000
    max_bytes: int = 512 * 1024 * 1024
    max_sound_s: float = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What a stranger's video may cost.

    Attributes:
        max_bytes: size of the file.
        max_s: its length in seconds.
        max_pixels: width x height of a frame.
        memory: bytes its decoder may map beyond what it begins with.
        least_s: seconds of processor time for one pass, however short it is.
        per_s: seconds of processor time more for each second it may last.
        stall_s: seconds by the clock in which something must come.
    """

    max_bytes: int = 64 * 1024**3
    max_s: float = 12 * 3600.0
    max_pixels: int = 4096 * 4096
    memory: int = 1536 * 1024**2
    least_s: float = 60.0
    per_s: float = 1.0
    stall_s: float = 120.0


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """When and how a generation stops being searched exactly.

    Attributes:
        exact_below: rows up to which search compares with every row.
        nprobes: partitions searched in an approximate index; 0 lets the store choose.
    """

    exact_below: int = 50_000
    nprobes: int = 0


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A family of models and its options."""

    family: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the home is and what ingestion, index and evaluation may spend."""

    home: Path
    limits: MediaLimits = MediaLimits()
    video: VideoLimits = VideoLimits()
    index: IndexSettings = IndexSettings()
    threads: int = 0
    """Worker and inference threads; 0 means one per available core."""
    builtin: bool = True
    """Whether a new home is served by the built-in encoder until it has one of its own."""
    registry: str | None = None
    """Where versions and the champion are: `s3://bucket/prefix` or a folder; None: in the home."""
    listener: ModelChoice = ModelChoice("pocketsphinx")
    """What hears what is said in videos, where it is installed."""
    reader: ModelChoice = ModelChoice("rapidocr")
    """What reads what is written in them, where it is installed."""


def home_path(given: Path | None) -> Path:
    """The home: the option, else $SCRUBJAY_HOME, else ./scrubjay-home."""
    return given if given is not None else Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME)


def wants_builtin() -> bool:
    """Whether new homes begin with the built-in encoder: unless $SCRUBJAY_BUILTIN is 0."""
    return os.environ.get(BUILTIN_VARIABLE, "1") != "0"


def registry_url(given: str | None = None) -> str | None:
    """Where the registry is: the option, else $SCRUBJAY_REGISTRY, else in the home (None)."""
    return given or os.environ.get(REGISTRY_VARIABLE) or None


def serving_precision() -> str:
    """What versions are served in: $SCRUBJAY_PRECISION (`auto`, `bf16`, `f32`), else `auto`."""
    return os.environ.get(PRECISION_VARIABLE) or "auto"
