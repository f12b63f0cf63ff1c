"""Training throughput: our step against open_clip's own loop, in turns, on this machine.

    python bench/train.py [--rounds 5] [--batch 32] [--json]

Both train the same CLIP from the same weights on the same JPEG files and captions, a batch at a
time in this process. Ours is `scrubjay train experiment=open_clip` as composed; theirs is
`open_clip_train.train.train_one_epoch`, with the arguments, the optimizer, the schedule, the
transform and the tokenizer its own `main` gives it. A round times a few steps of each in turn, the
first of each left out: reading, decoding, both towers, loss, backward, optimizer, logging. Figures
are medians over rounds.

Ours is measured a second time with every text padded to 77 tokens, as theirs are: what is left of
the difference has nothing to do with texts. Captions are of 8 to 14 words.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image
from torch import nn

from scrubjay.cli.compose import compose
from scrubjay.core.types import Item, Kind, Split
from scrubjay.models.torchvision_operators import mend_torchvision
from scrubjay.training.fit import fit

mend_torchvision()

NETWORK = {
    "embed_dim": 256,
    "vision_cfg": {
        "image_size": 112,
        "layers": 8,
        "width": 384,
        "head_width": 64,
        "patch_size": 16,
    },
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 256,
        "heads": 4,
        "layers": 6,
    },
}
WORDS = (
    "a man woman child dog horse bus table plate street kitchen field beach red white small large "
    "sitting standing riding holding next near under behind on in with and wooden old bright"
)
SKIPPED = 1
"""Steps of each turn that are not timed: buffers are made, threads wake."""


@dataclass(frozen=True, slots=True)
class Material:
    """What both learn from.

    Attributes:
        model: a folder of open_clip's own.
        steps: that are timed in a turn.
    """

    model: Path
    items: tuple[Item, ...]
    batch: int
    steps: int


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--batch", type=int, default=32)
    asked.add_argument("--steps", type=int, default=3, help="timed in a turn")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="scrubjay-train-") as root:
        material = prepare(Path(root), batch=given.batch, steps=given.steps)
        rates = measure(material, Path(root), rounds=given.rounds)
    figures = {name: round(statistics.median(found), 2) for name, found in rates.items()}
    ratios = {
        name: round(statistics.median(map(float.__truediv__, rates[one], rates[other])), 3)
        for name, (one, other) in COMPARED.items()
    }
    if given.json:
        print(json.dumps({"pairs_per_s": figures, "ratio": ratios, "rounds": rates}))
        return
    print(
        f"batch {given.batch}, {torch.get_num_threads()} threads, torch {torch.__version__}, "
        f"median of {given.rounds} rounds of {given.steps} steps"
    )
    for name, figure in figures.items():
        spread = f"{min(rates[name]):.1f} to {max(rates[name]):.1f}"
        print(f"{name:<28} {figure:7.1f} pairs/s  ({spread})")
    for name, ratio in ratios.items():
        print(f"{name:<52} {ratio:.2f}x")


COMPARED = {
    "float32, ours against theirs": ("ours fp32", "theirs fp32"),
    "bf16, ours against theirs": ("ours bf16", "theirs amp_bf16"),
    "ours in bf16 against theirs in float32": ("ours bf16", "theirs fp32"),
    "float32, every text of 77 tokens": ("ours fp32, padded", "theirs fp32"),
    "bf16, every text of 77 tokens": ("ours bf16, padded", "theirs amp_bf16"),
}


def measure(material: Material, root: Path, *, rounds: int) -> dict[str, list[float]]:
    """Pairs a second by who trains how, round by round."""
    turns: dict[str, Callable[[Path], float]] = {
        "theirs fp32": partial(theirs, material, "fp32"),
        "ours fp32": partial(ours, material, "default", padded=False),
        "ours fp32, padded": partial(ours, material, "default", padded=True),
        "theirs amp_bf16": partial(theirs, material, "amp_bf16"),
        "ours bf16": partial(ours, material, "bf16", padded=False),
        "ours bf16, padded": partial(ours, material, "bf16", padded=True),
    }
    rates: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds):
        # Whoever goes first finds a cooler processor.
        order = list(turns) if number % 2 == 0 else list(turns)[::-1]
        for at, name in enumerate(order):
            rates[name].append(turns[name](root / f"run-{number}-{at}"))
    return rates


def ours(material: Material, trainer: str, run: Path, *, padded: bool) -> float:
    """Pairs a second of `experiment=open_clip`, from one finished step to a later one."""
    from scrubjay.models.openclip.towers import TextTower

    ends: list[float] = []
    config = compose(
        [
            "experiment=open_clip",
            f"encoder.source={material.model}",
            f"trainer={trainer}",
            "trainer.accelerator=cpu",
            f"trainer.max_steps={SKIPPED + material.steps}",
            "trainer.limit_val_batches=0",
            f"datamodule.batch_size={material.batch}",
            "callbacks=none",
            "logger=csv",
        ]
    )
    shortens = property(lambda _: not padded)
    with patch.object(TextTower, "shortens", shortens):
        fit(
            config,
            run=run,
            provided={"items": material.items, "read": lambda uri: Path(uri).read_bytes()},
            progress=lambda *_: ends.append(time.perf_counter()),
        )
    return rate(ends, material)


def theirs(material: Material, precision: str, run: Path) -> float:
    """Pairs a second of open_clip's own loop, the same steps of the same batches."""
    import open_clip
    from open_clip_train.params import parse_args
    from open_clip_train.scheduler import cosine_lr
    from open_clip_train.train import train_one_epoch

    args = parse_args(
        [
            *("--model", "ViT", "--precision", precision, "--device", "cpu", "--workers", "0"),
            *("--batch-size", str(material.batch), "--lr", "1e-5", "--wd", "0.1", "--warmup", "1"),
        ]
    )
    # What its `main` adds to them where a single process trains without a tracker.
    vars(args).update(distributed=False, rank=0, world_size=1, wandb=False, distill=False)
    model, transform, _ = open_clip.create_model_and_transforms(
        f"local-dir:{material.model}", precision=precision, output_dict=True
    )
    files = Files(material.items, transform, open_clip.get_tokenizer(f"local-dir:{material.model}"))
    batches = Batches(files, batch=material.batch, steps=SKIPPED + material.steps)
    optimizer = as_their_main_does(model, args)
    train_one_epoch(
        model,
        {"train": batches},
        open_clip.create_loss(args),
        0,
        optimizer,
        None,
        cosine_lr(optimizer, args.lr, args.warmup, batches.num_batches),
        None,
        args,
    )
    return rate(batches.ends, material)


