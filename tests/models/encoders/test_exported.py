from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.errors import Damaged, ModelNotFound, WrongUse
from scrubjay.core.types import Modality
from scrubjay.media.image import decode_picture
from scrubjay.models.load import load_encoder, load_version
from tests.models.pretrained_models import SAVE, SIDE, TEXTS, pictures

KINDS = tuple(SAVE)


def files() -> list[bytes]:
    made = []
    for picture in pictures():
        for kind in ("png", "jpeg"):
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, kind)
            made.append(buffer.getvalue())
    return made


def decoded(min_side: int | None = None) -> list[np.ndarray]:
    return [decode_picture(one, min_side=min_side) for one in files()]


@pytest.fixture
def export(version_folder, tmp_path) -> Path:
    return Path(shutil.copytree(version_folder("clip") / "export", tmp_path / "export"))


@pytest.mark.parametrize("precision", ["auto", "bf16", "f32"])
@pytest.mark.parametrize("kind", KINDS)
def test_graphs_match_torch_from_the_same_file_bytes(
    kind: str, precision: str, trainable, version_folder
) -> None:
    served = load_encoder(
        "exported", source=version_folder(kind) / "export", threads=1, precision=precision
    )
    for modality, media in ((Modality.IMAGE, decoded()), (Modality.TEXT, TEXTS)):
        cosines = (served.encode(modality, media) * trainable(kind).encode(modality, media)).sum(1)
        assert cosines.min() >= (0.99999 if precision == "f32" else 0.999)


def test_pictures_decoded_as_small_as_the_spec_allows_are_the_same_pictures(
    served, trainable
) -> None:
    """What ingestion does: scaled JPEG decoding first, then the graph."""
    image_size = served("clip").spec.image_size
    assert image_size == SIDE
    small = served("clip").encode(Modality.IMAGE, decoded(min_side=image_size))
    whole = trainable("clip").encode(Modality.IMAGE, decoded())
    assert (small * whole).sum(axis=1).min() >= 0.99


def test_its_spec_is_that_of_what_it_was_exported_from(served, trainable) -> None:
    ours, theirs = served("clip").spec, trainable("clip").spec
    assert ours.version == "2026-11-abc1234"
    assert (ours.name, ours.dim, ours.fingerprint) == (theirs.name, theirs.dim, theirs.fingerprint)
    assert (ours.modalities, ours.image_size) == (theirs.modalities, theirs.image_size)


