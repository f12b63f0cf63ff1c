"""`scrubjay compare` on models that follow from arithmetic, as it would be typed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from scrubjay.ask.comparing.cost import Prices
from scrubjay.ask.comparing.questions import read_questions
from scrubjay.cli.ask import ask
from scrubjay.cli.compare import compare
from scrubjay.cli.compare_points import compare_settings, points_of
from scrubjay.cli.compose import ask_settings, compose
from scrubjay.core.errors import BadConfig, UnknownName, WrongUse
from scrubjay.services import open_home
from tests.ask.comparing.posed import write_questions
from tests.cli.one_command import running
from tests.cli.pressing import heard
from tests.deploy.commands import blocks

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "compare.md").read_text()
run, asked = running(compare), running(ask)
THREE = (
    *("--model", "vlm=fake ocr=fake"),
    *("--model", "by=ocr ocr=fake"),
    *("--model", "by=commonest"),
)


@pytest.fixture
def questions(tmp_path):
    extra = ({"image": "0.png", "question": "who painted it?", "unanswerable": True},)
    return write_questions(tmp_path / "own", n=11, extra=extra)


def compared(questions, tmp_path, *more):
    result = run(questions, "--home", tmp_path / "home", "--json", *more)
    return json.loads(result.stdout)


def test_three_offline_points_on_a_dozen_questions(questions, tmp_path):
    told = compared(questions, tmp_path, *THREE, "prices.machine_per_hour=0.5")
    points = {one["name"]: one for one in told["points"]}
    assert set(points) == {"fake", "text read by fake", "commonest answer"}
    fake, reader = points["fake"], points["text read by fake"]
    assert fake["accuracy"]["normalised"]["value"] == 1.0
    assert fake["refusals"] == {
        "n": 1,
        "rate": pytest.approx(1 / 12, abs=1e-4),
        "right": 1,
        "wrong": 0,
        "unanswerable_noticed": 1.0,
    }
    assert fake["calibration"]["ece"] == pytest.approx(0.1)
    assert reader["accuracy"]["normalised"]["value"] == pytest.approx(1 / 12)
    for one in points.values():
        assert one["latency"]["n"] == 12
        assert 0 < one["latency"]["p50_s"] <= one["latency"]["p95_s"]
        assert one["peak_memory_bytes"] > 10 << 20
        assert one["cost_per_1000"] > 0
    better = {(one["first"], one["second"]): one["better"] for one in told["versus"]}
    assert better["fake", "text read by fake"] == "fake"
    assert len(told["answers"]) == 12
    assert told["answers"][0]["answers"]["fake"]["text"] == "red"
    assert "Answers side by side" in Path(told["report"]).read_text()


def test_the_table_says_who_is_better_and_a_second_run_asks_nothing(questions, tmp_path):
    first = run(questions, "--home", tmp_path / "home", *THREE)
    assert "fake is shown to be better than text read by fake" in first.stdout
    assert "kept for" not in first.stderr
    again = run(questions, "--home", tmp_path / "home", *THREE)
    assert again.stdout == first.stdout
    assert "answers and times of an earlier comparison were kept for: fake;" in again.stderr


def test_a_model_that_cannot_be_loaded_is_a_row_that_says_why(questions, tmp_path):
    told = compared(
        questions,
        tmp_path,
        *("--model", f"name=gone vlm=builtin vlm.source={tmp_path / 'nowhere'}"),
        *("--model", "vlm=fake"),
    )
    gone, fake = told["points"]
    assert "nowhere" in gone["failure"]
    assert "accuracy" not in gone
    assert fake["failure"] is None


def test_models_times_bits_times_prompts(tmp_path):
    home = open_home(tmp_path / "home")
    source = tmp_path / "m"
    source.mkdir()
    models = [f"name=mine vlm=transformers vlm.source={source}", "vlm=builtin", "by=ocr"]
    made = points_of(home, models, quantize=["none", "4bit"], prompts=["plain", "rules"])
    assert [one.name for one in made] == [
        *("mine none, plain", "mine none, rules", "mine 4bit, plain", "mine 4bit, rules"),
        *("builtin, plain", "builtin, rules"),
        "text read by rapidocr",
    ]
    assert made[3].settings.vlm.options["quantize"] == "4bit"
    assert made[3].settings.prompt == "rules"


def test_prompts_of_a_model_that_takes_none_are_asked_once(questions, tmp_path):
    told = compared(questions, tmp_path, "--model", "vlm=builtin", "--prompt", "plain,rules")
    assert [one["name"] for one in told["points"]] == ["builtin, plain"]
    assert "builtin, rules" in told["notes"][0]


def test_the_chosen_point_is_written_as_ask_reads_it(questions, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "ask.yaml").write_text("k: 7\nvlm: transformers\nvlm.source: /somewhere\n")
    model = ("--model", "vlm=fake ocr=fake", "--prompt", "plain,rules")
    shown = run(questions, "--home", home, *model, "--emit", "config", "--choose", "fake, rules")
    values = yaml.safe_load(shown.stdout)
    assert values == {"k": 7, "vlm": "fake", "ocr": "fake", "prompt": "rules"}
    written = run(questions, "--home", home, *model, "--emit", "home", "--choose", "fastest")
    assert "ask.yaml.before" in written.stderr
    settings = ask_settings(home, [])
    assert (settings.vlm.family, settings.k) == ("fake", 7)
    assert "/somewhere" in (home / "ask.yaml.before").read_text()
    answer = asked("what colour is it?", "--image", questions.parent / "0.png", "--home", home)
    assert answer.stdout.startswith("red")


def test_a_home_of_another_model_does_not_lend_it_its_folder(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "ask.yaml").write_text("vlm: transformers\nvlm.source: /m\n")
    standing, builtin = points_of(
        open_home(home), ["by=chain", "vlm=builtin"], quantize=[], prompts=[]
    )
    assert standing.settings.vlm.options["source"] == "/m"
    assert "source" not in builtin.settings.vlm.options


def test_a_file_of_models_and_prices(questions, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text(
        "models: ['vlm=fake ocr=fake', by=commonest]\nrounds: 2\nprices:\n  currency: EUR\n"
        "  models:\n    fake: {per_answer: 0.01}\n"
    )
    told = compared(questions, tmp_path, "--config", config, "warmup=0")
    assert told["currency"] == "EUR"
    costs = [one["cost_per_1000"] for one in told["points"]]
    assert costs == [pytest.approx(10.0), None]
    assert [one["latency"]["n"] for one in told["points"]] == [24, 24]
    assert "2 times" in told["how"]


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        ((), WrongUse, "say what to compare on"),
        (("QUESTIONS", "--encoders"), WrongUse, "say what to compare on"),
        (("QUESTIONS", "--judge", "vlm=fake"), WrongUse, "--judge belongs to --chat"),
        (("QUESTIONS", "--emit", "everything"), WrongUse, "--emit is config or home"),
        (("--encoders", "--emit", "config"), WrongUse, "--emit writes what"),
        (("QUESTIONS", "--model", "fake"), WrongUse, "is no setting; write key=value"),
        (("QUESTIONS", "--model", "vlm=fak"), UnknownName, "did you mean 'fake'"),
        (("QUESTIONS", "--model", "by=magic"), UnknownName, "magic"),
        (("QUESTIONS", "--model", "by=encoder"), WrongUse, "belong together"),
        (("QUESTIONS", "--model", "encoder=fak"), UnknownName, "did you mean 'fake'"),
        (("QUESTIONS", "measure=best"), BadConfig, "measure is one of"),
        (("QUESTIONS", "rounds=0"), BadConfig, "rounds must be from 1"),
        (("QUESTIONS", "round=2"), UnknownName, "did you mean 'rounds'"),
        (("QUESTIONS", "prices.machine_per_hour=-1"), BadConfig, "machine_per_hour"),
        (("QUESTIONS", "--config", "no.yaml"), WrongUse, "there is no configuration no.yaml"),
        (("no.jsonl",), WrongUse, "no.jsonl cannot be read"),
    ],
)
def test_what_cannot_be_followed_is_named(questions, tmp_path, words, kind, said):
    given = [str(questions) if one == "QUESTIONS" else one for one in words]
    with pytest.raises(kind, match=said):
        run(*given, "--home", tmp_path / "home")


def test_the_packaged_models_need_no_download(tmp_path):
    config = compose([], config_name="compare", extra="ask")
    made = points_of(open_home(tmp_path), config["models"], quantize=[], prompts=[])
    assert len({one.family for one in made if one.family}) >= 2
    assert len(made) >= 4


@pytest.mark.slow
def test_a_comparison_that_was_killed_goes_on(questions, tmp_path):
    command = [sys.executable, "-m", "scrubjay", "compare", str(questions), "--json"]
    command += ["--home", str(tmp_path / "home"), "--model", "vlm=fake ocr=fake"]
    record = tmp_path / "names"
    kept = lambda: list((tmp_path / "home" / "comparisons").glob("*/*.jsonl"))  # noqa: E731
    for point in ("compare.before_keep", "compare.after_keep"):
        killed = subprocess.run(
            command,
            env={**os.environ, "SCRUBJAY_FAILPOINT": point},
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -9
    (file,) = kept()
    before = file.read_bytes()
    assert before.count(b"\n") >= 1
    environment = {**os.environ, "SCRUBJAY_FAILPOINT": f"record:{record}"}
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    told = json.loads(done.stdout)
    assert told["points"][0]["accuracy"]["normalised"]["value"] == 1.0
    assert file.read_bytes().startswith(before)


def gone(group: int, *, within_s: float) -> bool:
    """Whether no process of a group is left, soon."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_ctrl_c_ends_it_all_at_once_and_keeps_what_was_answered(questions, tmp_path):
    command = [sys.executable, "-m", "scrubjay", "compare", str(questions), "rounds=100"]
    command += ["--home", str(tmp_path / "home"), "--model", "vlm=fake ocr=fake"]
    with heard():
        running_ = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
    comparisons = tmp_path / "home" / "comparisons"
    until = time.monotonic() + 120
    while time.monotonic() < until and not any(
        path.stat().st_size > 1000 for path in comparisons.glob("*/*.jsonl")
    ):
        time.sleep(0.05)
    os.killpg(running_.pid, signal.SIGINT)
    _, said = running_.communicate(timeout=120)
    assert running_.returncode == 130
    assert "Traceback" not in said
    assert "what was finished is kept" in said
    assert gone(running_.pid, within_s=60)
    (file,) = comparisons.glob("*/*.jsonl")
    assert file.read_bytes().count(b"\n") > 3


