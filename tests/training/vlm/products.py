"""Tables of drawn products, and a small LLaVA that was taught colours and shapes to begin from."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scrubjay.models.pretrained.completion import Completions
from scrubjay.models.pretrained.lesson import Lesson
from tests.models.vlm import small_models, teach
from tests.models.vlm.teach import SCENES, SIDE, drawn

NAMES = ("button", "sign", "patch", "badge")
CATEGORIES = ("toys", "tools", "school")
HEADERS = ("picture", "Product Name", "category", "description")
ASKED = "Describe the {product_name}, category {category}."


def described(colour: str, name: str, category: str) -> str:
    """The colour is seen; the rest is read."""
    return f"a {colour} {name} of our {category}"


def write_products(folder: Path, rows: int, *, seed: int = 0) -> Path:
    """`products.csv` beside its pictures: shapes of one colour each, no two drawn alike."""
    random = np.random.default_rng(seed)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    with (folder / "products.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADERS)
        for number in range(rows):
            colour, shape, count = SCENES[int(random.integers(len(SCENES)))]
            name, category = (str(random.choice(some)) for some in (NAMES, CATEGORIES))
            picture = f"pictures/{number:04}.png"
            Image.fromarray(drawn(colour, shape, count, random)).save(folder / picture)
            table.writerow([picture, name, category, described(colour, name, category)])
    return folder / "products.csv"


WORDS = " ".join(("Describe the , category . Say What colour is", "a of our", *NAMES, *CATEGORIES))


def larger(patch: pytest.MonkeyPatch) -> None:
    """Sizes that can learn, words of its own, and weights as a training begins with them."""
    size = {"hidden_size": 64, "intermediate_size": 128}
    patch.setattr(small_models, "CORPUS", [*small_models.CORPUS, WORDS, WORDS, WORDS])
    patch.setattr(small_models, "SIDE", SIDE)
    vision = small_models.VISION | size | {"image_size": SIDE, "num_hidden_layers": 2}
    patch.setattr(small_models, "VISION", vision)
    patch.setattr(small_models, "TEXT", small_models.TEXT | size)
    patch.setattr(small_models, "stir", lambda model, seed: None)
    torch.manual_seed(1)


def taught_llava(folder: Path, patch: pytest.MonkeyPatch, *, seeing: int, answering: int) -> Path:
    """A LLaVA that was taught to name a colour, and to say a word after somebody."""
    from scrubjay.models.pretrained.image_text import open_talker

    larger(patch)
    patch.setattr(teach, "SIZE", 16)
    opened, chat = open_talker(small_models.save_llava(folder))
    scenes = teach.lessons(3, seed=1)

    def see(pixels: torch.Tensor) -> torch.Tensor:
        return torch.stack(list(opened.model.get_image_features(pixels).pooler_output))

    shown = teach.Lessons(chat, opened.processor.tokenizer, scenes)
    teach.teach_to_see(opened.model, see, shown, steps=seeing, rate=2e-3)
    ends = [opened.processor.tokenizer.eos_token_id]
    inputs, labels = Completions(chat, ends=ends, name="llava").taught(list(words(scenes)))
    batch = {**inputs, "labels": labels}
    random = torch.Generator().manual_seed(0)

    def loss() -> torch.Tensor:
        rows = torch.randint(len(labels), (teach.SIZE,), generator=random)
        return opened.model(**{name: value[rows] for name, value in batch.items()}).loss

    opened.model.train()
    teach.descend(list(opened.model.parameters()), loss, steps=answering, rate=2e-3)
    opened.model.eval().save_pretrained(folder)
    return folder


def words(scenes: list[teach.Lesson]) -> Iterator[Lesson]:
    """What colour something is, and words to say again."""
    said = [*(f"a {name}" for name in NAMES), *(f"of our {one}" for one in CATEGORIES)]
    for number, scene in enumerate(scenes):
        if scene.question == teach.QUESTIONS[0]:
            yield Lesson(scene.picture, "What colour is it?", scene.answer)
        else:
            text = said[number % len(said)]
            yield Lesson(scene.picture, f"Say {text}.", text)
