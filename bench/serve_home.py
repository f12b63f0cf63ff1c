"""What bench/serve.py serves: an encoder of ViT-B/32 size with random weights, and many vectors.

The tokenizer is small and made up, so that the queries' words, made up likewise, are one token
each, as frequent words are to CLIP.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

SYLLABLES = [one + other for one in "bdfgklmnprstvz" for other in "aeiou"]
WORDS = 2000
LENGTHS = range(6, 15)
"""Words in a query, and two tokens more: twelve in the middle."""


def words() -> list[str]:
    """Of one syllable or two."""
    pairs = [one + other for one in SYLLABLES for other in ("", *SYLLABLES)]
    return sorted(random.Random(0).sample(pairs, WORDS))


def texts(n: int, *, seed: int) -> list[str]:
    """Queries, no two alike."""
    known, chance = words(), random.Random(seed)
    made: dict[str, None] = {}
    while len(made) < n:
        made[" ".join(chance.choices(known, k=chance.choice(LENGTHS)))] = None
    return list(made)


def built(scratch: Path) -> Path:
    """The folder of a version; torch is loaded by another process than this one."""
    folder = scratch / "version"
    if not folder.is_dir():
        command = [sys.executable, __file__, "--build", str(scratch)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return folder


def build(scratch: Path) -> None:
    """A CLIP directory, the same as the peer reads it, and the folder ours is served from."""
    import torch
    from tokenizers import pre_tokenizers
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    from scrubjay.models.load import load_trainable

    tokens, merges = vocabulary(sorted(pre_tokenizers.ByteLevel.alphabet()))
    n = len(tokens)
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(
        vocab={token: place for place, token in enumerate(tokens)},
        merges=merges,
        model_max_length=77,
    )
    clip, staging = scratch / "clip", scratch / "staging"
    torch.manual_seed(0)
    ends = {"bos_token_id": n, "eos_token_id": n + 1, "pad_token_id": n + 1}
    CLIPModel(CLIPConfig(text_config=ends)).save_pretrained(clip)
    CLIPProcessor(CLIPImageProcessorPil(), tokenizer).save_pretrained(clip)
    as_peer_reads_it(clip, scratch / "peer")
    (staging / "export").mkdir(parents=True, exist_ok=True)
    encoder = load_trainable("transformers", source=clip)
    encoder.save_pretrained(staging)
    encoder.export(staging / "export")
    staging.rename(scratch / "version")


def vocabulary(letters: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Tokens and merges that put every word of two syllables together."""
    ends = [f"{one}</w>" for one in SYLLABLES]
    merges = [(one[0], one[1:]) for one in [*SYLLABLES, *ends]]
    merges += [(one, other) for one in SYLLABLES for other in ends]
    joined = [one + other for one, other in merges]
    return [*letters, *(f"{one}</w>" for one in letters), *joined], merges


def as_peer_reads_it(clip: Path, folder: Path) -> None:
    """Transformers 4 wants a file of its own for pictures, and trips over that of 5."""
    shutil.copytree(clip, folder, dirs_exist_ok=True)
    said = json.loads((folder / "processor_config.json").read_text())
    (folder / "processor_config.json").unlink()
    pictures = {**said["image_processor"], "processor_class": said["processor_class"]}
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures))


def filled_home(path: Path, version: Path, rows: int) -> None:
    """A home where a version serves `rows` pictures; one that is there stays."""
    from bridge_serving import registered
    from index import BATCH, collection, item
    from scrubjay.core.config import Settings
    from scrubjay.core.types import Champion, Modality
    from scrubjay.retrain.serving import publish
    from scrubjay.store.home import Home
    from scrubjay.store.index import Row

    home = Home(Settings(home=path, builtin=False))
    if home.registry.champion() is not None:
        return
    name = registered(home, version, "bench")
    vectors = collection(argparse.Namespace(rows=rows, dim=512, noise=0.7, centre_every=100))
    generation = home.generations.create(name, dim=512, attribute_types={})
    for start in range(0, rows, BATCH):
        items = [item(n) for n in range(start, min(rows, start + BATCH))]
        home.catalog.upsert(items)
        generation.add(
            [Row(one, Modality.IMAGE, name) for one in items], vectors[start : start + BATCH]
        )
    generation.optimise()
    generation.sync()
    publish(home, Champion(name, name))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--build", type=Path, help="a folder to build the encoder in")
    given = parser.parse_args()
    if given.build:
        build(given.build)


if __name__ == "__main__":
    main()
