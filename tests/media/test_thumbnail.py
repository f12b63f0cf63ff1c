"""Small pictures: upright, no larger than asked, like the picture, and nothing but pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.media.image import decode_picture
from scrubjay.media.thumbnail import SIDES, fitting_side, thumbnail


def jpeg(size, **more):
    ramp = np.linspace(0, 255, size[0], dtype=np.uint8)
    pixels = np.broadcast_to(ramp[None, :, None], (size[1], size[0], 3))
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "JPEG", quality=95, **more)
    return out.getvalue()


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1600, 800), (384, 192)),
        ((50, 20), (50, 20)),
        ((10, 4000), (1, 384)),
        ((400, 400), (384, 384)),
    ],
)
def test_its_longer_side_is_what_was_asked_and_never_more_than_it_had(size, small):
    made = thumbnail(jpeg(size), 384)
    assert decode_picture(made).shape[1::-1] == small


def test_it_looks_like_the_picture():
    data = jpeg((1600, 800))
    with Image.open(io.BytesIO(data)) as image:
        reference = np.asarray(image.resize((384, 192), Image.Resampling.LANCZOS)).astype(int)
    made = decode_picture(thumbnail(data, 384)).astype(int)
    assert np.abs(made - reference).mean() < 3


def test_it_is_upright_and_says_nothing_of_place_or_camera():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "1 Secret Street"
    made = thumbnail(jpeg((400, 200), exif=exif, comment=b"Secret"), 192)
    assert decode_picture(made).shape[:2] == (192, 96)
    assert b"Secret" not in made
    with Image.open(io.BytesIO(made)) as image:
        assert not image.getexif()


def test_what_is_no_picture_or_too_large_is_refused():
    with pytest.raises(BadMedia, match="not a picture"):
        thumbnail(b"words", 192)
    with pytest.raises(BadMedia, match="over the limit"):
        thumbnail(jpeg((400, 200)), 192, MediaLimits(max_pixels=1000))


def test_few_sizes_are_made():
    asked = (1, 192, 193, 384, 500, 768, 5000)
    assert [fitting_side(one) for one in asked] == [192, 192, 384, 384, 768, 768, 768]
    assert sorted(SIDES) == list(SIDES)
