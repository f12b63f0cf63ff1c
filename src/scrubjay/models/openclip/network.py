"""A network of open_clip's classes with a checkpoint's weights, whole and in float32."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import Damaged, ModelNotFound
from scrubjay.models.openclip.folder import Described
from scrubjay.models.pretrained.files import first_line

if TYPE_CHECKING:
    from torch import nn

WRONG = (
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    RuntimeError,
    AssertionError,
    ZeroDivisionError,
)
"""What open_clip's classes raise of settings or weights they do not take."""


def load_network(described: Described, weights: Path) -> Any:  # noqa: ANN401 - open_clip has no types
    """The network with its weights.

    Raises:
        ModelNotFound: it is one this family does not make, or open_clip cannot.
        Damaged: the checkpoint is not of this network, or not whole.
    """
    model = _made(described)
    _fill(model, described, weights)
    return model.eval()


def _made(described: Described) -> nn.Module:
    from open_clip import CLIP, CoCa, CustomTextCLIP

    _check(described)
    settings = deepcopy(described.network)
    if "timm_model_name" in settings["vision_cfg"]:
        settings["vision_cfg"]["timm_model_pretrained"] = False
    custom = bool(settings.pop("custom_text", False))
    classes = CoCa if "multimodal_cfg" in settings else CustomTextCLIP
    made_by: Any = classes if custom else CLIP
    try:
        model: nn.Module = made_by(**settings)
    except WRONG as error:
        raise ModelNotFound(
            f"open_clip cannot make the network that {described.name} describes: "
            f"{first_line(error)}"
        ) from error
    return model


def _check(described: Described) -> None:
    """Refuse by name what would be fetched, or what is not reproduced here."""
    text, vision = described.text(), described.vision()
    if name := text.get("hf_model_name"):
        raise ModelNotFound(
            f"{described.name} has the transformers model {name} for its text tower, which "
            f"open_clip fetches from the hub; this family makes open_clip's own text towers only. "
            f"Choose another architecture"
        )
    if (name := vision.get("timm_model_name")) is None:
        return
    try:
        import timm
    except ImportError as error:
        raise ModelNotFound(
            f"{described.name} has timm's {name} for its image tower: pip install timm"
        ) from error
    if not isinstance(name, str) or not timm.is_model(name):
        raise ModelNotFound(
            f"{described.name} has {name!r} for its image tower, which timm {timm.__version__} "
            f"does not have; nothing is fetched. pip install --upgrade timm may bring it"
        )


def _fill(model: nn.Module, described: Described, weights: Path) -> None:
    from open_clip import load_checkpoint
    from safetensors import SafetensorError

    try:
        found: Any = load_checkpoint(model, str(weights), strict=False)
    except (OSError, SafetensorError, StopIteration) as error:
        raise Damaged(f"{weights} is no whole safetensors file: {error}; copy it again") from error
    except WRONG as error:
        raise Damaged(
            f"{weights} does not fit {described.name}: {_second_line(error)}. Choose its own "
            f"network with encoder.architecture=NAME"
        ) from error
    for what, names in (
        ("lacks %d of its weights", found.missing_keys),
        ("holds %d weights it does not have", found.unexpected_keys),
    ):
        if names:
            some = ", ".join(sorted(names)[:3])
            raise Damaged(
                f"{weights} does not fit {described.name}: it {what % len(names)}, {some} among "
                f"them. Choose its own network with encoder.architecture=NAME"
            )


def _second_line(error: BaseException) -> str:
    """Of torch's list of what does not fit, the first entry."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[1][:300] if len(lines) > 1 else first_line(error)
