"""Hydra composes, here and nowhere else: configuration groups and overrides in, plain data out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.config import ModelChoice, home_path
from scrubjay.core.errors import BadConfig, MissingExtra, UnknownName, WrongUse

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

    from scrubjay.ask.settings import AskSettings
    from scrubjay.store.home import Home

FOLDER = Path(__file__).resolve().parent.parent / "conf"
"""The packaged configuration groups."""

MONTH_FILE = "retrain.yaml"
"""Standing values of a home for its months."""

ASK_FILE = "ask.yaml"
"""Standing values of a home for asking."""

OPEN = ("gate.floors", "prices.models")
"""Settings that are mappings with keys of the owner's."""

_SECRET = re.compile(
    r"(^|[._-])(api_?key|secret|password|passwd|token|credentials?)$", re.IGNORECASE
)
_VARIABLE = re.compile(r"\$\{(?=[A-Z_][A-Z0-9_]*\})")
_KEY_IN_MESSAGE = re.compile(r"'([^']+)'")


def compose(
    overrides: Sequence[str], config_name: str = "train", *, extra: str = "train"
) -> dict[str, Any]:
    """Compose a configuration from the packaged groups.

    `hydra.searchpath=[file:///my/conf]` among the overrides adds groups of your own.

    Args:
        overrides: Hydra overrides such as `experiment=tickets` or `trainer.max_epochs=8`.
        config_name: the root to start from.
        extra: what brings Hydra, for whoever lacks it.

    Returns:
        Plain dictionaries, lists and values; all interpolations resolved.

    Raises:
        UnknownName: a group, an option of a group, or a key that does not exist, with the nearest.
        BadConfig: an override that does not parse, a sweep, a missing value, or a secret.
        MissingExtra: Hydra is not installed.
    """
    try:
        import hydra
    except ModuleNotFoundError as error:
        raise MissingExtra("composing a configuration", extra) from error
    for text in overrides:
        check_form(text)
    with hydra.initialize_config_dir(str(FOLDER), version_base="1.3", job_name="scrubjay"):
        config = _composed(list(overrides), config_name)
        _refuse_new_roots(config, known=_composed([], config_name, resolve=False))
    _refuse_secrets(config)
    return config


def standing_overrides(path: Path, *, extra: str = "train") -> list[str]:
    """A YAML file's values as overrides, so that they are held against what there is.

    Returns:
        Nothing when there is no such file.

    Raises:
        BadConfig: it is not a mapping of plain values.
        MissingExtra: Hydra, which brings YAML, is not installed.
    """
    if not path.exists():
        return []
    try:
        import yaml  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise MissingExtra("reading a configuration", extra) from error
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadConfig(f"{path} cannot be read: {_first_line(error)}") from error
    if not isinstance(values, Mapping):
        raise BadConfig(f"{path} must hold settings by name, such as `data: {{source: ...}}`")
    groups = set(_groups())
    # A group is chosen before values in it are set.
    flat = sorted(_leaves(values), key=lambda pair: pair[0] not in groups)
    return [f"{key}={_spelled(value)}" for key, value in flat]


