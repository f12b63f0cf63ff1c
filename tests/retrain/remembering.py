"""A home that shows one item everywhere it can: tables, indexes, media, runs, reports, trackers."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from scrubjay.core.config import IndexSettings, Settings
from scrubjay.core.types import Champion, Item, Kind, Modality, Split
from scrubjay.evaluate.examples import View
from scrubjay.evaluate.report import report_html, thumbnail_jpeg
from scrubjay.evaluate.retrieval import evaluate_direction
from scrubjay.media.image import decode_picture
from scrubjay.media.layout import Problem
from scrubjay.media.thumbnail import SIDES, thumbnail
from scrubjay.retrain.serving import publish
from scrubjay.retrain.views_file import save_views
from scrubjay.search.drop import Drop
from scrubjay.store.feedback import CaptionFix, Judgement
from scrubjay.store.home import Home
from scrubjay.store.sources import Refusal, Seen, SourceListing
from tests.store.looking import vector_of
from tests.store.made import rows_of, units

COUNT, DIM = 150, 16
HERS = 7
"""Which item is the one to forget."""
ID = "wilhelmine-1"
NAME = "wilhelmine-0815.png"
CAPTION = "Tante Wilhelmine füttert den grünen Papagei"
GLEANED = "AUSGANG hinter dem Papagei"
"""What a model read in the picture."""
FIXED = "Wilhelmine füttert den Ara"
"""How somebody fixed its caption."""
ASKED = "die Dame am Vogelkäfig"
"""Words that it was the right answer to."""
EARLIER = "eine erste Fassung: Tante W. am Käfig"
SHARED = "somebody at a window"
"""A caption another item has, too: it stays where it is said of that one."""


@dataclass(frozen=True)
class Remembering:
    """The home, the folder of its pictures, and what must not be found afterwards."""

    home: Home
    folder: Path
    needles: dict[str, bytes]


def open_at(root):
    settings = Settings(
        home=root / "home", index=IndexSettings(exact_below=100), threads=1, builtin=False
    )
    return Home(settings)


def picture(n):
    noise = np.random.default_rng(n).integers(0, 256, (40, 40, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    return out.getvalue()


def small(path, side):
    return thumbnail(Path(path).read_bytes(), side)


def items(folder, *, earlier=False):
    """All items, as they are now or as the one to forget was described before."""
    made = []
    for n in range(COUNT):
        data = picture(n)
        (folder / f"{n:04d}.png").write_bytes(data)
        said = {"id": f"item-{n:04d}", "name": f"{n:04d}.png", "captions": (f"picture {n:04d}",)}
        if n == HERS:
            (folder / f"{n:04d}.png").rename(folder / NAME)
            captions = (EARLIER,) if earlier else (CAPTION, SHARED)
            said = {"id": ID, "name": NAME, "captions": captions}
        if n == HERS + 1:
            said["captions"] = (SHARED,)
        made.append(
            Item(
                id=said["id"],
                kind=Kind.IMAGE,
                uris=(str(folder / said["name"]),),
                sha256=hashlib.sha256(data).hexdigest(),
                group=f"group-{n}",
                split=Split.TEST if n % 5 else Split.TRAIN,
                month="2026-11",
                size=len(data),
                captions=said["captions"],
            )
        )
    return made


def build(root):
    """Make it all. The champion is the second version; the first one's generation was kept."""
    folder = root / "pictures"
    folder.mkdir(parents=True)
    home = open_at(root)
    now = items(folder, earlier=True)
    home.catalog.upsert([one for one in now if one.id != ID])
    before = home.catalog.snapshot()
    home.catalog.upsert(now)
    now = items(folder)
    home.catalog.upsert(now)
    snapshot = home.catalog.snapshot()
    for seed in range(2):
        version = register(home, seed)
        generation = home.generations.create(version, dim=DIM, attribute_types={})
        vectors = units(COUNT, DIM, seed=seed)
        for first in range(0, COUNT, 50):
            generation.add(rows_of(now[first : first + 50], version), vectors[first : first + 50])
        generation.optimise()
        generation.describe([one for one in now if one.id == ID])
        publish(home, Champion(version, version))
    for one in now:
        home.media.put(Path(one.uri).read_bytes())
    for one in now[HERS : HERS + 2]:
        for side in SIDES:
            home.thumbs.put(one.sha256, side, small(one.uri, side))
        read = {"text": GLEANED if one.id == ID else "EXIT"}
        home.gleanings.put(one.sha256, "reading", "model", read)
    home.quarantine.replace(
        str(folder),
        [
            Problem("other.png", "truncated"),
            Problem(NAME, "larger than 5 pixels"),
            Problem("copy.png", f"duplicate id 'x': {folder / NAME} has it"),
        ],
        month="2026-11",
    )
    _records(home, folder)
    _runs(home, now, before.name, snapshot.name)
    return Remembering(home, folder, _needles(home, folder))


