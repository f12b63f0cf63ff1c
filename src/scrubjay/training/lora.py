"""Adapters on an encoder's towers: a few low-rank weights learn beside all that it knows.

Hu et al. 2022, "LoRA: Low-rank adaptation of large language models": a linear layer W that stands
still becomes W + (alpha / rank) B A, of which only A and B learn, and B begins at zero. What is
saved and exported has B A added to W: no trace of adapters, and nothing to install for a client.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from numpy.typing import NDArray
from torch import Tensor, nn

from scrubjay.core.errors import BadConfig, MissingExtra, UnknownName
from scrubjay.core.protocols import Preprocess, TrainableEncoder
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.models.pretrained.quantise import no_kernels_from_the_network
from scrubjay.training.freeze import use_of

if TYPE_CHECKING:
    from types import ModuleType

log = logging.getLogger(__name__)

ADAPTER = "adapter"
"""Folder of a run that holds the adapter alone, in peft's own format."""
WEIGHTS = "adapter_model.safetensors"
PREFIX = "base_model.model."
NAME = "default"
NORMS, HEADS = "norms", "projections"


class Adapted(NamedTuple):
    """One layer with its adapter: `parent.name` is peft's layer, or its base while merged."""

    parent: nn.Module
    name: str
    layer: Any
    path: str


def adapted(
    base: TrainableEncoder,
    *,
    rank: int = 8,
    alpha: float = 16.0,
    dropout: float = 0.0,
    targets: Sequence[str] | None = None,
    modalities: Sequence[str] | None = None,
    learn: Sequence[str] = (),
    seed: int = 0,
) -> AdaptedEncoder:
    """An encoder of which only adapters learn.

    Args:
        base: any family's; it is changed in place.
        rank: of an adapter.
        alpha: an adapter counts alpha / rank times.
        dropout: share of an adapter's inputs dropped while training.
        targets: names of the layers that get one, or the ends of names, such as `q_proj`; None is
            every linear layer a tower computes with, and every `nn.MultiheadAttention`, whose
            queries, keys, values and output are adapted together and without dropout.
        modalities: towers that get adapters; None is all. The others stand still, but for layers
            they share with these.
        learn: what learns besides in those towers: `norms` (normalising layers) and `projections`
            (the last linear layer).
        seed: of the random half of an adapter.

    Raises:
        MissingExtra: peft is not installed.
        UnknownName: a target, a tower or a part that is not there.
        BadConfig: a rank, alpha or dropout that cannot be, or no layer to adapt.
    """
    peft = _peft()
    if not (rank >= 1 and alpha > 0 and 0 <= dropout < 1):
        raise BadConfig("encoder.rank is 1 or more, alpha above 0, dropout in [0, 1)")
    for what, given in (("targets", targets), ("modalities", modalities), ("learn", learn)):
        if isinstance(given, str):
            raise BadConfig(f"encoder.{what} is a list: write encoder.{what}=[{given}]")
    for name in learn:
        if name not in {NORMS, HEADS}:
            raise UnknownName("part in encoder.learn", str(name), [NORMS, HEADS])
    towers = nn.ModuleDict({one.value: base.tower(one) for one in sorted(base.spec.modalities)})
    chosen = list(towers) if modalities is None else [str(name) for name in modalities]
    for name in chosen:
        if name not in towers:
            raise UnknownName("tower in encoder.modalities", name, list(towers))
    parts = _Parts.of(base, towers, chosen)
    besides = [*(parts.norms if NORMS in learn else []), *(parts.last if HEADS in learn else [])]
    layers = _targeted([one for one in parts.adaptable if one not in besides], targets)
    towers.requires_grad_(requires_grad=False)
    for name, one in towers.named_modules():
        # Running statistics of what stands still stay as they are.
        if isinstance(one, nn.modules.batchnorm._NormBase) and name not in besides:
            one.momentum = 0.0
    config = peft.LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=layers, bias="none"
    )
    from scrubjay.training.lora_attention import AdaptedAttention

    config._register_custom_module({nn.MultiheadAttention: AdaptedAttention})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        peft.inject_adapter_in_model(config, towers, adapter_name=NAME)
    for name in besides:
        towers.get_submodule(name).requires_grad_(requires_grad=True)
    towers.eval()
    made = AdaptedEncoder(base, towers, config, besides)
    learning, every = made.parameters()
    log.info("%d adapters: %s of %s parameters learn", len(layers), f"{learning:,}", f"{every:,}")
    return made


