"""Speak the recordings the demonstration ships, by voices kept from training.

python tools/demo_sounds.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import soundfile

from scrubjay.cli.demo import collection
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.media.world.months import SEED, first_month
from scrubjay.media.world.speak import Speaker, any_voice
from scrubjay.media.world.things import Language

OUT = Path(collection.__file__).with_name(collection.SOUNDS)


def main() -> None:
    """Write one Opus file a spoken scene."""
    OUT.mkdir(exist_ok=True)
    speaker = Speaker()
    random = np.random.default_rng([SEED, 3])
    size = 0
    spoken = [shot for shot in first_month() if shot.spoken]
    for shot in spoken:
        voice = any_voice(Language.ENGLISH, random, held_out=True)
        said = speaker.say(shot.captions[0], voice)
        path = OUT / collection.sound_name(shot)
        soundfile.write(path, said.sound, SAMPLE_RATE, format="OGG", subtype="OPUS")
        size += path.stat().st_size
    captions = {collection.sound_name(shot): shot.captions[0] for shot in spoken}
    (OUT / collection.CAPTIONS).write_text(json.dumps(captions, indent=0) + "\n", encoding="utf-8")
    sys.stdout.write(f"{OUT}: {len(spoken)} recordings, {size / 1024:.0f} KiB\n")


if __name__ == "__main__":
    main()
