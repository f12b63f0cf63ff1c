"""A spoken question finds its picture: by its sound, by what was heard, or by both?

    python bench/spoken_search.py --scenes 200

Scenes are drawn and described by the world the encoder in the box comes from; each description is
spoken by a voice nobody was taught with, plainly and inside a question. It is then searched
among all of them by the speech tower, by the text tower with what pocketsphinx hears, by the sum of
both vectors, by reciprocal rank fusion, and by both in turn, which `scrubjay ask` does.
Needs espeak-ng.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.ask.optimise import Score
from scrubjay.ask.question import looked_for
from scrubjay.core.types import Modality
from scrubjay.media.speech_part import spoken_part
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.scene import Sampler
from scrubjay.media.world.speak import Speaker, any_voice
from scrubjay.media.world.things import Language
from scrubjay.models.load import load_asr, load_encoder

ASKED = ("{}", "which picture shows {}?")
DEPTH = 5
RANK = 60
"""Of reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=6)
    told = parser.parse_args()
    random = np.random.default_rng(told.seed)
    encoder, listener, speaker = (
        load_encoder("builtin", source="shipped"),
        load_asr("pocketsphinx"),
        Speaker(),
    )
    scenes = [Sampler().scene(random) for _ in range(told.scenes)]
    captions = [plainest(scene).text for scene in scenes]
    pictures = encoder.encode(Modality.IMAGE, [draw(scene, random).picture for scene in scenes])
    results: dict[str, Any] = {"scenes": told.scenes}
    for asked in ASKED:
        sounds = [
            speaker.say(asked.format(one), any_voice(Language.ENGLISH, random, held_out=True)).sound
            for one in captions
        ]
        transcripts = [listener.transcribe(one, language="en") for one in sounds]
        heard = [one.text for one in transcripts]
        sure = np.array([[one.confidence or 0.0] for one in transcripts])
        vectors = {
            "sound": encoder.encode(Modality.SPEECH, [spoken_part(one) for one in sounds]),
            "heard": encoder.encode(Modality.TEXT, [looked_for(one) or "nothing" for one in heard]),
            "typed": encoder.encode(
                Modality.TEXT, [looked_for(asked.format(one)) for one in captions]
            ),
        }
        scores = {name: rows @ pictures.T for name, rows in vectors.items()}
        both = vectors["sound"] + vectors["heard"]
        scores["sum"] = both @ pictures.T
        by_sound, by_words = reciprocal(scores["sound"]), reciprocal(scores["heard"])
        scores["fused"] = by_sound + by_words
        scores["fused by confidence"] = by_sound + sure * by_words
        scores["in turn"] = in_turn(scores["sound"], scores["heard"])
        results[asked] = {name: among(rows, captions) for name, rows in scores.items()}
        results[asked]["confidence"] = np.quantile(sure, [0, 0.25, 0.5, 0.75, 1]).round(3).tolist()
        results[asked]["heard word for word"] = sum(
            asked.format(one).strip("?").casefold() == words.casefold()
            for one, words in zip(captions, heard, strict=True)
        )
    print(json.dumps(results, indent=1))


def in_turn(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, n) the higher the earlier, where the best of both rankings are taken in turn."""
    places = [(-scores).argsort(axis=1).argsort(axis=1) for scores in (first, second)]
    return -np.minimum(2 * places[0], 2 * places[1] + 1).astype(np.float32)


def reciprocal(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, n) worth of each picture for each question, by reciprocal rank."""
    places = (-scores).argsort(axis=1).argsort(axis=1) + 1
    return (1 / (RANK + places)).astype(np.float32)


def among(scores: NDArray[Any], captions: Sequence[str]) -> dict[str, Any]:
    """How often a picture that is described so is first, and among the first five."""
    order = (-scores).argsort(axis=1)[:, :DEPTH].tolist()
    right = [[captions[at] == one for at in row] for row, one in zip(order, captions, strict=True)]
    return {
        "first": Score(tuple(row[0] for row in right)).to_json(),
        f"among {DEPTH}": Score(tuple(any(row) for row in right)).to_json(),
    }


if __name__ == "__main__":
    main()