class AdaptedEncoder:
    """A TrainableEncoder that is its base, with adapters."""

    def __init__(
        self,
        base: TrainableEncoder,
        towers: nn.ModuleDict,
        config: Any,  # noqa: ANN401 - peft's LoraConfig
        besides: Sequence[str],
    ) -> None:
        """Take what `adapted` made.

        Args:
            base: whose towers hold peft's layers.
            towers: of the base, by modality.
            config: peft's LoraConfig.
            besides: names in `towers` of modules that learn as a whole.
        """
        self._base, self._towers, self._config = base, towers, config
        self._besides = list(besides)
        whole = getattr(base, "whole", None)
        # A tower may hold a model's parts under other names than the model does.
        self._names: dict[int, str] = (
            {} if whole is None else {id(one): at for at, one in whole.named_modules()}
        )
        self._layers = [
            Adapted(parent, name, child, self._name(f"{at}.{name}"))
            for at, parent in towers.named_modules()
            for name, child in parent.named_children()
            if hasattr(child, "lora_A") and hasattr(child, "get_base_layer")
        ]

    @property
    def spec(self) -> EncoderSpec:
        """The base's; the fingerprint follows the adapters."""
        return self._base.spec

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) float32 unit rows, adapters included."""
        return self._base.encode(modality, batch)

    def tower(self, modality: Modality) -> nn.Module:
        """The base's, with adapters inside."""
        tower: nn.Module = self._base.tower(modality)
        return tower

    def preprocess(self, modality: Modality, *, train: bool) -> Preprocess:
        """The base's."""
        return self._base.preprocess(modality, train=train)

    def logit_scale_init(self) -> tuple[float, float]:
        """The base's."""
        return self._base.logit_scale_init()

    def parameters(self) -> tuple[int, int]:
        """How many learn, and how many there are in all, adapters included."""
        every = list(self._towers.parameters())
        return sum(one.numel() for one in every if one.requires_grad), sum(
            one.numel() for one in every
        )

    def save_pretrained(self, folder: Path) -> None:
        """Write the base's own format, adapters merged into its weights."""
        with self.merged():
            self._base.save_pretrained(folder)

    def export(self, folder: Path) -> None:
        """Write the base's graphs, adapters merged into their weights."""
        with self.merged():
            self._base.export(folder)

    @contextmanager
    def merged(self) -> Iterator[TrainableEncoder]:
        """The base as if it had never been adapted, but for what its weights have become.

        Afterwards the adapters are back, and every weight has its bits again.
        """
        kept: list[Tensor] = []
        try:
            for one in self._layers:
                weight = _weight(one.layer)
                kept.append(weight.detach().clone())
                with torch.no_grad():
                    weight += one.layer.get_delta_weight(NAME).to(weight.dtype)
                setattr(one.parent, one.name, one.layer.get_base_layer())
            yield self._base
        finally:
            for one, before in zip(self._layers, kept, strict=False):
                setattr(one.parent, one.name, one.layer)
                with torch.no_grad():
                    _weight(one.layer).copy_(before)

    def save_adapter(self, folder: Path) -> None:
        """Write `adapter_model.safetensors` and `adapter_config.json`, as peft reads them.

        Names are those of the whole model: `PeftModel.from_pretrained(base, folder)` of a
        transformers or open_clip model gives what was trained, with the peft that is installed
        here: releases differ in how they count the output of attention.
        """
        from safetensors.torch import save_file

        from scrubjay.training.lora_attention import times_counted

        state: dict[str, Tensor] = {}
        for one in self._layers:
            within = isinstance(one.parent, nn.MultiheadAttention)
            for half, times in (("lora_A", 1), ("lora_B", times_counted() if within else 1)):
                weight = getattr(one.layer, half)[NAME].weight / times
                state[f"{PREFIX}{one.path}.{half}.weight"] = weight.detach().cpu().contiguous()
        for at in self._besides:
            for name, whole in self._towers.get_submodule(at).state_dict().items():
                state[f"{PREFIX}{self._name(at)}.{name}"] = whole.detach().cpu().contiguous()
        config = _peft().LoraConfig(
            r=self._config.r,
            lora_alpha=self._config.lora_alpha,
            lora_dropout=self._config.lora_dropout,
            # An attention's output has its own within it.
            target_modules=[one.path for one in self._layers if ".base_layer." not in one.path],
            modules_to_save=[self._name(at) for at in self._besides] or None,
            bias="none",
            inference_mode=True,
        )
        save_file(state, folder / WEIGHTS, metadata={"format": "pt"})
        config.save_pretrained(folder)

    def _name(self, at: str) -> str:
        """A module's name in its model, of its name in the towers."""
        own = at.partition(".")[2]  # without the tower in front
        return self._names.get(id(self._towers.get_submodule(at)), own)


