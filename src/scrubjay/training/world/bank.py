"""A shared bank of concepts: what pictures, words and sounds are all told apart by."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.types import Modality
from scrubjay.media.world.captions import atom_count, colour_atom, shape_atom, word_atom
from scrubjay.media.world.lexicon import LARGEST_COUNT, SIGN_WORDS
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import things
from scrubjay.training.world.facts import PLACES, TEMPLATES, UNKNOWN, Facts

SHARPNESS = 16.0
"""Of the softmax over cosines to the bank."""
WORDED = (Modality.TEXT.value, Modality.SPEECH.value)
NOTHING_WEIGHS = 0.15
"""Of a token that shows or says nothing, against one that does."""


class ConceptBank(nn.Module):
    """A vector a meaning, and heads that find it in tokens and in whole vectors.

    A shape in a colour is the sum of both and something of its own: the sum alone is equal for a
    red star beside a blue ring and a blue star beside a red ring. The heads are for teaching only;
    nothing of this is part of the encoder.
    """

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.atoms = nn.Parameter(torch.randn(atom_count() + 1, width) * 0.1)
        self.coloured = nn.Parameter(torch.randn(len(SHAPES) * len(COLOURS), width) * 0.1)
        self.tokens = nn.ModuleDict({name.value: nn.Linear(width, width) for name in Modality})
        self.named = nn.ModuleDict({name: nn.Linear(width, width) for name in WORDED})
        self.places = nn.ModuleDict(
            {name.value: nn.Linear(width, len(PLACES)) for name in Modality}
        )
        self.present = nn.Linear(dim, width)
        self.placed = nn.ModuleList(nn.Linear(dim, width) for _ in PLACES)
        self.number = nn.Linear(dim, LARGEST_COUNT)
        self.template = nn.Linear(dim, len(TEMPLATES))

    def concepts(self) -> Tensor:
        """(concepts, width) in the order of `media.world.scene`."""
        shapes = self.atoms[shape_atom(0) : shape_atom(len(SHAPES))]
        colours = self.atoms[colour_atom(0) : colour_atom(len(COLOURS))]
        coloured = (shapes[:, None] + colours[None]).flatten(0, 1) + self.coloured
        words = self.atoms[word_atom(0) : word_atom(len(SIGN_WORDS))]
        return torch.cat([self.atoms[: len(things())], coloured, words])

    def seen(self, tokens: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and share right of image tokens; the last choice is nothing."""
        choices = torch.cat([self.concepts(), self.atoms[-1:]])
        return self._tokens("image", tokens, cells, choices)

    def meant(self, modality: str, tokens: Tensor, atoms: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and share right of written or spoken tokens."""
        return self._tokens(modality, tokens, atoms, self.atoms)

    def _tokens(
        self, modality: str, tokens: Tensor, targets: Tensor, choices: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits = _cosines(self.tokens[modality](tokens), choices).flatten(0, 1)
        nothing = len(choices) - 1
        targets = targets.flatten()
        wanted = torch.where(targets == -1, nothing, targets)
        weights = torch.ones(len(choices), device=logits.device)
        weights[nothing] = NOTHING_WEIGHS
        loss = functional.cross_entropy(logits, wanted, weights, ignore_index=UNKNOWN)
        something = targets >= 0
        right = (logits.detach().argmax(dim=-1) == wanted)[something].float().mean()
        return loss, right

    def bound(self, modality: str, tokens: Tensor, concepts: Tensor) -> Tensor:
        """Loss of telling which object a word or moment helps to name."""
        logits = _cosines(self.named[modality](tokens), self.concepts())
        return _cross_entropy(logits.flatten(0, 1), concepts.flatten())

    def placed_at(self, modality: str, tokens: Tensor, places: Tensor) -> Tensor:
        """Loss of telling where a token's object is, seen from the other."""
        logits = self.places[modality](tokens).float()
        return _cross_entropy(logits.flatten(0, 1), places.flatten())

    def known(self, vectors: Tensor, facts: Facts) -> Tensor:
        """Loss of reading a scene's facts from (n, dim) unit vectors."""
        vectors = vectors * SHARPNESS
        concepts = self.concepts()
        log = functional.log_softmax(_cosines(self.present(vectors), concepts), dim=-1)
        here = facts.present != UNKNOWN
        found = log.gather(1, facts.present.clamp(min=0)) * here
        losses = [-(found.sum(dim=1) / here.sum(dim=1).clamp(min=1)).mean()]
        placed = torch.stack(
            [_cosines(head(vectors), concepts) for head in self.placed], dim=1
        ).flatten(0, 1)
        losses.append(_cross_entropy(placed, facts.placed.flatten()))
        losses.append(_cross_entropy(self.number(vectors).float(), facts.number))
        losses.append(0.5 * _cross_entropy(self.template(vectors).float(), facts.template))
        return torch.stack(losses).sum()


def _cosines(vectors: Tensor, choices: Tensor) -> Tensor:
    sharp = functional.normalize(vectors.float(), dim=-1) * SHARPNESS
    return sharp @ functional.normalize(choices.float(), dim=-1).T


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    counted = (targets != UNKNOWN).sum().clamp(min=1)
    return (
        functional.cross_entropy(logits, targets, ignore_index=UNKNOWN, reduction="sum") / counted
    )
