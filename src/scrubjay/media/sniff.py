"""What a file is, by its first bytes and never by its name."""

from __future__ import annotations

from enum import StrEnum

from scrubjay.core.types import Kind

HEAD_BYTES = 4096
"""Enough of a file for `sniff` to be sure of all but a few MPEG-4 and Matroska files."""


PLAYLIST = "a playlist, which only names other files: add those, nothing is fetched"
"""Why a playlist is no media."""


class Format(StrEnum):
    """A container or codec Scrubjay can tell apart."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    WAV = "WAV"
    FLAC = "FLAC"
    MP3 = "MP3"
    OGG = "Ogg"
    AAC = "AAC"
    MP4 = "MPEG-4"
    MATROSKA = "Matroska"
    AVI = "AVI"
    MPEG = "MPEG"


PICTURES = frozenset(
    {Format.JPEG, Format.PNG, Format.WEBP, Format.GIF, Format.BMP, Format.TIFF},
)
SOUNDS = frozenset({Format.WAV, Format.FLAC, Format.MP3, Format.OGG, Format.AAC})
CONTAINERS = frozenset({Format.MP4, Format.MATROSKA, Format.OGG})
"""May hold sound alone or pictures too; the tracks named inside decide."""

_STARTS: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"II+\x00", Format.TIFF),
    (b"MM\x00+", Format.TIFF),
    (b"fLaC", Format.FLAC),
    (b"OggS", Format.OGG),
    (b"\x1a\x45\xdf\xa3", Format.MATROSKA),
    (b"\x00\x00\x01\xba", Format.MPEG),
    (b"\x00\x00\x01\xb3", Format.MPEG),
)
_PLAYLIST_STARTS = (b"#extm3u", b"ffconcat", b"[playlist]", b"<mpd", b"<asx", b"<smil")
_PLAYLIST_ROOTS = (b"<mpd", b"<playlist", b"<smil", b"<asx")
_RIFF_FORMS = {b"WEBP": Format.WEBP, b"WAVE": Format.WAV, b"AVI ": Format.AVI}
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_PICTURE_BRANDS = frozenset(
    {b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1", b"avif", b"avis"}
)
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})
_MATROSKA_PICTURES = (b"V_VP", b"V_AV1", b"V_MPEG", b"V_MS/", b"V_THEORA", b"V_REAL", b"V_QUICK")
_TRACKS_WITHIN = 65536
_OGG_PICTURES = (b"\x80theora", b"BBCD\x00", b"OVP80")


def sniff(head: bytes) -> Kind | None:
    """Tell what a file holds from its first bytes.

    Args:
        head: the beginning of the file; HEAD_BYTES are enough, more makes MPEG-4 and Matroska
            files whose track list stands late certain.

    Returns:
        The kind, or None for what is neither a picture, a recording nor a video that Scrubjay
        can tell. A format being recognised does not mean that the rest of the file is sound.
    """
    found = sniff_format(head)
    if found is None:
        return None
    if found in PICTURES:
        return Kind.IMAGE
    if found in CONTAINERS:
        return Kind.SPEECH if _holds_sound_alone(head, found) else Kind.VIDEO
    return Kind.SPEECH if found in SOUNDS else Kind.VIDEO


def is_playlist(head: bytes) -> bool:
    """Whether a file only names others, by its first bytes: M3U, PLS, ffconcat, DASH and such."""
    text = head[:HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<?xml"):
        return any(root in text for root in _PLAYLIST_ROOTS)
    return text.startswith(_PLAYLIST_STARTS)


def claims_media(head: bytes) -> bool:
    """Whether a file whose name says nothing is media, or a list of media, by its first bytes."""
    return sniff(head) is not None or is_playlist(head)


def sniff_format(head: bytes) -> Format | None:
    """Name the format the first bytes belong to, or None."""
    for start, found in _STARTS:
        if head.startswith(start):
            return found
    if head[:4] in {b"RIFF", b"RIFX", b"RF64"}:
        return _RIFF_FORMS.get(head[8:12])
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _PICTURE_BRANDS else Format.MP4
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return Format.BMP
    return _mpeg_sound(head)


def _mpeg_sound(head: bytes) -> Format | None:
    """MP3 and raw AAC have no magic number: an ID3 tag, or a frame header followed by another."""
    if head.startswith((b"ID3\x02", b"ID3\x03", b"ID3\x04")):
        return Format.MP3
    if len(head) < 7 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        length = (head[3] & 0x03) << 11 | head[4] << 3 | head[5] >> 5
        return Format.AAC if length > 7 and _repeats(head, length, 0xF6) else None
    layer_3 = head[1] & 0xE6 == 0xE2
    rate_known = head[1] & 0x18 != 0x08 and head[2] & 0x0C != 0x0C
    if layer_3 and rate_known and head[2] >> 4 not in {0, 15}:
        return Format.MP3 if _repeats(head, _mp3_frame_bytes(head), 0xFE) else None
    return None


def _repeats(head: bytes, length: int, mask: int) -> bool:
    """Whether a second frame header stands where the first frame ends, as far as one can see."""
    if length + 2 > len(head):
        return True
    return head[length] == 0xFF and head[length + 1] & mask == head[1] & mask


_MP3_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_RATES = (44100, 48000, 32000)
_MP3_HALVINGS = {3: 0, 2: 1, 0: 2}
"""Version bits of the header -> how often the sampling rate is halved (MPEG 1, 2, 2.5)."""


def _mp3_frame_bytes(head: bytes) -> int:
    """Length of a layer III frame (ISO/IEC 11172-3, 2.4.3.1; halved for the lower rates)."""
    halvings = _MP3_HALVINGS[head[1] >> 3 & 3]
    kbits = (_MP3_KBITS_2 if halvings else _MP3_KBITS_1)[head[2] >> 4]
    rate = _MP3_RATES[head[2] >> 2 & 3] >> halvings
    eighths = 72 if halvings else 144
    return eighths * kbits * 1000 // rate + (head[2] >> 1 & 1)


def _holds_sound_alone(head: bytes, container: Format) -> bool:
    if container is Format.OGG:
        return not any(mark in head[:512] for mark in _OGG_PICTURES)
    if container is Format.MATROSKA:
        tracks = head[:_TRACKS_WITHIN]
        return b"A_" in tracks and not any(codec in tracks for codec in _MATROSKA_PICTURES)
    handlers = {head[at + 12 : at + 16] for at in _places(head, b"hdlr")}
    if b"vide" in handlers:
        return False
    return b"soun" in handlers or head[8:12] in _SOUND_BRANDS


def _places(head: bytes, mark: bytes) -> list[int]:
    places = []
    at = head.find(mark)
    while at >= 0:
        places.append(at)
        at = head.find(mark, at + 4)
    return places
