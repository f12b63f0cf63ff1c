from __future__ import annotations

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.media.image import decode_picture, probe_picture
from tests.media.samples import FORMATS, saved, scenery

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

ORIENTATION = 0x0112


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_decodes_as_its_library_does(format: str) -> None:
    data = saved(scenery(), format)
    picture = decode_picture(data)
    np.testing.assert_array_equal(picture, by_pillow(data))
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert probe_picture(data) == (96, 64)


def test_a_grey_jpeg_becomes_three_equal_channels() -> None:
    data = saved(Image.fromarray(scenery()).convert("L"), "JPEG")
    np.testing.assert_array_equal(decode_picture(data), by_pillow(data))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(format: str, orientation: int) -> None:
    data = saved(scenery(), format, exif=exif(orientation))
    upright = by_pillow(data)
    np.testing.assert_array_equal(decode_picture(data), upright)
    assert probe_picture(data) == (upright.shape[1], upright.shape[0])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_to_a_scaled_jpeg(orientation: int) -> None:
    data = saved(scenery(800, 600), "JPEG", exif=exif(orientation))
    upright = by_pillow(data)
    small = decode_picture(data, min_side=64)
    height, width = small.shape[:2]
    assert min(height, width) < 300
    expected = np.asarray(Image.fromarray(upright).resize((width, height), Image.Resampling.BOX))
    assert np.abs(small.astype(int) - expected).mean() < 3


def test_exif_behind_the_pixels_of_a_png_is_applied() -> None:
    data = saved(scenery(), "PNG", exif=exif(6))
    at = data.index(b"eXIf") - 4
    chunk = data[at : at + 12 + int.from_bytes(data[at : at + 4], "big")]
    end = data.index(b"IEND") - 4
    moved = data[:at] + data[at + len(chunk) : end] + chunk + data[end:]
    np.testing.assert_array_equal(decode_picture(moved), decode_picture(data))
    assert probe_picture(moved) == (64, 96)


def test_damaged_exif_leaves_the_picture_as_it_is() -> None:
    plain = saved(scenery(), "JPEG")
    broken = (
        plain[:2] + b"\xff\xe1\x00\x12Exif\x00\x00MM\x00*\xff\xff\xff\xff" + bytes(2) + plain[2:]
    )
    np.testing.assert_array_equal(decode_picture(broken), by_pillow(plain))


@pytest.mark.parametrize(
    ("mode", "format"),
    [*itertools.product(("RGBA", "LA"), ("PNG", "WEBP", "TIFF")), ("PA", "PNG")],
)
def test_transparency_is_composed_on_white(mode: str, format: str) -> None:
    layer = Image.new("RGBA", (8, 4), (0, 0, 0, 255))
    layer.paste((0, 0, 0, 0), (0, 0, 4, 4))
    half = Image.new("RGBA", (2, 4), (0, 0, 0, 128))
    layer.paste(half, (4, 0))
    if mode == "PA":
        layer = layer.quantize(method=Image.Quantize.FASTOCTREE)
    elif mode == "LA":
        layer = layer.convert("LA")
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    picture = decode_picture(saved(layer, format, **options))
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert picture[0, 4].tolist() == pytest.approx([127, 127, 127], abs=2)
    assert picture[0, 7].tolist() == [0, 0, 0]


def test_a_transparent_colour_is_white() -> None:
    picture = Image.new("RGB", (4, 4), (10, 20, 30))
    data = saved(picture, "PNG", transparency=(10, 20, 30))
    assert (decode_picture(data) == 255).all()


def test_a_gif_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_picture(data)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_brightness(format: str) -> None:
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    data = saved(Image.fromarray(levels * 257), format)
    np.testing.assert_array_equal(decode_picture(data)[..., 0], levels)


