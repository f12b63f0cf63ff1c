"""A step in one pass is the step AdamW takes tensor by tensor, clipped or not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.plugins.precision import MixedPrecision
from torch import Tensor, nn
from torch.utils.data import DataLoader

from scrubjay.training.stepping import OnePassModule, adamw


class Line(LightningModule):
    """A small network, with torch's own optimizer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.net = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 4))

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        return 100 * self.net(batch).float().square().mean()

    def train_dataloader(self) -> DataLoader:
        rows = torch.randn(30, 8, generator=torch.Generator().manual_seed(1))
        return DataLoader(rows, batch_size=5)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.groups(), lr=0.01, betas=(0.9, 0.98))

    def groups(self):
        return [{"params": list(self.parameters()), "weight_decay": 0.1}]


class OurLine(OnePassModule, Line):
    """The same with ours."""

    def configure_optimizers(self):
        return adamw(self.groups(), lr=0.01, betas=(0.9, 0.98), trainer=self.trainer)


def trained(tmp_path, *, ours: bool, **options) -> tuple[dict[str, Tensor], torch.optim.Optimizer]:
    model = OurLine() if ours else Line()
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(
        max_epochs=2,
        accelerator="cpu",
        enable_model_summary=False,
        default_root_dir=tmp_path,
        **quiet,
        **options,
    )
    trainer.fit(model)
    return model.state_dict(), trainer.optimizers[0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize(
    "clip",
    [
        {},
        {"gradient_clip_val": 0.5},
        {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"},
    ],
)
def test_weights_end_where_torchs_own_adamw_takes_them(tmp_path, precision, clip) -> None:
    ours, optimizer = trained(tmp_path, ours=True, precision=precision, **clip)
    theirs, _ = trained(tmp_path, ours=False, precision=precision, **clip)
    assert optimizer.defaults["fused"]
    for name, expected in theirs.items():
        torch.testing.assert_close(ours[name], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_clipping_is_felt(tmp_path) -> None:
    free, _ = trained(tmp_path, ours=True, precision="bf16-mixed")
    held, _ = trained(tmp_path, ours=True, precision="bf16-mixed", gradient_clip_val=1e-6)
    assert any(not torch.equal(free[name], held[name]) for name in free)


def test_where_losses_are_scaled_a_step_is_not_taken_in_one_pass() -> None:
    trainer = SimpleNamespace(precision_plugin=MixedPrecision("16-mixed", "cpu"))
    groups = [{"params": list(nn.Linear(2, 2).parameters())}]
    assert not adamw(groups, lr=0.01, betas=(0.9, 0.98), trainer=trainer).defaults["fused"]
