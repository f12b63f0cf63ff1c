from __future__ import annotations

import numpy as np
import pytest

from scrubjay.evaluate.written import changes, exact, rouge_l, scores, token_f1


def test_measures_of_hand_computed_answers() -> None:
    right = "A red kite, 2 m wide."
    assert exact("a RED kite 2 m wide", right) == 1
    assert exact("a kite red 2 m wide", right) == 0
    # 4 of 4 words, of 6.
    assert token_f1("wide red kite a", right) == pytest.approx(2 * 4 / 10)
    # In order only: "red kite".
    assert rouge_l("wide red kite a", right) == pytest.approx(2 * 2 / 10)
    assert token_f1("red red red", right) == pytest.approx(2 * 1 / 9)
    assert token_f1("", right) == rouge_l("", right) == 0
    assert token_f1("", "") == rouge_l("", "") == exact("!", "?") == 1


def test_the_longest_common_subsequence_is_that_of_a_plain_search() -> None:
    from itertools import combinations

    random = np.random.default_rng(0)
    for _ in range(40):
        said, right = (list(random.choice(list("abcd"), random.integers(1, 8))) for _ in range(2))
        longest = max(
            size
            for size in range(len(said) + 1)
            for some in combinations(said, size)
            if any(some == other for other in combinations(right, size))
        )
        assert rouge_l(" ".join(said), " ".join(right)) == pytest.approx(
            2 * longest / (len(said) + len(right))
        )


def test_a_change_has_the_means_and_a_paired_interval() -> None:
    right = [f"thing {number}" for number in range(30)]
    before = {"loss": np.linspace(2, 3, 30), **scores(["other"] * 30, right)}
    after = {"loss": np.linspace(1, 2, 30), **scores(right[:20] + ["other"] * 10, right)}
    found = {one.name: one for one in changes(before, after, np.arange(30))}
    assert set(found) == {"loss", "exact", "token_f1", "rouge_l"}
    gain = found["exact"].gain
    assert (found["exact"].before.value, gain.value) == (0, pytest.approx(2 / 3))
    assert 0.4 < gain.low < gain.value < gain.high < 0.9
    assert found["loss"].gain.value == pytest.approx(-1)
    assert found["loss"].gain.high == pytest.approx(-1)
    assert found["loss"].to_json()["before"]["value"] == pytest.approx(2.5)
