"""From words such as `vlm=transformers vlm.source=DIR` to the points of a comparison."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scrubjay.cli.compose import ASK_FILE, ask_settings, compose, plain_values, standing_overrides
from scrubjay.core.errors import BadConfig, UnknownName, WrongUse

if TYPE_CHECKING:
    from scrubjay.ask.comparing.points import Point
    from scrubjay.ask.settings import AskSettings, Choice
    from scrubjay.store.home import Home

COMPARE_FILE: Final = "compare.yaml"
"""Standing values of a home for comparing."""
NOWHERE: Final = Path("/nonexistent")


def compare_settings(home: Path, file: Path | None, overrides: Sequence[str]) -> dict[str, Any]:
    """The packaged configuration, the home's standing values, a file's, and overrides.

    Raises:
        UnknownName, BadConfig: as `compose`.
        WrongUse: the file is not there.
    """
    if file is not None and not file.is_file():
        raise WrongUse(f"there is no configuration {file}")
    given = standing_overrides(home / COMPARE_FILE, extra="ask")
    given += [] if file is None else standing_overrides(file, extra="ask")
    config = compose([*given, *overrides], config_name="compare", extra="ask")
    for name in ("models", "quantize", "prompts"):
        some = config[name]
        if not isinstance(some, list) or not all(isinstance(one, str) for one in some):
            raise BadConfig(f"{name} must be a list of texts, not {some!r}")
    return config


def points_of(
    home: Home, models: Sequence[str], *, quantize: Sequence[str], prompts: Sequence[str]
) -> tuple[Point, ...]:
    """Every model in every quantisation with every prompt.

    Args:
        models: each as one would write it after `scrubjay ask`; `name=` and `by=` may be among it.

    Raises:
        UnknownName, BadConfig, WrongUse: what cannot be followed.
    """
    from scrubjay.ask.comparing.naming import distinct

    return distinct(
        [
            point
            for text in models
            for point in _points(home, text, quantize=quantize, prompts=prompts)
        ]
    )


def words_of(text: str) -> tuple[dict[str, str], list[str]]:
    """Our own words of a model, by name, and those that are settings of asking.

    Raises:
        WrongUse: a word without `=`.
    """
    own: dict[str, str] = {}
    rest: list[str] = []
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise WrongUse(f"the model {text!r} cannot be read: {error}") from error
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise WrongUse(
                f"{word!r} in the model {text!r} is no setting; write key=value, such as "
                f"vlm=transformers vlm.source=FOLDER"
            )
        if key in {"name", "by", "encoder", "chat"} or key.startswith(("encoder.", "chat.")):
            own[key] = value
        else:
            rest.append(word)
    return own, rest


def encoder_choice(home: Home, own: Mapping[str, str]) -> Choice:
    """An encoder: a family with its options, `champion`, or a registered version.

    Raises:
        NotReady: the champion was named and there is none.
        UnknownName: neither a family nor a version.
    """
    from scrubjay.ask.settings import Choice
    from scrubjay.models.family import Room
    from scrubjay.models.load import families
    from scrubjay.services import CHAMPION_NAME, current_champion

    family = own["encoder"]
    options = {
        key.removeprefix("encoder."): value
        for key, value in own.items()
        if key.startswith("encoder.")
    }
    known = families(Room.ENCODERS)
    if family in known:
        return Choice(family, {key: _scalar(value) for key, value in options.items()})
    version = current_champion(home).version if family == CHAMPION_NAME else family
    versions = [one.id for one in home.registry.versions()]
    if version not in versions:
        raise UnknownName("encoder family or version", family, [*known, CHAMPION_NAME, *versions])
    home.registry.verify(version, below="export")
    source = str(home.registry.folder(version) / "export")
    given = {key: _scalar(value) for key, value in options.items()}
    return Choice("exported", {"source": source, "version": version, **given})


def _points(
    home: Home, text: str, *, quantize: Sequence[str], prompts: Sequence[str]
) -> list[Point]:
    from scrubjay.ask.comparing.naming import own_name
    from scrubjay.ask.comparing.points import By, Point

    own, rest = words_of(text)
    if "chat" in own:
        return _chatting(home, own, rest, quantize)
    by = own.get("by", "encoder" if "encoder" in own else "chain")
    if by not in set(By):
        raise UnknownName("way to an answer", by, [one.value for one in By])
    if (by == By.ENCODER) != ("encoder" in own):
        raise WrongUse(f"the model {text!r}: by=encoder and encoder=FAMILY belong together")
    encoder = encoder_choice(home, own) if by == By.ENCODER else None
    made = []
    for words in _varied(home, rest, By(by), quantize=quantize, prompts=prompts):
        settings, standing = settled(home.path, words)
        point = Point(
            "", By(by), settings, encoder=encoder, words=tuple(standing), prompts=home.prompts
        )
        name = own.get("name") or own_name(point)
        made.append((name, point))
    return [_named(name, point, [other for _, other in made]) for name, point in made]


def _chatting(
    home: Home, own: Mapping[str, str], rest: list[str], quantize: Sequence[str]
) -> list[Point]:
    """A model that is only talked to, in each number of bits."""
    from scrubjay.ask.comparing.naming import own_name
    from scrubjay.ask.comparing.points import By, Point
    from scrubjay.ask.settings import Choice
    from scrubjay.models.family import Room
    from scrubjay.models.load import families

    if own["chat"] not in families(Room.CHAT):
        raise UnknownName("family of chat models", own["chat"], families(Room.CHAT))
    settings, words = settled(home.path, rest)
    given = {
        key.removeprefix("chat."): _scalar(value)
        for key, value in own.items()
        if key.startswith("chat.")
    }
    made = [
        Point("", By.MODEL, settings, chat=Choice(own["chat"], options), words=tuple(words))
        for options in ([{**given, "quantize": one} for one in quantize] or [given])
    ]
    bare = [own_name(replace(one, by=By.CHAIN)) for one in made]
    names = [own.get("name", one) for one in bare]
    return [_named(name, one, made) for name, one in zip(names, made, strict=True)]


def _named(name: str, point: Point, siblings: Sequence[Point]) -> Point:
    """With what tells it from other points of its model in its name."""
    if len({one.quantize for one in siblings}) > 1 and point.quantize not in name.split():
        name += f" {point.quantize}"
    if len({one.settings.prompt for one in siblings}) > 1:
        name += f", {point.settings.prompt}"
    return replace(point, name=name)


def _varied(
    home: Home, rest: list[str], by: object, *, quantize: Sequence[str], prompts: Sequence[str]
) -> list[list[str]]:
    from scrubjay.ask.comparing.points import By

    if by not in {By.CHAIN, By.MODEL}:
        return [rest]
    plain, _ = settled(home.path, rest)
    quantized = quantize and "quantize" in plain.vlm.options
    bits: list[str | None] = [*quantize] if quantized else [None]
    puts: list[str | None] = [*prompts] or [None]
    return [
        [
            *rest,
            *([] if one is None else [f"vlm.quantize={one}"]),
            *([] if prompt is None else [f"prompt={prompt}"]),
        ]
        for one in bits
        for prompt in puts
    ]


def settled(home: Path, words: Sequence[str]) -> tuple[AskSettings, list[str]]:
    """Settings of asking, and all that was said for them: the home's standing values count, too.

    What the home says of a room's model does not count where the words choose another.
    """
    standing = standing_overrides(home / ASK_FILE, extra="ask")
    chosen = {word.partition("=")[0] for word in words}
    replaced = {one for one in chosen if "." not in one}
    kept = [
        text
        for text in standing
        if (key := text.partition("=")[0]) not in chosen and key.split(".")[0] not in replaced
    ]
    given = [*kept, *_absolute(words)]
    return ask_settings(NOWHERE, given), given


def config_text(words: Sequence[str], said: str) -> str:
    """What was chosen as HOME/ask.yaml has it.

    Args:
        words: overrides, such as `vlm=transformers`.
        said: a comment that goes before.
    """
    import yaml  # type: ignore[import-untyped]

    comment = "".join(f"# {line}\n" for line in said.splitlines())
    values = plain_values(words)
    body: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True) if values else "{}\n"
    return comment + body


def _absolute(words: Sequence[str]) -> list[str]:
    """Words whose paths hold wherever they are read."""
    made = []
    for word in words:
        key, _, value = word.partition("=")
        here = Path(value).expanduser() if key.endswith((".source", ".chat_template")) else None
        there = here is not None and here.exists()
        made.append(f"{key}='{here.absolute()}'" if here is not None and there else word)
    return made


def _scalar(text: str) -> Any:  # noqa: ANN401 - YAML
    import yaml

    value = yaml.safe_load(text)
    return text if isinstance(value, dict | list) else value
