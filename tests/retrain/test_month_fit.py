"""A month's fit with real families: it starts from the champion, resumes, and stops at nonsense."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from scrubjay.core.errors import BadConfig, Damaged, NotReady, TrainingFailed
from scrubjay.core.types import Modality, Split
from scrubjay.models.load import load_trainable, load_version
from scrubjay.retrain.month_fit import FitSettings, MonthFit, fit_month
from scrubjay.retrain.run import Run
from scrubjay.training.checkpoints import load_checkpoint
from tests.retrain.champions import SMALL, asked, champion, groups, month
from tests.training.out_of_memory import Hungry

REPOSITORY = Path(__file__).resolve().parents[2]
MADE, NEW = month()
FAMILIES = ("builtin", "transformers")


@pytest.fixture(scope="module")
def champions(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("versions")
    return {family: champion(family, folder / family) for family in FAMILIES}


def fitted(folder: Path, config: dict[str, Any] | None = None, **more: Any) -> MonthFit:
    settings = {
        "items": MADE.items,
        "new": NEW,
        "read": MADE.read,
        "champion": None,
        "resume": False,
        "settings": FitSettings(alphas=(0.5, 1.0)),
        **more,
    }
    return fit_month(Run(folder, config or asked()), **settings)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def kept(run: Path) -> dict[str, torch.Tensor]:
    return weights(run / "fit" / "encoder")


def trained(run: Path) -> dict[str, torch.Tensor]:
    """The encoder's weights in the last checkpoint, named as the family names them."""
    state = load_checkpoint(run / "fit" / "checkpoints" / "last.ckpt")["state_dict"]
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        room, _, rest = name.partition(".")
        if room == "towers":
            rest = rest.partition(".")[2]
            found[rest.removeprefix("network.")] = value
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_the_weights_kept_are_between_the_champions_and_the_trained_ones(
    champions, tmp_path, family
) -> None:
    found = fitted(
        tmp_path,
        asked("keep=last"),
        champion=champions[family],
        settings=FitSettings(alphas=(0.5,)),
    )
    assert (found.started_from, found.alpha) == (family, 0.5)
    start, end, mine = weights(champions[family]), trained(tmp_path), kept(tmp_path)
    assert mine.keys() == start.keys()
    moved = 0
    for name in end.keys() & mine.keys():
        expected = 0.5 * start[name] + 0.5 * end[name]
        assert torch.allclose(mine[name], expected, atol=1e-6), name
        moved += int(not torch.equal(mine[name], start[name]))
    assert moved > len(mine) / 2
    untouched = mine.keys() - end.keys()
    assert all(torch.equal(mine[name], start[name]) for name in untouched)
    assert untouched <= {"logit_scale"}


@pytest.mark.parametrize("family", FAMILIES)
def test_training_begins_where_the_champion_is(champions, tmp_path, family) -> None:
    """At a rate of almost nothing, the challenger is the champion."""
    found = fitted(
        tmp_path, asked("model.lr=1e-12", "model.weight_decay=0"), champion=champions[family]
    )
    start = load_version(champions[family])
    texts = [one.captions[0] for one in MADE.items]
    mine, theirs = (one.encode(Modality.TEXT, texts) for one in (found.encoder, start))
    assert (mine * theirs).sum(axis=1).min() > 0.999
    written = yaml.safe_load((tmp_path / "fit" / "config.yaml").read_text())
    assert written["encoder"]["source"] == str(champions[family])
    assert found.alpha == 0.5, "equal, so the smaller"


def test_a_month_of_adapters_chooses_between_the_champion_and_the_merged(
    champions, tmp_path
) -> None:
    config = asked()
    around = {"_target_": "scrubjay.training.lora.adapted", "rank": 2}
    config["encoder"] = {**around, "base": config["encoder"]}
    settings = FitSettings(alphas=(0.5,))
    found = fitted(tmp_path, config, champion=champions["builtin"], settings=settings)
    assert found.alpha == 0.5
    assert set(found.scores) >= {"alpha=0/mean", "alpha=0.5/mean"}
    before, after = weights(champions["builtin"]), kept(tmp_path)
    assert before.keys() == after.keys()
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.endswith(".weight") and after[name].ndim == 2 for name in changed)


