"""What a month's training starts from: the champion's own weights, or the configured encoder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scrubjay.core.errors import BadConfig, Damaged
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.models.export import read_export
from scrubjay.models.load import EXPORT_FOLDER
from scrubjay.training.instantiate import PARTIAL, TARGET, instantiate, refers_to

OPTIONS_FILE = "scrubjay.json"
"""Beside a version's weights: its family, and options of it that its own format does not keep."""
LOAD = "scrubjay.models.load.load_trainable"
BASE = "base"
"""Where a node that builds something around an encoder has that encoder's."""
ABOUT_THE_SOURCE = ("source", "revision", "download")

VARIATION: Mapping[str, tuple[str, ...]] = {
    "builtin": ("inputs.image", "inputs.speech"),
    "open_clip": ("crop", "flip"),
    "transformers": ("crop", "flip"),
}
"""Family to what a configuration may still say of weights that exist: how training varies."""


def from_champion(config: Mapping[str, Any], champion: Path) -> dict[str, Any]:
    """The configuration with the champion's family and folder in place of its encoder.

    How training varies what it shows is the configuration's where it is of the same family, else
    the champion's own. All else that decides the network is the champion's. What is built around an
    encoder, such as adapters, is built around the champion; a tower that is put on an encoder, as
    family `speech` does, is put on a champion that is not of that family yet.

    Args:
        config: of the fit, with a node `encoder`.
        champion: a registered version's folder.

    Raises:
        ModelNotFound: the folder holds no exported version.
        Damaged: what it holds cannot be believed.
    """
    family = read_export(champion / EXPORT_FOLDER).family
    configured = config.get("encoder")
    if isinstance(configured, Mapping) and configured.get("family") != family:
        base = put_on(configured)
        if base is not None:
            node = version_node(champion, family, base)
            del node[TARGET]
            return {**config, "encoder": {**configured, BASE: node}}
    node = version_node(champion, family, begins_with(configured))
    if isinstance(configured, Mapping) and begins_with(configured) is not configured:
        node = {**configured, BASE: node}
    return {**config, "encoder": node}


def begins_with(encoder: object) -> object:
    """The node that says where the weights come from: of what is built around another, its base."""
    base = encoder.get(BASE) if isinstance(encoder, Mapping) else None
    around = isinstance(base, Mapping) and TARGET in base and not base.get(PARTIAL)
    return base if around else encoder


def put_on(encoder: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a node puts a new tower on: family and options of an encoder; None where it does not."""
    base = encoder.get(BASE)
    adds = isinstance(base, Mapping) and TARGET not in base and "family" in encoder
    return base if adds else None


def version_node(folder: Path, family: str, configured: object = None) -> dict[str, Any]:
    """The node that loads a version's native weights to be trained.

    Raises:
        Damaged: the options beside the weights cannot be read.
    """
    options = _options(folder, family)
    if isinstance(configured, Mapping) and configured.get("family") == family:
        for dotted in VARIATION.get(family, ()):
            *outer, name = dotted.split(".")
            given: Any = configured
            for key in outer:
                given = given.get(key) or {}
            if name in given:
                target = options
                for key in outer:
                    target = target.setdefault(key, {})
                target[name] = given[name]
    return {TARGET: LOAD, "family": family, "source": str(folder.resolve()), **options}


def build_encoder(config: Mapping[str, Any]) -> TrainableEncoder:
    """The encoder a fit of this configuration begins with.

    Raises:
        BadConfig: there is no encoder node, or it makes something else.
    """
    if "encoder" not in config:
        raise BadConfig("a month trains an encoder: choose one, such as encoder=builtin_shipped")
    if refers_to(config["encoder"], "items"):
        raise BadConfig(
            "this configuration makes a new, small model of a teacher, and a month goes on with "
            "what serves: use `scrubjay train` for it, and let months train what that registers"
        )
    trust = config.get("trust") or ()
    made = instantiate({"encoder": config["encoder"]}, trust=trust)["encoder"]
    if not isinstance(made, TrainableEncoder):
        raise BadConfig(f"encoder._target_ makes a {type(made).__name__}, not an encoder to train")
    return made


def _options(folder: Path, family: str) -> dict[str, Any]:
    path = folder / OPTIONS_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["family"] != family:
            raise Damaged(
                f"{path} is of family {values['family']!r}, the export beside it of {family!r}; "
                f"restore the version, or start with fit.start=base"
            )
        options = dict(values["options"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{path} does not say how the version is loaded ({error!r}); restore the version, or "
            f"start with fit.start=base"
        ) from error
    return {name: value for name, value in options.items() if name not in ABOUT_THE_SOURCE}
