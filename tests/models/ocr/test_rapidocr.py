from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from scrubjay.core.errors import BadMedia, MissingExtra, ModelNotFound, WrongUse
from scrubjay.core.protocols import TextReader
from scrubjay.models.load import load_ocr
from tests.models.ocr.pages import page, turned

pytest.importorskip("rapidocr", reason="reading needs the extra: pip install 'scrubjay[ocr]'")

LETTER = [
    ("Harbour Office", 40, 20, 34),
    ("The ferry to Skye leaves at 14:35 from pier 7.", 40, 90, 20),
    ("Tickets are $12.50, children pay half of it.", 40, 125, 20),
    ("Dogs travel free on every crossing (max. 2).", 40, 160, 20),
    ("Please queue behind the yellow line & wait", 40, 195, 20),
    ("until the crew has opened the gate.", 40, 230, 20),
    ("Closed on 25 December", 340, 340, 20),
]


@pytest.fixture(scope="module")
def reader():
    return load_ocr("rapidocr", threads=1)


def test_it_is_a_text_reader_and_says_what_it_reads(reader) -> None:
    assert isinstance(reader, TextReader)
    assert reader.spec.family == "rapidocr"
    assert {"en", "de", "zh", "ja"} <= set(reader.spec.languages)
    assert {"A", "ß", "Ž", "9", "€", "漢", "か"} <= set(reader.characters)
    assert not {"Ж", "ع", "ש", "अ", "한"} & set(reader.characters)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 4, -6])
def test_a_page_is_read_in_order_whichever_way_it_is_turned(reader, degrees) -> None:
    picture, written = turned(*page(LETTER), degrees)
    reading = reader.read(picture)
    assert [line.text for line in reading.lines] == [one.text for one in written]
    size = np.array([reading.width, reading.height])
    assert (reading.height, reading.width) == picture.shape[:2]
    for line, one in zip(reading.lines, written, strict=True):
        corners = np.array(line.corners) * size
        assert np.abs(corners.mean(axis=0) - (one.x, one.y)).max() < 8
        along = corners[1] - corners[0]
        angle = np.degrees(np.arctan2(along[1], along[0]))
        assert abs((angle - degrees + 180) % 360 - 180) < 3
        assert 0.9 < line.confidence <= 1


def test_the_same_picture_is_read_the_same_in_every_thread(reader) -> None:
    picture = np.asarray(page(LETTER[:3])[0])
    with ThreadPoolExecutor(3) as pool:
        readings = list(pool.map(reader.read, [picture] * 3))
    assert readings[0] == readings[1] == readings[2] == reader.read(picture)


def test_a_large_picture_is_read_in_tiles_every_line_once_and_whole(reader) -> None:
    lines = [
        ("OPEN", 300, 60, 420),
        *((f"Row {at} crosses the border of two tiles, from 1,0{at}0 to 2,0{at}0 and on to the "
           f"far end of shelf {at} beside the door", 500, 640 + 83 * at, 44) for at in range(7)),
        ("small print 31", 30, 1330, 18),
        ("at the edge", 2480, 1350, 22),
    ]  # fmt: skip
    picture, written = page(lines, (2640, 1400))
    reading = reader.read(np.asarray(picture))
    assert [line.text for line in reading.lines] == [one.text for one in written]


@pytest.mark.parametrize(("word", "height"), [("Exit", 9), ("Platform 3", 10), ("KM 42", 14)])
def test_a_tiny_picture_is_enlarged(reader, word, height) -> None:
    font = ImageFont.load_default(height)
    width = round(font.getlength(word)) + 6
    picture, _ = page([(word, 3, 2, height)], (width, height + 8))
    assert reader.read(np.asarray(picture)).text == word


def test_slender_pictures_are_read_too(reader) -> None:
    text = "a ticker that runs and runs: FROG +1.2%, NEWT -0.4%, TOAD +3.1%"
    picture, _ = page([(text, 4, 1, 15)], (1500, 22))
    assert reader.read(np.asarray(picture)).text == text
    upwards = np.rot90(np.asarray(picture)).copy()
    assert reader.read(upwards).text == text


