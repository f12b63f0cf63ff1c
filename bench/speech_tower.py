"""A frozen speech model gets attached to an image-text encoder: do voices it never heard find?

    python bench/speech_tower.py FOLDER [--kinds whisper,hubert] [--speakers theo,lucas] [--json]

FOLDER holds the Free Spoken Digit Dataset and MNIST, as `experiment=spoken_digits` reads them. One
person at a time is left out of everything that follows:

1. an image-text encoder learns handwriting and the words for it, and no sound;
2. a small Whisper encoder, or a HuBERT, of the transformers library learns to tell apart the words
   that the other people say, and sees no picture; it is saved as anybody's would be;
3. `experiment=speech_tower` puts the second on the first, both frozen, and learns a head.

What is measured is `precision@10`: of the ten test pictures nearest to a recording of the person
left out, the share that shows the digit said; chance is 0.10. Beside it: the same with a speech
model of random weights, frozen just so; the same of the exported graphs; text to pictures before
and after, which must be equal; and whether every vector of pictures and texts is, too.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WINDOW_S = 1.5
TESTED = 1000
"""Pictures that are searched."""

BASE = {
    "modalities": ["image", "text"],
    "width": 64,
    "layers": 1,
    "heads": 4,
    "ffn": 2,
    "dim": 64,
    "image_size": 32,
    "stem_channels": [16, 32],
    "stem_strides": [2, 2, 2],
    "words": 4,
    "buckets": 256,
    "text_width": 32,
    "position_std": 0.02,
}

Spoken = Sequence[tuple[np.ndarray, int]]
"""Sounds, and the digit each says."""


def main() -> None:
    """Print a line for every person and kind, and the means."""
    options = _options()
    logging.disable(logging.WARNING)
    import torch

    from scrubjay.training.spoken_digits import read_recordings

    torch.set_num_threads(options.threads)
    recordings = read_recordings(options.folder)
    people = options.speakers.split(",") if options.speakers else []
    people = people or sorted({one.speaker for one in recordings})
    lines: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        base = teach_base(Path(scratch) / "base", options.folder, steps=options.base_steps)
        for kind in options.kinds.split(","):
            for person in people:
                heard = [(one.sound, one.digit) for one in recordings if one.speaker != person]
                where = Path(scratch) / f"{kind}-{person}"
                listener = where / "listener"
                teach_listener(listener, kind, heard, steps=options.listener_steps)
                deaf = where / "deaf"
                teach_listener(deaf, kind, heard, steps=0)
                line = {"kind": kind, "without": person}
                line |= attach(where, options.folder, base, listener, person, options.epochs)
                known = attach(where / "d", options.folder, base, deaf, person, options.epochs)
                line["random_speech_model"] = known["precision_at_10"]
                lines.append(line)
                if not options.json:
                    print(_line(line), flush=True)
    if options.json:
        print(json.dumps(lines, indent=1))
        return
    for kind in options.kinds.split(","):
        mine = [one for one in lines if one["kind"] == kind]
        for name in ("precision_at_10", "random_speech_model"):
            print(f"{kind} {name}: mean {np.mean([one[name] for one in mine]):.3f}")


def teach_base(folder: Path, data: Path, *, steps: int, seed: int = 0) -> Path:
    """An image-text encoder that knows handwriting and the words for it."""
    import torch

    from scrubjay.core.types import Modality
    from scrubjay.models.load import load_trainable
    from scrubjay.training.handwriting import read_handwriting
    from scrubjay.training.losses import InfoNCE

    pictures = read_handwriting(data / "train.npz")
    encoder = load_trainable("builtin", seed=seed, **BASE)
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    see = encoder.preprocess(Modality.IMAGE, train=True)
    words = encoder.preprocess(Modality.TEXT, train=True)(list(WORDS))
    texts = {name: torch.from_numpy(array) for name, array in words.items()}
    towers = {one: encoder.tower(one).train() for one in (Modality.IMAGE, Modality.TEXT)}
    loss = InfoNCE()
    loss.start_from(*encoder.logit_scale_init())
    weights = {id(one): one for tower in towers.values() for one in tower.parameters()}
    learner = torch.optim.AdamW([*weights.values(), *loss.parameters()], lr=2e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(learner, 2e-3, max(1, steps), pct_start=0.1)
    normalise = torch.nn.functional.normalize
    for _ in range(steps):
        rows = random.integers(0, len(pictures.labels), 64)
        seen = see([pictures.picture(int(row)) for row in rows])["pixel_values"]
        vectors = {
            "image": normalise(towers[Modality.IMAGE](pixel_values=torch.from_numpy(seen)), dim=-1),
            "text": normalise(towers[Modality.TEXT](**texts), dim=-1),
        }
        groups = {"image": torch.from_numpy(pictures.labels[rows]), "text": torch.arange(10)}
        learner.zero_grad()
        loss(vectors, groups)["loss"].backward()
        learner.step()
        rate.step()
    for tower in towers.values():
        tower.eval()
    folder.mkdir(parents=True)
    encoder.save_pretrained(folder)
    return folder


def teach_listener(folder: Path, kind: str, heard: Spoken, *, steps: int, seed: int = 0) -> Path:
    """A speech model that tells spoken words apart; its classifier is thrown away."""
    import torch

    from scrubjay.models.speech.inputs import WaveformInput, WhisperInput

    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    made, extractor = _whisper() if kind == "whisper" else _hubert()
    model: Any = made
    judge = torch.nn.Linear(model.config.hidden_size, len(WORDS))
    takes: Any = (
        WhisperInput(window_s=WINDOW_S) if kind == "whisper" else WaveformInput(window_s=WINDOW_S)
    )
    weights = [*model.parameters(), *judge.parameters()]
    learner = torch.optim.AdamW(weights, lr=2e-3, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(learner, 2e-3, max(1, steps), pct_start=0.1)
    model.train()
    for _ in range(steps):
        rows = random.integers(0, len(heard), 32)
        inputs = takes([varied(heard[row][0], random) for row in rows])
        first = torch.from_numpy(np.ascontiguousarray(next(iter(inputs.values()))))
        hidden = model(first).last_hidden_state
        said = torch.tensor([heard[row][1] for row in rows])
        learner.zero_grad()
        torch.nn.functional.cross_entropy(judge(hidden.mean(dim=1)), said).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        learner.step()
        rate.step()
    folder.mkdir(parents=True)
    model.eval().save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def varied(sound: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The sound by a larger or smaller speaker, later, louder or quieter, with noise."""
    pace = random.uniform(0.82, 1.22)
    at = np.arange(0, len(sound) - 1, pace)
    said = np.interp(at, np.arange(len(sound)), sound) * random.uniform(0.4, 1.5)
    out = np.concatenate([np.zeros(int(random.integers(0, 3200))), said])
    out += random.normal(0, 10 ** random.uniform(-5, -2.3), len(out))
    return out.astype(np.float32)


