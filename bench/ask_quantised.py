"""What 16, 8 and 4 bits save and cost on this processor, on a LLaVA of 359 million random weights.

    python bench/ask_quantised.py --rounds 5

The model is of the real class, with its real processor: a CLIP tower of ViT-B/16 size and a Llama
of 16 layers, drawn once and saved in float32. Each precision loads it in a process of its own,
through `load_vlm("transformers", source=..., quantize=..., dtype=...)`; the processes stay and take
turns. Measured are the bytes of the weights, the memory of a process that answers, the time to the
first token of an answer about one picture (201 tokens of picture and question are read), and that
of each token after it: processor time of one thread, which a busy machine disturbs little.

The weights' file is mapped, not read: every precision keeps all of it mapped once it was loaded. So
each process lets go of the file's pages and answers again, and what it then holds is what answering
needs; what it held at most is told beside it. What random weights say means nothing, and how much
worse answers get in fewer bits cannot be seen with them.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ask_table import Row, middle

SCRIPT = "bench/ask_quantised.py"
PRECISIONS = {
    "float32": ("none", "float32"),
    "bfloat16": ("none", "bfloat16"),
    "8 bit": ("8bit", "float32"),
    "4 bit": ("4bit", "float32"),
}
"""Name -> `quantize` and `dtype`."""
FULL = "float32"
WORDS = 32_000
SIDE = 224
MIB = 2**20
DONTNEED = 4
"""Of madvise."""


def main() -> None:
    options = arguments()
    if options.build:
        return build(options.build)
    if options.part:
        return part(options.source, options.part, options.tokens)
    for row in rows(rounds=options.rounds, tokens=options.tokens):
        print(row.line(markdown=options.markdown), flush=True)
    return None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=16, help="after the first")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--part", choices=PRECISIONS, help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def rows(*, rounds: int = 5, tokens: int = 16) -> Iterator[Row]:
    """Measure everything; a row a precision, and one that compares."""
    with tempfile.TemporaryDirectory() as made, ExitStack() as open_until:
        source = Path(made) / "llava"
        subprocess.run([sys.executable, __file__, "--build", str(source)], check=True)
        loaded: dict[str, tuple[subprocess.Popen[str], dict[str, Any]]] = {}
        took: dict[str, list[dict[str, float]]] = {}
        for one in PRECISIONS:
            process = open_until.enter_context(started(source, one, tokens))
            loaded[one] = (process, heard(process, source, one))
            took[one] = []
        for _ in range(rounds + 1):
            for one, (process, _told) in loaded.items():
                took[one].append(heard(process, source, one, "again"))
        for one in PRECISIONS:
            yield row(one, loaded[one][1], took[one][1:])
        yield compared(
            {one: told for one, (_, told) in loaded.items()},
            {one: times[1:] for one, times in took.items()},
        )


def row(name: str, told: dict[str, Any], times: list[dict[str, float]]) -> Row:
    """One precision."""
    what = (
        f"a LLaVA of {told['millions']:.0f} M random weights in {name}, one thread: weights; "
        f"memory of the process that answers (at most, while loading); first token of an answer "
        f"about a picture; each token after it"
    )
    first = middle([one["first_ms"] for one in times])
    each = middle([one["each_ms"] for one in times], ".1f")
    figure = (
        f"{told['weights'] / MIB:,.0f} MiB; {told['VmRSS'] / MIB:,.0f} MiB "
        f"({told['VmHWM'] / MIB:,.0f}); {first} ms; {each} ms"
    )
    return Row(what, figure, SCRIPT)


def compared(told: dict[str, dict[str, Any]], times: dict[str, list[dict[str, float]]]) -> Row:
    """Fewer bits against float32, round by round."""

    def share(one: str) -> str:
        weights = told[one]["weights"] / told[FULL]["weights"]
        slower = {
            name: statistics.median(
                theirs[name] / ours[name]
                for theirs, ours in zip(times[one], times[FULL], strict=True)
            )
            for name in ("first_ms", "each_ms")
        }
        return (
            f"{one} {weights:.2f} of the bytes, {slower['first_ms']:.2f} of the time to the first "
            f"token, {slower['each_ms']:.2f} of each token's"
        )

    figure = "; ".join(share(one) for one in PRECISIONS if one != FULL)
    return Row("the same against float32", figure, SCRIPT)


def started(source: Path, precision: str, tokens: int) -> subprocess.Popen[str]:
    """A process with the model in one precision."""
    command = [sys.executable, __file__, "--part", precision, "--source", str(source)]
    command += ["--tokens", str(tokens)]
    with complaints(source, precision).open("w") as errors:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def complaints(source: Path, precision: str) -> Path:
    """Where a process's warnings go; they are shown only if it fails."""
    return source.with_name(f"{precision.replace(' ', '-')}.log")