def rate(ends: list[float], material: Material) -> float:
    """Pairs a second over the steps that are timed."""
    return material.batch * material.steps / (ends[-1] - ends[SKIPPED - 1])


class Files(torch.utils.data.Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """`open_clip_train.data.CsvDataset`, whose module wants packages its wheel does not bring."""

    def __init__(self, items: tuple[Item, ...], transform: Any, tokenizer: Any) -> None:  # noqa: ANN401
        self.items, self.transform, self.tokenize = items, transform, tokenizer

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, at: int) -> tuple[torch.Tensor, torch.Tensor]:
        images = self.transform(Image.open(self.items[at].uri))
        return images, self.tokenize([self.items[at].captions[0]])[0]


class Batches:
    """Their `DataInfo` and its loader in one, which notes when each step ended."""

    def __init__(self, files: Files, *, batch: int, steps: int) -> None:
        self.dataloader = self
        self.num_batches, self.num_samples = steps, steps * batch
        self.ends: list[float] = []
        self._loader = torch.utils.data.DataLoader(
            files, batch_size=batch, shuffle=True, drop_last=True
        )

    def set_epoch(self, epoch: int) -> None:
        """As a DataInfo; there is no sampler to tell."""

    def __iter__(self) -> Iterator[Any]:
        for number, batch in zip(range(self.num_batches), self._loader, strict=False):
            yield batch
            self.ends.append(time.perf_counter())
            if number + 1 == self.num_batches:
                return


def as_their_main_does(model: nn.Module, args: argparse.Namespace) -> torch.optim.AdamW:
    """AdamW with open_clip_train.main's groups."""
    spared: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, one in model.named_parameters():
        named = any(part in name for part in ("bn", "ln", "bias", "logit_scale"))
        (spared if one.ndim < 2 or named else rest).append(one)
    return torch.optim.AdamW(
        [{"params": spared, "weight_decay": 0.0}, {"params": rest, "weight_decay": args.wd}],
        lr=args.lr,
        betas=(args.beta1, args.beta2),
        eps=args.eps,
    )


def prepare(root: Path, *, batch: int, steps: int) -> Material:
    """A model with random weights, and pictures with captions: enough that none is seen twice."""
    from open_clip import create_model
    from safetensors.torch import save_file

    model = root / "model"
    model.mkdir()
    config = {"model_cfg": NETWORK, "preprocess_cfg": {}}
    (model / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    weights = create_model(f"local-dir:{model}").state_dict()
    save_file(weights, model / "open_clip_model.safetensors")
    random = np.random.default_rng(0)
    items = tuple(pair(root, number, random) for number in range(batch * (SKIPPED + steps)))
    return Material(model, items, batch, steps)


def pair(root: Path, number: int, random: np.random.Generator) -> Item:
    """A JPEG of 320 x 240 and a caption of 8 to 14 words."""
    path = root / f"{number}.jpg"
    coarse = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    coarse.resize((320, 240), Image.Resampling.BICUBIC).save(path, quality=90)
    caption = " ".join(random.choice(WORDS.split(), int(random.integers(8, 15))))
    return Item(
        id=str(number),
        kind=Kind.IMAGE,
        uris=(str(path),),
        sha256=f"{number:064d}",
        group=str(number),
        split=Split.TRAIN,
        month="2026-11",
        size=path.stat().st_size,
        captions=(caption,),
    )


if __name__ == "__main__":
    main()
