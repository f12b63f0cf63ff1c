"""LoRA adapters of models that look: made, kept in peft's own format, read again, merged.

Low-rank adaptation (Hu et al., "LoRA", 2021): a weight W becomes W + (alpha / rank) B A. Only A
and B are learned; B begins at zero, so that an adapted model begins as its base.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scrubjay.core.errors import BadConfig, Damaged, MissingExtra, ModelNotFound, UnknownName
from scrubjay.models.pretrained.files import first_line, read_json
from scrubjay.models.pretrained.quantise import keep_learnable, no_kernels_from_the_network

if TYPE_CHECKING:
    from torch import nn

    from scrubjay.models.pretrained.opening import Opened

CONFIG: Final = "adapter_config.json"
WEIGHTS: Final = "adapter_model.safetensors"

USED: Final = (
    *("alpha_pattern", "bias", "exclude_modules", "fan_in_fan_out", "layers_pattern"),
    *("layers_to_transform", "lora_alpha", "lora_bias", "lora_dropout", "modules_to_save", "r"),
    *("rank_pattern", "target_modules", "use_dora", "use_rslora"),
)
"""What is taken over of an adapter's settings."""
TOLD: Final = frozenset(
    {
        *("auto_mapping", "base_model_name_or_path", "inference_mode", "init_lora_weights"),
        *("peft_type", "peft_version", "qalora_group_size", "revision", "task_type"),
        *("loftq_config", "megatron_core", "runtime_config", "alora_invocation_tokens"),
    }
)
"""What says how it came to be, or has no effect alone; the rest must be as peft has it unasked."""


def language_layers(model: Any, writer: nn.Module) -> dict[str, nn.Module]:  # noqa: ANN401
    """Linear layers of the part that writes, by their dotted names: attention and MLP.

    Not the last one, which chooses a word: its weights are often those words are read by.
    """
    from torch import nn

    inside = {id(one) for one in writer.modules()} - {id(model.get_output_embeddings())}
    return {
        name: one
        for name, one in model.named_modules()
        if id(one) in inside and isinstance(one, nn.Linear)
    }


def targets(
    model: Any,  # noqa: ANN401 - of transformers
    wanted: Sequence[str] | None,
    *,
    writer: nn.Module | None = None,
) -> list[str]:
    """Dotted names of the layers to adapt.

    Args:
        model: of transformers.
        wanted: ends of names; one without a point is looked for in the part that writes, one with
            a point anywhere. None: every linear layer of the part that writes.
        writer: that part; None: the model's decoder.

    Raises:
        UnknownName: an end that no linear layer has.
    """
    from torch import nn

    writing = list(language_layers(model, writer or model.get_decoder()))
    if wanted is None:
        return writing
    anywhere = [name for name, one in model.named_modules() if isinstance(one, nn.Linear)]
    found: dict[str, None] = {}
    for end in wanted:
        among = anywhere if "." in end else writing
        fits = [name for name in among if name == end or name.endswith(f".{end}")]
        if not fits:
            known = {name.rsplit(".", 1)[-1] for name in writing}
            raise UnknownName("layer in model.targets", end, {*known, *anywhere})
        found.update(dict.fromkeys(fits))
    return list(found)


def adapted(
    model: Any,  # noqa: ANN401 - of transformers
    *,
    rank: int,
    alpha: float,
    dropout: float,
    wanted: Sequence[str] | None,
    source: str,
    writer: nn.Module | None = None,
) -> Any:  # noqa: ANN401 - of peft
    """The model with a new adapter, which alone learns.

    A model in fewer bits is prepared as QLoRA has it (Dettmers et al. 2023): what is not packed
    becomes float32.

    Args:
        model: changed in place.
        rank: of A and B.
        alpha: the adapter counts alpha / rank.
        dropout: chance of an input of A to be dropped while learning.
        wanted: as for `targets`.
        source: the base's, for the adapter's own record.
        writer: as for `targets`.

    Raises:
        MissingExtra: peft is not installed.
        UnknownName: as `targets`.
        BadConfig: a number out of its range, or no layer that can be adapted.
    """
    peft = _peft("LoRA")
    if rank < 1 or not alpha > 0 or not 0 <= dropout < 1:
        raise BadConfig(
            f"model.rank must be 1 or more, model.alpha above 0 and model.dropout in [0, 1), not "
            f"{rank}, {alpha:g} and {dropout:g}"
        )
    names = targets(model, wanted, writer=writer)
    if not names:
        raise BadConfig(
            "the language model of this vlm has no linear layer that LoRA could adapt; choose "
            "another model, or name layers by model.targets"
        )
    if getattr(model, "is_quantized", False):
        peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
        keep_learnable(model)
    config = peft.LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=_pattern(names),
        base_model_name_or_path=source,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="transformers|peft")
        made = peft.get_peft_model(model, config)
    # peft writes down what the model was loaded from; in memory only, that is the source.
    made.peft_config["default"].base_model_name_or_path = source
    return made


