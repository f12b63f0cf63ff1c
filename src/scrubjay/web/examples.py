"""Examples that OpenAPI shows. They are real: a test sends each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

PICTURE: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGklEQVR42mM8ISfHQA"
    "pgYiARjGoY1TB0NAAATx8BJMixHB8AAAAASUVORK5CYII="
)
"""A red square."""

RECORDING: Final = (
    "data:audio/flac;base64,ZkxhQwAAACIQABAAAAANAAANA+gA8AAABkC6QHjBqHmM2d2aIiCZrWeQhAAAKCAAAA"
    "ByZWZlcmVuY2UgbGliRkxBQyAxLjQuMyAyMDIzMDYyMwAAAAD/+HUIAAY/NAEAEefO"
)
"""A tenth of a second of a click."""

VERSION: Final = "2026-11-3f2a91c"
ITEM_ID: Final = "3f2a9c41d07be658"
FILM_ID: Final = "b81c0d5e92fa3467"
SHA256: Final = "3f2a9c41d07be658" * 4

HIT: Final[dict[str, Any]] = {
    "id": ITEM_ID,
    "kind": "image",
    "uri": "/pictures/apple.jpg",
    "score": 0.31,
    "caption": "a red apple on a table",
    "attributes": {"price": 3},
    "start_s": None,
    "end_s": None,
    "evidence": [
        {"kind": "image", "text": None, "start_s": None, "end_s": None, "box": None},
    ],
}

MOMENT_HIT: Final[dict[str, Any]] = {
    "id": FILM_ID,
    "kind": "video",
    "uri": "/films/kitchen.mp4",
    "score": 0.29,
    "caption": None,
    "attributes": {},
    "start_s": 62.0,
    "end_s": 70.4,
    "evidence": [
        {
            "kind": "seen",
            "text": None,
            "start_s": 64.1,
            "end_s": 68.3,
            "box": None,
            "score": 0.29,
        },
        {
            "kind": "said",
            "text": "hand me the red apple",
            "start_s": 65.2,
            "end_s": 66.9,
            "box": None,
            "score": 0.24,
        },
    ],
}

FOUND: Final[dict[str, Any]] = {
    "query": {"text": "a red apple", "k": 5, "kinds": None, "where": None},
    "hits": [HIT, MOMENT_HIT],
    "next": None,
    "cut": False,
    "uncut": [],
    "message": None,
    "took_ms": {"encode": 2.1, "search": 1.4, "total": 3.6},
    "version": VERSION,
    "generation": VERSION,
}

EMBEDDED: Final[dict[str, Any]] = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.6, -0.8]}],
    "model": VERSION,
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}

SERVING: Final[dict[str, Any]] = {
    "version": VERSION,
    "generation": VERSION,
    "rows": 1200,
    "dim": 512,
    "modalities": ["image", "speech", "text"],
    "problem": None,
}

LISTED: Final[dict[str, Any]] = {
    "id": ITEM_ID,
    "kind": "image",
    "uri": "/pictures/apple.jpg",
    "uris": ["/pictures/apple.jpg"],
    "sha256": SHA256,
    "size": 48213,
    "month": "2026-11",
    "group": ITEM_ID,
    "split": "train",
    "captions": ["a red apple on a table"],
    "language": "en",
    "tags": ["fruit"],
    "attributes": {"price": 3},
    "width": 640,
    "height": 480,
    "duration_s": None,
}

ITEM: Final[dict[str, Any]] = {
    **LISTED,
    "indexed": [{"modality": "image", "version": VERSION, "start_s": None, "end_s": None}],
    "held": False,
}

MOMENTS: Final[dict[str, Any]] = {
    "id": FILM_ID,
    "total": 212,
    "moments": [
        {
            "start_s": 62.0,
            "end_s": 70.4,
            "picture_s": 66.2,
            "evidence": [
                {"kind": "seen", "text": None, "start_s": 64.1, "end_s": 68.3},
                {"kind": "said", "text": "hand me the red apple", "start_s": 65.2, "end_s": 66.9},
                {"kind": "read", "text": "OPEN TODAY", "start_s": 64.1, "end_s": 68.3},
            ],
        }
    ],
    "next": 62.0,
}

UPLOADED: Final[dict[str, Any]] = {
    "items": [
        {
            "id": ITEM_ID,
            "name": "apple.jpg",
            "kind": "image",
            "state": "added",
            "indexed": True,
            "reason": None,
        }
    ],
    "refused": [{"name": "notes.docx", "reason": "not a picture, recording, video or text"}],
    "version": VERSION,
}

UPLOADING: Final[dict[str, Any]] = {
    "upload": "0f9d3b1c5a7e82460f9d3b1c5a7e8246",
    "going": True,
    "doing": "Looking at kitchen.mp4",
    "share": 41,
    "problem": None,
    "items": [],
    "refused": [],
    "version": None,
}

FORGOTTEN: Final[dict[str, Any]] = {"forgotten": [ITEM_ID], "pending": False, "message": None}

PROBLEM: Final[dict[str, Any]] = {
    "error": {
        "message": "k must be from 1 to 1000, not 0",
        "type": "invalid_request_error",
        "param": "k",
        "code": None,
    }
}

READY: Final[dict[str, Any]] = {
    "status": "ready",
    "version": VERSION,
    "generation": VERSION,
    "behind": None,
}

ANSWERED: Final[dict[str, Any]] = {
    "id": "chatcmpl-3f2a9c41d07be6583f2a9c41",
    "object": "chat.completion",
    "created": 1_795_000_000,
    "model": "scrubjay",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "red", "refusal": None},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
    "scrubjay": {
        "told": True,
        "confidence": 0.94,
        "language": "en",
        "sources": [
            {
                "number": 1,
                "name": "picture 1",
                "kind": "image",
                "id": None,
                "caption": None,
                "score": None,
                "start_s": None,
                "end_s": None,
            }
        ],
        "evidence": [
            {
                "source": 1,
                "kind": "seen",
                "text": "red",
                "confidence": 0.94,
                "box": None,
                "start_s": None,
                "end_s": None,
            }
        ],
        "steps": [{"name": "answer", "seconds": 0.041, "by": "builtin"}],
        "notes": [],
    },
}

HEARD: Final[dict[str, Any]] = {"text": "Two cups are on the table."}

NAMED: Final[dict[str, Any]] = {
    "object": "list",
    "data": [{"id": "scrubjay", "object": "model", "created": 0, "owned_by": "scrubjay"}],
}

SAID: Final[dict[str, Any]] = {
    "item": ITEM_ID,
    "query": "a red star",
    "right": False,
    "caption": None,
    "captions": ["a red apple on a table"],
    "changed": True,
}

FEEDBACK: Final[dict[str, Any]] = {
    "judgements": [
        {
            "query": "a red star",
            "item": ITEM_ID,
            "right": False,
            "version": VERSION,
            "at": "2026-11-22T09:30:00+00:00",
        }
    ],
    "captions": [
        {
            "item": ITEM_ID,
            "before": ["a red apple on a table"],
            "caption": "a red apple on a chair",
            "at": "2026-11-22T09:31:00+00:00",
        }
    ],
    "left_out": 0,
}

ANSWERS: Final[Mapping[str, dict[str, Any]]] = {
    "Embeddings": EMBEDDED,
    "ChatTold": ANSWERED,
    "ModelsTold": NAMED,
    "TranscriptTold": HEARD,
    "SearchTold": FOUND,
    "ChampionTold": SERVING,
    "ListedTold": LISTED,
    "ItemTold": ITEM,
    "ItemsTold": {"items": [LISTED], "next": None},
    "MomentsTold": MOMENTS,
    "UploadedTold": UPLOADED,
    "UploadTold": UPLOADING,
    "ForgottenTold": FORGOTTEN,
    "SaidTold": SAID,
    "FeedbackTold": FEEDBACK,
    "Readiness": READY,
    "Problem": PROBLEM,
}
"""Answer's schema -> an example; FastAPI would leave what is null out of one in the schema."""
