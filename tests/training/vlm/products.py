"""Tables of drawn products, and a small LLaVA that was taught colours and shapes to begin from."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.models.vlm import small_models
from tests.models.vlm.teach import COLOURS, SHAPES, SIDE, drawn

NAMES = {"circle": "button", "triangle": "sign", "cross": "patch"}
"""What a product of a shape is called."""
HEADERS = ("picture", "Product Name", "category", "description")
ASKED = "Describe the {product_name}, category {category}."


def described(colour: str, shape: str) -> str:
    return f"a {colour} {shape} on the table"


def write_products(folder: Path, rows: int, *, seed: int = 0) -> Path:
    """`products.csv` beside its pictures: a shape of a colour each, no two drawn alike."""
    random = np.random.default_rng(seed)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    scenes = [(colour, shape) for colour in COLOURS for shape in SHAPES]
    with (folder / "products.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADERS)
        for number in range(rows):
            colour, shape = scenes[number % len(scenes)]
            name = f"pictures/{number:04}.png"
            Image.fromarray(drawn(colour, shape, "two", random)).save(folder / name)
            table.writerow([name, NAMES[shape], "toys", described(colour, shape)])
    return folder / "products.csv"


def larger(patch: pytest.MonkeyPatch) -> None:
    """Sizes that can learn, and weights as a training begins with them."""
    size = {"hidden_size": 64, "intermediate_size": 128}
    patch.setattr(small_models, "SIDE", SIDE)
    vision = small_models.VISION | size | {"image_size": SIDE, "num_hidden_layers": 2}
    patch.setattr(small_models, "VISION", vision)
    patch.setattr(small_models, "TEXT", small_models.TEXT | size)
    patch.setattr(small_models, "stir", lambda model, seed: None)
    torch.manual_seed(1)
