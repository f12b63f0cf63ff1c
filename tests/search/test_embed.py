"""Embedding: original order, whole items, batches, and problems reported one by one."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from scrubjay.core.types import Kind, Modality
from scrubjay.search.decode import AHEAD_BYTES
from scrubjay.search.embed import embed, middle


def run(shelf, encoder, **options):
    problems, rows, vectors, blocks = [], [], [], []
    for some, made in embed(
        shelf.items,
        encoder,
        read=shelf.read,
        on_problem=lambda item, reason: problems.append((item.id, reason)),
        **{"threads": 2, "batch_size": 4, **options},
    ):
        assert made.shape == (len(some), encoder.spec.dim)
        assert made.dtype == np.float32
        rows += some
        vectors.append(made)
        blocks.append(len(some))
    return rows, np.concatenate(vectors) if vectors else None, problems


def test_rows_come_in_the_original_order_whatever_the_kinds(shelf, colours):
    for i in range(9):
        shelf.picture(f"{i}.png", (10 * i, 50, 99))
        if i % 2:
            shelf.recording(f"{i}.wav", 0.3, level=0.1 * i)
        if i % 3 == 0:
            shelf.put(f"{i}.txt", f"red {i}".encode(), Kind.TEXT)
    rows, vectors, problems = run(shelf, colours)
    assert [row.item for row in rows] == shelf.items
    assert not problems
    alone = [run(_only(shelf, item), colours)[1][0] for item in shelf.items]
    np.testing.assert_allclose(vectors, np.stack(alone), atol=1e-6)
    assert {row.version for row in rows} == {"v1"}


def _only(shelf, item):
    return type(shelf)(shelf.folder, [item])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kinds=st.lists(st.sampled_from(["png", "wav", "bad"]), max_size=14), batch=st.integers(1, 5))
def test_every_item_has_rows_or_one_problem(shelf, colour_encoder, kinds, batch):
    shelf.items.clear()
    for i, kind in enumerate(kinds):
        if kind == "png":
            shelf.picture(f"{i}.png", (i, i, 200))
        elif kind == "wav":
            shelf.recording(f"{i}.wav", 0.2 + i / 5)
        else:
            shelf.put(f"{i}.bad", b"bad%d" % i, Kind.IMAGE)
    rows, _, problems = run(shelf, colour_encoder(), batch_size=batch)
    with_rows = list(dict.fromkeys(row.item.id for row in rows))
    assert with_rows == [one.id for one in shelf.items if not one.uri.endswith(".bad")]
    assert [one for one, _ in problems] == [
        one.id for one in shelf.items if one.uri.endswith(".bad")
    ]


def test_encodes_are_batched(shelf, colours):
    for i in range(12):
        shelf.picture(f"{i}.png", (i, 0, 0))
    run(shelf, colours)
    assert colours.batches == [(Modality.IMAGE, 4)] * 3


def test_a_long_recording_becomes_windows_with_times_in_one_piece(shelf, colours):
    shelf.picture("a.png", (0, 0, 9))
    shelf.recording("long.wav", 4.2)
    shelf.recording("short.wav", 0.9)
    rows, _, _ = run(shelf, colours)
    times = [(row.start_s, row.end_s) for row in rows if row.item.uri.endswith("long.wav")]
    assert times == [(i / 2, i / 2 + 1) for i in range(7)] + [
        (pytest.approx(3.2), pytest.approx(4.2))
    ]
    assert [(row.start_s, row.end_s) for row in rows][-1] == (None, None)
    assert max(n for _, n in colours.batches) <= 4


def test_an_encoder_that_cannot_encode_one_item_loses_only_that_one(shelf, colours):
    for i in range(4):
        shelf.picture(f"{i}.png", (50, i, 0))
    refused = shelf.picture("refused.png", (1, 2, 3))
    not_finite = shelf.picture("nan.png", (3, 2, 1))
    rows, vectors, problems = run(shelf, colours, batch_size=6)
    assert [row.item for row in rows] == shelf.items[:4]
    assert np.isfinite(vectors).all()
    assert problems == [
        (refused.id, "this colour cannot be encoded"),
        (not_finite.id, "the encoder gave numbers that are not finite"),
    ]


def test_pictures_are_decoded_no_larger_than_the_encoder_wants(shelf, colours):
    import dataclasses

    out = io.BytesIO()
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(out, "JPEG")
    shelf.put("large.jpg", out.getvalue(), Kind.IMAGE)
    sizes = []

    class Watching(type(colours)):
        def encode(self, modality, batch):
            sizes.extend(one.shape for one in batch)
            return super().encode(modality, batch)

    encoder = Watching()
    encoder.spec = dataclasses.replace(encoder.spec, image_size=100)
    run(shelf, encoder)
    ((height, width, _),) = sizes
    assert 100 <= min(height, width) <= 300


def test_progress_counts_every_item(shelf, colours):
    for i in range(5):
        shelf.picture(f"{i}.png", (i, 0, 0))
    shelf.put("bad.png", b"bad", Kind.IMAGE)
    told = []
    run(shelf, colours, progress=lambda *what: told.append(what))
    assert told[-1] == ("embedding", 6, 6)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_nothing_gives_nothing(shelf, colours):
    assert run(shelf, colours) == ([], None, [])


def test_the_middle_of_windows_is_a_unit_vector_between_them():
    two = np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(middle(two), [2**-0.5, 2**-0.5], atol=1e-6)
    np.testing.assert_array_equal(middle(two[:1]), [1, 0])


@pytest.mark.slow
def test_memory_stays_bounded_over_many_large_pictures(shelf, colours):
    import resource

    data = io.BytesIO()
    Image.effect_noise((3000, 3000), 60).convert("RGB").save(data, "PNG", compress_level=1)
    for i in range(60):
        shelf.put(f"{i}.png", data.getvalue(), Kind.IMAGE, id=str(i))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rows, _, _ = run(shelf, colours, batch_size=64)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    assert len(rows) == 60
    on_the_way = 6 * 27_000_000
    assert grown < 2 * AHEAD_BYTES + on_the_way < 60 * 27_000_000
