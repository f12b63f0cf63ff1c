from __future__ import annotations

import hashlib

import torch
from torch import nn

from scrubjay.models.fingerprint import ModuleFingerprint


def net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))


def test_equal_weights_and_preprocessing_are_equal() -> None:
    assert str(ModuleFingerprint(net(), {"size": 8})) == str(ModuleFingerprint(net(), {"size": 8}))


def test_other_weights_names_types_or_preprocessing_are_not() -> None:
    renamed = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(4, 3))
    half = net().half()
    made = {
        str(ModuleFingerprint(net(), {"size": 8})),
        str(ModuleFingerprint(net(1), {"size": 8})),
        str(ModuleFingerprint(net(), {"size": 9})),
        str(ModuleFingerprint(half, {"size": 8})),
        str(ModuleFingerprint(renamed, {"size": 8})),
    }
    assert len(made) == 5
    assert all(len(one) == 64 for one in made)


def test_it_follows_training_and_loading() -> None:
    module = net()
    fingerprint = ModuleFingerprint(module, {})
    seen = {str(fingerprint)}
    for optimiser in (
        torch.optim.AdamW(module.parameters(), lr=0.1),
        torch.optim.SGD(module.parameters(), lr=0.1, foreach=True),
        torch.optim.Adam(module.parameters(), lr=0.1, fused=True),
    ):
        module(torch.randn(5, 4)).square().sum().backward()
        optimiser.step()
        seen.add(str(fingerprint))
    module.load_state_dict(net(7).state_dict())
    assert str(fingerprint) == str(ModuleFingerprint(net(7), {}))
    assert len(seen | {str(fingerprint)}) == 5


def test_bfloat16_weights_have_one_too() -> None:
    assert len(str(ModuleFingerprint(net().bfloat16(), {}))) == 64


def test_asking_again_is_free(monkeypatch) -> None:
    hashed = []
    plain = hashlib.sha256

    def counted(*data):
        hashed.append(data)
        return plain(*data)

    monkeypatch.setattr("scrubjay.models.fingerprint.hashlib.sha256", counted)
    fingerprint = ModuleFingerprint(net(), {})
    assert len({str(fingerprint) for _ in range(10)}) == 1
    assert len(hashed) == 1