def test_an_axis_label_that_runs_upwards_is_read_beside_upright_text(reader) -> None:
    made, _ = page(LETTER[1:4])
    label, _ = page([("Passengers a day", 6, 4, 22)], (190, 34))
    made.paste(label.rotate(90, expand=True), (2, 180))
    reading = reader.read(np.asarray(made))
    assert [line.text for line in reading.lines][-1] == "Passengers a day"
    first, second = (np.array(corner) for corner in reading.lines[-1].corners[:2])
    assert second[1] < first[1]


def test_a_slender_letter_or_digit_stays_upright(reader) -> None:
    made = Image.new("RGB", (400, 90), "white")
    pen, font = ImageDraw.Draw(made), ImageFont.load_default(40)
    for at, text in enumerate(["1", "platform", "7"]):
        pen.text((20 + 70 * at + 100 * (at == 2), 20), text, font=font, fill="black")
    assert reader.read(np.asarray(made)).text.split() == ["1", "platform", "7"]


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 400, 3), (64, 64, 3), (700, 2, 3)])
def test_where_nothing_is_written_nothing_is_read(reader, shape) -> None:
    assert reader.read(np.full(shape, 180, np.uint8)).lines == ()


def test_light_text_on_dark_ground_is_read(reader) -> None:
    picture, _ = page([("MIND THE GAP", 30, 40, 40)], (420, 130), ink="#ffe", ground="#124")
    assert reader.read(np.asarray(picture)).text == "MIND THE GAP"


def test_what_is_no_picture_is_refused(reader) -> None:
    with pytest.raises(BadMedia):
        reader.read(np.zeros((5, 5), np.uint8))


def test_unsure_lines_are_left_out_on_request(reader) -> None:
    strict = load_ocr("rapidocr", threads=1, least_confidence=1.0)  # no line is that sure
    picture = np.asarray(page(LETTER[:2])[0])
    assert strict.read(picture).lines == ()
    assert strict.spec.fingerprint != reader.spec.fingerprint


def test_wrong_options_are_refused_with_what_to_do(tmp_path) -> None:
    with pytest.raises(WrongUse, match="threads"):
        load_ocr("rapidocr", threads=-1)
    with pytest.raises(WrongUse, match="least_confidence"):
        load_ocr("rapidocr", least_confidence=2)
    with pytest.raises(ModelNotFound, match="is not on this machine"):
        load_ocr("rapidocr", recogniser=tmp_path / "none.onnx")
    (tmp_path / "noise.onnx").write_bytes(b"no graph")
    with pytest.raises(WrongUse, match="not a graph"):
        load_ocr("rapidocr", recogniser=tmp_path / "noise.onnx")


def test_a_graph_that_lists_no_characters_is_no_recogniser() -> None:
    from pathlib import Path

    import rapidocr

    finder = Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_det_small.onnx"
    with pytest.raises(WrongUse, match="does not list its characters"):
        load_ocr("rapidocr", recogniser=finder)


def test_without_the_package_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(MissingExtra, match=r"scrubjay\[ocr\]"):
        load_ocr("rapidocr")


ALONE = """
import socket, sys
def refuse(*_, **__):
    raise SystemExit("the network was asked for")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
socket.create_connection = refuse
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scrubjay.models.load import load_ocr
picture = Image.new("RGB", (300, 80), "white")
ImageDraw.Draw(picture).text((20, 20), "quietly 8", font=ImageFont.load_default(30), fill="black")
reading = load_ocr("rapidocr", threads=1).read(np.asarray(picture))
from rapidocr.utils.download_file import DownloadFile
assert reading.text == "quietly 8", reading.text
loaded = {name.split(".")[0] for name in sys.modules}
print(sorted({"torch", "transformers", "onnxruntime"} & loaded))
"""


def test_it_asks_no_network_loads_no_torch_and_prints_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
