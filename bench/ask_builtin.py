"""The question model in the box, by type of question: rows of what `bench/builtin_vqa.py` measures.

python bench/ask_builtin.py --each 400
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from ask_table import Row

SCRIPT = "bench/builtin_vqa.py"
FOREIGN = "wikiart-tickets"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--each", type=int, default=400, help="questions of each type")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    for row in rows(each=options.each):
        print(row.line(markdown=options.markdown), flush=True)


def rows(*, each: int = 400) -> Iterator[Row]:
    """Answered and right by type; silence elsewhere; milliseconds."""
    from builtin_vqa import by_type, foreign, milliseconds, percent
    from scrubjay.models.builtin_vqa.answering import QuestionModel
    from scrubjay.models.builtin_vqa.shipped import FOLDER

    model = QuestionModel.open(FOLDER, threads=1)
    types, _ = by_type(model, each)
    asked = f"the question model in the box, {each} questions of each type about held-out scenes"
    answered = "; ".join(
        f"{name} {percent(row['answered'])} / {percent(row['right'])}"
        for name, row in types.items()
        if row["answerable"]
    )
    yield Row(f"{asked}: answered / of these right, in %", answered, SCRIPT)
    silent = "; ".join(
        f"{name} {percent(row['silent'])}" for name, row in types.items() if row["unanswerable"]
    )
    yield Row(f"{asked}: silent where there is no answer, in %", silent, SCRIPT)
    folder = shared_data() / FOREIGN
    if folder.is_dir():
        looked_at = foreign(model, folder)
        what = (
            f"silent about the {looked_at['n']} paintings of `{FOREIGN}`, which set no limit, in %"
        )
        yield Row(
            what, percent(looked_at["silent"]), f"{SCRIPT} --foreign ../shared/data/{FOREIGN}"
        )
    took = milliseconds(FOLDER)
    figure = f"{took['question']:.1f} ms; {took['caption']:.1f} ms"
    yield Row("one question about one picture, one thread; a caption", figure, SCRIPT)


def shared_data() -> Path:
    """Where recordings and pictures for measuring are."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("SCRUBJAY_SHARED_DATA") or beside)


if __name__ == "__main__":
    main()