def with_adapter(model: Any, folder: Path) -> Any:  # noqa: ANN401 - of transformers
    """A model with an adapter of its own merged into its weights.

    In a model in fewer bits the adapter stays beside the weights: merged, it would be rounded.

    Args:
        model: of transformers, changed in place.
        folder: with adapter_config.json and adapter_model.safetensors.

    Raises:
        MissingExtra: peft is not installed.
        ModelNotFound: there is no adapter, or none that is known here.
        Damaged: its files are not whole.
        BadConfig: it is not of this model.
    """
    peft = _peft("vlm.adapter")
    config, base = _config(folder, peft, type(model).__name__)
    given = _weights(folder)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="transformers|peft")
            made = peft.PeftModel(model, config)
    except (ValueError, TypeError, KeyError, re.error) as error:
        raise BadConfig(
            f"the adapter in {folder} does not fit this model: {first_line(error)}; give "
            f"vlm.source the model it was taught on ({base})"
        ) from error
    # Otherwise peft would look for the base where the adapter says it is.
    own = peft.get_peft_model_state_dict(made, save_embedding_layers=False)
    _fits(own, given, folder, base)
    peft.set_peft_model_state_dict(made, dict(given))
    made.eval()
    if getattr(model, "is_quantized", False):
        return made.get_base_model()
    try:
        return made.merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise Damaged(f"the adapter in {folder} is not finite; teach it again") from error


def opened_with(opened: Opened, folder: Path) -> Opened:
    """A model that was opened, with an adapter; errors are those of `with_adapter`."""
    folder = folder.expanduser()
    mark = _fingerprint(folder)
    model = with_adapter(opened.model, folder).eval()
    both = hashlib.sha256(f"{opened.fingerprint} {mark}".encode()).hexdigest()
    return replace(opened, model=model, fingerprint=both)


def _fingerprint(folder: Path) -> str:
    """sha256 of an adapter's files."""
    digest = hashlib.sha256()
    for name in (CONFIG, WEIGHTS):
        try:
            digest.update((folder / name).read_bytes())
        except OSError as error:
            raise _no_adapter(folder, name) from error
    return digest.hexdigest()


def _pattern(names: Sequence[str]) -> list[str] | str:
    """All names as one pattern, short where they are alike in every layer; a list otherwise."""
    cut = [re.fullmatch(r"(.*?\.)(\d+)\.(.+)", name) for name in names]
    heads = {one[1] for one in cut if one}
    tails = sorted({one[3] for one in cut if one})
    if not all(cut) or len(heads) != 1:
        return list(names)
    numbers = {one[2] for one in cut if one}
    if len(names) != len(numbers) * len(tails):
        return list(names)
    which = "|".join(sorted(numbers, key=int))
    ends = "|".join(map(re.escape, tails))
    return rf"{re.escape(heads.pop())}({which})\.({ends})"


def _config(folder: Path, peft: Any, kind: str) -> tuple[Any, str]:  # noqa: ANN401
    """An adapter's settings without where its base is, and that."""
    path = folder.expanduser() / CONFIG
    if not path.is_file():
        raise _no_adapter(folder, CONFIG)
    told = read_json(path)
    if told.get("peft_type") != "LORA":
        raise ModelNotFound(
            f"{path} is of a {told.get('peft_type')!r} adapter; only LoRA is read here"
        )
    mapping = told.get("auto_mapping")
    taught = mapping.get("base_model_class") if isinstance(mapping, dict) else None
    if taught not in {None, kind}:
        raise BadConfig(
            f"the adapter in {folder} does not fit this model, a {kind}: it was taught on a "
            f"{taught} ({told.get('base_model_name_or_path')}); give that as vlm.source"
        )
    usual = peft.LoraConfig().to_dict()
    for name, value in told.items():
        if name in USED or name in TOLD or not value or value == usual.get(name):
            continue
        raise ModelNotFound(
            f"{path} asks for {name}, which is not read here; merge the adapter with peft's own "
            f"merge_and_unload and give the result as vlm.source"
        )
    try:
        config = peft.LoraConfig(
            **{name: told[name] for name in USED if name in told}, inference_mode=True
        )
    except (ValueError, TypeError) as error:
        raise Damaged(f"{path} cannot be used: {first_line(error)}; copy it again") from error
    return config, str(told.get("base_model_name_or_path") or "its base")


def _weights(folder: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder.expanduser() / WEIGHTS
    if not path.is_file():
        raise _no_adapter(folder, WEIGHTS)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise Damaged(f"{path} cannot be read: {first_line(error)}; copy it again") from error


def _fits(own: Mapping[str, Any], given: Mapping[str, Any], folder: Path, base: str) -> None:
    wrong = [
        f"{name} is {list(given[name].shape)} there and {list(own[name].shape)} here"
        for name in sorted(set(own) & set(given))
        if given[name].shape != own[name].shape
    ]
    wrong += [f"{name} is missing" for name in sorted(set(own) - set(given))]
    wrong += [f"{name} is of no layer here" for name in sorted(set(given) - set(own))]
    if wrong:
        raise BadConfig(
            f"the adapter in {folder} does not fit this model ({len(wrong)} of its tensors: "
            f"{wrong[0]}); give vlm.source the model it was taught on ({base})"
        )


def _no_adapter(folder: Path, name: str) -> ModelNotFound:
    return ModelNotFound(
        f"there is no adapter in {folder}: {name} is missing. Give vlm.adapter the folder "
        f"`adapter` of a run, or one that peft's save_pretrained wrote in safetensors"
    )


def _peft(what: str) -> Any:  # noqa: ANN401
    try:
        with no_kernels_from_the_network():  # peft imports bitsandbytes where it is installed
            import peft
    except ImportError as error:
        raise MissingExtra(what, "lora,vlm") from error
    return peft