def attach(
    where: Path, data: Path, base: Path, listener: Path, person: str, epochs: int
) -> dict[str, Any]:
    """Train the recipe, save, export, and measure."""
    from scrubjay.cli.compose import compose
    from scrubjay.core.types import Modality
    from scrubjay.models.load import load_trainable, load_version
    from scrubjay.training.fit import fit

    config = compose(
        [
            "experiment=speech_tower",
            "encoder.base.family=builtin",
            f"encoder.base.source='{base}'",
            f"encoder.speech='{listener}'",
            f"encoder.window_s={WINDOW_S}",
            "encoder.head.width=64",
            "datamodule=spoken_digits",
            f"datamodule.folder='{data}'",
            f"datamodule.held_out_speaker={person}",
            "datamodule.batch_size=64",
            "datamodule.batches=25",
            f"trainer.max_epochs={epochs}",
            "trainer.accelerator=cpu",
            "callbacks=last",
            "keep=last",
            "logger=none",
        ]
    )
    began = time.monotonic()
    fitted = fit(config, run=where / "run")
    seconds = time.monotonic() - began
    encoder: Any = fitted.objects["encoder"]
    held_out: Any = fitted.objects["datamodule"]
    version = where / "version"
    (version / "export").mkdir(parents=True)
    encoder.save_pretrained(version)
    encoder.export(version / "export")
    served = load_version(version, threads=1)
    alone = load_trainable("builtin", source=base)
    shown = held_out.test_pictures
    pictures = [shown.picture(at) for at in range(min(TESTED, len(shown.labels)))]
    labels = shown.labels[: len(pictures)]
    sounds = [one.sound for one in held_out.test_recordings]
    said = np.array([one.digit for one in held_out.test_recordings])
    seen = encoder.encode(Modality.IMAGE, pictures)
    before = alone.encode(Modality.IMAGE, pictures)
    words, words_before = (one.encode(Modality.TEXT, list(WORDS)) for one in (encoder, alone))
    heard = encoder.encode(Modality.SPEECH, sounds)
    digits = np.arange(len(WORDS))
    return {
        "precision_at_10": precision(heard, seen, said, labels),
        "served_precision_at_10": precision(
            served.encode(Modality.SPEECH, sounds),
            served.encode(Modality.IMAGE, pictures),
            said,
            labels,
        ),
        "speech_to_text": float(np.mean((heard @ words.T).argmax(axis=1) == said)),
        "text_to_image_before": precision(words_before, before, digits, labels),
        "text_to_image": precision(words, seen, digits, labels),
        "same_bits": bool(np.array_equal(seen, before) and np.array_equal(words, words_before)),
        "layer_weights": [round(float(one), 3) for one in layer_weights(encoder)],
        "recordings": len(said),
        "fit_s": round(seconds, 1),
    }


