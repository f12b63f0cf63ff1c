import dataclasses
import shutil

import pytest

from scrubjay.core.config import REGISTRY_VARIABLE
from scrubjay.core.errors import Damaged, NotReady
from scrubjay.core.types import Champion
from scrubjay.store.bucket import Patience, open_bucket
from scrubjay.store.bucket_registry import BucketRegistry, open_registry
from tests.store.killing import killed, run
from tests.store.made import names_in
from tests.store.scenarios import build
from tests.store.test_registry_contract import FILES, built, contents, register

HASTE = Patience(connect_s=20, stall_s=10, answer_s=60, retries=4, retry_s=60)


@pytest.fixture
def home(tmp_path, s3, monkeypatch):
    monkeypatch.setenv(REGISTRY_VARIABLE, s3.url("models"))
    return tmp_path / "home"


def machine(s3, folder, *, patience=HASTE):
    bucket = open_bucket(s3.url("models"), patience=patience)
    return BucketRegistry(bucket, folder / "cache", folder / "generations")


def fetched(s3):
    return [path.rpartition("/")[2] for path in s3.proxy.bodies()]


def test_a_version_travels_once_and_is_served_without_the_bucket_afterwards(s3, tmp_path):
    version = register(machine(s3, tmp_path / "a"))
    other = machine(s3, tmp_path / "b")
    s3.proxy.asked.clear()
    folder = other.folder(version)
    assert sorted(fetched(s3)) == sorted(name.rpartition("/")[2] for name in FILES)
    s3.proxy.asked.clear()
    s3.proxy.fail()
    again = machine(s3, tmp_path / "b")
    assert again.folder(version) == folder
    again.verify(version)
    assert s3.proxy.asked == []


def test_what_was_registered_here_need_not_travel_back(s3, tmp_path):
    registry = machine(s3, tmp_path)
    version = register(registry)
    s3.proxy.asked.clear()
    registry.verify(version)
    assert (registry.folder(version) / "model.safetensors").exists()
    assert fetched(s3) == []


def test_a_damaged_cache_is_fetched_anew(s3, tmp_path):
    registry = machine(s3, tmp_path)
    version = register(registry)
    whole = contents(registry.folder(version))
    (registry.folder(version) / "export" / "image.bin").write_bytes(b"rotten")
    registry.verify(version, below="export")
    assert contents(registry.folder(version)) == whole
    (registry.folder(version) / "extra.py").write_text("print()")
    registry.verify(version)
    assert contents(registry.folder(version)) == whole
    assert names_in(tmp_path / "cache" / "versions") == [version]


def test_a_damaged_object_never_reaches_the_cache(s3, tmp_path):
    version = register(machine(s3, tmp_path / "a"))
    s3.put(f"models/versions/{version}/model.safetensors", b"rotten!" * 1000)
    other = machine(s3, tmp_path / "b")
    with pytest.raises(Damaged, match=r"model\.safetensors"):
        other.folder(version)
    with pytest.raises(Damaged, match=r"model\.safetensors"):
        other.verify(version)
    assert not (tmp_path / "b" / "cache" / "versions" / version).exists()


def test_a_damaged_cache_of_a_damaged_object_is_not_loaded(s3, tmp_path):
    registry = machine(s3, tmp_path)
    version = register(registry)
    (registry.folder(version) / "model.safetensors").write_bytes(b"rotten")
    s3.put(f"models/versions/{version}/model.safetensors", b"rotten")
    for _ in range(2):
        with pytest.raises(Damaged):
            registry.verify(version)


def test_a_version_the_listing_hides_is_opened_and_published_all_the_same(s3, tmp_path):
    registry = machine(s3, tmp_path)
    versions = tmp_path / "generations" / "g.lance" / "_versions"
    versions.mkdir(parents=True)
    (versions / "1.manifest").write_bytes(b"x")
    version = register(registry)
    s3.proxy.hide(f"models/versions/{version}/manifest.json")
    assert registry.ids() == ()
    assert register(registry) == version
    other = machine(s3, tmp_path / "b")
    assert (other.folder(version) / "card.md").exists()
    registry.publish(Champion(version, "g"), expected=None)
    assert other.champion() == Champion(version, "g")


def test_busy_answers_stalls_and_bodies_cut_short_are_asked_for_again(s3, tmp_path):
    version = register(machine(s3, tmp_path / "a"))
    s3.proxy.fail("model.safetensors", status=503, times=2)
    s3.proxy.stall("image.bin", seconds=5, times=1)
    s3.proxy.cut("metrics.json", times=1)
    s3.proxy.shorten("card.md", times=1)
    other = machine(s3, tmp_path / "b", patience=dataclasses.replace(HASTE, stall_s=1.5))
    other.verify(version)
    assert contents(other.folder(version)) == contents(machine(s3, tmp_path / "a").folder(version))