def heard(
    process: subprocess.Popen[str], source: Path, precision: str, say: str | None = None
) -> dict[str, Any]:
    """A process's next line."""
    if say is not None and process.stdin is not None:
        process.stdin.write(say + "\n")
        process.stdin.flush()
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        process.wait()
        log = complaints(source, precision).read_text()
        sys.exit(f"{precision} ended without an answer: {log[-2000:]}")
    told: dict[str, Any] = json.loads(line)
    return told


def part(source: Path, precision: str, tokens: int) -> None:
    """Load one precision, then measure once for every line that comes in."""
    from scrubjay.core.looking import Message, Role, Sampling
    from scrubjay.models.load import load_vlm
    from scrubjay.models.pretrained.quantise import weight_bytes

    quantize, dtype = PRECISIONS[precision]
    options = {"quantize": quantize, "dtype": dtype, "threads": 1, "device": "cpu"}
    model = load_vlm("transformers", source=str(source), **options)
    import torch

    network = next(one for one in vars(model).values() if isinstance(one, torch.nn.Module))
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    messages = [Message(Role.USER, (picture, "w1 w2 w3 w4 w5"))]

    def seconds(count: int) -> float:
        began = time.process_time()
        reply = model.reply(messages, Sampling(max_new_tokens=count))
        if reply.tokens_out != count:
            raise SystemExit(f"{reply.tokens_out} tokens came, not {count}")
        return time.process_time() - began

    seconds(2)
    let_go_of_files()
    seconds(2)
    told = {"weights": weight_bytes(network), "millions": millions(source), **memory()}
    print(json.dumps(told), flush=True)
    for _ in sys.stdin:
        first, whole = seconds(1), seconds(1 + tokens)
        took = {"first_ms": 1000 * first, "each_ms": 1000 * (whole - first) / tokens}
        print(json.dumps(took), flush=True)


def let_go_of_files() -> None:
    """Unmap the pages of weight files, which come back when they are needed, and free memory."""
    system = ctypes.CDLL(None, use_errno=True)
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith(".safetensors"):
            start, end = (int(one, 16) for one in line.split()[0].split("-"))
            if system.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), DONTNEED):
                raise OSError(ctypes.get_errno(), "madvise")
    gc.collect()
    system.malloc_trim(0)


def memory() -> dict[str, int]:
    """Bytes this process holds now (VmRSS), and held at most (VmHWM)."""
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: 1024 * int(said[name].split()[0]) for name in ("VmRSS", "VmHWM")}


def millions(source: Path) -> float:
    """Weights, from the file that holds them in float32."""
    return sum(one.stat().st_size for one in source.glob("*.safetensors")) / 4e6


def build(folder: Path) -> None:
    """Draw the model and save it with its processor."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    special = ["<pad>", "<s>", "</s>", "<unk>", "<image>"]
    names = [*special, *(f"w{at}" for at in range(WORDS - len(special)))]
    tokens = Tokenizer(
        models.WordLevel({name: at for at, name in enumerate(names)}, unk_token="<unk>")
    )
    tokens.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=tokens,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=["<image>"],
    )
    template = (
        "{% for message in messages %}{% for one in message['content'] %}"
        "{% if one['type'] == 'image' %}<image> {% else %}{{ one['text'] }} {% endif %}"
        "{% endfor %}{% endfor %}"
    )
    side = {"height": SIDE, "width": SIDE}
    pictures = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=side)
    processor = LlavaProcessor(
        pictures,
        tokenizer,
        patch_size=16,
        vision_feature_select_strategy="default",
        chat_template=template,
        num_additional_image_tokens=1,
    )
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=768,
            intermediate_size=3072,
            num_hidden_layers=12,
            num_attention_heads=12,
            image_size=SIDE,
            patch_size=16,
        ),
        text_config=LlamaConfig(
            vocab_size=WORDS,
            hidden_size=1024,
            intermediate_size=2816,
            num_hidden_layers=16,
            num_attention_heads=16,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
        ),
        image_token_index=names.index("<image>"),
        image_seq_length=(SIDE // 16) ** 2,
    )
    torch.manual_seed(0)
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)


if __name__ == "__main__":
    main()
