"""A batch of the world: the same whenever it is made, and labelled as it is drawn and said."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from scrubjay.core.errors import BadConfig
from scrubjay.core.types import Modality
from scrubjay.media.world.captions import atom_count, function_atom, thing_atom
from scrubjay.media.world.scene import (
    Sampler,
    Template,
    concept_count,
    exchange_colours,
    has_held_out_pair,
    held_out_pair,
)
from scrubjay.media.world.things import newcomers
from scrubjay.training.world.batches import FOCUS_FROM, World, WorldBatches
from scrubjay.training.world.clips import Clips
from scrubjay.training.world.facts import TEMPLATES, UNKNOWN, facts_of
from tests.training.tiny import TinyEncoder
from tests.training.world.conftest import FEW, tiny

SETTINGS = {
    "clips": FEW,
    "scenes": 12,
    "pictured": 8,
    "mosaics": 5,
    "texts": 3,
    "exchanged": 0.0,
    "batches": 3,
    "epochs": 10,
    "seed": 4,
}


def batches(spoken, encoder=None, **more):
    return WorldBatches(encoder or tiny(), spoken / "clips", **{**SETTINGS, **more})


def tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for one in value for t in tensors(one)] if isinstance(value, tuple) else []


def equal(a, b) -> bool:
    pairs = list(zip(tensors(a), tensors(b), strict=True))
    assert len(pairs) > 10
    return all(torch.equal(one, other) for one, other in pairs)


@pytest.fixture(scope="module")
def batch(spoken):
    return batches(spoken)[2, 1]


def test_the_same_epoch_and_position_give_the_same_batch_whatever_came_before(spoken, batch):
    others = batches(spoken)
    others[0, 0]
    others[5, 2]
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002 - another library's global state must not matter
    assert equal(others[2, 1], batch)


def test_another_position_epoch_or_seed_gives_another_batch(spoken, batch):
    others = batches(spoken)
    assert not torch.equal(others[2, 0].pixel_values[0], batch.pixel_values[0])
    assert not torch.equal(others[3, 1].pixel_values[0], batch.pixel_values[0])
    reseeded = batches(spoken, seed=5)[2, 1]
    assert not torch.equal(reseeded.pixel_values[0], batch.pixel_values[0])


def test_making_a_batch_leaves_torchs_randomness_alone(spoken):
    made = batches(spoken)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    made[0, 0]
    assert torch.equal(torch.rand(3), expected)


def test_a_batch_has_the_shapes_it_says(batch):
    mosaics = round(5 * (1 - 1.2 * 2 / 10))
    pictures, texts = 8 + mosaics, 3 * 12
    assert batch.pictured == 8
    assert batch.pixel_values.shape == (pictures, 3, 48, 48)
    assert batch.cells.shape == batch.cells_placed.shape == (pictures, 9)
    assert batch.features.shape[0] == texts
    assert batch.meanings.shape == batch.features.shape[:2]
    assert all(one.shape == batch.meanings.shape for one in batch.words_bound)
    assert batch.mel.shape == (12, int(batch.lengths.max()), 64)
    assert batch.said.shape == (12, -(-batch.mel.shape[1] // 4))
    assert all(one.shape == batch.said.shape for one in batch.said_bound)
    assert all(len(one) == texts for one in batch.facts)


def test_the_first_texts_are_of_the_scenes_spoken_and_pictured(spoken, batch):
    clips = Clips(spoken / "clips", FEW)
    groups = {int(facts_of([clips[at].scene]).groups[0]): clips[at].scene for at in range(FEW)}
    scenes = [groups[int(group)] for group in batch.facts.groups[:12]]
    for row, scene in enumerate(scenes[:8]):
        seen = set(batch.cells[row].tolist()) - {-1}
        # In three by three cells two objects may have their middle in one.
        assert seen <= set(scene.everything)
        assert seen
    for row, scene in enumerate(scenes):
        said = set(batch.said[row].tolist()) - {-1, UNKNOWN}
        things = {atom for atom in said if atom < 167}
        assert things <= set(scene.concepts)
        assert set(batch.meanings[row].tolist()) & said


def test_every_text_says_its_own_facts(batch):
    for row, template in enumerate(batch.facts.template):
        words = set(batch.meanings[row].tolist())
        present = {one for one in batch.facts.present[row].tolist() if one != UNKNOWN}
        assert {one for one in present if one < 167} == {one for one in words if 0 <= one < 167}
        if TEMPLATES[template] is Template.COUNT:
            assert function_atom(str(int(batch.facts.number[row]) + 1)) in words


def test_twins_of_a_text_mean_something_else(batch):
    own, twins = batch.facts.groups[:12], batch.facts.groups[12:24]
    assert not (own == twins).any()
    pairs = own.view(6, 2)
    assert (pairs[:, 0] != pairs[:, 1]).all()


def test_meanings_line_up_with_the_words_that_are_read(spoken):
    made = batches(spoken)
    random = np.random.default_rng(0)
    told = made._tell([Sampler().scene(random) for _ in range(60)], random)
    captions = [said for _, said in told]
    features, meanings = made._written(captions)
    read = tiny().preprocess(Modality.TEXT, train=False)
    assert ((features[:, :, 0] > 0) == (meanings != UNKNOWN)).all()
    for row, said in enumerate(captions):
        for one in said.meanings:
            words = said.text[one.start : one.end].replace("'", " ").replace("-", " ").split()
            alone = read([" ".join(words)])["features"][0][: len(words)]
            found = features[row][meanings[row] == one.atom]
            width = min(alone.shape[1], found.shape[1])
            rows = {tuple(line[:width]) for line in found.tolist()}
            assert {tuple(line[:width]) for line in alone.tolist()} <= rows, said.text


def test_words_past_the_longest_text_are_left_out(spoken):
    made = batches(spoken, tiny(words=3))
    random = np.random.default_rng(0)
    told = made._tell([Sampler().scene(random, Template.PLACE)] * 4, random)
    features, meanings = made._written([said for _, said in told])
    assert features.shape[1] == meanings.shape[1] == 3


def test_a_sound_says_what_is_labelled_whatever_its_tempo(spoken):
    made = batches(spoken)
    clips = Clips(spoken / "clips", FEW)
    some = [clips[at] for at in range(12)]
    _, lengths, said = made._spoken(some, np.random.default_rng(0))
    for row, clip in enumerate(some):
        tempo = len(clip.atoms) / int(lengths[row])
        assert 0.8 < tempo < 1.22
        tokens = -(-int(lengths[row]) // 4)
        assert (said[row, tokens:] == UNKNOWN).all()
        middle = np.minimum((4 * np.arange(tokens) + 1.5) * tempo, len(clip.atoms) - 1)
        expected = clip.atoms[middle.astype(int)]
        assert (said[row, :tokens] == expected).mean() > 0.85
        assert set(said[row, :tokens].tolist()) - {-1} >= set(
            np.unique(clip.atoms[clip.atoms >= 0])[:1].tolist()
        )


@pytest.mark.parametrize(("strides", "stride"), [([2, 2], 4), ([2], 2), ([2, 2, 2], 8), ([4], 4)])
def test_labels_follow_the_networks_own_sizes(spoken, strides, stride):
    encoder = tiny(speech_strides=strides)
    batch = batches(spoken, encoder)[0, 0]
    network = encoder.tower(Modality.SPEECH).network
    front, valid = network.fronts["speech"](batch.mel, batch.lengths)
    assert front.shape[:2] == batch.said.shape
    assert batch.said.shape[1] == -(-batch.mel.shape[1] // stride)
    assert torch.equal(valid, batch.said != UNKNOWN)


@pytest.mark.parametrize(
    ("size", "strides", "across"), [(48, [4, 2, 2], 3), (96, [4, 2, 2], 6), (48, [2, 2, 2], 6)]
)
def test_cells_are_the_networks_own_tokens(spoken, size, strides, across):
    encoder = tiny(image_size=size, stem_strides=strides)
    batch = batches(spoken, encoder)[0, 0]
    tokens = encoder.tower(Modality.IMAGE).network.fronts["image"](batch.pixel_values)
    assert tokens.shape[:2] == batch.cells.shape
    assert batch.cells.shape[1] == across**2


def test_nothing_held_out_is_in_a_batch(spoken):
    made = batches(spoken, mosaics=8)
    for epoch in range(4):
        batch = made[epoch, 0]
        assert TEMPLATES.index(Template.COUNT_AND) not in batch.facts.template
        together = [
            [one for one in row if one >= 0]
            for row in (*batch.facts.present.tolist(), *batch.cells.unique(dim=0).tolist())
        ]
        for concepts in together:
            assert not has_held_out_pair(sorted(set(concepts)))
            assert not set(concepts) & set(newcomers())


def test_mosaics_never_hold_a_held_out_pair():
    random = np.random.default_rng(0)
    for _ in range(200):
        together = Sampler(shapes=0.3).concepts(random, 9)
        assert len(set(together)) == 9
        assert not any(held_out_pair(a, b) for a, b in combinations(together, 2))
        assert max(together) < concept_count()


def test_places_are_told_in_pictures_of_two_and_nowhere_else(spoken):
    made = batches(spoken, pictured=12, mosaics=6)
    told = 0
    for position in range(3):
        batch = made[0, position]
        for row in range(len(batch.cells)):
            places = batch.cells_placed[row]
            placed = row < 12 and TEMPLATES[batch.facts.template[row]] is Template.PLACE
            if not placed:
                assert (places == UNKNOWN).all()
                continue
            told += 1
            for place, concept in enumerate(batch.facts.placed[row].tolist()):
                if concept != UNKNOWN:
                    assert (places[batch.cells[row] == concept] == place).all()
    assert told > 2


def test_mosaics_become_fewer_but_never_none(spoken):
    made = batches(spoken, mosaics=10, epochs=10)
    counts = [len(made[epoch, 0].pixel_values) - 8 for epoch in (0, 3, 9)]
    assert counts == [10, round(10 * 0.64), 2]


def test_atoms_and_concepts_are_within_their_bounds(batch):
    assert int(batch.meanings.max()) < atom_count()
    assert int(batch.said.max()) < atom_count()
    assert int(batch.cells.max()) < concept_count()
    assert thing_atom(0) == 0


@pytest.mark.parametrize(
    "wrong",
    [{"scenes": 3}, {"scenes": 0}, {"pictured": 100}, {"mosaics": -1}, {"texts": 0}, {"clips": 0}],
)
def test_numbers_that_cannot_be_are_refused(wrong, tmp_path):
    with pytest.raises(BadConfig, match="datamodule"):
        World(tiny(), run=str(tmp_path), **wrong)


@pytest.mark.parametrize(
    "encoder", [TinyEncoder(), tiny(modalities=["image", "text"])], ids=["other", "deaf"]
)
def test_only_the_whole_built_in_encoder_is_taught(encoder, tmp_path):
    with pytest.raises(BadConfig, match="encoder=builtin"):
        World(encoder, run=str(tmp_path))


def test_speaking_is_told_of(espeak, few, tmp_path):
    told = []
    progress = lambda *now: told.append(now)  # noqa: E731
    data = World(tiny(), run=str(tmp_path), clips=2 * few, scenes=2, pictured=2, progress=progress)
    data.prepare_data()
    assert told == [("speaking captions", n, 2 * few) for n in (0, few, 2 * few)]
    assert sorted(path.name for path in (tmp_path / "clips").iterdir()) == [
        "clips-00000-64.npz",
        "clips-00001-64.npz",
    ]


def test_a_mosaic_has_no_places_even_of_things_that_have_one_elsewhere(spoken):
    made = batches(spoken, scenes=40, pictured=4, mosaics=36)
    for position in range(3):
        batch = made[0, position]
        assert len(batch.cells_placed) == 40
        assert (batch.cells_placed[4:] == UNKNOWN).all()


def test_towards_the_end_many_twins_only_exchange_their_colours(spoken):
    made = batches(spoken, exchanged=0.5)
    clips = Clips(spoken / "clips", FEW)
    # As if these were such twins: so few clips may hold none.
    clips.__dict__["exchanged"] = np.array([1])
    chance = 1 / (len(clips) // 2)

    def share(epoch):
        seeds = [np.random.default_rng(seed) for seed in range(300)]
        return float(np.mean([made._pairs(clips, epoch, one) == 1 for one in seeds]))

    late = int(np.ceil(FOCUS_FROM * SETTINGS["epochs"]))
    assert share(late - 1) == pytest.approx(chance, abs=0.03)
    assert share(late) == pytest.approx(0.5 + 0.5 * chance, abs=0.05)


def test_only_exchanges_without_a_place_are_among_them(spoken):
    clips = Clips(spoken / "clips", FEW)
    for pair in clips.exchanged.tolist():
        one, other = clips[2 * pair].scene, clips[2 * pair + 1].scene
        assert one.place is None
        assert exchange_colours(one, other)