@pytest.mark.slow
def test_the_example_runs_offline_on_models_that_come_along(tmp_path):
    pytest.importorskip("rapidocr", reason="pip install 'scrubjay[ocr]'")
    pytest.importorskip("torch", reason="the shipped encoder is opened with torch")
    written = json.loads(run("--example", tmp_path / "trial", "--json").stdout)
    with pytest.raises(WrongUse, match="is there already"):
        run("--example", tmp_path / "trial")
    file = Path(written["questions"])
    assert len(file.read_text().splitlines()) == written["n_questions"] >= 36
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:24]))
    told = compared(file, tmp_path, "--config", written["config"], "rounds=1")
    points = {one["name"]: one for one in told["points"]}
    assert len(points) == 5
    assert all(one["failure"] is None for one in points.values())
    assert len({one["model"]["fingerprint"] for one in points.values()}) >= 4
    accuracy = {name: one["accuracy"]["normalised"]["value"] for name, one in points.items()}
    assert accuracy["builtin alone"] > 0.8
    assert accuracy["builtin alone"] > accuracy["commonest answer"] + 0.3
    better = {frozenset((one["first"], one["second"])): one["better"] for one in told["versus"]}
    assert better[frozenset(("builtin alone", "commonest answer"))] == "builtin alone"


def test_the_configuration_in_the_documentation_is_taken(tmp_path):
    (shown,) = [body for language, body in blocks(DOCUMENT) if language == "yaml"]
    config = tmp_path / "c.yaml"
    config.write_text(shown)
    settings = compare_settings(tmp_path / "home", config, [])
    assert settings["quantize"] == ["none", "4bit"]
    assert Prices.from_config(settings["prices"]).models["big"].per_million_out == 2.4
    made = points_of(
        open_home(tmp_path / "home"), settings["models"], quantize=settings["quantize"], prompts=[]
    )
    assert [one.name for one in made] == ["builtin", "llava none", "llava 4bit", "big"]