def precision(
    asked: np.ndarray, searched: np.ndarray, wanted: np.ndarray, shown: np.ndarray
) -> float:
    """Precision@10, mean over what is asked."""
    from scrubjay.evaluate.retrieval import precision_at_k

    return float(precision_at_k(asked, searched, wanted, shown, (10,))[10])


def layer_weights(encoder: Any) -> list[float]:  # noqa: ANN401 - a SpeechEncoder
    """How much each layer of the speech model counts."""
    from scrubjay.core.types import Modality

    found: list[float] = encoder.tower(Modality.SPEECH).head.layer_weights.softmax(dim=0).tolist()
    return found


def _whisper() -> tuple[Any, Any]:
    from transformers import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = WhisperConfig(
        d_model=64,
        encoder_layers=2,
        encoder_attention_heads=4,
        encoder_ffn_dim=128,
        max_source_positions=round(WINDOW_S * 50),
    )
    return WhisperEncoder(config), WhisperFeatureExtractor(feature_size=80, chunk_length=30)


def _hubert() -> tuple[Any, Any]:
    from transformers import HubertConfig, HubertModel, Wav2Vec2FeatureExtractor

    config = HubertConfig(
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        conv_dim=(48,) * 5,
        conv_kernel=(10, 8, 4, 4, 4),
        conv_stride=(5, 4, 2, 2, 2),
        num_feat_extract_layers=5,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        mask_time_prob=0.0,
        layerdrop=0.0,
    )
    return HubertModel(config), Wav2Vec2FeatureExtractor(do_normalize=True)


def _line(line: dict[str, Any]) -> str:
    same = "same bits" if line["same_bits"] else "CHANGED"
    return (
        f"{line['kind']:8} without {line['without']:9} speech->pictures precision@10 "
        f"{line['precision_at_10']:.3f} (served {line['served_precision_at_10']:.3f}, random "
        f"speech model {line['random_speech_model']:.3f}, chance 0.100), speech->word "
        f"{line['speech_to_text']:.3f}; text->pictures {line['text_to_image_before']:.3f} before, "
        f"{line['text_to_image']:.3f} after, {same}; layers {line['layer_weights']}, "
        f"{line['recordings']} recordings, {line['fit_s']:.0f} s"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="recordings, train.npz and test.npz")
    parser.add_argument("--kinds", default="whisper,hubert", help="speech models")
    parser.add_argument("--speakers", default="", help="people left out, one at a time; all")
    parser.add_argument("--epochs", type=int, default=6, help="of the recipe, 25 batches each")
    parser.add_argument("--base-steps", type=int, default=300)
    parser.add_argument("--listener-steps", type=int, default=450)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
