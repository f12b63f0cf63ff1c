"""Small random-weight models of the transformers library's real classes, saved as hubs keep them.

Each has the tokens and the layout of chat template of the model it stands for. Processors are
written file by file, so that none needs torchvision for the videos it could also take.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers.utils import logging

logging.disable_progress_bar()

SIDE = 32
CORPUS = [
    "What colour is this? How many red squares are there? Which shape is it?",
    "a red circle, two blue squares, three green triangles and a yellow star",
    "USER: ASSISTANT: User: Assistant: user assistant system model human",
    "answer en caption en ocr describe the picture in one sentence.",
    "yes no one two three four the cat is on the table, isn't it? I can't tell.",
    "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,:;!?'\"()[]{}<>|/_-+*#@",
]
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
TEXT = {**SMALL, "num_key_value_heads": 2, "max_position_embeddings": 1024}
VISION = {**SMALL, "image_size": SIDE, "patch_size": 8}

LLAVA_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] != 'system' %}"
    "{{ message['role'].upper() + ': '}}{% endif %}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}{{ '<image>\n' }}"
    "{% else %}{{ content['text'] + ' ' }}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
MISTRAL_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}"
    "{% elif message['role'] == 'user' %}{{ '[INST] ' }}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}{{ '<image>\n' }}{% else %}{{ content['text'] }}{% endif %}"
    "{% endfor %}{{ ' [/INST]' }}{% else %}{{ ' ' + message['content'][0]['text'] + eos_token }}"
    "{% endif %}{% endfor %}"
)
LLAMA_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}"
    "{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('Prompting with images is incompatible with system messages.') }}"
    "{% endif %}{{ '<|image|>' }}{% else %}{{ content['text'] }}{% endif %}{% endfor %}{% endif %}"
    "{{ '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
CHATML_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}IMAGE"
    "{% else %}{{ content['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
IDEFICS_TEMPLATE = (
    "{% for message in messages %}{{ message['role'].capitalize() }}"
    "{% if message['content'][0]['type'] == 'image' %}{{ ':' }}{% else %}{{ ': ' }}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{ line['text'] }}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
PHI_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}{{ '<|image|>' }}"
    "{% else %}{{ content['text'] }}{% endif %}{% endfor %}{% endif %}{{ '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def bpe(*special: str, bos: str | None, eos: str, pad: str, named: dict[str, str] | None = None):
    """A byte-level BPE tokenizer learned from CORPUS, with an architecture's own tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokens = list(dict.fromkeys([one for one in (pad, bos, eos) if one] + list(special)))
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        CORPUS * 4,
        trainers.BpeTrainer(
            vocab_size=480,
            special_tokens=tokens,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    if bos:
        made.post_processor = processors.TemplateProcessing(
            single=[bos, "$A"],
            pair=[bos, "$A", bos, "$B"],
            special_tokens=[(bos, made.token_to_id(bos))],
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        extra_special_tokens=named or {},
        model_max_length=4096,
    )


def ids(tokenizer) -> dict[str, int | None]:
    return {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def write(
    folder: Path,
    model,
    tokenizer,
    image_processor,
    *,
    processor: str,
    template: str | None = None,
    seed: int = 0,
    **settings,
) -> Path:
    """The folder `save_pretrained` of model and processor would have written."""
    stir(model, seed)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    image_processor.save_pretrained(folder)
    settings = {"processor_class": processor, **settings}
    (folder / "processor_config.json").write_text(json.dumps(settings))
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    return folder


def stir(model, seed: int) -> None:
    """Weights so large that what is shown and asked makes a difference."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, one in model.named_parameters():
            if one.ndim > 1:
                wide = one[0].numel() ** -0.5
                one.copy_(torch.randn(one.shape, generator=generator) * wide * 1.6)
            elif "class_embedding" in name or "newline" in name:
                one.copy_(torch.randn(one.shape, generator=generator))
            elif "gate" in name:
                one.fill_(0.7)  # Mllama's pictures come in through gates that begin closed.


def clip_pictures():
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    return CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )


def siglip_pictures(**more):
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    return SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}, **more)


def llama_tokenizer():
    return bpe("<image>", "[INST]", "[/INST]", bos="<s>", eos="</s>", pad="<pad>")


def save_llava(folder: Path, *, template: str | None = LLAVA_TEMPLATE) -> Path:
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
    )

    tokenizer = llama_tokenizer()
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**VISION),
        text_config=LlamaConfig(vocab_size=len(tokenizer), **TEXT, **ids(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=16,
    )
    return write(
        folder,
        LlavaForConditionalGeneration(config),
        tokenizer,
        clip_pictures(),
        processor="LlavaProcessor",
        template=template,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )


def save_llava_next(folder: Path) -> Path:
    from transformers import (
        CLIPVisionConfig,
        LlavaNextConfig,
        LlavaNextForConditionalGeneration,
        MistralConfig,
    )
    from transformers.models.llava_next.image_processing_pil_llava_next import (
        LlavaNextImageProcessorPil,
    )

    grid = [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]
    tokenizer = llama_tokenizer()
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**VISION),
        text_config=MistralConfig(vocab_size=len(tokenizer), **TEXT, **ids(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=grid,
    )
    pictures = LlavaNextImageProcessorPil(
        size={"shortest_edge": SIDE},
        crop_size={"height": SIDE, "width": SIDE},
        image_grid_pinpoints=grid,
    )
    return write(
        folder,
        LlavaNextForConditionalGeneration(config),
        tokenizer,
        pictures,
        processor="LlavaNextProcessor",
        template=MISTRAL_TEMPLATE,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )


def save_paligemma(folder: Path, *, version: int = 1) -> Path:
    from transformers import (
        Gemma2Config,
        GemmaConfig,
        PaliGemmaConfig,
        PaliGemmaForConditionalGeneration,
        SiglipVisionConfig,
    )

    spots = [f"<loc{place:04}>" for place in range(1024)] + [f"<seg{n:03}>" for n in range(128)]
    tokenizer = bpe("<image>", *spots, bos="<bos>", eos="<eos>", pad="<pad>")
    text = {**TEXT, "head_dim": 8, "vocab_size": len(tokenizer), **ids(tokenizer)}
    made = GemmaConfig(**text) if version == 1 else Gemma2Config(**text, query_pre_attn_scalar=8)
    config = PaliGemmaConfig(
        vision_config=SiglipVisionConfig(**VISION, vision_use_head=False),
        text_config=made,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        projection_dim=32,
        hidden_size=32,
        **ids(tokenizer),
    )
    pictures = siglip_pictures()
    pictures.image_seq_length = 16
    return write(
        folder,
        PaliGemmaForConditionalGeneration(config),
        tokenizer,
        pictures,
        processor="PaliGemmaProcessor",
    )


def save_paligemma2(folder: Path) -> Path:
    return save_paligemma(folder, version=2)


def save_mllama(folder: Path) -> Path:
    from transformers import MllamaConfig, MllamaForConditionalGeneration
    from transformers.models.mllama.configuration_mllama import (
        MllamaTextConfig,
        MllamaVisionConfig,
    )
    from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil

    special = ("<|image|>", "<|python_tag|>", "<|start_header_id|>", "<|end_header_id|>")
    tokenizer = bpe(
        *special, bos="<|begin_of_text|>", eos="<|eot_id|>", pad="<|finetune_right_pad_id|>"
    )
    # As in the real one: the picture's token is the first beyond the words that can be written.
    vocabulary = len(tokenizer)
    config = MllamaConfig(
        vision_config=MllamaVisionConfig(
            hidden_size=32,
            intermediate_size=64,
            attention_heads=4,
            num_hidden_layers=2,
            num_global_layers=1,
            image_size=SIDE,
            patch_size=8,
            max_num_tiles=4,
            vision_output_dim=64,
            intermediate_layers_indices=[0],
            supported_aspect_ratios=[
                [1, 1],
                [1, 2],
                [1, 3],
                [1, 4],
                [2, 1],
                [2, 2],
                [3, 1],
                [4, 1],
            ],
        ),
        text_config=MllamaTextConfig(
            vocab_size=vocabulary,
            cross_attention_layers=[1],
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
            **{**TEXT, "num_hidden_layers": 3},
            **ids(tokenizer),
        ),
        image_token_index=tokenizer.convert_tokens_to_ids("<|image|>"),
    )
    pictures = MllamaImageProcessorPil(size={"height": SIDE, "width": SIDE}, max_image_tiles=4)
    return write(
        folder,
        MllamaForConditionalGeneration(config),
        tokenizer,
        pictures,
        processor="MllamaProcessor",
        template=LLAMA_TEMPLATE,
    )


def qwen_tokenizer(*more: str, named: dict[str, str] | None = None):
    special = ("<|im_start|>", "<|im_end|>", *more)
    return bpe(*special, bos=None, eos="<|im_end|>", pad="<|endoftext|>", named=named)


QWEN_MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
QWEN_TEMPLATE = CHATML_TEMPLATE.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")


def qwen_ids(tokenizer) -> dict[str, int]:
    names = {
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
    }
    return {name: tokenizer.convert_tokens_to_ids(token) for name, token in names.items()}


def qwen_pictures(**more):
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(
        **{
            "patch_size": 8,
            "temporal_patch_size": 2,
            "merge_size": 2,
            "size": {"shortest_edge": 32 * 32, "longest_edge": 64 * 64},
            **more,
        }
    )


ROPE = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}


QWEN_VISION = {
    "depth": 2,
    "hidden_size": 32,
    "num_heads": 4,
    "patch_size": 8,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
}
QWEN_LATER_VISION = {**QWEN_VISION, "intermediate_size": 64, "out_hidden_size": 32}


def save_qwen(folder: Path, made_by, config_by, *, vision: dict, processor: str, **text) -> Path:
    tokenizer = qwen_tokenizer(*QWEN_MARKS)
    text = {**TEXT, "vocab_size": len(tokenizer), "rope_parameters": ROPE, **text}
    config = config_by(
        vision_config=vision,
        text_config={**text, **ids(tokenizer)},
        **qwen_ids(tokenizer),
    )
    return write(
        folder,
        made_by(config),
        tokenizer,
        qwen_pictures(),
        processor=processor,
        template=QWEN_TEMPLATE,
    )


def save_qwen2_vl(folder: Path) -> Path:
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

    vision = {**QWEN_VISION, "embed_dim": 32, "mlp_ratio": 2}
    return save_qwen(
        folder,
        Qwen2VLForConditionalGeneration,
        Qwen2VLConfig,
        vision=vision,
        processor="Qwen2VLProcessor",
    )


def save_qwen2_5_vl(folder: Path) -> Path:
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    vision = {**QWEN_LATER_VISION, "window_size": 32, "fullatt_block_indexes": [1]}
    return save_qwen(
        folder,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLConfig,
        vision=vision,
        processor="Qwen2_5_VLProcessor",
    )


def save_qwen3_vl(folder: Path) -> Path:
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    vision = {**QWEN_LATER_VISION, "num_position_embeddings": 64, "deepstack_visual_indexes": [0]}
    return save_qwen(
        folder,
        Qwen3VLForConditionalGeneration,
        Qwen3VLConfig,
        vision=vision,
        processor="Qwen3VLProcessor",
        head_dim=8,
    )


def idefics_tokenizer(*more: str):
    marks = ("<fake_token_around_image>", "<image>", "<end_of_utterance>", *more)
    return bpe(*marks, bos="<s>", eos="<end_of_utterance>", pad="<pad>")


TILES = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]


def save_idefics2(folder: Path) -> Path:
    from transformers import Idefics2Config, Idefics2ForConditionalGeneration
    from transformers.models.idefics2.image_processing_pil_idefics2 import (
        Idefics2ImageProcessorPil,
    )

    tokenizer = idefics_tokenizer()
    config = Idefics2Config(
        vision_config=VISION,
        perceiver_config={
            "hidden_size": 32,
            "resampler_n_latents": 8,
            "resampler_depth": 1,
            "resampler_n_heads": 4,
            "resampler_head_dim": 8,
            "num_key_value_heads": 2,
        },
        text_config={
            "model_type": "mistral",
            **TEXT,
            "vocab_size": len(tokenizer),
            **ids(tokenizer),
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    pictures = Idefics2ImageProcessorPil(
        size={"shortest_edge": 24, "longest_edge": SIDE}, do_image_splitting=False
    )
    return write(
        folder,
        Idefics2ForConditionalGeneration(config),
        tokenizer,
        pictures,
        processor="Idefics2Processor",
        template=IDEFICS_TEMPLATE,
        image_seq_len=8,
    )


def save_idefics3(folder: Path) -> Path:
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration
    from transformers.models.idefics3.image_processing_pil_idefics3 import (
        Idefics3ImageProcessorPil,
    )

    return save_tiled(
        folder,
        Idefics3ForConditionalGeneration,
        Idefics3Config,
        Idefics3ImageProcessorPil,
        processor="Idefics3Processor",
    )


def save_smolvlm(folder: Path) -> Path:
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration
    from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

    return save_tiled(
        folder,
        SmolVLMForConditionalGeneration,
        SmolVLMConfig,
        SmolVLMImageProcessorPil,
        processor="SmolVLMProcessor",
        begin="<|im_start|>",
    )


def save_tiled(
    folder: Path, made_by, config_by, pictures_by, *, processor: str, begin: str = ""
) -> Path:
    """An Idefics that is shown a picture in tiles; `begin` begins its turns."""
    tokenizer = idefics_tokenizer("<global-img>", *([begin] if begin else []), *TILES)
    config = config_by(
        vision_config=VISION,
        text_config={"model_type": "llama", **TEXT, "vocab_size": len(tokenizer), **ids(tokenizer)},
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=tokenizer.pad_token_id,
    )
    pictures = pictures_by(size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE})
    return write(
        folder,
        made_by(config),
        tokenizer,
        pictures,
        processor=processor,
        template=begin + IDEFICS_TEMPLATE,
        image_seq_len=4,
    )


def save_internvl(folder: Path) -> Path:
    from transformers import InternVLConfig, InternVLForConditionalGeneration
    from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

    named = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = qwen_tokenizer(*named.values(), named=named)
    config = InternVLConfig(
        vision_config={**SMALL, "image_size": [SIDE, SIDE], "patch_size": [8, 8]},
        text_config={"model_type": "qwen2", **TEXT, "vocab_size": len(tokenizer), **ids(tokenizer)},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
        downsample_ratio=0.5,
    )
    pictures = GotOcr2ImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, crop_to_patches=True, max_patches=3
    )
    return write(
        folder,
        InternVLForConditionalGeneration(config),
        tokenizer,
        pictures,
        processor="InternVLProcessor",
        template=CHATML_TEMPLATE.replace("IMAGE", "<IMG_CONTEXT>\n"),
        image_seq_length=4,
    )


def save_phi4_multimodal(folder: Path) -> Path:
    """Its processor for pictures needs torchvision, so it is not in SAVE."""
    from transformers import Phi4MultimodalConfig, Phi4MultimodalForCausalLM
    from transformers.models.phi4_multimodal.feature_extraction_phi4_multimodal import (
        Phi4MultimodalFeatureExtractor,
    )
    from transformers.models.phi4_multimodal.image_processing_phi4_multimodal import (
        Phi4MultimodalImageProcessor,
    )

    named = {"image_token": "<|image|>", "audio_token": "<|audio|>"}
    roles = ("<|user|>", "<|assistant|>", "<|system|>", "<|end|>")
    tokenizer = bpe(*named.values(), *roles, bos=None, eos="<|end|>", pad="<|pad|>", named=named)
    config = Phi4MultimodalConfig(
        **{**TEXT, "max_position_embeddings": 4096},
        vocab_size=len(tokenizer),
        **ids(tokenizer),
        vision_config={
            **VISION,
            "image_size": 4 * SIDE,
            "crop_size": 4 * SIDE,
            "patch_size": 4,  # its processor counts on 32 patches a side
            "image_token_id": tokenizer.convert_tokens_to_ids("<|image|>"),
        },
        audio_config={
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_blocks": 1,
            "num_attention_heads": 2,
            "ext_pw_out_channel": 16,
            "depthwise_separable_out_channel": 16,
            "nemo_conv_channels": 16,
            "audio_token_id": tokenizer.convert_tokens_to_ids("<|audio|>"),
        },
    )
    write(
        folder,
        Phi4MultimodalForCausalLM(config),
        tokenizer,
        Phi4MultimodalImageProcessor(
            size={"height": 4 * SIDE, "width": 4 * SIDE}, patch_size=4, dynamic_hd=4
        ),
        processor="Phi4MultimodalProcessor",
        template=PHI_TEMPLATE,
    )
    pictures = json.loads((folder / "preprocessor_config.json").read_text())
    sounds = json.loads(Phi4MultimodalFeatureExtractor().to_json_string())
    (folder / "preprocessor_config.json").write_text(json.dumps(sounds | pictures))
    return folder


SAVE = {
    "llava": save_llava,
    "llava_next": save_llava_next,
    "paligemma": save_paligemma,
    "paligemma2": save_paligemma2,
    "mllama": save_mllama,
    "qwen2_vl": save_qwen2_vl,
    "qwen2_5_vl": save_qwen2_5_vl,
    "qwen3_vl": save_qwen3_vl,
    "smolvlm": save_smolvlm,
    "idefics2": save_idefics2,
    "idefics3": save_idefics3,
    "internvl": save_internvl,
}

FEW = ("llava", "paligemma", "mllama", "qwen2_vl")
"""One of each way pictures come in; the others go through the longer tests by `make test-slow`."""


def each_of(kinds) -> list:
    """Kinds as parameters of a test, those not in FEW marked slow."""
    return [
        kind if kind in FEW or kind not in SAVE else pytest.param(kind, marks=pytest.mark.slow)
        for kind in kinds
    ]