def test_a_clip_stays_a_clip_for_plain_transformers(champions, tmp_path) -> None:
    from transformers import AutoProcessor, CLIPModel

    found = fitted(tmp_path, champion=champions["transformers"])
    folder = tmp_path / "fit" / "encoder"
    model = CLIPModel.from_pretrained(folder).eval()
    texts = ["thing3 in pattern3", "thing4"]
    inputs = AutoProcessor.from_pretrained(folder)(text=texts, return_tensors="pt", padding=True)
    with torch.inference_mode():
        made = model.get_text_features(**inputs)
    made = getattr(made, "pooler_output", made).numpy()
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    mine = found.encoder.encode(Modality.TEXT, texts)
    assert (made * mine).sum(axis=1).min() > 0.9999


def test_a_month_learns_its_new_pairs(champions, tmp_path) -> None:
    # Old and new pictures, from weights that know neither; held out is what is trained on.
    seen = [
        replace(one, split=split, id=f"{one.id}{split}")
        for one in MADE.items
        for split in (Split.TRAIN, Split.VAL)
    ]
    new = frozenset(one.id for one in seen if one.id[:16] in NEW)
    found = fitted(
        tmp_path,
        asked(epochs=30, batch=16),
        champion=champions["builtin"],
        items=seen,
        new=new,
        settings=FitSettings(replay=None),
    )
    assert (found.used_new, found.used_old) == (8, 12)
    assert found.scores[f"alpha={found.alpha:g}/new"] > found.scores["alpha=0/new"] + 0.3
    assert found.scores[f"alpha={found.alpha:g}/old"] > found.scores["alpha=0/old"] + 0.3
    best = max(found.scores[f"alpha={one:g}/mean"] for one in (0.25, 0.5, 0.75, 1.0))
    assert found.scores[f"alpha={found.alpha:g}/mean"] == best
    assert found.metrics["train/loss"] < 0.6 * math.log(16)


def test_only_new_pairs_and_the_replayed_are_read_and_never_the_test_split(tmp_path) -> None:
    items = [
        replace(one, split=Split.TEST) if one.group in {"g0", "g12"} else one for one in MADE.items
    ]
    read: list[str] = []

    def reading(uri: str) -> bytes:
        read.append(uri)
        return MADE.read(uri)

    found = fitted(
        tmp_path,
        items=items,
        read=reading,
        settings=FitSettings(replay=0.5),
        champion=None,
    )
    by_uri = {one.uri: one for one in items}
    opened = [by_uri[uri] for uri in read]
    fresh = {one.group for one in items if one.id in NEW}
    assert found.used_new == len(groups(opened) & fresh) == 5
    assert found.used_old == len(groups(opened) - fresh) == 3
    assert groups(opened, Split.TEST) == set()
    assert groups(opened, Split.VAL) == groups(items, Split.VAL)


def test_the_first_month_starts_from_the_configured_encoder(tmp_path) -> None:
    found = fitted(tmp_path)
    assert (found.started_from, found.alpha, found.scores) == ("base", 1.0, {})
    assert found.why == "what learned began without weights to keep: alpha is 1"