def test_sixteen_bit_colour_keeps_its_brightness() -> None:
    row = np.array([[0, 0x8080, 0xFFFF]], ">u2").tobytes()

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
    data += chunk(b"IDAT", zlib.compress(b"\x00" + row)) + chunk(b"IEND", b"")
    assert decode_picture(data)[0, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("values", [(0.0, 0.5, 1.0), (0.0, 127.5, 255.0), (-3.0, 0.0, 3.0)])
def test_floating_point_tiff_is_scaled_to_its_range(values: tuple[float, float, float]) -> None:
    data = saved(Image.fromarray(np.array([values], np.float32)), "TIFF")
    assert decode_picture(data)[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("min_side", [None, 64])
def test_a_cmyk_jpeg_decodes_as_pillow_does(min_side: int | None) -> None:
    data = saved(Image.fromarray(scenery(640, 480)).convert("CMYK"), "JPEG")
    picture = decode_picture(data, min_side=min_side)
    if min_side is None:
        np.testing.assert_array_equal(picture, by_pillow(data))
    else:
        assert picture.shape[:2] == (120, 160)


def test_a_scaled_jpeg_keeps_a_margin_and_nearly_the_same_picture() -> None:
    data = saved(scenery(1600, 1200), "JPEG", quality=90)
    small = decode_picture(data, min_side=224)
    assert 1.25 * 224 <= min(small.shape[:2]) <= 2.5 * 224

    def reduced(picture: np.ndarray) -> np.ndarray:
        return np.asarray(Image.fromarray(picture).resize((300, 224), Image.Resampling.BICUBIC))

    difference = np.abs(reduced(small).astype(int) - reduced(decode_picture(data)))
    assert difference.mean() / 255 < 0.01


def test_a_jpeg_smaller_than_asked_keeps_its_size() -> None:
    assert decode_picture(saved(scenery(), "JPEG"), min_side=224).shape == (64, 96, 3)


@pytest.mark.parametrize("min_side", [None, 64])
def test_a_whole_jpeg_with_stray_bytes_is_read_as_pillow_reads_it(min_side: int | None) -> None:
    data = saved(scenery(640, 480), "JPEG")
    stray = data[:-2] + b"\x00\x00\x00" + data[-2:]
    np.testing.assert_array_equal(
        decode_picture(stray, min_side=min_side), decode_picture(data, min_side=min_side)
    )


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_truncated_picture_is_refused(format: str, part: float) -> None:
    data = saved(scenery(), format)
    for min_side in (None, 16):
        with pytest.raises(BadMedia):
            decode_picture(data[: int(part * len(data))], min_side=min_side)


def bombs() -> dict[str, bytes]:
    """Headers that promise 2.5 gigapixels (WebP: what it can) and hold no picture at all."""
    side = 50_000
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", side, side)
    header = b"\x08\x02\x00\x00\x00"
    png += header + struct.pack(">I", zlib.crc32(png[12:] + header)) + b"\x00\x00\x00\x00IDAT"
    jpeg = b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", side, side)
    jpeg += b"\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11"
    jpeg += b"\x00\x3f\x00"
    bmp = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, side, side, 1, 24, *[0] * 6)
    gif = b"GIF89a" + struct.pack("<HH", side, side) + b"\x00\x00\x00"
    gif += b"," + struct.pack("<HHHH", 0, 0, side, side) + b"\x00\x02\x00\x3b"
    webp = b"RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + bytes(4)
    webp += (16382).to_bytes(3, "little") * 2
    entries = [(256, 4, side), (257, 4, side), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    entries += [(277, 3, 1), (278, 4, side), (279, 4, 1)]
    tiff = b"II*\x00" + struct.pack("<IH", 8, len(entries))
    tiff += b"".join(struct.pack("<HHII", tag, width, 1, value) for tag, width, value in entries)
    return {
        "PNG": png,
        "JPEG": jpeg,
        "BMP": bmp,
        "GIF": gif,
        "WEBP": webp,
        "TIFF": tiff + bytes(4),
    }


@pytest.mark.parametrize("format", FORMATS)
def test_an_image_bomb_is_refused_by_its_header(format: str) -> None:
    for decode in (decode_picture, lambda data: probe_picture(data)):
        with pytest.raises(BadMedia, match=r"over the limit of 50,000,000"):
            decode(bombs()[format])


def test_the_pixel_limit_is_exact() -> None:
    data = saved(scenery(96, 64), "PNG")
    assert decode_picture(data, limits=MediaLimits(max_pixels=96 * 64)).shape == (64, 96, 3)
    with pytest.raises(BadMedia, match="96 x 64"):
        decode_picture(data, limits=MediaLimits(max_pixels=96 * 64 - 1))


def test_a_file_over_the_byte_limit_is_refused() -> None:
    data = saved(scenery(), "PNG")
    with pytest.raises(BadMedia, match="over the limit"):
        decode_picture(data, limits=MediaLimits(max_bytes=len(data) - 1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty file"), (b"a text named .jpg", "not a picture"), (b"fLaC", "FLAC")],
)
def test_what_is_no_picture_says_what_it_is(data: bytes, reason: str) -> None:
    with pytest.raises(BadMedia, match=reason):
        decode_picture(data)


@given(st.sampled_from([bomb[:12] for bomb in bombs().values()]), st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_behind_a_magic_number_raise_nothing_but_bad_media(
    start: bytes, rest: bytes
) -> None:
    for min_side in (None, 32):
        try:
            picture = decode_picture(start + rest, min_side=min_side)
        except BadMedia:
            continue
        assert picture.ndim == 3


@given(
    st.sampled_from(FORMATS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_a_file_with_changed_bytes_raises_nothing_but_bad_media(
    format: str, changes: list[tuple[float, int]]
) -> None:
    options = {} if format in {"GIF", "BMP"} else {"exif": exif(6)}
    data = bytearray(saved(scenery(40, 30), format, **options))
    for place, byte in changes:
        data[int(place * len(data))] = byte
    limits = MediaLimits(max_pixels=1_000_000)
    try:
        picture = decode_picture(bytes(data), limits=limits)
    except BadMedia:
        return
    assert picture.shape[2] == 3
    assert picture.shape[0] * picture.shape[1] <= limits.max_pixels