def test_neither_torch_nor_transformers_is_imported(version_folder, tmp_path) -> None:
    """From a file on disk to vectors, in a process of its own."""
    Image.fromarray(pictures()[0]).save(tmp_path / "a.jpg")
    program = """
        import sys
        from pathlib import Path
        from scrubjay.core.types import Modality
        from scrubjay.media.image import decode_picture
        from scrubjay.models.load import load_version
        encoder = load_version(Path(sys.argv[1]), threads=1)
        picture = decode_picture(Path(sys.argv[2]).read_bytes(), min_side=encoder.spec.image_size)
        assert encoder.encode(Modality.IMAGE, [picture]).shape == (1, encoder.spec.dim)
        assert encoder.encode(Modality.TEXT, ["a red apple"]).shape == (1, encoder.spec.dim)
        print(*sorted({name.partition(".")[0] for name in sys.modules}))
    """
    printed = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent(program),
            str(version_folder("clip")),
            str(tmp_path / "a.jpg"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "openvino" in printed
    refused = {"torch", "transformers", "safetensors", "huggingface_hub", "lightning", "lancedb"}
    assert not refused & set(printed)


def test_a_process_that_has_let_go_of_an_encoder_survives_a_signal(version_folder) -> None:
    """The CPU plugin sets the thread's signal stack and frees it, once for every Core."""
    program = """
        import gc, os, signal, sys
        from pathlib import Path
        from scrubjay.core.types import Modality
        from scrubjay.models.load import load_version
        import numpy as np
        encoder = load_version(Path(sys.argv[1]), threads=1)
        encoder.encode(Modality.IMAGE, [np.zeros((48, 48, 3), np.uint8)])
        encoder.encode(Modality.TEXT, ["a red apple"])
        del encoder
        gc.collect()
        signal.signal(signal.SIGUSR1, lambda *_: print("heard"))
        os.kill(os.getpid(), signal.SIGUSR1)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(version_folder("clip"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "heard\n")


@pytest.mark.parametrize("name", ["image.xml", "image.bin"])
def test_a_changed_graph_is_never_compiled(export: Path, name: str) -> None:
    content = bytearray((export / name).read_bytes())
    content[len(content) // 2] ^= 1
    (export / name).write_bytes(bytes(content))
    encoder = load_encoder("exported", source=export)
    with pytest.raises(Damaged, match=name):
        encoder.encode(Modality.IMAGE, pictures())
    assert encoder.encode(Modality.TEXT, TEXTS).shape[0] == len(TEXTS), "the other tower is whole"


@pytest.mark.parametrize("name", ["text.xml", "text.bin"])
def test_a_lost_graph_is_named(export: Path, name: str) -> None:
    (export / name).unlink()
    with pytest.raises(Damaged, match=name):
        load_encoder("exported", source=export).encode(Modality.TEXT, TEXTS)


def test_a_changed_tokenizer_is_refused(export: Path) -> None:
    path = export / "tokenizer.json"
    path.write_text(path.read_text().replace("apple", "melon"))
    with pytest.raises(Damaged, match=r"tokenizer\.json"):
        load_encoder("exported", source=export)


def test_a_graph_of_another_width_than_it_says_is_refused(export: Path) -> None:
    path = export / "encoder.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"dim": 7}))
    with pytest.raises(Damaged, match="7 numbers"):
        load_encoder("exported", source=export).encode(Modality.TEXT, TEXTS)


def test_towers_are_compiled_when_first_used(export: Path) -> None:
    """A search by text neither reads nor needs the picture tower."""
    (export / "image.bin").unlink()
    assert len(load_encoder("exported", source=export).encode(Modality.TEXT, TEXTS)) == len(TEXTS)


def test_threads_reach_the_graph(export: Path) -> None:
    for threads in (1, 2):
        encoder = load_encoder("exported", source=export, threads=threads)
        encoder.encode(Modality.TEXT, ["x"])
        graph = encoder._compiled[Modality.TEXT]._graph
        assert graph.get_property("INFERENCE_NUM_THREADS") == threads


def test_several_threads_may_encode_at_once(export: Path) -> None:
    encoder = load_encoder("exported", source=export, threads=1)
    expected = encoder.encode(Modality.TEXT, TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for made in pool.map(lambda _: encoder.encode(Modality.TEXT, TEXTS), range(24)):
            np.testing.assert_array_equal(made, expected)


def test_a_row_stays_when_the_next_batch_is_encoded(export: Path) -> None:
    encoder = load_encoder("exported", source=export, threads=1)
    first = encoder.encode(Modality.IMAGE, pictures())
    kept = first.copy()
    encoder.encode(Modality.IMAGE, pictures()[::-1])
    np.testing.assert_array_equal(first, kept)


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="scrubjay train"):
        load_encoder("exported", source=tmp_path)


def test_an_unknown_precision_is_refused(export: Path) -> None:
    with pytest.raises(WrongUse, match="bf16"):
        load_encoder("exported", source=export, precision="int4")


@pytest.mark.slow
def test_a_model_of_real_size_keeps_the_promises_in_bfloat16(tmp_path: Path) -> None:
    """ViT-B/32 with random weights: parity with torch, and rows that ignore their batch."""
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    from scrubjay.models.load import load_trainable
    from tests.models.pretrained_models import clip_tokenizer

    tokenizer = clip_tokenizer()
    ends = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(0)
    CLIPModel(CLIPConfig(text_config=ends)).save_pretrained(tmp_path / "clip")
    CLIPProcessor(CLIPImageProcessorPil(), tokenizer).save_pretrained(tmp_path / "clip")
    trained = load_trainable("transformers", source=tmp_path / "clip")
    (tmp_path / "export").mkdir()
    trained.export(tmp_path / "export")
    served = load_version(tmp_path, threads=1)
    for modality, media in ((Modality.IMAGE, pictures()), (Modality.TEXT, TEXTS)):
        together = served.encode(modality, media)
        assert (together * trained.encode(modality, media)).sum(axis=1).min() >= 0.999
        alone = np.concatenate([served.encode(modality, [one]) for one in media])
        assert (together * alone).sum(axis=1).min() >= 0.9999
