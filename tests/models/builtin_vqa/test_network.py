from __future__ import annotations

import numpy as np
import torch

from scrubjay.models.builtin_vqa.answering import QuestionModel
from tests.models.builtin_vqa.small import WORDS, networks, saved


def inputs(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    eye, _ = networks()
    random = torch.Generator().manual_seed(seed)
    seen = torch.rand((n, eye.across**2, eye.layout.width), generator=random)
    asked = WORDS.read("is the red circle left of the dog")
    words = torch.from_numpy(asked.words)[None].repeat(n, 1)
    slots = torch.from_numpy(asked.slots)[None].repeat(n, 1, 1)
    return seen, words, slots


def test_shapes_are_as_described() -> None:
    eye, answerer = networks()
    told = eye(torch.randn(2, 3, 96, 96))
    assert told.shape == (2, 36, eye.layout.width)
    assert told[..., eye.layout.kinds].sum(-1).allclose(torch.ones(2, 36))
    out = answerer(*inputs(3))
    assert out.shape == (3, len(WORDS.answers) + 1 + 36)


def test_a_picture_is_seen_the_same_beside_any_other() -> None:
    eye, _ = networks()
    pixels = torch.randn(4, 3, 96, 96)
    with torch.no_grad():
        assert torch.allclose(eye(pixels)[1:2], eye(pixels[1:2]), atol=1e-5)


def test_an_answer_does_not_depend_on_other_questions_or_their_length() -> None:
    _, answerer = networks()
    seen, words, slots = inputs(3)
    padded = torch.nn.functional.pad(words, (0, 4))
    empty = torch.nn.functional.pad(slots, (0, 0, 0, 4), value=-1)
    with torch.no_grad():
        alone = answerer(seen[:1], words[:1], slots[:1])
        together = answerer(seen, padded, empty)[:1]
    assert torch.allclose(alone, together, atol=1e-4)


def test_a_soft_count_is_the_number_of_cells_that_fit() -> None:
    eye, answerer = networks()
    seen = torch.zeros(1, 36, eye.layout.width)
    kinds, colours = eye.layout.kinds.start, eye.layout.colours.start
    seen[..., kinds] = 1.0  # a dog everywhere, but nothing is there ...
    for cell, kind, colour in ((3, 3, 0), (9, 3, 1), (20, 3, 0), (30, 0, 0)):
        seen[0, cell, eye.layout.object] = 1.0  # ... except here
        seen[0, cell, kinds] = 0.0
        seen[0, cell, kinds + kind] = 1.0
        seen[0, cell, colours + colour] = 1.0
    asked = WORDS.read("red circles dogs crosses")
    slots = torch.from_numpy(asked.slots)[None]
    there = seen[..., eye.layout.object]
    coloured = seen[..., kinds + 3 : kinds + 5].sum(-1, keepdim=True)
    fits, named = answerer._fits(
        seen[..., eye.layout.kinds], seen[..., eye.layout.colours] * coloured, there, slots
    )
    single, double = answerer._alone_and_paired(fits, there)
    assert named.tolist() == [[1, 1, 1, 1]]
    assert single.sum(-1).tolist() == [[2, 3, 1, 0]]  # red, circles, dogs, crosses
    assert double.sum(-1).tolist() == [[0, 2, 0, 0]]  # red circles


def test_graphs_say_what_the_networks_say(tmp_path) -> None:
    eye, answerer = networks()
    model = QuestionModel.open(saved(tmp_path), threads=1)
    random = np.random.default_rng(3)
    pictures = [random.integers(0, 256, (96, 96, 3), dtype=np.uint8) for _ in range(3)]
    pixels = model.described.input(pictures)["pixel_values"]
    with torch.no_grad():
        told = eye(torch.from_numpy(pixels)).numpy()
    served = np.stack([one.told for one in model.look(pictures)])
    assert np.abs(told - served).max() < 0.02
    for question in ("is there a dog", "how many red crosses are left of the ice cream"):
        asked = WORDS.read(question)
        with torch.no_grad():
            logits = answerer(
                torch.from_numpy(served),
                torch.from_numpy(np.repeat(asked.words[None], 3, 0)),
                torch.from_numpy(np.repeat(asked.slots[None], 3, 0)),
            )[:, : len(WORDS.answers) + 1]
        for sight, row in zip(model.look(pictures), logits, strict=True):
            wanted = row.softmax(-1).numpy()
            assert np.abs(model.probabilities(sight, asked) - wanted).max() < 0.01