def test_a_month_may_start_from_the_base_again(champions, tmp_path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    load_trainable("builtin", seed=5, **SMALL).save_pretrained(base)
    config = asked()
    config["encoder"] = {
        "_target_": config["encoder"]["_target_"],
        "family": "builtin",
        "source": str(base),
    }
    settings = FitSettings(start="base", alphas=(0.5, 1.0))
    found = fitted(tmp_path, config, champion=champions["transformers"], settings=settings)
    assert found.started_from == "base"
    assert found.encoder.spec.name == "builtin"
    assert "alpha=0.5/new" in found.scores, "pretrained weights are interpolated with as well"


def test_without_validation_items_alpha_is_one_and_that_is_said(champions, tmp_path) -> None:
    train = [one for one in MADE.items if one.split is Split.TRAIN]
    found = fitted(tmp_path, items=train, champion=champions["builtin"])
    assert (found.alpha, found.scores) == (1.0, {})
    assert found.why == "no validation items: alpha is 1, the weights as trained"
    mine, end = kept(tmp_path), trained(tmp_path)
    assert all(torch.equal(mine[name], end[name]) for name in mine)


def test_a_month_without_a_new_pair_keeps_the_champion(champions, tmp_path) -> None:
    held_out = [replace(one, split=Split.VAL) if one.id in NEW else one for one in MADE.items]
    with pytest.raises(NotReady, match=r"no new content group .* two of image, text"):
        fitted(tmp_path, items=held_out, champion=champions["builtin"])
    assert not (tmp_path / "fit").exists()


@pytest.mark.parametrize("family", FAMILIES)
def test_memory_that_runs_out_halves_the_batch_and_says_so(champions, tmp_path, family) -> None:
    config = with_callback(asked(batch=12), "Hungry", run={"_ref_": "run"}, most=4, from_epoch=1)
    found = fitted(tmp_path, config, champion=champions[family], settings=FitSettings(replay=None))
    assert found.attempts == ((12, 1), (6, 2), (3, 4))
    epochs = [note[0] for note in Hungry.notes(tmp_path / "fit")]
    assert epochs == [0, 0, 1, 1, 1, 1, 1], "what was learnt before is kept"
    assert found.metrics["train/loss"] > 0


def with_callback(config: dict[str, Any], name: str, **options: Any) -> dict[str, Any]:
    rooms = {"Hungry": "tests.training.out_of_memory", "KillAt": "tests.training.configured"}
    node = {"_target_": f"{rooms[name]}.{name}", **options}
    return {**config, "callbacks": {**config["callbacks"], name: node}}


def test_a_loss_that_is_no_number_stops_with_the_last_good_checkpoint_intact(
    champions, tmp_path
) -> None:
    config = asked(epochs=3)
    config["loss"] = {"_target_": "tests.training.poison.Poisoned", "at": 4}
    with pytest.raises(TrainingFailed, match="the loss became nan in epoch 2, step 4"):
        fitted(tmp_path, config, champion=champions["builtin"])
    last = load_checkpoint(tmp_path / "fit" / "checkpoints" / "last.ckpt")
    assert (last["epoch"], last["global_step"]) == (0, 2)
    assert all(torch.isfinite(one).all() for one in last["state_dict"].values())
    assert not (tmp_path / "fit" / "result.json").exists()


def test_a_fit_that_has_its_result_is_not_done_again(champions, tmp_path) -> None:
    first = fitted(tmp_path, champion=champions["transformers"], resume=True)

    def unread(uri: str) -> bytes:
        raise AssertionError(uri)

    for left in (tmp_path / "fit" / "checkpoints").iterdir():
        left.unlink()
    again = fitted(tmp_path, champion=champions["transformers"], read=unread, resume=True)
    assert again.encoder.spec.fingerprint == first.encoder.spec.fingerprint
    assert replace(again, encoder=first.encoder) == first


def test_a_result_nobody_wrote_is_refused(champions, tmp_path) -> None:
    fitted(tmp_path, champion=champions["builtin"])
    path = tmp_path / "fit" / "result.json"
    for text in ("", "[]", '{"family": "builtin"}', path.read_text().replace("alpha", "beta")):
        path.write_text(text)
        with pytest.raises(Damaged, match=r"result\.json is not the result of a fit"):
            fitted(tmp_path, champion=champions["builtin"], resume=True)


def test_figures_nobody_wrote_are_refused(champions, tmp_path) -> None:
    fitted(tmp_path, champion=champions["builtin"])
    (tmp_path / "fit" / "result.json").unlink()
    (tmp_path / "fit" / "metrics.json").write_text('["train/loss"]')
    with pytest.raises(Damaged, match=r"metrics\.json holds no figures"):
        fitted(tmp_path, champion=champions["builtin"], resume=True)


def test_a_fit_that_reads_its_own_files_is_none_of_the_homes(tmp_path) -> None:
    config = asked()
    config["datamodule"] = {"_target_": "scrubjay.training.spoken_digits.SpokenDigits"}
    with pytest.raises(BadConfig, match="choose datamodule=pairs"):
        fitted(tmp_path, config)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"replay": -0.1}, r"fit\.replay is -0\.1"),
        ({"replay": float("nan")}, r"fit\.replay is nan"),
        ({"start": "best"}, r"fit\.start is 'best'; it must be champion or base"),
        ({"alphas": ()}, r"fit\.alphas is \[\]"),
        ({"alphas": (0.0, 1.0)}, "each above 0 and at most 1"),
        ({"alphas": (0.5, 1.5)}, "each above 0 and at most 1"),
        ({"halvings": -1}, r"fit\.halvings is -1"),
    ],
)
def test_settings_that_mean_nothing_are_refused_by_name(settings, message) -> None:
    with pytest.raises(BadConfig, match=message):
        FitSettings(**settings)


