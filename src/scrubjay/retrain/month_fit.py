"""A month's fit: from the champion, on new pairs and replayed old ones, then between the two.

`fit/` in the run's folder holds what `training.fit` writes and its figures (`metrics.json`),
`encoder/` with the weights kept, in the family's own format, and `result.json`, written last. A fit
that was killed goes on from its last checkpoint with the same items; one that has its result is
not done again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import BadConfig, Damaged, NotReady
from scrubjay.core.protocols import Progress, TrainableEncoder, silent
from scrubjay.core.types import Item
from scrubjay.retrain.replay import Replayed, replayed
from scrubjay.retrain.start import begins_with, build_encoder, from_champion, version_node
from scrubjay.search.decode import Read
from scrubjay.store.durable import make_folder, rename_folder, sweep_aside, write_durably
from scrubjay.training.instantiate import refers_to

if TYPE_CHECKING:
    from scrubjay.retrain.run import Run
    from scrubjay.training.fit import Fitted
    from scrubjay.training.wise_ft import Chosen, Weights

FOLDER = "fit"
ENCODER = "encoder"
RESULT = "result.json"
METRICS = "metrics.json"
BASE, CHAMPION = "base", "champion"


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a month learns beside what the fit's own configuration says.

    Attributes:
        replay: old content groups trained on for each new one; None is all there are.
        start: `champion`, or `base` for the encoder the configuration names.
        alphas: shares of the way to the trained weights to choose from (WiSE-FT); (1,) keeps the
            trained weights.
        halvings: how often the batch is halved when memory runs out.
    """

    replay: float | None = 1.0
    start: str = CHAMPION
    alphas: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    halvings: int = 3

    def __post_init__(self) -> None:
        """Refuse what means nothing.

        Raises:
            BadConfig: a value that cannot be.
        """
        if self.replay is not None and not self.replay >= 0:
            raise BadConfig(f"fit.replay is {self.replay}; give 0 or more, or null for all")
        if self.start not in {BASE, CHAMPION}:
            raise BadConfig(f"fit.start is {self.start!r}; it must be {CHAMPION} or {BASE}")
        if not self.alphas or not all(0 < one <= 1 for one in self.alphas):
            raise BadConfig(
                f"fit.alphas is {list(self.alphas)}; give one or more, each above 0 and at most 1"
            )
        if self.halvings < 0:
            raise BadConfig(f"fit.halvings is {self.halvings}; it must be 0 or more")


@dataclass(frozen=True, slots=True)
class MonthFit:
    """A challenger, not yet exported.

    Attributes:
        encoder: with the weights kept, on the CPU.
        started_from: the champion's version; `base` when it was the configured encoder.
        alpha: how far the weights are from those training began with, towards those it ended with.
        why: why this alpha, in one sentence.
        scores: validation recall by alpha, on new and on old items: see `wise_ft.Chosen`.
        metrics: of the fit, before weights were interpolated.
        used_new: content groups trained on that have an item of this month.
        used_old: the others among those trained on.
        attempts: (batch size, batches a step) as configured, and after each time memory ran out.
    """

    encoder: TrainableEncoder
    started_from: str
    alpha: float
    why: str
    scores: Mapping[str, float]
    metrics: Mapping[str, float]
    used_new: int
    used_old: int
    attempts: tuple[tuple[int, int], ...]


def _check_alone(config: Mapping[str, Any]) -> None:
    """A month holds a lease that processes which help could not share."""
    devices = (config.get("trainer") or {}).get("devices", 1)
    alone = len(devices) == 1 if isinstance(devices, list) else str(devices) in {"1", "auto"}
    if not alone:
        raise BadConfig(
            f"trainer.devices is {devices!r}, and a month trains in one process: leave it at 1, or "
            f"use several with `scrubjay train`"
        )


def fit_month(
    run: Run,
    *,
    items: Sequence[Item],
    new: frozenset[str],
    champion: Path | None,
    read: Read,
    resume: bool,
    settings: FitSettings = FitSettings(),
    threads: int = 0,
    provided: Mapping[str, object] | None = None,
    progress: Progress = silent,
) -> MonthFit:
    """Train a challenger and choose its weights.

    Args:
        run: its configuration is the fit's; its encoder node gives way to the champion.
        items: accepted items of all months and splits, as the run's snapshot has them.
        new: ids of those this month may learn.
        champion: the registered folder of the version that serves; None when nothing does yet.
        read: uri to bytes; picklable when the datamodule has workers.
        resume: go on with what an earlier call of the same run left, from the beginning if nothing.
        threads: torch's; 0 leaves its own choice.
        provided: what the configuration may refer to besides `items` and `read`.

    Raises:
        NotReady: this month brings no pair of the train split.
        BadConfig: the configuration does not train an encoder on the home's items.
        TrainingFailed: the loss or a gradient is not finite, or memory ran out with the smallest
            batch too; the last checkpoint is from before.
        Damaged: a checkpoint, the champion or an earlier result cannot be believed.
    """
    _check_alone(run.config)
    from scrubjay.training.memory import fit_within_memory
    from scrubjay.training.threads import torch_threads
    from scrubjay.training.wise_ft import weights_of

    folder = run.folder / FOLDER
    if resume and (folder / RESULT).exists():
        return _kept(folder)
    config, started_from = _begin_with(run.config, champion, settings.start)
    with torch_threads(threads):
        encoder = build_encoder(config)
        chosen = replayed(
            items,
            new=new,
            replay=settings.replay,
            modalities=encoder.spec.modalities,
            seed=run.id,
        )
        _require_pairs(chosen, encoder)
        knew = weights_of(encoder) if _has_learned(config) else None
        del encoder  # the fit builds its own: two at once may be more than memory holds
        make_folder(folder)
        fitted, attempts = fit_within_memory(
            config,
            run=folder,
            provided={
                **(provided or {}),
                "items": [*chosen.train, *chosen.held_out],
                "read": read,
            },
            resume=resume,
            halvings=settings.halvings,
            progress=progress,
        )
        metrics = _measured(folder, fitted.metrics, resume=resume)
        weights = _choose(fitted, knew, chosen, new, read, settings, progress)
    made = MonthFit(
        encoder=_encoder_of(fitted),
        started_from=started_from,
        alpha=weights.alpha,
        why=weights.why,
        scores=weights.scores,
        metrics=metrics,
        used_new=chosen.new,
        used_old=chosen.old,
        attempts=tuple((one.batch_size, one.accumulate) for one in attempts),
    )
    _keep(folder, made)
    return made


