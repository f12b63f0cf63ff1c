"""The built-in question model's network: an eye that detects, and a head that fuses and answers.

The eye is the built-in encoder's image tower with detection heads: every cell of a grid says
whether an object's middle is in it, what it is, and how far it reaches (a one-stage detector, after
Redmon et al. 2016). The head is a small transformer over one summary token, the cells and the
question's words (Kim et al. 2021, ViLT). It is helped to count and to point: every name in the
question is held against every cell, and the soft count and the mean place of what fits are given to
the name's token (after Zhang et al. 2018, "Learning to count objects"); answers that cells show are
read off them by attention (a pointer, Vinyals et al. 2015).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.models.builtin.network import Attention, Expert, ImageFront, Network
from scrubjay.models.builtin_vqa.layout import GEOMETRY, Layout
from scrubjay.models.builtin_vqa.lexicon import LONGEST, Lexicon

BUMPS = 7
"""Soft counts are told as how near they are to 0, 1 ... 6."""
POSITION, RELATIVE = 6, 6
"""Numbers of a mean place, and of one seen from another."""
FAINT = 0.05
"""Soft count beneath which a mean place says nothing."""
PAIRED = 0.3
"""Soft count from which a name is meant together with the one before it: a red circle."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What decides the shape of every weight.

    Attributes:
        width: of a token in the fusion head.
        layers: of the fusion head.
        heads: its attention heads.
        ffn: width of its feed-forward layers, in multiples of `width`.
    """

    width: int = 128
    layers: int = 3
    heads: int = 4
    ffn: int = 3

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Eye(nn.Module):
    """A picture to what each of its cells shows."""

    def __init__(self, network: Network, lexicon: Lexicon) -> None:
        super().__init__()
        width = network.settings.width
        self.network = network
        self.across = network.settings.image_size // network.settings.patch
        self.layout = Layout(width, lexicon)
        self.kinds = nn.Linear(width, lexicon.kinds)
        self.colours = nn.Linear(width, len(lexicon.colours))
        self.object = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Linear(64, 1))
        self.box = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Linear(64, GEOMETRY))
        texture = 2 * sum(network.settings.stem_channels) + 2 * width
        self.familiar = nn.Sequential(
            nn.LayerNorm(texture), nn.Linear(texture, 64), nn.GELU(), nn.Linear(64, 1)
        )

    def look(self, pixel_values: Tensor) -> dict[str, Tensor]:
        """What each cell shows, as logits.

        Args:
            pixel_values: (n, 3, size, size) normalised.

        Returns:
            `features` (n, cells, width), `kinds` (n, cells, kinds), `colours` (n, cells, colours),
            `object` (n, cells), `box` (n, cells, 4): middle right of and below the cell's, in
            cells, then logarithms of width and height in cells; `familiar` (n,).
        """
        grid = pixel_values.contiguous(memory_format=torch.channels_last)
        texture = []
        front = cast("ImageFront", self.network.fronts["image"])
        for place, stage in enumerate(front.stages):
            grid = stage(grid)
            if place in {2, 5}:
                texture += _texture(grid)
        tokens = self.network.mix("image", grid.flatten(2).transpose(1, 2), None)[:, 1:]
        texture += [tokens.float().mean(dim=1), tokens.float().amax(dim=1)]
        return {
            "features": tokens,
            "kinds": self.kinds(tokens),
            "colours": self.colours(tokens),
            "object": self.object(tokens)[..., 0],
            "box": self.box(tokens),
            "familiar": self.familiar(torch.cat(texture, dim=1))[:, 0],
        }

    def forward(self, pixel_values: Tensor) -> Tensor:
        """(n, cells, layout.width): features, then chances, boxes and the in-world logit."""
        return self.told(self.look(pixel_values))

    def told(self, seen: dict[str, Tensor]) -> Tensor:
        """What `look` saw as one tensor, logits made chances."""
        cells = seen["features"].shape[1]
        return torch.cat(
            [
                seen["features"].float(),
                seen["kinds"].float().softmax(dim=-1),
                seen["colours"].float().softmax(dim=-1),
                seen["object"].float().sigmoid()[..., None],
                seen["box"].float(),
                seen["familiar"].float()[:, None, None].expand(-1, cells, 1),
            ],
            dim=-1,
        )


def _texture(grid: Tensor) -> list[Tensor]:
    """Mean and spread of every channel, (n, channels) each."""
    flat = grid.float().flatten(2)
    mean = flat.mean(dim=2)
    return [mean, ((flat - mean[..., None]) ** 2).mean(dim=2).add(1e-6).sqrt()]


class Layer(nn.Module):
    """Self-attention over all tokens, then a feed-forward network."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.attention = Attention(sizes.width, sizes.heads)
        self.expert = Expert(sizes.width, sizes.ffn * sizes.width)

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        """(n, t, width) to the same."""
        tokens = tokens + self.attention(tokens, hidden)
        out: Tensor = tokens + self.expert(tokens)
        return out


