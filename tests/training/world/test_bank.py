"""The bank of concepts: losses against what is computed by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from scrubjay.media.world.captions import atom_count, colour_atom, shape_atom, word_atom
from scrubjay.media.world.scene import Scene, Template, concept_count, shape_concept, word_concept
from scrubjay.training.world.bank import NOTHING_WEIGHS, SHARPNESS, ConceptBank
from scrubjay.training.world.facts import UNKNOWN, facts_of

WIDTH, DIM = 24, 16


@pytest.fixture
def bank() -> ConceptBank:
    torch.manual_seed(0)
    return ConceptBank(WIDTH, DIM)


@torch.no_grad()
def test_a_concept_is_made_of_its_meanings(bank) -> None:
    concepts = bank.concepts()
    assert concepts.shape == (concept_count(), WIDTH)
    assert torch.equal(concepts[3], bank.atoms[3])
    assert torch.equal(concepts[word_concept(5)], bank.atoms[word_atom(5)])
    parts = bank.atoms[shape_atom(2)] + bank.atoms[colour_atom(7)] + bank.coloured[27]
    assert torch.allclose(concepts[shape_concept(2, 7)], parts)


@torch.no_grad()
def test_two_shapes_that_exchange_their_colours_have_another_sum(bank) -> None:
    concepts = bank.concepts()
    before = concepts[shape_concept(1, 2)] + concepts[shape_concept(3, 4)]
    after = concepts[shape_concept(1, 4)] + concepts[shape_concept(3, 2)]
    assert not torch.allclose(before, after, atol=1e-3)


@torch.no_grad()
def test_tokens_are_told_apart_by_cosine_and_padding_does_not_count(bank) -> None:
    tokens = torch.randn(2, 4, WIDTH)
    targets = torch.tensor([[5, -1, 9, UNKNOWN], [7, UNKNOWN, -1, 5]])
    loss, right = bank.meant("text", tokens, targets)
    seen = functional.normalize(bank.tokens["text"](tokens), dim=-1).detach()
    log = functional.log_softmax(
        SHARPNESS * seen @ functional.normalize(bank.atoms, dim=-1).T.detach(), dim=-1
    )
    total = weight = hits = 0.0
    for row in range(2):
        for at in range(4):
            wanted = int(targets[row, at])
            if wanted == UNKNOWN:
                continue
            share = NOTHING_WEIGHS if wanted == -1 else 1.0
            total -= share * float(log[row, at, wanted])  # -1 is the last atom: nothing
            weight += share
            hits += wanted >= 0 and int(log[row, at].argmax()) == wanted
    assert loss.item() == pytest.approx(total / weight, rel=1e-5)
    assert float(right) == pytest.approx(hits / 4)
    moved = tokens.clone()
    moved[0, 3] += 100
    assert torch.equal(bank.meant("text", moved, targets)[0], loss)


@torch.no_grad()
def test_the_bank_itself_is_seen_right(bank) -> None:
    bank.tokens["image"] = torch.nn.Identity()
    cells = torch.tensor([[0, 12, -1, shape_concept(3, 3), word_concept(1)]])
    choices = torch.cat([bank.concepts(), bank.atoms[-1:]])
    _, right = bank.seen(choices[cells], cells)
    assert float(right) == 1.0
    assert len(bank.atoms) == atom_count() + 1


@torch.no_grad()
def test_words_are_tied_to_concepts_and_places(bank) -> None:
    tokens = torch.randn(1, 3, WIDTH)
    concepts = torch.tensor([[4, UNKNOWN, 200]])
    logits = SHARPNESS * functional.normalize(bank.named["speech"](tokens)[0], dim=-1)
    log = functional.log_softmax(logits @ functional.normalize(bank.concepts(), dim=-1).T, dim=-1)
    by_hand = -(log[0, 4] + log[2, 200]) / 2
    assert float(bank.bound("speech", tokens, concepts)) == pytest.approx(float(by_hand), rel=1e-5)
    nowhere = torch.full((1, 3), UNKNOWN)
    assert float(bank.placed_at("text", tokens, nowhere)) == 0.0
    here = bank.placed_at("text", tokens, torch.tensor([[1, UNKNOWN, UNKNOWN]]))
    expected = functional.cross_entropy(bank.places["text"](tokens)[0, :1], torch.tensor([1]))
    assert float(here) == pytest.approx(float(expected), rel=1e-5)


def test_facts_nobody_knows_cost_nothing_and_give_finite_gradients(bank) -> None:
    vectors = functional.normalize(torch.randn(3, DIM), dim=-1).requires_grad_()
    facts = facts_of([Scene(Template.SOME, (1, 2)), Scene(Template.SOME, (3, 4))])
    loss = bank.known(vectors[:2], facts)
    loss.backward()
    assert math.isfinite(loss.item())
    assert vectors.grad is not None
    assert torch.isfinite(vectors.grad).all()
    assert all((head.weight.grad == 0).all() for head in bank.placed)
    assert (bank.number.weight.grad == 0).all()
    assert (bank.present.weight.grad != 0).any()


def test_the_facts_can_be_learned(bank) -> None:
    scenes = [Scene(Template.COUNT, (at,), count=2 + at % 4) for at in range(8)]
    scenes += [Scene(Template.PLACE, (at, at + 1), place="left") for at in range(8)]
    facts = facts_of(scenes)
    vectors = torch.nn.Parameter(torch.randn(16, DIM))
    optimizer = torch.optim.Adam([vectors, *bank.parameters()], lr=0.02)
    losses = []
    for _ in range(120):
        optimizer.zero_grad()
        loss = bank.known(functional.normalize(vectors, dim=-1), facts)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # Two concepts in a scene share what is present: at best the loss is log 2 for those.
    assert losses[-1] < 0.15 * losses[0]
