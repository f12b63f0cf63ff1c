from __future__ import annotations

import pytest
import torch

from scrubjay.training.threads import torch_threads


def test_torch_computes_with_so_many_threads_and_then_with_as_many_as_before() -> None:
    before = torch.get_num_threads()
    with torch_threads(3):
        assert torch.get_num_threads() == 3
        with torch_threads(0):
            assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before
    with pytest.raises(RuntimeError), torch_threads(2):
        raise RuntimeError
    assert torch.get_num_threads() == before