def register(home, seed):
    """A version that holds nothing but a number; it is served, never loaded."""

    def build(staging):
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text(json.dumps({"seed": seed}))

    month = f"2026-{10 + seed}"
    return home.registry.register(build, month=month, lineage={}, metrics={}, card="")


def _records(home, folder):
    """What is kept of a source and of refused drops, and what killed writers left."""
    source = home.sources.of(str(folder))
    manifest = f"file,caption\n{NAME},{CAPTION}\n".encode()
    source.keep_words({"list.csv": (manifest, Seen(len(manifest), "tag"))})
    like_hers = Refusal("digest", f"looks like {folder / NAME}")
    seen = {"key": Seen(5, "tag", {"sha256": "0" * 64})}
    source.look_ended(SourceListing("look", seen, ("list.csv",), {"other": like_hers}))
    home.held.hold(run="r", month="2026-11", reason=f"too many like {CAPTION}", ids=["item-0001"])
    home.feedback.fix(CaptionFix(ID, (CAPTION, SHARED), FIXED))
    home.feedback.fix(CaptionFix("item-0003", ("picture 0003",), "something else"))
    home.feedback.say(Judgement(ASKED, ID, right=True))
    home.feedback.say(Judgement(CAPTION, "item-0002", right=False))
    home.feedback.say(Judgement("a window", "item-0002", right=True))
    trash = home.path / "generations" / ".trash-0123456789abcdef" / "data"
    trash.mkdir(parents=True)
    (trash / "rows.lance").write_bytes(CAPTION.encode())
    hers = hashlib.sha256((folder / NAME).read_bytes()).hexdigest()
    home.prompts.mkdir()
    shown = ((hers, "not its name", GLEANED), ("0" * 64, "other.png", "an answer"))
    lines = [
        json.dumps({"image": name, "sha256": one, "question": "what?", "answer": answer})
        for one, name, answer in shown
    ]
    examples = "".join(f"- {line}\n" for line in lines)
    (home.prompts / "mine.yaml").write_text(f"question: '{{question}}'\nexamples:\n{examples}")
    (home.media.folder / f".{hers}.77-aa.part").write_bytes((folder / NAME).read_bytes())
    aside = home.thumbs.folder / f".{hers}-192.webp.77-aa.part"
    aside.write_bytes(small(folder / NAME, SIDES[0]))


def _runs(home, now, before, snapshot):
    hers = now[HERS]
    data = Path(hers.uri).read_bytes()
    train = home.runs / "20261101-000000-aaaa"
    (train / "panels").mkdir(parents=True)
    (train / "snapshot.txt").write_text(snapshot)
    (train / "request.json").write_text(json.dumps({"datamodule": {"folder": None}}))
    (train / "panels" / "epoch-0001.png").write_bytes(data)
    (train / "wandb" / "media" / "images").mkdir(parents=True)
    (train / "wandb" / "media" / "images" / "val_retrieved.png").write_bytes(data)
    (train / "wandb" / "run-1.wandb").write_bytes(b"\x00\xff:W&B " + hers.uri.encode() + b"\xfe")
    (train / "panels" / "epoch-0002.png.part").write_bytes(data)
    (train / ".log.jsonl.77-aa.part").write_bytes(hers.uri.encode())
    (train / "metrics.csv").write_text("epoch,val/recall\n1,0.5\n")
    (train / "checkpoints").mkdir()
    (train / "checkpoints" / "last.ckpt").write_bytes(b"weights")
    write_events(train / "tensorboard" / "events.out.tfevents.1.host", data)
    old = home.runs / "20261001-000000-aaaa"
    (old / "panels").mkdir(parents=True)
    (old / "snapshot.txt").write_text(before)
    (old / "panels" / "epoch-0001.png").write_bytes(picture(3))
    _month(home, now, snapshot)
    (home.runs / "evaluate-second-test.html").write_text(report(now[5:10]), "utf-8")
    (home.runs / "evaluate-first-test.html").write_text(report(now[20:25]), "utf-8")


