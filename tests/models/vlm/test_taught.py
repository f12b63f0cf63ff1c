"""Models that were taught something, asked through the real path: the chain works, not only runs.

A LLaVA and a BLIP-2 of the real classes begin at random and learn colours, shapes and numbers of 27
scenes, each drawn eight times. They are saved, loaded by `load_vlm` and asked about the scenes
drawn anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scrubjay.core.looking import Sampling
from scrubjay.models.load import load_vlm
from scrubjay.models.pretrained.chat import Chat
from scrubjay.models.pretrained.opening import open_model
from tests.models.vlm import older_models, small_models
from tests.models.vlm.teach import (
    QUESTIONS,
    SIDE,
    Lessons,
    ask,
    lessons,
    teach,
    teach_to_see,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SIZE = {"hidden_size": 64, "intermediate_size": 128}
SHORT = Sampling(max_new_tokens=6)
RENDERINGS = 8

See = Callable[[torch.Tensor], torch.Tensor]


@pytest.fixture
def larger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes that can learn, and weights as a training begins with them: those that are drawn."""
    for module in (small_models, older_models):
        monkeypatch.setattr(module, "SIDE", SIDE)
        vision = module.VISION | SIZE | {"image_size": SIDE, "num_hidden_layers": 3}
        monkeypatch.setattr(module, "VISION", vision)
    monkeypatch.setattr(small_models, "TEXT", small_models.TEXT | SIZE)
    monkeypatch.setattr(older_models, "SMALL", older_models.SMALL | SIZE)
    monkeypatch.setattr(small_models, "stir", lambda model, seed: None)


def taught(folder: Path, opened, asks, see: See, *, steps: int) -> None:
    given = Lessons(asks, opened.processor.tokenizer, lessons(RENDERINGS, seed=1))
    teach_to_see(opened.model, see, given, steps=steps, rate=1.5e-3)
    teach(opened.model, given, steps=steps, rate=1.5e-3)
    opened.model.save_pretrained(folder)


def share_right(model) -> dict[str, float]:
    """Of each question, asked about every scene drawn anew."""
    right: dict[str, list[bool]] = defaultdict(list)
    for lesson in lessons(1, seed=99):
        right[lesson.question].append(model.reply(ask(lesson), SHORT).text == lesson.answer)
    assert set(right) == set(QUESTIONS)
    return {question: sum(told) / len(told) for question, told in right.items()}


def learned(model) -> float:
    """Share of all answers that are right, at least 0.8 of each question's."""
    shares = share_right(model)
    assert min(shares.values()) >= 0.8, shares
    return sum(shares.values()) / len(shares)


def test_a_llava_learns_to_answer(tmp_path, larger) -> None:
    torch.manual_seed(1)
    folder = small_models.save_llava(tmp_path / "llava")
    opened = open_model(
        folder, family="transformers", classes={"llava": "AutoModelForImageTextToText"}
    )
    chat = Chat(opened.processor, kind="llava", name="llava")

    def see(pixels: torch.Tensor) -> torch.Tensor:
        return torch.stack(list(opened.model.get_image_features(pixels).pooler_output))

    taught(folder, opened, chat, see, steps=500)
    right = learned(load_vlm("transformers", source=folder))
    for quantize, lost in (("8bit", 0.05), ("4bit", 0.15)):
        smaller = load_vlm("transformers", source=folder, quantize=quantize)
        shares = share_right(smaller)
        assert sum(shares.values()) / len(shares) >= right - lost, (quantize, shares)


def test_a_blip2_learns_to_answer(tmp_path, larger) -> None:
    from scrubjay.models.pretrained.ways.blip2 import Blip2Questions

    torch.manual_seed(1)
    folder = older_models.save_blip2(tmp_path / "blip2")
    opened = open_model(folder, family="blip2", classes={"blip-2": "Blip2ForConditionalGeneration"})

    def see(pixels: torch.Tensor) -> torch.Tensor:
        return opened.model.vision_model(pixels).last_hidden_state

    torch.nn.init.normal_(opened.model.query_tokens)  # alike, they would all learn the same
    taught(folder, opened, Blip2Questions(opened.processor), see, steps=800)
    learned(load_vlm("blip2", source=folder))