def month_config(home: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """What a month is composed of: packaged values, the home's standing ones, overrides.

    Raises:
        UnknownName, BadConfig, MissingExtra: as `compose`.
    """
    standing = standing_overrides(home / MONTH_FILE)
    return compose([*standing, *overrides], config_name="retrain")


def ask_settings(home: Path, overrides: Sequence[str]) -> AskSettings:
    """Which models answer: the packaged configuration, the home's standing values, overrides.

    Hydra is imported only where one of the last two says something.

    Args:
        home: its `ask.yaml` holds standing values, where there is one.
        overrides: such as `vlm=transformers`, `vlm.source=FOLDER` or `prompt=rules`.

    Raises:
        UnknownName, BadConfig: as `compose`.
        MissingExtra: Hydra is not installed.
    """
    from scrubjay.ask.settings import AskSettings

    given = [*standing_overrides(home / ASK_FILE, extra="ask"), *overrides]
    if not given:
        return AskSettings()
    for text in given:
        check_form(text)
    # A prompt may be a home's own, of which Hydra knows nothing.
    prompts = [text for text in given if parsed(text).key_or_group == "prompt"]
    others = [text for text in given if text not in prompts]
    config = compose(others, config_name="ask", extra="ask")
    if prompts:
        config["prompt"] = parsed(prompts[-1]).value()
    return AskSettings.from_config(config)


def open_to_index(home: Path | None) -> Home:
    """The home, with what its `ask.yaml` chooses to hear and read videos with.

    Raises:
        UnknownName, BadConfig, MissingExtra: as `ask_settings`.
    """
    from scrubjay.services import open_home

    chosen = ask_settings(home_path(home).expanduser(), [])
    return open_home(
        home,
        listener=ModelChoice(chosen.asr.family, chosen.asr.options),
        reader=ModelChoice(chosen.ocr.family, chosen.ocr.options),
    )


def plain_values(overrides: Sequence[str]) -> dict[str, Any]:
    """Overrides as a YAML file of standing values has them; the last of a key counts.

    Raises:
        BadConfig: one that only adds or deletes a key, or does not parse.
    """
    values: dict[str, Any] = {}
    for text in overrides:
        check_form(text)
        override = parsed(text)
        if override.type.name != "CHANGE":
            raise BadConfig(f"{text!r} cannot stand in a file: only key=value can")
        values[override.key_or_group] = override.value()
    return values


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and f"{prefix}{name}" not in OPEN:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _spelled(value: Any) -> str:  # noqa: ANN401 - YAML
    """A value as Hydra's overrides write it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{','.join(map(_spelled, value))}]"
    if isinstance(value, Mapping):
        # Hydra takes no quotes around a key.
        return f"{{{','.join(f'{key}: {_spelled(one)}' for key, one in value.items())}}}"
    # `${NAME}` is for whoever reads the value; `${oc.env:NAME}` and keys are looked up here.
    text = _VARIABLE.sub(r"\\${", str(value)).replace("'", "\\'")
    return f"'{text}'"


def check_form(text: str) -> None:
    """Refuse what is no single override.

    Raises:
        BadConfig: an option, a text without `=`, a sweep, or a setting of Hydra's own.
    """
    override = parsed(text)
    key = override.key_or_group
    if not key:
        raise BadConfig(f"{text!r} is not an override: nothing stands before the '='")
    if override.package is not None:
        raise BadConfig(f"{text!r}: a group always goes where its name says; leave the @ out")
    if override.is_sweep_override():
        raise BadConfig(
            f"{text!r} names several values and one run takes one; for a list write {key}=[a,b], "
            f"for a text with commas quote it"
        )
    if key.split(".")[0] == "hydra" and key != "hydra.searchpath":
        raise BadConfig(f"{text!r}: of Hydra's own settings only hydra.searchpath is used here")


def parsed(text: str) -> Override:
    """One override as Hydra reads it.

    Raises:
        BadConfig: an option, a text without `=`, or one that does not parse.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    if text.startswith("-"):
        raise BadConfig(f"{text!r} is not an option of this command; overrides are key=value")
    if "=" not in text and not text.startswith("~"):
        raise BadConfig(f"{text!r} is not an override: write key=value or group=name")
    try:
        (override,) = OverridesParser.create().parse_overrides([text])
    except OverrideParseException as error:
        why = [*str(error).splitlines()[1:], "it does not parse"][0]
        raise BadConfig(
            f"{text!r} is not an override ({why}); write key=value, +key=value or ~key, and quote "
            f"values with special characters: 'key=\"a value\"'"
        ) from error
    return override


def _composed(overrides: list[str], config_name: str, *, resolve: bool = True) -> dict[str, Any]:
    import hydra
    from hydra.errors import HydraException, MissingConfigException
    from omegaconf import MissingMandatoryValue, OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        composed = hydra.compose(config_name, overrides=overrides)
        plain = OmegaConf.to_container(composed, resolve=resolve, throw_on_missing=resolve)
    except MissingConfigException as error:
        raise _no_such_option(error) from error
    except MissingMandatoryValue as error:
        key = error.full_key or str(error).rsplit(maxsplit=1)[-1]
        raise BadConfig(f"{key} has no default; give it as {key}=VALUE") from error
    except HydraException as error:
        unknown = _unknown_key(str(error), overrides, config_name)
        raise unknown or BadConfig(f"configuration: {_first_line(error)}") from error
    except (OmegaConfBaseException, ValueError) as error:
        raise BadConfig(f"configuration: {_first_line(error)}") from error
    if not isinstance(plain, dict):
        raise BadConfig(f"configuration {config_name!r} is not a mapping")
    return {str(key): value for key, value in plain.items()}


def _no_such_option(error: Any) -> UnknownName | BadConfig:  # noqa: ANN401 - Hydra's exception
    missing = str(error.missing_cfg_file)
    if error.options is None:
        return BadConfig(f"configuration: there is no {missing!r}")
    group, _, name = missing.rpartition("/")
    return UnknownName(f"{group} configuration", name, error.options)


def _unknown_key(message: str, overrides: Sequence[str], config_name: str) -> WrongUse | None:
    """The error for a key Hydra could not find: compose without it and see what there is."""
    if not message.startswith(("Could not override", "Could not delete")):
        return None
    found = _KEY_IN_MESSAGE.search(message)
    if found is None:
        return None
    key = found.group(1)
    others = [text for text in overrides if parsed(text).key_or_group != key]
    known = _composed(others, config_name, resolve=False)
    if key in _groups():
        return BadConfig(f"{key} is a group: choose with {key}=NAME, or set {key}.KEY=VALUE")
    return UnknownName("configuration key", key, dict.fromkeys([*_keys(known), *_groups()]))


def _keys(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in config.items():
        yield prefix + name
        if isinstance(value, Mapping):
            yield from _keys(value, f"{prefix}{name}.")


def _groups() -> list[str]:
    return [folder.name for folder in FOLDER.iterdir() if any(folder.glob("*.yaml"))]


def _refuse_new_roots(config: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """A new top-level entry must be something to build: a plain value would go unnoticed."""
    for name, value in config.items():
        if name not in known and not (isinstance(value, Mapping) and "_target_" in value):
            raise UnknownName("configuration key", name, [*known, *_groups()])


def _refuse_secrets(config: Mapping[str, Any], prefix: str = "") -> None:
    for name, value in config.items():
        if isinstance(value, Mapping):
            _refuse_secrets(value, f"{prefix}{name}.")
        elif value is not None and _SECRET.search(name):
            raise BadConfig(
                f"{prefix}{name} looks like a secret, and a configuration is kept with the run; "
                f"give it in the environment instead"
            )


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