def test_a_body_that_is_always_short_is_damaged_and_one_that_never_comes_says_who_is_silent(
    s3, tmp_path
):
    version = register(machine(s3, tmp_path / "a"))
    other = machine(s3, tmp_path / "b", patience=Patience(retries=1, retry_s=1))
    s3.proxy.shorten("model.safetensors")
    with pytest.raises(Damaged, match=r"model\.safetensors"):
        other.folder(version)
    s3.proxy.mend()
    s3.proxy.fail("model.safetensors")
    with pytest.raises(NotReady, match=r"could not read s3://.*model\.safetensors"):
        other.folder(version)
    s3.proxy.mend()
    other.verify(version)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_lost_answer_to_an_upload_changes_nothing(s3, tmp_path, name):
    s3.proxy.lose(name)
    version = register(machine(s3, tmp_path / "a"))
    assert len(s3.keys()) == len(FILES)
    machine(s3, tmp_path / "b").verify(version)


def test_a_lost_answer_to_publishing_is_no_conflict(s3, tmp_path):
    registry = machine(s3, tmp_path)
    versions = tmp_path / "generations" / "g.lance" / "_versions"
    versions.mkdir(parents=True)
    (versions / "1.manifest").write_bytes(b"x")
    version = register(registry)
    s3.proxy.lose("champion.json")
    registry.claim(1)
    s3.proxy.lose("champion.json")
    registry.publish(Champion(version, "g"), expected=None, fence=1)
    assert (registry.champion(), registry.fence) == (Champion(version, "g"), 1)


@pytest.mark.slow
def test_what_a_killed_registration_said_first_stands(s3, tmp_path, home):
    assert killed("register", home, "registry.before_reveal")
    assert len(s3.keys()) == len(FILES) - 1
    registry = machine(s3, tmp_path / "other")
    assert registry.ids() == ()
    version = register(registry, metrics={"r": 0.9}, card="# Other")
    assert registry.versions()[0].metrics == {"r": 0.5}
    assert (registry.folder(version) / "card.md").read_text() == "# Card\n"
    machine(s3, tmp_path / "third").verify(version)


def test_what_a_killed_registration_left_of_other_content_is_not_mixed_in(
    s3, tmp_path, monkeypatch
):
    """Two contents whose names begin alike, the first never finished."""
    monkeypatch.setattr(
        "scrubjay.store.version.content_digest",
        lambda files: "ab" * 31 + files["weights"].sha256[:2],
    )
    s3.put("models/versions/2026-11-abababa/weights", b"one")
    registry = machine(s3, tmp_path)
    version = register(registry, built(b"two"))
    assert version == "2026-11-abababab"
    assert registry.ids() == (version,)
    assert (machine(s3, tmp_path / "b").folder(version) / "weights").read_bytes() == b"two"


@pytest.mark.slow
def test_a_killed_fetch_goes_on_where_it_stopped(s3, tmp_path, home):
    version = register(machine(s3, tmp_path / "a"))
    assert killed("fetch", home, "registry.before_rename")
    s3.proxy.asked.clear()
    assert run("fetch", home) == 0
    assert set(fetched(s3)) == {"manifest.json"}
    registry = open_registry(home, s3.url("models"))
    s3.proxy.fail()
    registry.verify(version)
    assert names_in(registry.folder(version).parent) == [version]


@pytest.mark.slow
def test_a_killed_pull_goes_on_where_it_stopped_without_what_is_not_right(s3, tmp_path, home):
    version = register(machine(s3, tmp_path / "a"))
    home.mkdir()
    assert killed("pull", home, "pull.before_rename")
    aside = home / ".pulled.pulling"
    (aside / "model.safetensors").write_bytes(b"half")
    (aside / "extra.py").write_text("print()")
    s3.proxy.asked.clear()
    assert run("pull", home) == 0
    assert sorted(fetched(s3)) == ["manifest.json", "model.safetensors"]
    assert contents(home / "pulled") == contents(machine(s3, tmp_path / "a").folder(version))


def test_each_registry_has_a_cache_of_its_own(s3, tmp_path):
    one, two = (open_registry(tmp_path, s3.url(prefix)) for prefix in ("one", "two"))
    version = register(one)
    assert register(two, built(b"other")) != version
    shutil.rmtree(two.folder(register(two)).parent)
    assert one.folder(version).parent != two.folder(version).parent
    assert one.url == s3.url("one")


def test_a_build_that_fails_leaves_nothing_anywhere(s3, tmp_path):
    def fails(folder):
        build(folder)
        raise RuntimeError("out of memory")

    registry = machine(s3, tmp_path)
    with pytest.raises(RuntimeError):
        register(registry, fails)
    assert s3.keys() == []
    assert names_in(tmp_path / "cache" / "versions") == []