class Answerer(nn.Module):
    """What the eye told and a question to answers: the fusion head."""

    def __init__(self, layout: Layout, across: int, lexicon: Lexicon, sizes: Sizes) -> None:
        super().__init__()
        self.layout, self.across = layout, across
        self.things, self.shapes = len(lexicon.things), len(lexicon.shapes)
        self.signs, self.colour_count = len(lexicon.signs), len(lexicon.colours)
        self.seen = lexicon.seen
        width = sizes.width
        self.atoms = nn.Parameter(torch.randn(lexicon.atoms + 1, width) * width**-0.5)
        self.words = nn.Embedding(lexicon.tokens, width, padding_idx=0)
        self.cell = nn.Linear(layout.features.stop, width)
        self.place = nn.Linear(GEOMETRY + 1 + 1 + RELATIVE, width)
        self.count = nn.Linear(2 * (BUMPS + POSITION) + RELATIVE, width)
        self.total = nn.Linear(BUMPS, width)
        self.summary = nn.Parameter(torch.zeros(1, 1, width))
        self.cells_at = nn.Parameter(torch.randn(1, across * across, width) * 0.1)
        self.words_at = nn.Parameter(torch.randn(1, LONGEST, width) * 0.1)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.answers = nn.Linear(width, len(lexicon.answers) + 1)
        self.copied = nn.Parameter(torch.tensor(1.0))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=min(0.06, module.in_features**-0.5))
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.words.weight, std=0.3)
        middles = (torch.arange(across) + 0.5) / across
        self.register_buffer("middle_x", middles.repeat(across), persistent=False)
        self.register_buffer("middle_y", middles.repeat_interleave(across), persistent=False)

    def forward(self, seen: Tensor, words: Tensor, slots: Tensor) -> Tensor:
        """Answer.

        Args:
            seen: (n, cells, layout.width) as the eye told it.
            words: (n, tokens) int64, 0 where a question is shorter.
            slots: (n, tokens, SLOTS) int64 as `Lexicon.read` gives them, -1 for none.

        Returns:
            (n, answers + 1 + cells) logits: of every answer of the lexicon, of not being able to
            tell, and of where in the picture the answer was looked for.
        """
        kinds, colours = seen[..., self.layout.kinds], seen[..., self.layout.colours]
        there = seen[..., self.layout.object]
        coloured = kinds[..., self.things : self.things + self.shapes].sum(-1, keepdim=True)
        box = self._box(seen[..., self.layout.box])
        fits, named = self._fits(kinds, colours * coloured, there, slots)
        single, double = self._alone_and_paired(fits, there)
        number, middle = self._places(single, double, box)
        last = (named * torch.arange(1, named.shape[1] + 1, device=named.device)).argmax(dim=1)
        fitting = _row(self._any(single, double), last)
        known, at = _row(number, last), _row(middle, last)
        shown = torch.cat([kinds, colours * coloured], dim=-1) * there
        away = _relative(box[..., :2] - at[:, None], known[:, None])
        cells = (
            self.cell(seen[..., self.layout.features])
            + shown @ self.atoms[:-1]
            + self.place(torch.cat([box, there, fitting[..., None], away], dim=-1))
            + self.cells_at
        )
        features = torch.cat(
            [
                *(self._summed(one, box) for one in (single, double)),
                _relative(middle - at[:, None], number * known[:, None]),
            ],
            dim=-1,
        )
        tokens = (
            self.words(words)
            + self._meant(slots)
            + self.count(features) * named[..., None]
            + self.words_at[:, : words.shape[1]]
        )
        summary = self.summary + self.total(_bumps(there[..., 0].sum(dim=1)))[:, None]
        mixed = torch.cat([summary, cells, tokens], dim=1)
        hidden = functional.pad(words == 0, (1 + cells.shape[1], 0), value=False)[:, None, None, :]
        for layer in self.layers:
            mixed = layer(mixed, hidden)
        mixed = self.norm(mixed)
        first = mixed[:, 0]
        asked = (mixed[:, 1 : 1 + cells.shape[1]] * self.query(first)[:, None]).sum(-1)
        pointed = asked.float() * mixed.shape[-1] ** -0.5 * 4 + there[..., 0].clamp(1e-4).log()
        logits = self.answers(first).float()
        copied = self._shown(kinds, colours * coloured, pointed.softmax(dim=1))
        logits = torch.cat(
            [
                logits[:, : self.seen] + self.copied * (copied + 1e-4).log(),
                logits[:, self.seen :],
            ],
            dim=1,
        )
        return torch.cat([logits, pointed], dim=1)

    def _box(self, told: Tensor) -> Tensor:
        """Boxes as middles and sizes in shares of the picture, (n, cells, 4)."""
        x = cast("Tensor", self.middle_x) + told[..., 0] / self.across
        y = cast("Tensor", self.middle_y) + told[..., 1] / self.across
        sizes = told[..., 2:].clamp(-3, 3).exp() / self.across
        return torch.cat([x[..., None], y[..., None], sizes], dim=-1)

    def _fits(
        self, kinds: Tensor, colours: Tensor, there: Tensor, slots: Tensor
    ) -> tuple[Tensor, Tensor]:
        """How well each token's name fits each cell, (n, tokens, cells), and which are names."""
        first = (0, self.things, self.things + self.shapes + self.signs, self.things + self.shapes)
        shown = torch.cat([kinds, colours], dim=-1).transpose(1, 2)
        found = torch.zeros((*slots.shape[:2], kinds.shape[1]), dtype=shown.dtype)
        found = found.to(shown.device)
        for slot, start in enumerate(first):
            rows = (slots[..., slot].clamp(min=0) + start)[..., None].expand(-1, -1, shown.shape[2])
            used = (slots[..., slot] >= 0).to(shown.dtype)[..., None]
            found = found + torch.gather(shown, 1, rows) * used
        named = (slots >= 0).any(dim=-1).to(shown.dtype)
        return found.clamp(max=1.0) * there.transpose(1, 2).sqrt(), named

    def _alone_and_paired(self, fits: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """How well each cell is what a name says, alone and with the name before it."""
        before = torch.cat([torch.zeros_like(fits[:, :1]), fits[:, :-1]], dim=1)
        return fits * there.transpose(1, 2).sqrt(), fits * before

    def _any(self, single: Tensor, double: Tensor) -> Tensor:
        """The second where it says something, else the first, (n, tokens, cells)."""
        paired = (double.sum(dim=-1, keepdim=True) > PAIRED).to(single.dtype)
        return paired * double + (1 - paired) * single

    def _places(self, single: Tensor, double: Tensor, box: Tensor) -> tuple[Tensor, Tensor]:
        """How much there is of what each name means, (n, tokens, 1), and its mean place."""
        one = self._any(single, double)
        number = one.sum(dim=-1, keepdim=True)
        return number.clamp(max=1.0), (one @ box[..., :2]) / (number + FAINT)

    def _summed(self, fits: Tensor, box: Tensor) -> Tensor:
        """Soft count and mean place of what fits, (n, tokens, BUMPS + POSITION)."""
        number = fits.sum(dim=-1)
        middle = (fits @ box[..., :2]) / (number[..., None] + FAINT)
        thirds = [((middle - third) * 24).sigmoid() for third in (1 / 3, 2 / 3)]
        return torch.cat([_bumps(number), middle, *thirds], dim=-1)

    def _meant(self, slots: Tensor) -> Tensor:
        first = (0, self.things, self.things + self.shapes + self.signs, self.things + self.shapes)
        rows = [
            torch.where(slots[..., slot] >= 0, slots[..., slot] + start, len(self.atoms) - 1)
            for slot, start in enumerate(first)
        ]
        table = torch.cat([self.atoms[:-1], torch.zeros_like(self.atoms[-1:])])
        return functional.embedding(torch.stack(rows, dim=-1), table).sum(dim=2)

    def _shown(self, kinds: Tensor, colours: Tensor, pointed: Tensor) -> Tensor:
        """Chance of every answer cells show, (n, seen), where the attention points."""
        shapes = kinds[..., self.things : self.things + self.shapes]
        signs = kinds[..., self.things + self.shapes :]
        share = colours / colours.sum(-1, keepdim=True).clamp(min=1e-6)
        both = (shapes[..., :, None] * share[..., None, :]).flatten(2)
        every = torch.cat([kinds[..., : self.things], both, signs, shapes, colours], dim=-1)
        out: Tensor = (pointed[:, None] @ every)[:, 0]
        return out


def _relative(away: Tensor, known: Tensor) -> Tensor:
    """How far right and down, whether clearly, and along which more: (..., RELATIVE)."""
    right, down = away[..., :1], away[..., 1:]
    more = ((right.abs() - down.abs()) * 10).tanh()
    return torch.cat([3 * away, (away * 10).tanh(), more, torch.ones_like(more)], dim=-1) * known


def _row(values: Tensor, place: Tensor) -> Tensor:
    """One token of each question: (n, tokens, k) to (n, k)."""
    rows = place[:, None, None].expand(-1, 1, values.shape[2])
    return torch.gather(values, 1, rows)[:, 0]


def _bumps(number: Tensor) -> Tensor:
    """(...) soft counts to (..., BUMPS): nearness to whole numbers."""
    whole = torch.arange(BUMPS, device=number.device, dtype=number.dtype)
    return torch.exp(-((number[..., None] - whole) ** 2) / 0.15)
