"""What comes with a question is decoded within limits, and refused by its name."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.errors import BadMedia
from scrubjay.media.audio import encode_wav
from scrubjay.web.given_media import LARGEST, decode_given_picture, decode_given_sound


def png(width, height):
    out = io.BytesIO()
    Image.new("RGB", (width, height), (10, 200, 30)).save(out, "PNG")
    return out.getvalue()


def test_a_picture_is_decoded_and_a_large_one_made_smaller():
    assert decode_given_picture(png(40, 30), "a").shape == (30, 40, 3)
    made = decode_given_picture(png(2 * LARGEST, 600), "a")
    assert made.shape == (300, LARGEST, 3)
    assert (made == (10, 200, 30)).all()


def test_a_picture_that_is_none_is_refused_by_its_name():
    with pytest.raises(BadMedia, match=r"messages\[0\].content\[1\]: not a picture"):
        decode_given_picture(b"hello there", "messages[0].content[1]")


def test_a_recording_is_decoded_and_one_too_long_refused_by_its_name():
    tone = np.sin(np.arange(32_000) / 5).astype(np.float32) * 0.5
    np.testing.assert_allclose(decode_given_sound(encode_wav(tone), "a", most_s=3), tone, atol=1e-4)
    with pytest.raises(BadMedia, match=r"a\.wav: .*longer"):
        decode_given_sound(encode_wav(tone), "a.wav", most_s=1)
    with pytest.raises(BadMedia, match=r"a\.wav"):
        decode_given_sound(b"no sound", "a.wav", most_s=1)
