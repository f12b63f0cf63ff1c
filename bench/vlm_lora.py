"""LoRA and QLoRA of a LLaVA on drawn products: what is learned, in what time and memory.

    python bench/vlm_lora.py
    python bench/vlm_lora.py --rows 600 --epochs 8 --json

The base is of the real class with the real processor: it begins at random and is taught to name
colours and to say words again, never to describe. Products are then learned through
`scrubjay train experiment=vlm_lora` and `vlm_qlora`'s own configurations: a picture of a shape in a
colour, a name and a category in the table, a sentence that needs all three. Pictures are drawn
anew each time; the rows that measure are of pictures that nobody was taught on. Each fit runs in a
process of its own, one thread; memory is the most it held, above what it held before it opened the
model.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.core.types import Picture
from scrubjay.media.image import decode_picture
from scrubjay.media.world.shapes import OUTLINES
from scrubjay.models.pretrained.completion import Completions
from scrubjay.models.pretrained.lesson import Lesson
from scrubjay.models.torchvision_operators import mend_torchvision

SIDE, PATCH, WIDTH = 48, 8, 64
COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 220),
    "yellow": (235, 200, 40),
    "black": (30, 30, 30),
}
SHAPES = ("circle", "triangle", "cross", "star")
NAMES = ("button", "badge", "sign", "patch", "magnet", "sticker", "stamp", "pendant")
CATEGORIES = ("toys", "tools", "school", "garden", "kitchen")
INSTRUCTION = "Describe the product {name}, category {category}."
EXPERIMENTS = ("vlm_lora", "vlm_qlora")
TEMPLATE = (
    "{% for message in messages %}{{ message['role'].upper() + ': ' }}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}{{ '<image>\n' }}"
    "{% else %}{{ content['text'] + ' ' }}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
BATCH = 16


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    mend_torchvision()
    if options.fit:
        return fitted(options)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        begun = time.process_time()
        base = taught(folder / "base", options.seeing, options.answering)
        taught_s = time.process_time() - begun
        write_products(folder / "products", options.rows)
        rows = [measured(folder, base, one, options) for one in EXPERIMENTS]
    if options.json:
        print(json.dumps({"base_s": taught_s, "fits": rows}, indent=1))
        return None
    print(f"base taught in {taught_s:.0f} s; {options.rows} products, {options.epochs} epochs")
    for row in rows:
        show(row)
    return None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeing", type=int, default=150, help="steps that teach to see")
    parser.add_argument("--answering", type=int, default=250, help="steps that teach to answer")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--fit", choices=EXPERIMENTS, help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(folder: Path, base: Path, experiment: str, options: argparse.Namespace) -> Any:  # noqa: ANN401
    """The figures of one fit, from a process of its own."""
    command = [sys.executable, __file__, "--fit", experiment, "--base", str(base)]
    command += ["--folder", str(folder), "--epochs", str(options.epochs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def fitted(options: argparse.Namespace) -> None:
    """Fit, ask the merged model, and print figures as JSON."""
    from scrubjay.cli.compose import compose
    from scrubjay.models.load import load_vlm
    from scrubjay.training.fit import fit

    run = options.folder / options.fit
    table = options.folder / "products" / "products.csv"
    config = compose(
        [
            f"experiment={options.fit}",
            f"vlm.source={options.base}",
            f"datamodule.table={table}",
            "datamodule.batch_size=16",
            "model.lr=0.003",
            "model.dropout=0",
            "callbacks.taught.longest=24",
            f"trainer.max_epochs={options.epochs}",
            "trainer.accelerator=cpu",
            "logger=none",
        ]
    )
    import bitsandbytes  # noqa: F401 - of both, so that only the model makes a difference
    import peft  # noqa: F401

    begun, held = time.process_time(), peak_mib()
    metrics = fit(config, run=run).metrics
    seconds = time.process_time() - begun
    answers = json.loads((run / "answers.json").read_text())["answers"]
    merged = load_vlm("transformers", source=run / "merged")
    right = 0
    for row in answers:
        picture = decode_picture((table.parent / row["picture"]).read_bytes())
        asked = [Message(Role.USER, (picture, row["instruction"]))]
        right += merged.reply(asked, Sampling(max_new_tokens=24)).text == row["right"]
    sizes = {
        "adapter_kib": size(run / "adapter") / 1024,
        "merged_kib": size(run / "merged") / 1024,
        "checkpoint_kib": (run / "checkpoints" / "last.ckpt").stat().st_size / 1024,
    }
    told = {
        "experiment": options.fit,
        "seconds": seconds,
        "memory_mib": peak_mib() - held,
        "rows": len(answers),
        "merged_exact": right / len(answers),
        **sizes,
        **metrics,
    }
    print(json.dumps(told))


def show(row: dict[str, float]) -> None:
    """One fit, in lines."""
    print(
        f"{row['experiment']}: {row['seconds']:.0f} s, weights {row['weights_mb']:.2f} MiB, "
        f"{row['memory_mib']:.0f} MiB more held, {row['learned_parameters']:.0f} numbers learned, "
        f"adapter {row['adapter_kib']:.0f} KiB, checkpoint {row['checkpoint_kib']:.0f} KiB"
    )
    for name in ("loss", "exact", "token_f1", "rouge_l"):
        cells = [
            f"{when} {row[f'{when}/{name}']:.3f} "
            f"({row[f'{when}/{name}/low']:.3f} to {row[f'{when}/{name}/high']:.3f})"
            for when in ("before", "after", "gain")
        ]
        print(f"  {name} on {row['rows']} rows: {', '.join(cells)}")
    print(f"  merged model asked again: {row['merged_exact']:.3f} exact")


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def drawn(colour: str, shape: str, random: np.random.Generator) -> Picture:
    """One shape somewhere on a pale ground, leaning a little."""
    fine = 4
    ground = tuple(int(value) for value in random.integers(190, 250, 3))
    image = Image.new("RGB", (SIDE * fine, SIDE * fine), ground)
    rgb = tuple(int(np.clip(v + random.integers(-18, 19), 0, 255)) for v in COLOURS[colour])
    x, y = random.uniform(0.35, 0.65, 2) * SIDE
    radius, turn = random.uniform(9, 15), random.uniform(-0.3, 0.3)
    points = [
        (
            fine * (x + radius * (u * math.cos(turn) - v * math.sin(turn))),
            fine * (y + radius * (u * math.sin(turn) + v * math.cos(turn))),
        )
        for u, v in OUTLINES[shape]
    ]
    ImageDraw.Draw(image).polygon(points, fill=rgb)
    small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    return np.clip(small + random.normal(0, 4, small.shape), 0, 255).astype(np.uint8)


def write_products(folder: Path, rows: int) -> None:
    """`products.csv` beside its pictures."""
    random = np.random.default_rng(7)
    folder.mkdir()
    with (folder / "products.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "name", "category", "description"])
        for number in range(rows):
            colour, shape = str(random.choice([*COLOURS])), str(random.choice(SHAPES))
            name, category = str(random.choice(NAMES)), str(random.choice(CATEGORIES))
            Image.fromarray(drawn(colour, shape, random)).save(folder / f"{number:05}.png")
            said = f"A {colour} {name} for {category}."
            table.writerow([f"{number:05}.png", name, category, said])


def lessons(count: int) -> Iterator[Lesson]:
    """What the base is taught: colours, shapes, and words to say again."""
    random = np.random.default_rng(1)
    for _ in range(count):
        colour, shape = str(random.choice([*COLOURS])), str(random.choice(SHAPES))
        name, category = str(random.choice(NAMES)), str(random.choice(CATEGORIES))
        picture = drawn(colour, shape, random)
        asked = {
            "What colour is it?": f"A {colour}",
            f"Say {name}.": f"A {name}",
            f"Say for {category}.": f"for {category}.",
        }
        at = int(random.integers(len(asked)))
        yield Lesson(picture, [*asked][at], [*asked.values()][at])


def taught(folder: Path, seeing: int, answering: int) -> Path:
    """Build a LLaVA, teach it to see and to answer, and save it."""
    from scrubjay.models.pretrained.image_text import open_talker

    build(folder)
    opened, chat = open_talker(folder)
    given = list(lessons(320))
    completions = Completions(chat, ends=[opened.processor.tokenizer.eos_token_id], name="base")
    inputs, labels = completions.taught(given)
    random = torch.Generator().manual_seed(0)
    scenes = [(colour, shape) for shape in SHAPES for colour in COLOURS]
    draw = np.random.default_rng(2)
    pixels = torch.cat(
        [
            chat.inputs(Lesson(drawn(*scenes[at % len(scenes)], draw), "a", "b").messages)[
                "pixel_values"
            ]
            for at in range(200)
        ]
    )
    kinds = torch.arange(len(pixels)) % len(COLOURS)
    seer = opened.model.model.vision_tower
    head = torch.nn.Linear(WIDTH, len(COLOURS))

    def see() -> torch.Tensor:
        rows = torch.randint(len(pixels), (BATCH,), generator=random)
        seen = seer(pixels[rows]).last_hidden_state[:, 1:].mean(1)
        return torch.nn.functional.cross_entropy(head(seen), kinds[rows])

    def tell() -> torch.Tensor:
        rows = torch.randint(len(labels), (BATCH,), generator=random)
        batch = {name: value[rows] for name, value in inputs.items()}
        told: torch.Tensor = opened.model(**batch, labels=labels[rows]).loss
        return told

    opened.model.train()
    descend([*seer.parameters(), *head.parameters()], see, seeing)
    descend(list(opened.model.parameters()), tell, answering)
    opened.model.eval().save_pretrained(folder)
    return folder


def descend(parameters: list[torch.nn.Parameter], loss: Any, steps: int) -> None:  # noqa: ANN401
    optimiser = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / 50, 0.5 + 0.5 * math.cos(math.pi * step / steps))
    )
    for _ in range(steps):
        made = loss()
        optimiser.zero_grad()
        made.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()


def build(folder: Path) -> None:
    """A LLaVA of random weights and its processor's files."""
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    folder.mkdir(parents=True)
    words = tokenizer()
    small = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_attention_heads": 4}
    torch.manual_seed(1)
    ends = {
        f"{name}_token_id": getattr(words, f"{name}_token_id") for name in ("bos", "eos", "pad")
    }
    text = LlamaConfig(
        **small,
        **ends,
        num_hidden_layers=2,
        num_key_value_heads=4,
        vocab_size=len(words),
        max_position_embeddings=512,
    )
    LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=CLIPVisionConfig(
                **small, num_hidden_layers=2, image_size=SIDE, patch_size=PATCH
            ),
            text_config=text,
            image_token_index=words.convert_tokens_to_ids("<image>"),
            image_seq_length=(SIDE // PATCH) ** 2,
            vision_feature_layer=-1,
        )
    ).save_pretrained(folder)
    words.save_pretrained(folder)
    square = {"height": SIDE, "width": SIDE}
    CLIPImageProcessorPil(size=square, crop_size=square).save_pretrained(folder)
    settings = {
        "processor_class": "LlavaProcessor",
        "patch_size": PATCH,
        "vision_feature_select_strategy": "default",
        "num_additional_image_tokens": 1,
    }
    (folder / "processor_config.json").write_text(json.dumps(settings))
    (folder / "chat_template.jinja").write_text(TEMPLATE)


def tokenizer() -> Any:  # noqa: ANN401 - transformers has no types
    """Byte-level tokens learned from what is asked and answered."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    texts = ["What colour is it? Say USER: ASSISTANT:", INSTRUCTION]
    texts += [f"Say A {name}. for {one}." for name in NAMES for one in CATEGORIES]
    texts += [f" A {colour}" for colour in COLOURS]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        texts * 5,
        trainers.BpeTrainer(
            vocab_size=480,
            special_tokens=["<pad>", "<s>", "</s>", "<image>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    made.post_processor = processors.TemplateProcessing(
        single=["<s>", "$A"], special_tokens=[("<s>", made.token_to_id("<s>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        model_max_length=512,
    )


if __name__ == "__main__":
    main()