class KeptAdapter(Callback):
    """Leaves the adapter alone in the run's folder, of the weights that are kept."""

    def __init__(self, run: str, encoder: TrainableEncoder) -> None:
        """Say where, and whose.

        Raises:
            BadConfig: the encoder has no adapters.
        """
        if not isinstance(encoder, AdaptedEncoder):
            raise BadConfig(
                "callbacks=lora keeps adapters, and this encoder has none: encoder=lora"
            )
        self._folder, self._encoder = Path(run) / ADAPTER, encoder

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Of the last weights."""
        self._write(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Of the best weights, which are measured once more when they are loaded."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        if not trainer.is_global_zero:
            return
        aside = self._folder.with_name(self._folder.name + ".part")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        self._encoder.save_adapter(aside)
        shutil.rmtree(self._folder, ignore_errors=True)
        aside.rename(self._folder)


class _Parts(NamedTuple):
    """Names of what the chosen towers compute with, once each."""

    adaptable: list[str]
    norms: list[str]
    last: list[str]

    @classmethod
    def of(cls, base: TrainableEncoder, towers: nn.ModuleDict, chosen: Collection[str]) -> _Parts:
        adaptable: list[str] = []
        norms: list[str] = []
        last: list[str] = []
        for modality in chosen:
            ran = use_of(base, Modality(modality), towers[modality]).modules
            used = [(name, one) for name, one in towers.named_modules() if id(one) in ran]
            # What a tower holds itself its model holds besides, and only one would be exchanged.
            deep = [name for name, one in used if _adaptable(one) and name.count(".") > 1]
            adaptable += deep
            norms += [
                name
                for name, one in used
                # With weights of its own: timm has heads that are named after the norm in them.
                if "Norm" in type(one).__name__ and list(one.parameters(recurse=False))
            ]
            own = [name for name, one in used if isinstance(one, nn.Linear)]
            last += own[-1:]
        return cls(*(list(dict.fromkeys(names)) for names in (adaptable, norms, last)))


def _adaptable(module: nn.Module) -> bool:
    if isinstance(module, nn.MultiheadAttention):
        return module.in_proj_weight is not None  # else one for each, of different widths
    return isinstance(module, nn.Linear) and not list(module.children())


def _weight(layer: Any) -> Tensor:  # noqa: ANN401 - one of peft's
    """What an adapter is added to."""
    base = layer.get_base_layer()
    weight: Tensor = base.in_proj_weight if isinstance(base, nn.MultiheadAttention) else base.weight
    return weight


def _targeted(adaptable: Sequence[str], targets: Sequence[str] | None) -> list[str]:
    if targets is None:
        found = list(adaptable)
    else:
        found = []
        for target in targets:
            mine = [one for one in adaptable if f".{one}".endswith(f".{target}")]
            if not mine:
                ends = dict.fromkeys(one.rpartition(".")[2] for one in adaptable)
                raise UnknownName("layer in encoder.targets", str(target), ends)
            found += [one for one in mine if one not in found]
    if not found:
        raise BadConfig("this encoder computes with no layer that an adapter could be on")
    return found


def _peft() -> ModuleType:
    try:
        with no_kernels_from_the_network():  # peft imports bitsandbytes where it is installed
            import peft
    except ImportError as error:
        raise MissingExtra("training adapters (LoRA)", "lora") from error
    module: ModuleType = peft
    return module
