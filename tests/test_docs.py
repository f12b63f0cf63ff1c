"""What the documents tell people to type is understood, and what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scrubjay.ask.settings import AskSettings
from scrubjay.cli.compose import ASK_FILE, ask_settings, compose, standing_overrides
from scrubjay.models.family import Room
from scrubjay.models.load import families
from scrubjay.retrain.month_plan import SECTIONS, plan_of
from tests.deploy.commands import blocks, composed_overrides, of, understood

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path for folder in (".", "docs", "deploy") for path in (REPOSITORY / folder).glob("*.md")
)
ABOUT_MONTHS = [REPOSITORY / "docs" / name for name in ("month.md", "operations.md")]
STANDS_FOR_ANY = ["COMMAND"]
ELSEWHERE = "hydra.searchpath="
"""Begins a setting that brings groups this repository does not have."""


def name_of(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def commands(path: Path) -> list[list[str]]:
    """Words of the command lines of a document, each once."""
    found = [words[1:] for words in of("scrubjay", path.read_text())]
    return [list(words) for words in dict.fromkeys(map(tuple, found))]


TYPED = dict.fromkeys(tuple(words) for path in DOCUMENTS for words in commands(path))


@pytest.mark.parametrize("words", [list(one) for one in TYPED], ids=" ".join)
def test_every_command_line_is_understood(words: list[str]) -> None:
    if words in (STANDS_FOR_ANY, ["--help"]):
        return
    elsewhere = any(word.startswith(ELSEWHERE) for word in words)
    try:
        understood(words) if elsewhere else composed_overrides(words)
    except Exception as error:
        # Named in a sentence, a command needs no arguments.
        named = type(error).__name__ in {"MissingParameter", "NoArgsIsHelpError"}
        if not named or not all(map(str.isalpha, words)):
            raise


def test_command_lines_are_found_where_people_look_for_them() -> None:
    for name in ("README.md", "docs/month.md", "docs/operations.md", "docs/training.md"):
        assert len(commands(REPOSITORY / name)) >= 3, name


@pytest.mark.parametrize(
    "words", [["retrian"], ["retrain", "--dry"], ["models", "pull"], ["forget", "--no"]]
)
def test_a_command_line_that_is_not_understood_would_be_found(words: list[str]) -> None:
    with pytest.raises(Exception, match=r".") as caught:
        understood(words)
    assert type(caught.value).__name__ in {
        *("UsageError", "NoSuchOption", "NoSuchCommand", "MissingParameter"),
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_and_anchors_lead_somewhere(path: Path) -> None:
    for link in links(path):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert anchor in {anchor_of(one) for one in headings}, link


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    left = [REPOSITORY / "README.md"]
    while left:
        path = left.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        left += [(path.parent / link.partition("#")[0]).resolve() for link in links(path)]
    assert {name_of(one) for one in set(DOCUMENTS) - reached} <= {"CHANGELOG.md"}


def links(path: Path) -> list[str]:
    """Links of a document that stay within the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", path.read_text())
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", ABOUT_MONTHS, ids=name_of)
def test_the_settings_shown_compose_and_mean_something(path: Path, tmp_path: Path) -> None:
    shown = [body for language, body in blocks(path.read_text()) if language == "yaml"]
    assert shown
    for text in shown:
        standing = tmp_path / "retrain.yaml"
        standing.write_text(text)
        plan = plan_of(compose(standing_overrides(standing), config_name="retrain"))
        assert plan.data.source is not None


def test_the_standing_choices_shown_are_taken(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs" / "ask.md").read_text()
    (shown,) = [body for language, body in blocks(text) if language == "yaml"]
    (tmp_path / ASK_FILE).write_text(shown)
    settings = ask_settings(tmp_path, [])
    assert settings.vlm.family == "transformers"
    assert (settings.sampling.max_new_tokens, settings.least_confidence) == (200, 0.3)


def test_every_family_that_asking_can_use_is_documented() -> None:
    text = (REPOSITORY / "docs" / "ask.md").read_text()
    rooms = (Room.VLM, Room.OCR, Room.ASR, Room.TTS)
    here = {(room.value, name) for room in rooms for name in families(room) if name != "fake"}
    usual = AskSettings()
    named = {(room.value, getattr(usual, room.value).family) for room in rooms}
    named |= set(re.findall(r"`(vlm|ocr|asr|tts)=(\w+)`", text))
    assert named == here


@pytest.mark.parametrize("path", ABOUT_MONTHS, ids=name_of)
def test_settings_named_in_the_text_are_settings(path: Path) -> None:
    config = compose([], config_name="retrain")
    sections = "|".join(name for name in SECTIONS if name != "month")
    named = set(re.findall(rf"`((?:{sections})\.(?!json`)\w+)[`=]", path.read_text()))
    assert len(named) > 5
    for name in named:
        section, _, key = name.partition(".")
        assert key in config[section], name