def test_the_questions_in_the_documentation_are_read(tmp_path):
    shown = next(body for language, body in blocks(DOCUMENT) if language == "json")
    write_questions(tmp_path, n=1)
    for name in ("shelf.jpg", "a.jpg", "b.jpg"):
        shutil.copy(tmp_path / "0.png", tmp_path / name)
    (tmp_path / "q.jsonl").write_text(shown)
    questions = read_questions(tmp_path / "q.jsonl")
    assert [len(one.answers) for one in questions] == [3, 2, 0]


def test_every_field_of_the_output_is_documented(questions, tmp_path):
    told = compared(questions, tmp_path, "--model", "vlm=fake ocr=fake", "--emit", "config")
    (row,) = told["points"]
    documented = set(re.findall(r"`(\w+)`", DOCUMENT))
    fields = {*told, *row, *row["calibration"], *row["refusals"], *row["latency"]}
    assert fields - documented <= {"questions"}
    assert told["chosen"] == "fake"
    assert yaml.safe_load(told["config"]) == {"vlm": "fake", "ocr": "fake"}


@pytest.mark.slow
def test_a_model_of_transformers_is_compared_in_fewer_bits(tmp_path):
    pytest.importorskip("bitsandbytes", reason="pip install 'scrubjay[vlm]'")
    from tests.models.vlm.small_models import save_llava

    source = save_llava(tmp_path / "llava")
    model = f"name=llava vlm=transformers vlm.source={source} ocr=fake sampling.max_new_tokens=4"
    bits = ("--quantize", "none,8bit")
    questions = write_questions(tmp_path / "own", n=3)
    told = compared(questions, tmp_path, "--model", model, *bits, "warmup=1")
    assert [(one["name"], one["quantize"], one["failure"]) for one in told["points"]] == [
        ("llava none", "none", None),
        ("llava 8bit", "8bit", None),
    ]
    assert all(one["tokens_per_s"] > 0 for one in told["points"])
    assert all(one["tokens_in"] > 0 for one in told["points"])
    assert all(one["calibration"] is None or one["calibration"]["n"] for one in told["points"])
