from __future__ import annotations

from scrubjay.media.manifest import Role, read_manifest
from scrubjay.media.rows import TypedRow, typed_rows


def test_columns_are_told_apart_and_attributes_typed() -> None:
    manifest = read_manifest("m.csv", b"image,audio,caption,split,price\na.png,a.wav,x,train,3\n")
    assert manifest is not None
    assert typed_rows([manifest]) == [
        [
            TypedRow(
                line=2,
                files=((Role.IMAGE, "a.png"), (Role.AUDIO, "a.wav")),
                captions=("x",),
                said={Role.SPLIT: "train"},
                attributes={"price": 3},
            )
        ]
    ]


def test_rows_of_several_manifests_keep_to_their_own() -> None:
    one = read_manifest("1.csv", b"file,price\na.png,3\nb.png,\n")
    two = read_manifest("2.csv", b"file,colour\nc.png,red\n")
    assert one is not None
    assert two is not None
    assert [[row.attributes for row in rows] for rows in typed_rows([one, two])] == [
        [{"price": 3}, {}],
        [{"colour": "red"}],
    ]
