"""The report: self-contained, safe against strange captions, readable without eyes."""

from __future__ import annotations

import base64
import io
import itertools
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.types import Modality
from scrubjay.evaluate import report
from scrubjay.evaluate.examples import View, best_and_worst
from scrubjay.evaluate.report import report_html, thumbnail_jpeg
from scrubjay.evaluate.retrieval import evaluate_direction

WHEN = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
N = 12


def view(modality, vectors, ending, text):
    return View(
        modality,
        vectors,
        tuple(f"g{i}" for i in range(N)),
        tuple(f"/media/{i}.{ending}" if ending else "" for i in range(N)),
        tuple(text.format(i) for i in range(N)),
    )


@pytest.fixture(scope="module")
def views():
    rng = np.random.default_rng(0)
    image = rng.standard_normal((N, 6)).astype(np.float32)
    image /= np.linalg.norm(image, axis=1, keepdims=True)
    text = image + 0.5 * rng.standard_normal((N, 6)).astype(np.float32)
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    return {
        Modality.IMAGE: view(Modality.IMAGE, image, "jpg", "a <b>picture</b> {}"),
        Modality.TEXT: view(Modality.TEXT, text, "", "caption <script>alert({})</script>"),
        Modality.SPEECH: view(Modality.SPEECH, text[::-1].copy(), "wav", ""),
    }


def directions(views, *names):
    made = []
    for name in names:
        query, gallery = (views[Modality(one)] for one in name.split("->"))
        made.append(
            evaluate_direction(name, query.vectors, gallery.vectors, query.groups, gallery.groups)
        )
    return made


def render(views, *names, recording=lambda uri: b"RIFF" + bytes(100), **options):
    return report_html(
        version="2026-11-abcdef0",
        split="test",
        n_items=24,
        directions=directions(views, *names),
        views=views,
        thumbnail=lambda uri: None if "/3." in uri else b"\xff\xd8small",
        recording=recording,
        when=WHEN,
        **options,
    )


class Page(HTMLParser):
    """What a browser would see, and what it would fetch."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.stack, self.unclosed = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "br", "link"}:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.unclosed.append(tag)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def test_nothing_is_loaded_from_elsewhere_and_every_tag_is_closed(views):
    html = render(views, "text->image", "image->speech", "speech->text")
    page = Page(html)
    sources = [
        value
        for _, attrs in page.tags
        for name, value in attrs.items()
        if name in {"src", "href", "srcset", "poster"}
    ]
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert "url(" not in html
    assert not page.all("script")
    assert not page.all("link")
    assert (page.stack, page.unclosed) == ([], [])


def test_captions_cannot_become_markup(views):
    html = render(views, "text->image")
    assert "<script" not in html
    assert "&lt;script&gt;alert(" in html
    assert "<b>" not in html


def test_pictures_have_words_and_tables_have_headers(views):
    page = Page(render(views, "text->image", "image->speech"))
    assert page.all("html") == [{"lang": "en"}]
    assert all(attrs["alt"].startswith("a <b>picture") for attrs in page.all("img"))
    assert all(attrs["aria-label"].endswith(".wav") for attrs in page.all("audio"))
    assert {attrs["scope"] for attrs in page.all("th")} == {"col", "row"}
    assert len(page.all("table")) == len(page.all("caption")) == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_figure_of_a_direction_is_in_the_table(views):
    html = render(views, "text->image")
    (direction,) = directions(views, "text->image")
    for estimate in [*direction.recall.values(), direction.mrr]:
        assert f"{estimate.value:.3f}" in html
        assert f"{estimate.low:.3f} to {estimate.high:.3f}" in html
    assert f"{direction.median_rank.low:.1f} to {direction.median_rank.high:.1f}" in html


def test_sentences_are_apart(views):
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", render(views, "text->image")))
    assert "for text → image. Precision cannot pass" in words
    assert "24 items of the test part, 2026" in words


def test_few_groups_are_said_out_loud(views, monkeypatch):
    assert "Read with care" in render(views, "text->image")
    monkeypatch.setattr(report, "FEW_QUERIES", N)
    assert "Read with care" not in render(views, "text->image")


def test_a_picture_that_is_gone_and_a_recording_too_large_are_said(views):
    html = render(views, "text->image", "image->speech", recording=lambda uri: bytes(10**6))
    assert "picture not readable" in html
    assert "recording not embedded" in html
    assert "<audio" not in html


def test_recordings_together_stay_within_their_budget(views, monkeypatch):
    monkeypatch.setattr(report, "RECORDINGS_BYTES", 450)
    html = render(views, "image->speech")
    players = {attrs["src"] for attrs in Page(html).all("audio")}
    assert 0 < sum(len(base64.b64decode(one.split(",")[1])) for one in players) <= 450 + 4


def test_no_direction_is_said_in_words(views):
    assert "Nothing could be measured" in render(views)


def test_the_same_data_renders_the_same_bytes(views):
    assert render(views, "text->image") == render(views, "text->image")


def test_best_and_worst_are_by_rank_one_a_group_and_never_the_same(views):
    (direction,) = directions(views, "speech->image")
    queries, gallery = views[Modality.SPEECH], views[Modality.IMAGE]
    best, worst = best_and_worst(direction, queries, gallery, n=4, answers=3)
    ranks = sorted(direction.ranks.tolist())
    assert [one.rank for one in best] == ranks[:4]
    assert [one.rank for one in worst] == ranks[::-1][:4]
    assert not {one.query.uri for one in best} & {one.query.uri for one in worst}
    for example in (*best, *worst):
        place = queries.uris.index(example.query.uri)
        scores = gallery.vectors @ queries.vectors[place]
        expected = [gallery.uris[i] for i in np.argsort(-scores)[:3]]
        assert [one.entry.uri for one in example.answers] == expected
        assert [one.right for one in example.answers] == [
            gallery.groups[gallery.uris.index(uri)] == queries.groups[place] for uri in expected
        ]


def test_a_query_answered_first_is_never_among_the_worst(views):
    perfect = evaluate_direction(
        "image->image",
        views[Modality.IMAGE].vectors,
        views[Modality.IMAGE].vectors,
        views[Modality.IMAGE].groups,
        views[Modality.IMAGE].groups,
    )
    best, worst = best_and_worst(perfect, views[Modality.IMAGE], views[Modality.IMAGE])
    assert len(best) == 6
    assert worst == ()


def test_a_thumbnail_is_a_small_jpeg_of_the_same_shape():
    picture = np.zeros((300, 900, 3), np.uint8)
    picture[:, :450] = (255, 0, 0)
    small = Image.open(io.BytesIO(thumbnail_jpeg(picture, 90)))
    assert (small.format, small.size) == ("JPEG", (90, 30))
    red, green, blue = small.getpixel((10, 15))
    assert red > 240
    assert max(green, blue) < 15
    tiny = Image.open(io.BytesIO(thumbnail_jpeg(np.zeros((28, 28, 3), np.uint8))))
    assert tiny.size == (28, 28)