KILLED = """
import json, sys
from pathlib import Path
from tests.retrain.test_month_fit import fitted
fitted(Path(sys.argv[2]), json.loads(sys.argv[1]), champion=Path(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def killed(champions, tmp_path_factory) -> Callable[..., Path]:
    def kill(config: dict[str, Any], folder: Path, family: str, **environment: str) -> None:
        done = subprocess.run(
            [sys.executable, "-c", KILLED, json.dumps(config), str(folder), str(champions[family])],
            cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr

    return kill


def ends_alike(run: Path, config: dict[str, Any], folder: Path, undisturbed: Path) -> MonthFit:
    """The killed run, resumed in this process, ends as one that nobody disturbed."""
    found = fitted(run, config, champion=folder, resume=True)
    if not undisturbed.exists():
        fitted(undisturbed, config, champion=folder)
    mine, theirs = kept(run), kept(undisturbed)
    assert all(torch.equal(mine[name], theirs[name]) for name in theirs)
    results = [json.loads((one / "fit" / "result.json").read_text()) for one in (run, undisturbed)]
    assert results[0] == results[1]
    assert not list(run.rglob("*.part"))
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    """Where the undisturbed twin of a run named `run` is, once there is one."""
    return tmp_path_factory.mktemp("undisturbed") / "run"


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_killed_while_it_trains_it_goes_on_from_the_checkpoint_with_the_same_items(
    champions, killed, tmp_path, family
) -> None:
    config = asked("datamodule.cache_mb=0", epochs=3)
    run = tmp_path / "run"
    killed(with_callback(config, "KillAt", epoch=2, batch=1), run, family)
    assert load_checkpoint(run / "fit" / "checkpoints" / "last.ckpt")["epoch"] == 1
    ends_alike(run, config, champions[family], tmp_path / "other" / "run")


@pytest.mark.slow
@pytest.mark.parametrize(
    "place",
    [
        "month_fit.metrics.after_replace",
        "month_fit.before_rename",
        "month_fit.after_rename",
        "month_fit.before_replace",
        "month_fit.after_replace",
    ],
)
def test_killed_around_its_result_it_ends_the_same(
    champions, killed, undisturbed, tmp_path, place
) -> None:
    run = tmp_path / "run"
    killed(asked(), run, "builtin", SCRUBJAY_FAILPOINT=place)
    assert (run / "fit" / "result.json").exists() == (place == "month_fit.after_replace")
    ends_alike(run, asked(), champions["builtin"], undisturbed)


@pytest.mark.slow
def test_killed_after_memory_ran_out_it_goes_on_with_the_newest_attempt(
    champions, killed, tmp_path
) -> None:
    run = tmp_path / "run"
    config = with_callback(asked(batch=12), "Hungry", run={"_ref_": "run"}, most=6)
    killed(config, run, "builtin", SCRUBJAY_FAILPOINT="month_fit.before_rename")
    found = ends_alike(run, config, champions["builtin"], tmp_path / "other" / "run")
    assert found.attempts == ((12, 1), (6, 2))


@pytest.mark.parametrize("devices", [2, "-1", [0, 1]])
def test_a_month_that_asks_for_several_processes_is_refused(devices: object, tmp_path) -> None:
    config = asked()
    config["trainer"]["devices"] = devices
    with pytest.raises(BadConfig, match="one process"):
        fitted(tmp_path, config)
    assert not (tmp_path / "fit").exists()
