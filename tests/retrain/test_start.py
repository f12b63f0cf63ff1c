"""A month starts from its champion's weights, in the champion's own family."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import BadConfig, Damaged, ModelNotFound
from scrubjay.core.types import Modality
from scrubjay.models.load import load_trainable, load_version
from scrubjay.retrain.start import build_encoder, from_champion, version_node
from tests.retrain.champions import asked, champion

CLIP = {"_target_": "scrubjay.models.load.load_trainable", "family": "transformers", "source": "x"}


@pytest.fixture(scope="module")
def champions(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("versions")
    return {family: champion(family, folder / family) for family in ("builtin", "transformers")}


@pytest.mark.parametrize("family", ["builtin", "transformers"])
def test_it_starts_with_the_champions_very_weights(champions, family) -> None:
    config = from_champion(asked(), champions[family])
    encoder = build_encoder(config)
    assert encoder.spec.name == family
    served = load_version(champions[family])
    assert encoder.spec.fingerprint == served.spec.fingerprint
    picture = [np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8)]
    one, other = (each.encode(Modality.IMAGE, picture) for each in (encoder, served))
    assert (one * other).sum() > 0.99
    rest = {name: value for name, value in config.items() if name != "encoder"}
    assert rest == {name: value for name, value in asked().items() if name != "encoder"}


def test_a_champion_of_the_configured_family_varies_as_the_configuration_says(champions) -> None:
    config = asked()
    config["encoder"]["inputs"] = {"f_min": 99.0, "image": {"crop": 0.3, "stretch": 0.2}}
    node = from_champion(config, champions["builtin"])["encoder"]
    assert node["inputs"] == {"image": {"crop": 0.3, "stretch": 0.2}}
    assert set(node) == {"_target_", "family", "source", "inputs"}
    clip = {**asked(), "encoder": {**CLIP, "crop": [0.5, 0.9]}}
    node = from_champion(clip, champions["transformers"])["encoder"]
    assert (node["crop"], node["flip"]) == ([0.5, 0.9], False)


def test_a_champion_of_another_family_varies_as_it_did(champions) -> None:
    node = from_champion(asked(), champions["transformers"])["encoder"]
    assert (node["crop"], node["flip"]) == ([1.0, 1.0], False)
    clip = {**asked(), "encoder": {**CLIP, "crop": [0.5, 0.9]}}
    node = from_champion(clip, champions["builtin"])["encoder"]
    assert node == {
        "_target_": "scrubjay.models.load.load_trainable",
        "family": "builtin",
        "source": str(champions["builtin"]),
    }


def test_a_version_never_says_where_else_its_weights_are(tmp_path) -> None:
    options = {"source": "elsewhere", "revision": "main", "download": True, "flip": True}
    text = json.dumps({"family": "transformers", "options": options})
    (tmp_path / "scrubjay.json").write_text(text)
    node = version_node(tmp_path, "transformers")
    assert node == {**CLIP, "source": str(tmp_path), "flip": True}


def test_a_folder_without_an_export_is_no_version(tmp_path) -> None:
    with pytest.raises(ModelNotFound, match="holds no exported encoder"):
        from_champion(asked(), tmp_path)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"family": "transformers"}', '{"family": "builtin", "options": {}}']
)
def test_options_nobody_wrote_are_refused_with_a_way_out(tmp_path, text) -> None:
    (tmp_path / "scrubjay.json").write_text(text)
    with pytest.raises(Damaged, match=r"scrubjay\.json .* start with fit\.start=base"):
        version_node(tmp_path, "transformers")


def test_a_configuration_without_an_encoder_is_told_so() -> None:
    with pytest.raises(BadConfig, match="choose one, such as encoder=builtin_shipped"):
        build_encoder({"model": {}})
    with pytest.raises(BadConfig, match="makes a InfoNCE, not an encoder to train"):
        build_encoder({"encoder": {"_target_": "scrubjay.training.losses.InfoNCE"}})


def test_the_configured_encoder_is_built_as_ever() -> None:
    node = asked()["encoder"]
    options = {name: value for name, value in node.items() if name not in {"_target_", "family"}}
    expected = load_trainable("builtin", **options).spec.fingerprint
    assert build_encoder(asked()).spec.fingerprint == expected


def test_adapters_are_put_on_the_champion(champions) -> None:
    around = {"_target_": "scrubjay.training.lora.adapted", "base": CLIP, "rank": 2}
    node = from_champion({**asked(), "encoder": around}, champions["builtin"])["encoder"]
    assert {name: value for name, value in node.items() if name != "base"} == {
        "_target_": "scrubjay.training.lora.adapted",
        "rank": 2,
    }
    assert (node["base"]["family"], node["base"]["source"]) == (
        "builtin",
        str(champions["builtin"]),
    )
    encoder = build_encoder({"encoder": node})
    assert encoder.spec.name == "builtin"


def test_a_month_makes_no_student_of_a_teacher() -> None:
    student = {"_target_": "scrubjay.training.distilling.student.student"}
    with pytest.raises(BadConfig, match="scrubjay train"):
        build_encoder({"encoder": {**student, "items": {"_ref_": "items"}}})
