"""Spoken captions: what is said when, by whom, and that stopping does no harm."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import Damaged
from scrubjay.media.world import speak
from scrubjay.media.world.captions import Caption, Meaning, function_atom, plainest, thing_atom
from scrubjay.media.world.scene import Scene, Template, has_held_out_pair, meaning
from scrubjay.media.world.speak import HELD_OUT_ACCENT, Speaker, Spoken, SpokenWord, Voice
from scrubjay.media.world.things import Language, newcomers
from scrubjay.models.speech_input import SpeechInput
from scrubjay.training.world import clips
from scrubjay.training.world.clips import SILENCE, Clips, frame_atoms, write_clips

HEAR = SpeechInput()
SPEAK = """
import sys
from pathlib import Path
from scrubjay.models.speech_input import SpeechInput
from scrubjay.training.world import clips
if __name__ == "__main__":
    clips.SHARD = 64
    clips.write_clips(Path(sys.argv[1]), int(sys.argv[2]), seed=7, hear=SpeechInput())
"""


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.npz"))
    }


def killed(folder: Path, tmp_path: Path, place: str) -> None:
    script = tmp_path / "speak.py"
    script.write_text(SPEAK)
    done = subprocess.run(
        [sys.executable, str(script), str(folder), "192"],
        env={**os.environ, "SCRUBJAY_FAILPOINT": place},
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture(scope="module")
def undisturbed(espeak, tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clips, "SHARD", 64)
        write_clips(folder, 192, seed=7, hear=HEAR)
    found = digests(folder)
    assert len(set(found.values())) == 3
    return found


@pytest.mark.parametrize("place", ["world.before_clips", "world.after_clips"])
def test_killed_and_gone_on_with_the_clips_are_the_same_bytes(
    undisturbed, few, tmp_path, place
) -> None:
    folder = tmp_path / "clips"
    killed(folder, tmp_path, place)
    whole = digests(folder)
    assert len(whole) == (place == "world.after_clips")
    assert whole.items() <= undisturbed.items()
    assert [path.name for path in folder.glob("*.part")] == (
        [] if whole else ["clips-00000-64.part"]
    )
    told: list[tuple[str, int, int | None]] = []
    write_clips(folder, 192, seed=7, hear=HEAR, progress=lambda *now: told.append(now))
    assert digests(folder) == undisturbed
    assert not list(folder.glob("*.part"))
    assert told == [("speaking captions", n, 192) for n in (0, 64, 128, 192)]


def test_what_is_missing_in_the_middle_is_spoken_again_and_nothing_else(
    undisturbed, few, tmp_path
) -> None:
    write_clips(tmp_path, 192, seed=7, hear=HEAR)
    (tmp_path / "clips-00001-64.npz").unlink()
    (tmp_path / "clips-00001-64.part").write_bytes(b"left over")
    kept = (tmp_path / "clips-00002-64.npz").stat().st_mtime_ns
    write_clips(tmp_path, 192, seed=7, hear=HEAR)
    assert digests(tmp_path) == undisturbed
    assert (tmp_path / "clips-00002-64.npz").stat().st_mtime_ns == kept
    assert len(Clips(tmp_path, 192)) == 192


def test_another_seed_says_other_things(undisturbed, few, tmp_path) -> None:
    write_clips(tmp_path, 64, seed=8, hear=HEAR)
    assert digests(tmp_path)["clips-00000-64.npz"] != undisturbed["clips-00000-64.npz"]


def test_clips_are_twins_without_anything_held_out(spoken) -> None:
    some = Clips(spoken / "clips", 64)
    assert len(some) == 64
    for at in range(0, 64, 2):
        one, other = some[at], some[at + 1]
        assert one.language is other.language
        assert meaning(one.scene) != meaning(other.scene)
    scenes = [some[at].scene for at in range(64)]
    assert not any(has_held_out_pair(scene.everything) for scene in scenes)
    assert not any(scene.template is Template.COUNT_AND for scene in scenes)
    assert not {one for scene in scenes for one in scene.everything} & set(newcomers())
    assert {some[at].language for at in range(64)} == set(Language)


def test_a_clip_holds_a_spectrum_and_a_meaning_for_every_frame(spoken) -> None:
    some = Clips(spoken / "clips", 64)
    for at in range(64):
        clip = some[at]
        assert clip.spectrum.shape == (len(clip.atoms), 64)
        assert clip.spectrum.dtype == np.float32
        assert 20 < len(clip.atoms) < 1000
        wanted = {one.atom for one in plainest(clip.scene, clip.language).meanings}
        said = set(clip.atoms.tolist()) - {SILENCE}
        # A place may be said the other way round.
        places = {function_atom(name) for name in ("left", "right", "above", "below")}
        assert said - places <= wanted | places
        assert len(said) >= 0.6 * len(wanted)


def test_spectra_are_kept_to_a_twentieth_of_a_neper(espeak) -> None:
    sound = Speaker().say("a dog", Voice("en", 160, 50, 50)).sound
    spectrum = HEAR.spectrum(sound)
    levels = np.rint((spectrum - np.log(1e-6)) / clips.STEP)
    assert levels.min() >= 0
    assert levels.max() <= 255


def test_held_out_voices_never_speak_for_training(espeak, monkeypatch) -> None:
    heard: list[str] = []
    say = Speaker.say

    def listening(self, text, voice):
        heard.append(voice.name)
        return say(self, text, voice)

    monkeypatch.setattr(Speaker, "say", listening)
    clips._shard(150, HEAR, [1, 0])
    held_out = set(speak.variants(held_out=True))
    assert len(heard) == 300
    assert not {name.split("+")[1] for name in heard} & held_out
    assert not any(name.startswith(HELD_OUT_ACCENT) for name in heard)


def test_a_frame_in_the_middle_of_a_word_has_its_meaning() -> None:
    said = Caption(
        "two dogs",
        Language.ENGLISH,
        (Meaning(0, 3, function_atom("2")), Meaning(4, 8, thing_atom(0))),
    )
    words = (SpokenWord(0, 3, 0.0, 0.3), SpokenWord(4, 8, 0.35, 0.8))
    atoms = frame_atoms(said, Spoken(np.zeros(16_000, np.float32), words), 98)
    assert atoms[15] == function_atom("2")
    assert atoms[32] == SILENCE
    assert atoms[57] == thing_atom(0)
    assert (atoms[80:] == SILENCE).all()
    assert atoms.dtype == np.int16


def test_words_spoken_for_real_are_labelled_in_their_middle(espeak) -> None:
    speaker = Speaker()
    for language in Language:
        said = plainest(Scene(Template.PLACE, (0, 200), place="left"), language)
        spoken = speaker.say(said.text, Voice(f"{language.value}+f2", 150, 50, 50))
        frames = len(HEAR.spectrum(spoken.sound))
        atoms = frame_atoms(said, spoken, frames)
        for one in said.meanings:
            (word, *_) = [word for word in spoken.words if one.start <= word.start < one.end]
            assert atoms[round(50 * (word.begin + word.finish))] == one.atom, said.text
        assert (atoms == SILENCE).any()


def test_a_file_that_holds_no_clips_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(Damaged, match=r"clips-00000-2\.npz"):
        Clips(tmp_path, 1)
    (tmp_path / "clips-00000-2.npz").write_bytes(b"PK not at all")
    with pytest.raises(Damaged, match="delete it and train again"):
        Clips(tmp_path, 1)


@pytest.mark.parametrize(("wanted", "sizes"), [(2, [2]), (7, [8]), (64, [64]), (65, [64, 2])])
def test_clips_are_as_many_as_wanted_and_even(espeak, few, tmp_path, wanted, sizes) -> None:
    write_clips(tmp_path, wanted, seed=7, hear=HEAR)
    assert [len(Clips(tmp_path, wanted))] == [sum(sizes)]
    assert len(list(tmp_path.glob("*.npz"))) == len(sizes)
