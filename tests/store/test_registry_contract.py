"""What a registry promises, in a folder and in a bucket of an S3 server on loopback."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from scrubjay.core.config import REGISTRY_VARIABLE
from scrubjay.core.errors import Conflict, Damaged, NotReady, UnknownName, WrongUse
from scrubjay.core.types import Champion
from scrubjay.store.bucket_registry import BucketRegistry, open_registry
from scrubjay.store.manifest import FileSeal, Manifest, read_manifest
from scrubjay.store.registry import Registry
from tests.store.killing import killed, run
from tests.store.made import names_in
from tests.store.scenarios import build

BUILT = {"model.safetensors", "export/image.bin"}
FILES = BUILT | {"metrics.json", "card.md", "manifest.json"}


@dataclass
class Place:
    """A registry from outside: its bytes, and any number of machines that use it."""

    home: Path
    url: str | None
    s3: object = None

    def machine(self, name=""):
        """The registry as another machine with an empty cache sees it."""
        if self.url is None:
            return open_registry(self.home, None)
        bucket = open_registry(self.home, self.url)._bucket
        return BucketRegistry(bucket, self.home / f"cache{name}", self.home / "generations")

    def names(self):
        """All that is stored, locks left out."""
        if self.s3:
            return {key.removeprefix("models/") for key in self.s3.keys()}  # noqa: SIM118
        root = self.home / "registry"
        found = {one.relative_to(root).as_posix() for one in root.rglob("*") if one.is_file()}
        return {name for name in found if not name.endswith(".lock")}

    def read(self, name):
        if self.s3:
            return self.s3.get(f"models/{name}")
        return (self.home / "registry" / name).read_bytes()

    def write(self, name, data):
        if self.s3:
            self.s3.put(f"models/{name}", data)
        else:
            (self.home / "registry" / name).write_bytes(data)

    def remove(self, name):
        if self.s3:
            self.s3.delete(f"models/{name}")
        else:
            (self.home / "registry" / name).unlink()


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path, monkeypatch):
    monkeypatch.delenv(REGISTRY_VARIABLE, raising=False)
    if request.param == "folder":
        return Place(tmp_path, None)
    s3 = request.getfixturevalue("s3")
    monkeypatch.setenv(REGISTRY_VARIABLE, s3.url("models"))
    return Place(tmp_path, s3.url("models"), s3)


@pytest.fixture
def registry(place):
    return place.machine()


def register(registry, build=build, **changed):
    given = {"month": "2026-11", "lineage": {"parent": None}, "metrics": {"r": 0.5}, "card": "# C"}
    return registry.register(build, **{**given, **changed})


def built(content):
    def write(folder):
        (folder / "weights").write_bytes(content)

    return write


def contents(folder):
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }


def test_one_layout_in_a_folder_and_in_a_bucket(place, registry):
    version = register(registry)
    assert place.names() == {f"versions/{version}/{name}" for name in FILES}
    assert place.read(f"versions/{version}/model.safetensors") == b"weights" * 1000
    assert place.read(f"versions/{version}/card.md") == b"# C"
    assert json.loads(place.read(f"versions/{version}/metrics.json")) == {"r": 0.5}
    files = json.loads(place.read(f"versions/{version}/manifest.json"))["files"]
    assert set(files) == FILES - {"manifest.json"}
    assert files["model.safetensors"] == {
        "sha256": hashlib.sha256(b"weights" * 1000).hexdigest(),
        "size": 7000,
    }


def test_what_one_machine_registered_another_opens_and_verifies(place, registry):
    version = register(registry, card="# Grüße\n")
    other = place.machine("-other")
    assert other.ids() == (version,)
    (info,) = other.versions()
    assert info == registry.versions()[0]
    assert (info.id, info.lineage, info.metrics) == (version, {"parent": None}, {"r": 0.5})
    assert contents(other.folder(version)) == contents(registry.folder(version))
    assert (other.folder(version) / "card.md").read_text("utf-8") == "# Grüße\n"
    other.verify(version)
    other.verify(version, below="export")
    assert other.versions() == [info]


def test_nothing_is_there_before_the_first_version(place, registry):
    assert registry.versions() == []
    assert registry.ids() == ()
    assert registry.champion() is None
    assert registry.fence == 0
    assert place.names() == set()
    assert names_in(place.home) == []


def test_the_same_files_are_the_same_version_and_the_first_registration_stands(place, registry):
    first = register(registry, built(b"one"))
    there = {name: place.read(name) for name in place.names()}
    other = place.machine("-other")
    assert register(other, built(b"one"), metrics={"r": 0.9}, card="other") == first
    assert {name: place.read(name) for name in place.names()} == there
    second = register(registry, built(b"two"))
    later = register(registry, built(b"one"), month="2026-12")
    assert len({first, second, later}) == 3
    assert [one.id for one in place.machine("-third").versions()] == [first, second, later]


def test_two_contents_with_the_same_first_digits_get_ids_of_their_own(registry, monkeypatch):
    digests = {b"one": "ab" * 32, b"two": "ab" * 31 + "cd", b"six": "ab" * 5 + "0" * 54}
    by_sha = {hashlib.sha256(content).hexdigest(): made for content, made in digests.items()}
    monkeypatch.setattr(
        "scrubjay.store.version.content_digest", lambda files: by_sha[files["weights"].sha256]
    )
    ids = [register(registry, built(content)) for content in digests]
    assert ids == ["2026-11-abababa", "2026-11-" + "ab" * 4, "2026-11-" + "ab" * 4 + "a"]
    assert [register(registry, built(content)) for content in digests] == ids


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda folder: None, "nothing was built"),
        (lambda folder: (folder / "link").symlink_to("/etc/passwd"), "a link"),
        (lambda folder: (folder / "card.md").write_text("x") and build(folder), "itself"),
    ],
)
def test_what_cannot_be_registered_leaves_nothing(place, registry, write, says):
    with pytest.raises(WrongUse, match=says):
        register(registry, write)
    assert place.names() == set()


def test_an_unknown_version_offers_the_nearest_and_no_name_leads_elsewhere(registry, tmp_path):
    version = register(registry)
    for ask in (registry.folder, registry.verify, lambda one: registry.pull(one, tmp_path / "x")):
        with pytest.raises(UnknownName, match=f"did you mean '{version}'"):
            ask(version[:-1] + "x")
        for hostile in ("..", "../versions", "", version + "/export", "/etc", "a\0b"):
            with pytest.raises(UnknownName):
                ask(hostile)
    assert not (tmp_path / "x").exists()


def test_registering_on_several_machines_at_once_loses_nothing(place):
    ids, machines = [], [place.machine(f"-{n}") for n in range(6)]
    threads = [
        threading.Thread(
            target=lambda n=n: ids.append(
                register(machines[n], built(b"%d" % (n % 2)), metrics={"by": n}, card=str(n))
            )
        )
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    seen = place.machine("-late")
    assert sorted(set(ids)) == list(seen.ids())
    assert len(seen.ids()) == 2
    for version in seen.ids():
        for machine in (seen, *machines):
            machine.verify(version)
            assert contents(machine.folder(version)) == contents(seen.folder(version))


# The champion and its fence


@pytest.fixture
def pair(place, registry):
    """Two generations that can be published, made cheaply: a manifest is what makes one exist."""
    for name in ("old", "new"):
        versions = place.home / "generations" / f"{name}.lance" / "_versions"
        versions.mkdir(parents=True)
        (versions / "1.manifest").write_bytes(b"x")
    version = register(registry)
    return Champion(version, "old"), Champion(version, "new")


def test_publishing_is_compare_and_swap(place, registry, pair):
    old, new = pair
    registry.publish(old, expected=None)
    other = place.machine("-other")
    assert other.champion() == old
    with pytest.raises(Conflict, match=r"is .* with old by now, not none"):
        other.publish(new, expected=None)
    other.publish(new, expected=old)
    assert registry.champion() == new
    with pytest.raises(Conflict):
        registry.publish(old, expected=old)
    assert (
        json.loads(place.read("champion.json")).items()
        >= {
            "version": new.version,
            "generation": "new",
        }.items()
    )


def test_of_many_publishers_exactly_one_wins(place, registry, pair):
    old, new = pair
    registry.publish(old, expected=None)
    outcomes, machines = [], [place.machine() for _ in range(6)]

    def publish(machine):
        try:
            machine.publish(new, expected=old)
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")

    threads = [threading.Thread(target=publish, args=(one,)) for one in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 5 + ["won"]


def test_only_what_exists_is_published(registry, pair):
    old, _ = pair
    with pytest.raises(UnknownName, match="did you mean"):
        registry.publish(Champion(old.version[:-1], "old"), expected=None)
    for generation in ("missing", "../old", ""):
        with pytest.raises(NotReady, match="embed the collection first"):
            registry.publish(Champion(old.version, generation), expected=None)
    assert registry.champion() is None


def test_a_lower_fence_than_the_highest_seen_is_refused(place, registry, pair):
    old, new = pair
    registry.claim(5)
    assert registry.champion() is None
    assert place.machine("-other").fence == 5
    with pytest.raises(Conflict, match="later run has taken over"):
        registry.publish(old, expected=None, fence=4)
    registry.publish(old, expected=None, fence=5)
    registry.claim(6)
    assert registry.champion() == old
    for late in (1, 5):
        with pytest.raises(Conflict, match="later run"):
            registry.publish(new, expected=old, fence=late)
        with pytest.raises(Conflict, match="later run"):
            registry.claim(late)
    assert registry.champion() == old
    registry.publish(new, expected=old, fence=8)
    assert registry.fence == 8
    with pytest.raises(Conflict, match="later run"):
        registry.publish(old, expected=new, fence=7)


def test_a_person_who_publishes_without_a_lease_keeps_the_fence(registry, pair):
    old, new = pair
    registry.claim(5)
    registry.publish(old, expected=None)
    registry.publish(new, expected=old)
    assert registry.fence == 5


def test_claiming_twice_writes_once(place, registry):
    registry.claim(5)
    written = place.read("champion.json")
    registry.claim(5)
    assert place.read("champion.json") == written


def test_a_pointer_from_before_there_were_fences_is_read(place, registry, pair):
    old, new = pair
    registry.claim(1)
    place.write("champion.json", json.dumps({"version": old.version, "generation": "old"}).encode())
    assert (registry.champion(), registry.fence) == (old, 0)
    registry.publish(new, expected=old, fence=1)
    assert registry.champion() == new


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"version": "a"}',
        b'{"version": 1, "generation": "b"}',
        b'{"version": "a", "generation": "b", "fence": "7"}',
        b'{"version": "a", "generation": "b", "fence": -1}',
        b"\xff",
    ],
)
def test_a_damaged_pointer_says_what_to_do(place, registry, written):
    registry.claim(1)
    place.write("champion.json", written)
    with pytest.raises(Damaged, match="champion set VERSION"):
        registry.champion()
    with pytest.raises(Damaged, match="champion set VERSION"):
        registry.claim(2)


# Pulled


def test_a_pulled_version_is_complete_and_nothing_is_left_beside_it(place, registry, tmp_path):
    version = register(registry)
    target = tmp_path / "clients" / "model"
    seen = []
    place.machine("-client").pull(version, target, progress=lambda *told: seen.append(told))
    assert contents(target) == contents(registry.folder(version))
    assert names_in(target.parent) == ["model"]
    assert read_manifest(target).version == version
    total = sum(seal.size for seal in read_manifest(target).files.values())
    assert seen[-1] == ("pulling", total, total)


def test_pulling_again_or_into_an_empty_folder_is_fine(registry, tmp_path):
    version = register(registry)
    target = tmp_path / "model"
    target.mkdir()
    registry.pull(version, target)
    stamp = (target / "model.safetensors").stat().st_mtime_ns
    registry.pull(version, target)
    assert (target / "model.safetensors").stat().st_mtime_ns == stamp


def test_what_is_in_a_folder_is_never_overwritten(registry, tmp_path, monkeypatch):
    version = register(registry)
    target = tmp_path / "model"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for wrong in (target, tmp_path / "file"):
        with pytest.raises(WrongUse, match="holds something else"):
            registry.pull(version, wrong)
    registry.pull(version, tmp_path / "pulled")
    (tmp_path / "pulled" / "model.safetensors").write_bytes(b"mine")
    with pytest.raises(WrongUse, match="holds something else"):
        registry.pull(version, tmp_path / "pulled")
    assert (target / "mine.txt").read_text() == "mine"
    assert not list(tmp_path.glob(".*"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongUse, match="where you are"):
        registry.pull(version, Path())


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("harm", ["flipped", "shortened", "lengthened", "missing"])
def test_a_damaged_version_is_never_pulled(place, registry, tmp_path, name, harm):
    version = register(registry)
    stored = f"versions/{version}/{name}"
    good = place.read(stored)
    harmed = {
        "flipped": bytes([good[0] ^ 1]) + good[1:],
        "shortened": good[:-1],
        "lengthened": good + b"x",
    }
    if harm == "missing":
        place.remove(stored)
    else:
        place.write(stored, harmed[harm])
    error = UnknownName if (name, harm) == ("manifest.json", "missing") else Damaged
    with pytest.raises(error):
        place.machine("-client").pull(version, tmp_path / "model")
    assert not (tmp_path / "model").exists()
    place.write(stored, good)
    place.machine("-client").pull(version, tmp_path / "model")
    assert contents(tmp_path / "model") == contents(registry.folder(version))


@pytest.mark.parametrize(
    "name", ["../outside", "/tmp/outside", "a/../../outside", "a//b", "./a", "a\\..\\b", ""]
)
def test_a_manifest_that_names_a_file_elsewhere_is_damaged(place, registry, tmp_path, name):
    version = register(registry)
    seal = FileSeal(hashlib.sha256(b"x").hexdigest(), 1)
    real = read_manifest(registry.folder(version))
    hostile = Manifest(version, real.created, {**real.files, name: seal}, {})
    place.write(f"versions/{version}/manifest.json", hostile.to_bytes())
    with pytest.raises(Damaged, match="no file of a version"):
        place.machine("-client").pull(version, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_version_under_another_name_is_damaged(place, registry, tmp_path):
    version = register(registry)
    other = "2026-11-0000000"
    if place.url is None:
        (place.home / "registry" / "versions" / other).mkdir()
    for name in ("manifest.json", "metrics.json"):
        place.write(f"versions/{other}/{name}", place.read(f"versions/{version}/{name}"))
    with pytest.raises(Damaged, match=f"is of version {version}"):
        place.machine("-client").pull(other, tmp_path / "model")


# Killed


def points(registry):
    """Every (failpoint, pass) of registering `build`."""
    steps = ["build", "rename"]
    passes = dict.fromkeys(steps, 1)
    if isinstance(registry, BucketRegistry):
        passes |= {"put": len(FILES) - 1, "reveal": 1}
    return [
        (f"registry.{side}_{step}", nth)
        for step, times in passes.items()
        for side in ("before", "after")
        for nth in range(1, times + 1)
    ]


@pytest.mark.slow
def test_killed_while_registering_no_half_version_is_seen_and_the_next_call_completes_it(
    place, registry
):
    earlier = register(registry, built(b"earlier"))
    undisturbed = place.names()
    for point, nth in points(registry):
        seen = {"registry.after_reveal", "registry.before_rename", "registry.after_rename"}
        if not isinstance(registry, BucketRegistry):
            seen -= {"registry.before_rename"}
        assert killed("register", place.home, point, nth), point
        other = place.machine(f"-{point}-{nth}")
        assert len(other.ids()) == (2 if point in seen else 1), point
        assert [one.id for one in other.versions()] == sorted(
            other.ids(), key=lambda one: one != earlier
        )
        for version in other.ids():
            other.verify(version)
        assert run("register", place.home) == 0
        late = place.machine(f"-late-{point}-{nth}")
        assert len(late.ids()) == 2
        for version in late.ids():
            late.verify(version)
        (made,) = set(late.ids()) - {earlier}
        assert place.names() == undisturbed | {f"versions/{made}/{name}" for name in FILES}
        open_registry(place.home, place.url).verify(made)
        _forget(place, made)


def _forget(place, version):
    """As if it had never been registered, so that the next kill begins anew."""
    import shutil

    for name in sorted(FILES):
        place.remove(f"versions/{version}/{name}")
    for folder in place.home.glob(f"**/versions/{version}"):
        shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_publishing_the_old_or_the_new_pair_serves(place, registry, pair, side):
    old, new = pair
    registry.publish(old, expected=None)
    assert killed("publish", place.home, f"champion.{side}_replace")
    serving = place.machine("-other").champion()
    assert serving == (old if side == "before" else new)
    registry.publish(new, expected=serving)
    assert registry.champion() == new


@pytest.mark.slow
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_pulling_all_or_nothing_is_there_and_the_next_call_finishes(
    place, registry, side
):
    version = register(registry)
    target = place.home / "pulled"
    assert killed("pull", place.home, f"pull.{side}_rename")
    assert target.exists() == (side == "after")
    assert run("pull", place.home) == 0
    assert contents(target) == contents(registry.folder(version))
    assert not list(place.home.glob(".pulled*"))


def test_a_folder_elsewhere_is_a_registry_too(tmp_path):
    for url in (str(tmp_path / "shared"), f"file://{tmp_path}/shared"):
        registry = open_registry(tmp_path / "home", url)
        assert type(registry) is Registry
        version = register(registry)
        assert registry.folder(version) == tmp_path / "shared" / "versions" / version
    with pytest.raises(WrongUse, match="https"):
        open_registry(tmp_path / "home", "https://example.org/models")
