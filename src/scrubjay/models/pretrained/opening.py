"""A model that looks at pictures, opened from a stranger's folder: safetensors, no remote code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.core.errors import BadConfig, Damaged, MissingExtra, ModelNotFound, WrongUse
from scrubjay.models.pretrained.files import first_line, read_json
from scrubjay.models.pretrained.processor import read_processor
from scrubjay.models.pretrained.quantise import Quantise, quantisation
from scrubjay.models.pretrained.source import find_model
from scrubjay.models.pretrained.weights import folder_fingerprint
from scrubjay.models.torchvision_operators import mend_torchvision

DTYPES = ("auto", "float32", "bfloat16", "float16")

ReadProcessor = Callable[..., Any]

OWN_FAMILY = {"blip-2": "blip2", "git": "git", "vilt": "vilt"}
"""Kinds that a family of their own asks in their own way."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A model ready to be asked.

    Attributes:
        model: of the transformers library, in evaluation mode, on its device.
        processor: that goes with it.
        folder: it was read from.
        name: of the folder or the hub id, for people.
        kind: its `model_type`.
        dtype: of its unquantised weights, as torch names it.
        fingerprint: changes when its answers may.
    """

    model: Any
    processor: Any
    folder: Path
    name: str
    kind: str
    dtype: str
    fingerprint: str


def open_model(
    source: str | Path,
    *,
    family: str,
    classes: Mapping[str, str],
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
    read: ReadProcessor = read_processor,
) -> Opened:
    """The model and the processor in a folder.

    Args:
        source: a directory, else a hub id that is in the hub's cache.
        family: that asks, for messages.
        classes: `model_type` to the name of the class in transformers that is wanted of it.
        quantize: `none`, `8bit` or `4bit`.
        dtype: of the weights; `auto` is what they were saved in where the device is good at it,
            else float32.
        device: `cpu`, `cuda`, `cuda:1` ...; `auto` is a GPU where there is one.
        threads: of the whole process; 0 leaves them as they are.
        read: what reads the processor, by the folder and the kind.

    Raises:
        MissingExtra: torch, transformers or, where it is wanted, bitsandbytes are not installed.
        ModelNotFound: it is not on this machine, or is no model of the kinds wanted.
        Damaged: its files are not whole.
        BadConfig: a dtype, device or quantisation that cannot be.
    """
    transformers, torch = _libraries(family)
    wanted = Quantise.named(quantize)
    if dtype not in DTYPES:
        raise BadConfig(f"vlm.dtype is one of {', '.join(DTYPES)}, not {dtype!r}")
    if threads < 0:
        raise BadConfig(f"vlm.threads is 0 or more, not {threads}")
    place = _device(torch, device)
    folder = find_model(source, download=None)
    config = read_json(folder / "config.json")
    kind = _kind(config, folder, family=family, classes=classes)
    processor = read(folder, kind=kind)
    kept_in = _dtype(torch, dtype, config, place)
    if threads:
        torch.set_num_threads(threads)
    options: dict[str, Any] = {"dtype": kept_in}
    if wanted is not Quantise.NONE:
        options |= {
            "quantization_config": quantisation(wanted, getattr(torch, kept_in)),
            "device_map": {"": place},
        }
    model = _load(getattr(transformers, classes[kind]), folder, options)
    if wanted is Quantise.NONE:
        model = model.to(place)
    return Opened(
        model=model.eval(),
        processor=processor,
        folder=folder,
        name=folder.resolve().name if Path(source).expanduser().is_dir() else str(source),
        kind=kind,
        dtype=kept_in,
        fingerprint=folder_fingerprint(folder, f"{family} {wanted} {kept_in}"),
    )


def _libraries(family: str) -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtra(f"the {family} vlm", "vlm") from error
    mend_torchvision()
    return transformers, torch


def _device(torch: Any, device: str) -> str:  # noqa: ANN401 - imported when it is needed
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        place = torch.device(device)
    except RuntimeError as error:
        raise BadConfig(f"vlm.device is auto, cpu, cuda or cuda:N, not {device!r}") from error
    if place.type == "cuda" and (place.index or 0) >= torch.cuda.device_count():
        raise BadConfig(
            f"vlm.device={device}: this machine has {torch.cuda.device_count()} GPUs that torch "
            f"can use; give vlm.device=cpu"
        )
    return str(place)


def _kind(
    config: Mapping[str, Any], folder: Path, *, family: str, classes: Mapping[str, str]
) -> str:
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    kind = config.get("model_type")
    if not isinstance(kind, str):
        raise ModelNotFound(f"{folder}/config.json names no model_type: it is no model directory")
    if kind in classes:
        return kind
    if kind in OWN_FAMILY:
        raise WrongUse(f"{folder} holds a {kind} model: give vlm={OWN_FAMILY[kind]}")
    if family in OWN_FAMILY.values():
        raise WrongUse(
            f"{folder} holds a {kind} model, not {' or '.join(classes)}: give vlm=transformers"
        )
    if kind in CONFIG_MAPPING_NAMES:
        raise ModelNotFound(
            f"{folder} holds a {kind} model, which answers no questions about pictures; choose a "
            f"model that does, such as a llava, paligemma, qwen2_vl or smolvlm"
        )
    raise ModelNotFound(
        f"{folder} holds a model of the kind {kind!r}, for which transformers "
        f"{transformers.__version__} has no class, and code that comes with a model is never run "
        f"here. Use a model of another kind, such as llava, paligemma, qwen2_vl or smolvlm, or let "
        f"vLLM, llama.cpp or Ollama serve this one and give vlm=remote"
    )


def _dtype(torch: Any, dtype: str, config: Mapping[str, Any], device: str) -> str:  # noqa: ANN401
    if dtype != "auto":
        return dtype
    saved = str(config.get("dtype") or config.get("torch_dtype") or "float32")
    if saved not in DTYPES:
        return "float32"
    if device.startswith("cuda"):
        return saved
    # A processor without instructions for it does bfloat16 slower than float32.
    fast = saved == "bfloat16" and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return "bfloat16" if fast else "float32"


def _load(made_by: Any, folder: Path, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    from safetensors import SafetensorError

    from scrubjay.models.pretrained.quiet import quiet_transformers

    try:
        with quiet_transformers():
            model, report = made_by.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                **options,
            )
    except SafetensorError as error:
        raise Damaged(
            f"the weights in {folder} cannot be read: {error}; the copy is not whole, copy "
            f"*.safetensors again"
        ) from error
    except ImportError as error:
        raise ModelNotFound(f"{folder} needs what is not installed: {first_line(error)}") from error
    except (
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
        TypeError,
        AttributeError,
        AssertionError,
    ) as error:
        raise ModelNotFound(
            f"{folder} cannot be loaded by transformers: {first_line(error)}. Copy it again from "
            f"where it comes from, or choose another model"
        ) from error
    if missing := sorted(report["missing_keys"]):
        raise Damaged(
            f"{folder} lacks {len(missing)} of its weights, {missing[0]} among them; copy "
            f"*.safetensors and its index again"
        )
    return model
