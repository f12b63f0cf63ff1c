"""The head on top of a frozen speech model: what counts, and what can be built."""

from __future__ import annotations

import pytest
import torch

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.models.speech.head import HeadSettings, SpeechHead

SMALL = HeadSettings(width=16, heads=2)


def head() -> SpeechHead:
    torch.manual_seed(0)
    return SpeechHead(SMALL, width=12, layers=3, dim=8).eval()


def some() -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return [10**layer * torch.randn(2, 7, 12, generator=random) for layer in range(3)]


def test_layers_count_alike_at_first_however_long_their_states_are() -> None:
    made = head().mixed(some())
    normalised = [torch.nn.functional.layer_norm(one, (12,)) for one in some()]
    torch.testing.assert_close(made, torch.stack(normalised).mean(dim=0))


def test_a_layer_that_weighs_everything_is_all_that_is_heard() -> None:
    only = head()
    with torch.no_grad():
        only.layer_weights[1] = 100.0
    torch.testing.assert_close(only.mixed(some()), torch.nn.functional.layer_norm(some()[1], (12,)))


def test_states_that_do_not_belong_to_the_sound_do_not_count() -> None:
    valid = torch.arange(7)[None] < torch.tensor([[4], [7]])
    with torch.no_grad():
        made = head()(some(), valid)
        cut = head()([one[:1, :4] for one in some()], valid[:1, :4])
        changed = some()
        for one in changed:
            one[0, 4:] = 1e3
        torch.testing.assert_close(head()(changed, valid), made)
    assert made.shape == (2, 8)
    torch.testing.assert_close(made[:1], cut)


def test_settings_survive_json() -> None:
    assert HeadSettings.from_json(SMALL.to_json()) == SMALL


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({"width": 0}, BadConfig, "width"),
        ({"layers": 1.5}, BadConfig, "layers"),
        ({"heads": 3}, BadConfig, "does not divide"),
        ({"ffn": True}, BadConfig, "ffn"),
        ({"dropout": 1}, BadConfig, "dropout"),
        ({"dropout": "much"}, BadConfig, "dropout"),
        ({"depth": 2}, UnknownName, "depth"),
    ],
)
def test_settings_that_cannot_be_are_named(values, error, says) -> None:
    with pytest.raises(error, match=says):
        HeadSettings.from_json(values)
