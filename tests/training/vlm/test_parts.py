from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig, NotReady, TrainingFailed
from scrubjay.core.protocols import silent
from scrubjay.core.types import Split
from scrubjay.training.vlm.parts import Parts, divide
from scrubjay.training.vlm.table import Columns, read_table


def picture(seed: int, side: int = 96) -> Image.Image:
    random = np.random.default_rng(seed)
    rough = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return rough.resize((side, side), Image.Resampling.BICUBIC)


def parts(folder: Path, rows: list[tuple[str, str]], **settings) -> Parts:
    lines = ["image,answer,split", *(f"{name},said,{split}" for name, split in rows)]
    (folder / "t.csv").write_text("\n".join(lines))
    table = read_table(folder / "t.csv", columns=Columns(), instruction="Say.")
    given = {"val": 0.2, "test": 0.2, "tolerate": 0.0, "limits": MediaLimits(), **settings}
    return divide(table, progress=silent, **given)


def saved(folder: Path, count: int) -> list[str]:
    names = [f"{number}.png" for number in range(count)]
    for number, name in enumerate(names):
        picture(number).save(folder / name)
    return names


def where(made: Parts) -> dict[str, Split]:
    return {row.picture: split for split, rows in made.rows.items() for row in rows}


def test_parts_are_drawn_by_the_pictures_and_stay(tmp_path) -> None:
    names = saved(tmp_path, 60)
    made = where(parts(tmp_path, [(name, "") for name in names]))
    counts = [list(made.values()).count(split) for split in (Split.VAL, Split.TEST)]
    assert all(4 <= count <= 22 for count in counts)
    fewer = where(parts(tmp_path, [(name, "") for name in reversed(names[:40])]))
    assert fewer == {name: made[name] for name in names[:40]}


def test_equal_and_nearly_equal_pictures_share_a_part(tmp_path) -> None:
    names = saved(tmp_path, 30)
    rows = [(name, "") for name in names]
    for number in range(30):
        again = io.BytesIO()
        picture(number).save(again, format="JPEG", quality=95)
        (tmp_path / f"{number}.jpg").write_bytes(again.getvalue())
        (tmp_path / f"{number}-copy.png").write_bytes((tmp_path / f"{number}.png").read_bytes())
        rows += [(f"{number}.jpg", ""), (f"{number}-copy.png", "")]
    made = parts(tmp_path, rows)
    found = where(made)
    for number in range(30):
        assert len({found[f"{number}{end}"] for end in (".png", ".jpg", "-copy.png")}) == 1
    assert len(set(made.groups.values())) == 30
    assert len(set(found.values())) == 3


def test_the_table_decides_and_the_most_held_out_wins(tmp_path) -> None:
    names = saved(tmp_path, 3)
    (tmp_path / "copy.png").write_bytes((tmp_path / "0.png").read_bytes())
    rows = [("0.png", "train"), ("copy.png", "test"), (names[1], "train"), (names[2], "val")]
    found = where(parts(tmp_path, rows))
    assert found == {
        "0.png": Split.TEST,
        "copy.png": Split.TEST,
        "1.png": Split.TRAIN,
        "2.png": Split.VAL,
    }


def test_unusable_rows_are_left_out_up_to_a_share(tmp_path) -> None:
    names = saved(tmp_path, 18)
    (tmp_path / "cut.png").write_bytes((tmp_path / "0.png").read_bytes()[:60])
    rows = [*((name, "") for name in names), ("cut.png", ""), ("gone.png", "")]
    made = parts(tmp_path, rows, tolerate=0.1)
    assert set(made.left_out) == {20, 21}
    assert "cut.png" in made.left_out[20]
    assert "no such file" in made.left_out[21]
    with pytest.raises(TrainingFailed, match=r"2 of 20 rows .*row 20: .*cut\.png.*tolerate"):
        parts(tmp_path, rows, tolerate=0.05)
    with pytest.raises(TrainingFailed, match="over the limit"):
        parts(tmp_path, rows[:18], limits=MediaLimits(max_pixels=100))


def test_nothing_to_learn_from_or_to_measure_with_says_so(tmp_path) -> None:
    names = saved(tmp_path, 3)
    with pytest.raises(NotReady, match="3 to learn from and 0 held out"):
        parts(tmp_path, [(name, "train") for name in names])
    with pytest.raises(NotReady, match="0 to learn from"):
        parts(tmp_path, [(name, "test") for name in names])
    with pytest.raises(NotReady, match="has no rows"):
        parts(tmp_path, [])
    with pytest.raises(BadConfig, match="leave some"):
        parts(tmp_path, [(names[0], "")], val=0.6, test=0.4)
