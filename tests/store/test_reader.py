import multiprocessing
import pickle

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import BadMedia
from scrubjay.store.home import Home
from scrubjay.store.media import MediaStore
from scrubjay.store.reader import Reader
from tests.store.made import item

URI = "s3://photos/drops/a.png"


@pytest.fixture
def home(tmp_path):
    home = Home(Settings(home=tmp_path / "home"))
    sha256 = home.media.put(b"from a bucket")
    (tmp_path / "b.png").write_bytes(b"from a disk")
    local = str(tmp_path / "b.png")
    home.catalog.upsert([item(1, uris=(URI, local), sha256=sha256), item(2, uris=("s3://p/c",))])
    return home


def test_an_object_is_read_from_the_home_and_a_file_where_it_is(home, tmp_path):
    read = home.reader()
    assert read(URI) == b"from a bucket"
    assert read(str(tmp_path / "b.png")) == read((tmp_path / "b.png").as_uri()) == b"from a disk"


def test_only_the_items_asked_for_are_looked_up(home):
    assert home.reader([item(1).id])(URI) == b"from a bucket"
    with pytest.raises(BadMedia, match="not in the catalog"):
        home.reader([item(2).id])(URI)


def test_what_is_not_kept_or_not_catalogued_is_named_by_its_address(home):
    with pytest.raises(BadMedia, match=r"s3://p/c: not among the media kept"):
        home.reader()("s3://p/c")
    with pytest.raises(BadMedia, match=r"s3://p/d: not in the catalog"):
        home.reader()("s3://p/d")
    with pytest.raises(BadMedia, match=r"nowhere\.png: file is gone"):
        home.reader()("/nowhere.png")


def test_too_large_an_item_is_refused(home, tmp_path):
    for uri in (URI, str(tmp_path / "b.png")):
        with pytest.raises(BadMedia, match="more than 4"):
            home.reader()(uri, max_bytes=4)


def test_a_home_without_a_bucket_asks_the_catalog_nothing(tmp_path):
    home = Home(Settings(home=tmp_path / "home"))
    assert home.reader() == Reader(home.media.folder)
    assert not home.path.exists()


def _read(reader: Reader, uri: str) -> bytes:
    return reader(uri)


def test_a_reader_works_in_another_process(home):
    reader = home.reader()
    assert pickle.loads(pickle.dumps(reader)) == reader
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_read, (reader, URI)) == b"from a bucket"


def test_a_reader_keeps_to_what_it_knew_when_the_catalog_goes_on(home):
    before = home.reader()
    other = MediaStore(home.media.folder).put(b"another picture")
    home.catalog.upsert([item(1, uris=(URI,), sha256=other)])
    assert before(URI) == b"from a bucket"
    assert home.reader()(URI) == b"another picture"