def learnable(
    run: Run,
    *,
    items: Sequence[Item],
    new: frozenset[str],
    champion: Path | None,
    settings: FitSettings,
) -> tuple[int, int]:
    """How many new and old content groups `fit_month` would train on; arguments as there.

    Only those count that the encoder, which is built for it, sees in two ways.
    """
    config, _ = _begin_with(run.config, champion, settings.start)
    chosen = replayed(
        items,
        new=new,
        replay=settings.replay,
        modalities=build_encoder(config).spec.modalities,
        seed=run.id,
    )
    return chosen.new, chosen.old


def _begin_with(
    config: Mapping[str, Any], champion: Path | None, start: str
) -> tuple[Mapping[str, Any], str]:
    if not refers_to(config.get("datamodule"), "items"):
        raise BadConfig(
            "a month trains on the home's items: choose datamodule=pairs, or one whose settings "
            "take {_ref_: items}"
        )
    if champion is None or start == BASE:
        return config, BASE
    return from_champion(config, champion), champion.name


def _has_learned(config: Mapping[str, Any]) -> bool:
    """Whether training begins with weights that know something."""
    node = begins_with(config["encoder"])
    return isinstance(node, Mapping) and node.get("source") is not None


def _require_pairs(chosen: Replayed, encoder: TrainableEncoder) -> None:
    if not chosen.new:
        raise NotReady(
            f"this month brings nothing to learn from: no new content group of the train split can "
            f"be seen in two of {', '.join(sorted(encoder.spec.modalities))}; it stays with the "
            f"champion"
        )


def _encoder_of(fitted: Fitted) -> TrainableEncoder:
    encoder = fitted.objects["encoder"]
    if not isinstance(encoder, TrainableEncoder):
        raise BadConfig(f"encoder makes a {type(encoder).__name__}, not an encoder to train")
    return encoder


def _measured(folder: Path, metrics: Mapping[str, float], *, resume: bool) -> Mapping[str, float]:
    """The fit's figures, written down once: going on with a finished fit measures none again."""
    path = folder / METRICS
    if resume and path.exists():
        try:
            return {
                str(name): float(value) for name, value in json.loads(path.read_bytes()).items()
            }
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise Damaged(f"{path} holds no figures ({error}); begin the run anew") from error
    write_durably(path, json.dumps(dict(metrics)).encode(), point="month_fit.metrics")
    return metrics


def _choose(
    fitted: Fitted,
    knew: Weights | None,
    chosen: Replayed,
    new: frozenset[str],
    read: Read,
    settings: FitSettings,
    progress: Progress,
) -> Chosen:
    from scrubjay.training.wise_ft import Chosen, choose_alpha

    if knew is None:
        return Chosen(1.0, {}, "what learned began without weights to keep: alpha is 1")
    trainer: Any = fitted.objects["trainer"]
    return choose_alpha(
        _encoder_of(fitted),
        knew,
        items=chosen.held_out,
        new=new,
        read=read,
        alphas=settings.alphas,
        device=str(trainer.strategy.root_device),
        progress=progress,
    )


def _keep(folder: Path, made: MonthFit) -> None:
    """Write the encoder, then the result that says it is whole."""
    sweep_aside(folder)
    staging, target = folder / f"{ENCODER}.part", folder / ENCODER
    for left in (staging, target):
        shutil.rmtree(left, ignore_errors=True)
    staging.mkdir()
    made.encoder.save_pretrained(staging)
    rename_folder(staging, target, point="month_fit")
    values = {one.name: getattr(made, one.name) for one in fields(made) if one.name != "encoder"}
    values["family"] = made.encoder.spec.name
    write_durably(folder / RESULT, json.dumps(values, indent=1).encode(), point="month_fit")


def _kept(folder: Path) -> MonthFit:
    """The challenger of a fit that was finished before."""
    path = folder / RESULT
    try:
        values = json.loads(path.read_bytes())
        node = version_node(folder / ENCODER, str(values.pop("family")))
        attempts = tuple((int(size), int(steps)) for size, steps in values.pop("attempts"))
        return MonthFit(encoder=build_encoder({"encoder": node}), attempts=attempts, **values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{path} is not the result of a fit ({error!r}); begin the run anew"
        ) from error
