"""A pretrained speech model from a stranger's folder: its encoder and how it wants to hear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scrubjay.core.errors import BadConfig, ModelNotFound
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.models.pretrained.files import read_json
from scrubjay.models.pretrained.source import find_model
from scrubjay.models.pretrained.whole import libraries, load_whole
from scrubjay.models.speech.inputs import WaveformInput, WhisperInput

if TYPE_CHECKING:
    from scrubjay.models.speech.frozen import FrozenSpeech

KINDS: Final = {"whisper": "WhisperEncoder", "hubert": "HubertModel", "wav2vec2": "Wav2Vec2Model"}
"""`model_type` to the class of the transformers library that its encoder is."""

ENCODER_ONLY: Final = {r"^model\.encoder\.": "", r"^encoder\.": ""}
"""Names of a Whisper's weights to those of its encoder alone."""

EXTRACTOR: Final = "preprocessor_config.json"
PROCESSOR: Final = "processor_config.json"

SECONDS: Final = 15.0
"""Longest sound that wav2vec 2.0 and HuBERT hear at once, unless another is asked for."""

HearingInput = WhisperInput | WaveformInput


@dataclass(frozen=True, slots=True)
class OpenedSpeech:
    """A speech model ready to be listened with.

    Attributes:
        frozen: its encoder.
        input: sounds to the encoder's inputs.
        extractor: the library's settings of the same, to be kept beside the weights.
        name: of the folder, for people.
    """

    frozen: FrozenSpeech
    input: HearingInput
    extractor: Mapping[str, Any]
    name: str

    def save(self, folder: Path) -> None:
        """Write the encoder alone, as the library's own class reads it again."""
        import json

        from scrubjay.models.pretrained.quiet import quiet_transformers

        with quiet_transformers():
            self.frozen.save(folder)
        text = json.dumps(dict(self.extractor), indent=2, sort_keys=True)
        (folder / EXTRACTOR).write_text(text + "\n", encoding="utf-8")


def open_speech(source: str | Path, *, window_s: float | None = None) -> OpenedSpeech:
    """The speech encoder of a folder.

    Args:
        source: a directory that save_pretrained wrote, of a whole model or of its encoder alone;
            else a hub id that is in the hub's cache.
        window_s: longest sound in seconds; None is a Whisper's own window, 15 s of the others.

    Raises:
        MissingExtra: torch or transformers are not installed.
        ModelNotFound: it is not on this machine, or is none of the kinds.
        Damaged: some of its weights are missing.
        BadConfig: a window that the model has no positions for.
    """
    import transformers
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    from scrubjay.models.speech.frozen import FrozenWaveform, FrozenWhisper

    libraries("the speech tower")
    folder = find_model(source, download=None)
    config = read_json(folder / "config.json")
    kind = config.get("model_type")
    if kind not in KINDS:
        raise ModelNotFound(
            f"{folder} holds a {kind or 'model of no stated kind'}, which is no speech model that "
            f"can be listened with; give encoder.speech=DIR of a {', '.join(KINDS)}"
        )
    extractor = _extractor(folder)
    rate = extractor.get("sampling_rate", SAMPLE_RATE)
    if rate != SAMPLE_RATE:
        raise ModelNotFound(
            f"{folder} hears {rate} samples a second, and every sound here has {SAMPLE_RATE}; "
            f"choose a model that was trained with those"
        )
    if kind == "whisper":
        model = load_whole(WhisperEncoder, folder, key_mapping=ENCODER_ONLY)
        heard: HearingInput = _whisper_input(model.config, extractor, folder, window_s)
        frozen: FrozenSpeech = FrozenWhisper(model)
        made_by = "WhisperFeatureExtractor"
    else:
        # SpecAugment and an adapter behind the layers are not for listening with.
        plain = {"mask_time_prob": 0.0, "mask_feature_prob": 0.0}
        if kind == "wav2vec2":
            plain["add_adapter"] = False
        model = load_whole(getattr(transformers, KINDS[kind]), folder, **plain)
        heard = _waveform_input(model.config, extractor, window_s)
        frozen = FrozenWaveform(model)
        made_by = "Wav2Vec2FeatureExtractor"
    kept = {**extractor, "feature_extractor_type": made_by}
    return OpenedSpeech(frozen, heard, kept, folder.resolve().name)


def _extractor(folder: Path) -> dict[str, Any]:
    """What the folder says of its feature extractor; nothing where it says nothing."""
    if (folder / EXTRACTOR).is_file():
        return read_json(folder / EXTRACTOR)
    if (folder / PROCESSOR).is_file():
        inside = read_json(folder / PROCESSOR).get("feature_extractor")
        return dict(inside) if isinstance(inside, dict) else {}
    return {}


def _whisper_input(
    config: Any,  # noqa: ANN401 - a WhisperConfig
    extractor: Mapping[str, Any],
    folder: Path,
    window_s: float | None,
) -> WhisperInput:
    hop = int(extractor.get("hop_length", 160))
    longest = config.max_source_positions * 2 * hop / SAMPLE_RATE
    bands = int(extractor.get("feature_size", config.num_mel_bins))
    if bands != config.num_mel_bins:
        raise ModelNotFound(
            f"{folder} is not whole: its model hears {config.num_mel_bins} bands, its "
            f"{EXTRACTOR} makes {bands}; copy both again from where they come from"
        )
    wanted = longest if window_s is None else float(window_s)
    if not 0.1 <= wanted <= longest:
        raise BadConfig(
            f"encoder.window_s must be between 0.1 and {longest:g}, the seconds {folder} has "
            f"positions for, not {wanted:g}"
        )
    return WhisperInput(bands, int(extractor.get("n_fft", 400)), hop, wanted)


def _waveform_input(
    config: Any,  # noqa: ANN401 - a HubertConfig or Wav2Vec2Config
    extractor: Mapping[str, Any],
    window_s: float | None,
) -> WaveformInput:
    least = 1
    for kernel, stride in zip(
        reversed(config.conv_kernel), reversed(config.conv_stride), strict=True
    ):
        least = (least - 1) * stride + kernel
    wanted = SECONDS if window_s is None else float(window_s)
    if wanted * SAMPLE_RATE < least:
        raise BadConfig(f"encoder.window_s must be {least / SAMPLE_RATE:g} or more, not {wanted:g}")
    return WaveformInput(bool(extractor.get("do_normalize", True)), least, wanted)
