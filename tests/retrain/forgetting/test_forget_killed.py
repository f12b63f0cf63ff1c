"""A killed forgetting is finished by the next call, and nothing of the others is lost."""

import shutil

import pytest

from scrubjay.retrain.forgetting.forget import forget
from tests.retrain.forgetting.filled import killed
from tests.retrain.forgetting.test_forget import check_forgotten, others
from tests.retrain.remembering import ID, Remembering, build, found, open_at

pytestmark = pytest.mark.slow

PLACES = [
    ("forgotten.forget.after_create", 1),
    ("forget.after_file", 1),
    ("scrub.before_replace", 2),
    ("views.after_replace", 1),
    ("quarantine.after_commit", 2),
    ("forget.before_media", 1),
    ("forget.after_media", 1),
    *(("generation.after_commit", nth) for nth in (1, 2, 3, 5, 8)),
    *(("catalog.before_commit", nth) for nth in (1, 2)),
    ("catalog.after_commit", 2),
    ("forgotten.finish.before_create", 1),
    ("forgotten.finish.after_create", 1),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("remembering")
    made = build(root / "made")
    return root, made, others(made.home)


@pytest.fixture
def remembering(built):
    root, made, _ = built
    shutil.rmtree(root / "copy", ignore_errors=True)
    shutil.copytree(root / "made" / "home", root / "copy" / "home")
    return Remembering(open_at(root / "copy"), made.folder, made.needles)


@pytest.mark.parametrize(("point", "nth"), PLACES)
def test_killed_anywhere_the_next_call_finishes(remembering, built, point, nth):
    root, _, before = built
    assert killed(root / "copy", point, nth)
    assert others(remembering.home) == before
    (request,) = remembering.home.forgotten.events()
    assert request.finished == (point == "forgotten.finish.after_create")
    forget(remembering.home, [])
    check_forgotten(remembering, before)


def test_killed_before_the_request_is_written_down_nothing_happened(remembering, built):
    root, made, before = built
    assert killed(root / "copy", "forgotten.forget.before_create", 1)
    assert forget(remembering.home, []).ids == ()
    assert found(remembering).keys() == made.needles.keys()
    forget(remembering.home, [ID])
    check_forgotten(remembering, before)
