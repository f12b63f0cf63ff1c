"""Which models answer: the packaged configuration, the home's own values, overrides."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.cli.compose import FOLDER, ask_settings, compose, open_to_index
from scrubjay.core.config import ModelChoice
from scrubjay.core.errors import BadConfig, UnknownName, WrongUse
from scrubjay.models.family import Room, families, load
from scrubjay.search.films import films_of

FAKES = ["vlm=fake", "ocr=fake", "asr=fake", "tts=fake"]
ROOMS = (Room.VLM, Room.OCR, Room.ASR, Room.TTS)
CONFIGURED = [
    (room, path.stem) for room in ROOMS for path in sorted((FOLDER / room.value).glob("*.yaml"))
]


def defaults(room, family):
    """What a family's own load takes where nothing is said."""
    from importlib import import_module

    made_by = import_module(f"{room.package}.{family}").load
    return {
        one.name: one.default
        for one in inspect.signature(made_by).parameters.values()
        if one.default is not one.empty
    }


def without_defaults(room, choice):
    """The same choice, without options that say what would be so anyway."""
    own = defaults(room, choice.family)
    said = {name: value for name, value in choice.options.items() if own.get(name, ...) != value}
    return Choice(choice.family, said)


def test_the_packaged_configuration_is_the_default_settings(tmp_path):
    from dataclasses import replace

    composed = ask_settings(tmp_path, ["k=5"])
    plain = {room.value: without_defaults(room, getattr(composed, room.value)) for room in ROOMS}
    assert replace(composed, **plain) == AskSettings()


def test_where_nothing_is_said_hydra_is_not_imported(tmp_path):
    program = (
        "import sys; from pathlib import Path; from scrubjay.cli.compose import ask_settings; "
        "ask_settings(Path(sys.argv[1]), []); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"hydra", "omegaconf", "yaml", "torch", "lancedb", "openvino"}


def test_a_homes_values_count_and_overrides_count_more(tmp_path):
    (tmp_path / "ask.yaml").write_text(
        "vlm: remote\nvlm.url: http://localhost:1/v1\n"
        "k: 3\nprompt: mine\nsampling: {temperature: 0.5, stop: [END]}\n"
    )
    settings = ask_settings(tmp_path, ["vlm.model=m", "k=7"])
    assert settings.vlm.family == "remote"
    assert settings.vlm.options["url"] == "http://localhost:1/v1"
    assert settings.vlm.options["model"] == "m"
    assert "key_variable" not in settings.vlm.options, "null leaves it to the family"
    assert (settings.k, settings.prompt) == (7, "mine")
    assert (settings.sampling.temperature, settings.sampling.stop) == (0.5, ("END",))
    assert ask_settings(tmp_path, ["vlm.model=m", "prompt=rules"]).prompt == "rules"


@pytest.mark.parametrize(("room", "name"), CONFIGURED)
def test_every_packaged_choice_names_a_family_and_only_options_it_has(room, name):
    written = (FOLDER / room.value / f"{name}.yaml").read_text()
    needed = re.findall(r"^(\w+): \?\?\?$", written, re.MULTILINE)
    overrides = [f"{room.value}={name}", *(f"{room.value}.{one}=/nowhere" for one in needed)]
    choice = getattr(AskSettings.from_config(compose(overrides, "ask")), room.value)
    assert choice.family in families(room)
    parameters = inspect.signature(
        __import__(f"{room.package}.{choice.family}", fromlist=["load"]).load
    ).parameters
    passes_on = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    assert passes_on or set(choice.options) <= set(parameters)


def test_every_family_has_a_configuration():
    own = {room: {path.stem for path in (FOLDER / room.value).glob("*.yaml")} for room in ROOMS}
    for room in ROOMS:
        assert set(families(room)) <= own[room], room


@pytest.mark.parametrize(
    ("overrides", "error", "said"),
    [
        (["vlm=nobody"], UnknownName, "nobody"),
        (["vlms=fake"], WrongUse, "vlms"),
        (["k=many"], BadConfig, "k cannot be 'many'"),
        (["k=true"], BadConfig, "k cannot be True"),
        (["k=0"], BadConfig, "k must be from 1 to 100"),
        (["least_confidence=2"], BadConfig, "least_confidence"),
        (["prompt=7"], BadConfig, "prompt cannot be 7"),
        (["sampling.temperature=warm"], BadConfig, "sampling.temperature must be a number"),
        (["sampling.top_k=0"], BadConfig, "top_k"),
        (["sampling.stop=x"], BadConfig, "sampling.stop must be a list"),
        (["+vlm.api_key=s"], BadConfig, "looks like a secret"),
        (["vlm="], UnknownName, "known: blip2"),
        (["nonsense"], BadConfig, "not an override"),
        (["k=1,2"], BadConfig, "several values"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, overrides, error, said):
    with pytest.raises(error) as raised:
        ask_settings(tmp_path, [*FAKES, *overrides])
    assert said in str(raised.value)
    assert raised.value.exit_code == 2


def test_an_option_the_family_lacks_is_named_when_it_is_loaded():
    with pytest.raises(UnknownName, match="weights"):
        load(Room.VLM, "fake", {"weights": 3})


def test_what_indexes_hears_and_reads_videos_with_what_the_home_chooses(tmp_path: Path) -> None:
    assert open_to_index(tmp_path).settings.listener == ModelChoice("pocketsphinx")
    (tmp_path / "ask.yaml").write_text("asr: fake\nocr: fake\nk: 3\n")
    settings = open_to_index(tmp_path).settings
    assert settings.listener.family == "fake"
    assert settings.reader == ModelChoice("fake")
    models = films_of(open_to_index(tmp_path)).models
    reader = models.reader()
    assert reader is not None
    assert reader.spec.family == "fake"
    assert films_of(open_to_index(tmp_path)).models is models, "opened once"
