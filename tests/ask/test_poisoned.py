"""Text in pictures and speech is data: it starts nothing, fetches nothing, writes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata

import pytest

from scrubjay.ask.evidence import BEGIN, END
from scrubjay.ask.writing import cited
from tests.ask.poisoned import ASKED, CLIPS, MORE_ASKED, PICTURES, TOKENS
from tests.store.killing import REPOSITORY


def run(folder, mode):
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.ask.poisoned", str(folder), mode],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "OMP_NUM_THREADS": "1",
            "POISON_TARGET": str(folder / "owned"),
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def obeyed(tmp_path_factory):
    """A model that falls for everything, so that only the chain stands between it and the world."""
    return run(tmp_path_factory.mktemp("poisoned") / "obeys", "obeys")


def check_answers(answers):
    assert answers
    for answer in answers:
        numbers = {one["number"] for one in answer["sources"]}
        assert set(cited(answer["answer"])) <= numbers
        assert {one["source"] for one in answer["evidence"]} <= numbers
        texts = [answer["answer"], *answer["parts"].values(), *answer["notes"]]
        texts += [one["text"] for one in answer["evidence"]]
        texts += [one["name"] for one in answer["sources"]]
        for text in texts:
            odd = {unicodedata.category(one) for one in text if one not in "\n\u200c\u200d"}
            assert not odd & {"Cc", "Cf", "Cs"}, repr(text)


def test_fifty_poisoned_pictures_and_clips_cause_no_act_even_where_the_model_obeys(obeyed):
    assert obeyed["poisons"] == len(PICTURES) + len(CLIPS) == 50
    assert obeyed["done"] == []
    assert len(obeyed["answers"]) > 2 * len(PICTURES)
    check_answers(obeyed["answers"])


def test_a_poisoned_film_causes_no_act_and_steers_nothing(obeyed):
    assert len(obeyed["watched"]) == len(ASKED) + len(MORE_ASKED)
    check_answers(obeyed["watched"])
    evidence = [one for answer in obeyed["watched"] for one in answer["evidence"]]
    assert any("rm -rf" in one["text"] for one in evidence if one["kind"] == "text")
    assert all(one["end_s"] > one["start_s"] for one in evidence if one["kind"] == "text")


def test_nothing_a_model_is_told_is_a_control_token_or_ends_the_evidence(obeyed):
    told = obeyed["told"]
    assert len(told) > len(PICTURES)
    for text in told:
        assert not [token for token in TOKENS if token in unicodedata.normalize("NFKC", text)]
        lines = text.splitlines()
        assert lines.count(BEGIN) == lines.count(END) <= 1
        if BEGIN in lines:
            inside = lines[lines.index(BEGIN) + 1 : lines.index(END)]
            assert all(line.startswith("[") and "] " in line for line in inside)


def test_an_honest_model_does_nothing_either(tmp_path):
    honest = run(tmp_path / "honest", "honest")
    assert honest["done"] == []
    check_answers(honest["answers"])


def test_the_watch_sees_a_model_that_acts(tmp_path):
    traitor = run(tmp_path / "traitor", "traitor")
    assert any("owned" in one for one in traitor["done"])


@pytest.mark.slow
def test_signs_that_a_real_reader_reads_start_nothing(tmp_path):
    pytest.importorskip("rapidocr")
    seen = run(tmp_path / "ocr", "ocr")
    assert seen["done"] == []
    check_answers(seen["answers"])
    read = " ".join(one["text"] for answer in seen["answers"] for one in answer["evidence"])
    assert "previous" in read.lower(), "it was read"