def write_events(path, image):
    """A TensorBoard file with a figure, a picture and a figure, written by TensorBoard itself."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    path.parent.mkdir(parents=True)
    values = [
        Summary.Value(tag="val/recall", simple_value=0.25),
        Summary.Value(
            tag="val/retrieved", image=Summary.Image(height=4, width=4, encoded_image_string=image)
        ),
        Summary.Value(tag="val/recall", simple_value=0.75),
    ]
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for step, value in enumerate(values):
            event = Event(wall_time=1.0, step=step, summary=Summary(value=[value]))
            writer.write(event.SerializeToString())
        writer.flush()


def drop_of(now, folder):
    """All of it came in this month, and two files could not be used."""
    problems = (Problem(NAME, "truncated"), Problem("other.png", "empty"))
    return Drop(
        source=str(folder),
        month="2026-11",
        added=tuple(now),
        changed=(),
        gone=(),
        renamed=0,
        unchanged=0,
        problems=problems,
        new_problems=problems,
        looked_at=len(now),
        fetched_bytes=0,
        layout="images",
        ignored=0,
    )


def _month(home, now, snapshot):
    month = home.runs / "month-20261102-000000-bbbb"
    (month / "ledger").mkdir(parents=True)
    hers = now[HERS]
    problems = [{"path": NAME, "reason": "truncated"}, {"path": "other.png", "reason": "empty"}]
    write = {
        "month.json": {"month": "2026-11", "source": str(Path(hers.uri).parent)},
        "drop.json": drop_of(now, Path(hers.uri).parent).to_json(),
        "verdict.json": {
            "bad": [{"id": ID, "path": NAME, "reason": "its language is not known"}],
            "findings": [{"rule": "duplicates", "statement": f"said twice: {CAPTION}"}],
        },
        "ledger/01-scan.json": {"step": "scan", "result": {"added": len(now)}},
        "ledger/03-snapshot.json": {
            "step": "snapshot",
            "result": {"snapshot": snapshot, "new": [one.id for one in now]},
        },
        "ledger/14-notify.json": {"step": "notify", "result": {"quarantined": problems}},
    }
    for name, value in write.items():
        (month / name).write_text(json.dumps(value, ensure_ascii="drop" not in name), "utf-8")
    lines = [
        {"event": "row refused", "item": ID, "why": f"{hers.uri}: unreadable"},
        {"event": "problem", "why": f"{hers.uri}: unreadable"},
        {"event": "step done", "step": "scan"},
    ]
    (month / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    (month / "notes.txt").write_text(f"looked at\n{hers.uri} is odd\nall else is well\n")
    views = {
        Modality.IMAGE: view(Modality.IMAGE, now, seed=5),
        Modality.TEXT: view(Modality.TEXT, now, seed=6),
    }
    save_views(month / "views-champion.npz", views)


def view(modality, some, *, seed):
    named = modality is not Modality.TEXT
    return View(
        modality,
        units(len(some), DIM, seed=seed),
        tuple(one.group for one in some),
        tuple(one.uri if named else "" for one in some),
        tuple(one.captions[0] for one in some),
    )


def report(some):
    """An evaluation's page with a thumbnail of every picture."""
    sides = {
        Modality.IMAGE: view(Modality.IMAGE, some, seed=1),
        Modality.TEXT: view(Modality.TEXT, some, seed=2),
    }
    text, image = sides[Modality.TEXT], sides[Modality.IMAGE]
    direction = evaluate_direction(
        "text->image", text.vectors, image.vectors, text.groups, image.groups
    )
    return report_html(
        version="v",
        split="test",
        n_items=len(some),
        directions=[direction],
        views=sides,
        thumbnail=lambda uri: thumbnail_jpeg(decode_picture(Path(uri).read_bytes())),
        recording=lambda uri: None,
        when=datetime(2026, 11, 1, tzinfo=UTC),
    )


def _needles(home, folder):
    views = units(COUNT, DIM, seed=5), units(COUNT, DIM, seed=6)
    return {
        "caption": CAPTION.encode(),
        "caption in JSON": json.dumps(CAPTION)[1:-1].encode(),
        "earlier caption": EARLIER.encode(),
        "what a model read": GLEANED.encode(),
        "fixed caption": FIXED.encode(),
        "what it was the answer to": ASKED.encode(),
        "uri": str(folder / NAME).encode(),
        "file name": NAME.encode(),
        "bytes": (folder / NAME).read_bytes(),
        "thumbnail": b64encode(thumbnail_jpeg(decode_picture((folder / NAME).read_bytes()))),
        "small picture": small(folder / NAME, SIDES[0]),
        "first vector": vector_of(home.generations.open(home.generations.names()[0]), ID),
        "second vector": vector_of(home.generations.open(home.generations.names()[1]), ID),
        "vector in a run": views[0][HERS].tobytes(),
        "vector of its caption in a run": views[1][HERS].tobytes(),
        "name in a run": str(folder / NAME).encode("utf-32-le"),
    }


def contents(path):
    """A file's bytes, and those of every member when it is an archive."""
    data = path.read_bytes()
    yield data
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def found(remembering):
    """Needle -> files below the home that hold it."""
    files = [path for path in remembering.home.path.rglob("*") if path.is_file()]
    hits = {}
    for path in files:
        for data in contents(path):
            for name, needle in remembering.needles.items():
                if needle in data:
                    hits.setdefault(name, []).append(path.relative_to(remembering.home.path))
    return hits
