from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Kind
from scrubjay.media.image import decode_picture
from scrubjay.media.phash import perceptual_hash
from scrubjay.search.examine import Facts, examine, examine_file
from tests.media.samples import recorded, saved, scenery, tone, video


def test_a_picture_is_measured_upright_and_hashed() -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    data = saved(scenery(96, 70), "PNG", exif=tags)
    assert examine(data, MediaLimits()) == Facts(
        sha256=hashlib.sha256(data).hexdigest(),
        kind=Kind.IMAGE,
        size=len(data),
        width=70,
        height=96,
        phash=perceptual_hash(decode_picture(data)),
    )


def test_a_large_jpeg_hashes_nearly_as_it_does_whole() -> None:
    data = saved(scenery(1600, 1200), "JPEG")
    facts = examine(data, MediaLimits())
    whole = perceptual_hash(decode_picture(data))
    assert (facts.width, facts.height) == (1600, 1200)
    assert facts.phash is not None
    assert whole is not None
    assert (facts.phash ^ whole).bit_count() <= 2


def test_a_recording_is_measured_in_seconds() -> None:
    data = recorded(tone(1.25, 8_000), 8_000, "WAV")
    facts = examine(data, MediaLimits())
    assert (facts.kind, facts.duration_s, facts.phash) == (Kind.SPEECH, 1.25, None)


def test_a_small_picture_has_no_perceptual_hash() -> None:
    assert examine(saved(scenery(28, 28), "PNG"), MediaLimits()).phash is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty file"), (b"a text named .jpg", "neither a picture nor a recording")],
)
def test_what_cannot_be_used_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(BadMedia, match=reason):
        examine(data, MediaLimits())


def test_a_video_is_measured_by_its_first_frame_and_its_end(tmp_path: Path) -> None:
    data = video()
    facts = Facts(hashlib.sha256(data).hexdigest(), Kind.VIDEO, len(data), 64, 48, duration_s=0.3)
    assert examine(data, MediaLimits()) == facts
    (tmp_path / "clip.bin").write_bytes(data)
    assert examine_file(tmp_path / "clip.bin", MediaLimits()) == facts


def test_a_damaged_middle_of_a_recording_is_found_without_keeping_it() -> None:
    samples = np.zeros(200_000, np.float32)
    samples[0], samples[150_000] = 0.5, np.nan
    out = io.BytesIO()
    soundfile.write(out, samples, 16_000, format="WAV", subtype="FLOAT")
    with pytest.raises(BadMedia, match="not finite"):
        examine(out.getvalue(), MediaLimits())


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_facts_or_bad_media(data: bytes) -> None:
    try:
        facts = examine(data, MediaLimits())
    except BadMedia:
        return
    assert facts.size == len(data)
