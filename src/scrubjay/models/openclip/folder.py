"""What describes an open_clip model on this machine, and where its weights are."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, MissingExtra, ModelNotFound, UnknownName
from scrubjay.models.pretrained.files import read_json
from scrubjay.models.torchvision_operators import mend_torchvision

CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILE = "open_clip_model.safetensors"
CHECKPOINTS = (WEIGHTS_FILE, "open_clip_pytorch_model.safetensors", "model.safetensors")
"""What a folder's weights are called, the first that is there."""

PREPARING = ("mean", "std", "interpolation", "resize_mode")
"""What open_clip says of how pictures are prepared, besides their size."""


@dataclass(frozen=True, slots=True)
class Described:
    """A model before it is made.

    Attributes:
        name: of the architecture, or of the folder that describes it; for messages.
        network: open_clip's `model_cfg`.
        preparing: its `preprocess_cfg`, complete but for the size.
    """

    name: str
    network: dict[str, Any]
    preparing: dict[str, Any]

    def vision(self) -> dict[str, Any]:
        """`vision_cfg`."""
        return _part(self.network, "vision_cfg", self.name)

    def text(self) -> dict[str, Any]:
        """`text_cfg`."""
        return _part(self.network, "text_cfg", self.name)


def library() -> Any:  # noqa: ANN401 - imported when it is needed
    """The open_clip library.

    Raises:
        MissingExtra: it, torch or safetensors are not installed.
    """
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401

        mend_torchvision()
        import open_clip
    except ImportError as error:
        raise MissingExtra("the open_clip encoder", "open_clip") from error
    return open_clip


def find_weights(source: str | Path) -> Path:
    """The safetensors file of a checkpoint.

    Args:
        source: the file, or a folder that holds one.

    Raises:
        ModelNotFound: there is none, several without a known name, or only a pickle.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if not path.is_file():
        raise ModelNotFound(
            f"there is no checkpoint {str(source)!r}: give a safetensors file, or a folder with "
            f"{CONFIG_FILE} and {WEIGHTS_FILE}. Nothing is fetched: `hf download NAME` does that"
        )
    if path.suffix != ".safetensors":
        raise ModelNotFound(_pickled(path))
    return path


def _in_folder(folder: Path) -> Path:
    for name in CHECKPOINTS:
        if (folder / name).is_file():
            return folder / name
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found[0]
    if found:
        raise ModelNotFound(
            f"{folder} holds {len(found)} safetensors files, none of them called {WEIGHTS_FILE}: "
            f"give one as encoder.source={found[0]}"
        )
    for pattern in ("*.bin", "*.pt", "*.pth"):
        if pickled := sorted(folder.glob(pattern)):
            raise ModelNotFound(_pickled(pickled[0]))
    raise ModelNotFound(f"{folder} has no weights: no {WEIGHTS_FILE} and no model.safetensors")


def _pickled(path: Path) -> str:
    made = path.with_suffix(".safetensors")
    return (
        f"{path} is no safetensors file. A pickle can run code when it is opened and is never "
        f'loaded here. If you trust it, convert it once: python -c "from open_clip.factory import '
        f"load_state_dict; from safetensors.torch import save_file; save_file({{name: one.clone() "
        f"for name, one in load_state_dict('{path}').items()}}, '{made}')\""
    )


def describe(architecture: str | None, folder: Path) -> Described:
    """What to make: an architecture of open_clip's list, else what the folder says of itself.

    How pictures are prepared is the folder's own; of an architecture without one, it is what all
    weights published for it have in common, else open_clip's default.

    Raises:
        UnknownName: no such architecture.
        ModelNotFound: neither an architecture nor a folder that describes one.
        Damaged: the folder's open_clip_config.json cannot be believed.
    """
    open_clip = library()
    path = folder / CONFIG_FILE
    saved = read_json(path) if path.is_file() else {}
    preparing = {name: value for name, value in _default().items() if name in PREPARING}
    if architecture is not None:
        name = architecture.replace("/", "-")
        if name not in (known := open_clip.list_models()):
            raise UnknownName("architecture of open_clip", architecture, known)
        network = open_clip.get_model_config(name)
        preparing |= _published(open_clip, name)
    elif saved:
        name, network = str(path), saved.get("model_cfg")
        if not isinstance(network, dict):
            raise Damaged(f"{path} has no model_cfg; copy it again from where the model comes from")
    else:
        raise ModelNotFound(
            f"{folder} does not say which network its weights are of: give one of open_clip's as "
            f"encoder.architecture=ViT-B-32, or put its {CONFIG_FILE} beside the weights"
        )
    given = saved.get("preprocess_cfg")
    if isinstance(given, dict):
        preparing |= {one: given[one] for one in PREPARING if given.get(one) is not None}
    return Described(name, deepcopy(network), preparing)


def _default() -> dict[str, Any]:
    from dataclasses import asdict

    from open_clip.transform import PreprocessCfg

    return asdict(PreprocessCfg())


def _published(open_clip: Any, name: str) -> dict[str, Any]:  # noqa: ANN401
    """How pictures are prepared for every published checkpoint of an architecture alike."""
    ways = [
        {
            one: value
            for one, value in open_clip.get_pretrained_cfg(name, tag).items()
            if one in PREPARING and value is not None
        }
        for tag in open_clip.list_pretrained_tags_by_model(name)
    ]
    return ways[0] if ways and all(one == ways[0] for one in ways) else {}


def _part(network: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    part = network.get(name)
    if not isinstance(part, dict):
        raise Damaged(f"{where} describes no network: it has no {name}; copy it again")
    return part
