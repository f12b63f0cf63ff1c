"""Word error of the offline listener on recordings of spoken digits, open and with ten words.

    python bench/ask_asr.py [--each 10] [--folder ../shared/data/spoken-digits]

The recordings are of six people on narrow lines, a digit each and no silence around it. The
decoder's settings were chosen on three of them; those of the other three are the figure. Open, all
134,000 words of the dictionary may have been said. Word error: insertions, deletions and
substitutions for every word that was said.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile
import soxr

from ask_table import Row
from scrubjay.core.protocols import SpeechToText
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.load import load_asr

SCRIPT = "bench/ask_asr.py"
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HELD_OUT = ("nicolas", "theo", "yweweler")
"""Speakers nothing was chosen on."""
CHOSEN_ON = ("george", "jackson", "lucas")
EACH = 10


@dataclass(frozen=True)
class Heard:
    """Errors in some recordings."""

    errors: int
    words: int
    exact: int
    seconds: float
    sound_s: float

    @property
    def word_error(self) -> float:
        """Errors a word that was said."""
        return self.errors / self.words


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--each", type=int, default=EACH, help="recordings a digit and speaker")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    for row in rows(options.folder, each=options.each):
        print(row.line(markdown=options.markdown), flush=True)


def rows(folder: Path | None = None, *, each: int = EACH) -> Iterator[Row]:
    """The figures, as they come.

    Raises:
        FileNotFoundError: the recordings are not there.
    """
    found = folder or _folder()
    listener = load_asr("pocketsphinx")
    listener.transcribe(next(recordings(found, HELD_OUT, 1))[1], words=DIGITS)
    for name, speakers in (("held-out speakers", HELD_OUT), ("those chosen on", CHOSEN_ON)):
        for how, words in (("ten words", DIGITS), ("open", None)):
            one = measure(listener, recordings(found, speakers, each), words)
            yield Row(
                f"spoken digits heard by pocketsphinx, {how}, {name}",
                f"word error {one.word_error:.1%}, {one.exact} of {one.words} exactly, "
                f"{1e3 * one.seconds / one.words:.0f} ms a recording",
                SCRIPT,
            )


def measure(
    listener: SpeechToText, said: Iterator[tuple[str, Sound]], words: Sequence[str] | None
) -> Heard:
    """What a listener makes of recordings of one word each."""
    errors = count = exact = 0
    seconds = sound_s = 0.0
    for word, sound in said:
        began = time.perf_counter()
        text = listener.transcribe(sound, language="en", words=words).text
        seconds += time.perf_counter() - began
        sound_s += len(sound) / SAMPLE_RATE
        errors += word_errors([word], text.split())
        exact += text == word
        count += 1
    return Heard(errors, count, exact, seconds, sound_s)


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest insertions, deletions and substitutions that make one of the other."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, start=1):
        before, row[0] = row[0], at
        for place, other in enumerate(heard, start=1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (word != other)),
            )
    return row[-1]


def recordings(folder: Path, speakers: Sequence[str], each: int) -> Iterator[tuple[str, Sound]]:
    """(word, sound at 16 kHz), `each` a digit and speaker, evenly from all there are.

    Raises:
        FileNotFoundError: there are none.
    """
    for speaker in speakers:
        for digit, word in enumerate(DIGITS):
            found = sorted(folder.glob(f"{digit}_{speaker}_*.wav"))
            if not found:
                raise FileNotFoundError(f"no recordings of {speaker} saying {word} in {folder}")
            for path in found[:: max(1, len(found) // each)][:each]:
                samples, rate = soundfile.read(path, dtype="float32")
                yield word, soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ")


def _folder() -> Path:
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("SCRUBJAY_SHARED_DATA", beside)) / "spoken-digits"


if __name__ == "__main__":
    main()
