"""Caches that are damaged, a stranger's, or on a full disk: none is believed, none is lost."""

import json
import logging
import math
import os
import resource
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from resumed_trainings import BATCHES, checkpoint_of, resume, train_new, write_recordings
from sample_caches import (
    RATE,
    assert_holds,
    count_decodings,
    make_dataset,
    make_small_dataset,
    open_quietly,
    write,
)

from vschaos2.data import cache_build as build_module
from vschaos2.data import cache_index as index_module
from vschaos2.data.cache import SampleCache
from vschaos2.errors import InputError


@pytest.fixture
def dataset(tmp_path):
    return make_dataset(tmp_path / "dataset")


@pytest.fixture
def small_dataset(tmp_path):
    return make_small_dataset(tmp_path / "dataset")


@pytest.fixture
def decoded(monkeypatch):
    return count_decodings(monkeypatch)


# --- damage ---


def rewrite(index, change):
    """Change an index as somebody would who knows its checksum."""
    content = json.loads(index.read_text())
    del content["crc32"]
    change(content)
    index.write_text(index_module._sealed(json.dumps(content)))


def file_row(column, value):
    return lambda content: content["files"]["data/3.flac"].__setitem__(column, value)


@pytest.mark.parametrize(
    "change",
    [
        *(file_row(column, value) for column in (0, 2, 3, 4) for value in (-1, True, 1.5, "7")),
        *(file_row(column, value) for column in (5, 6) for value in (-1.0, 1, math.nan, math.inf)),
        file_row(4, 0),
        file_row(3, 2**70),
        file_row(4, 10**6),
        file_row(3, 10),
        lambda content: content["files"]["data/3.flac"].append(1),
        lambda content: content.update(files={"data/3.flac": 5}),
        lambda content: content.update(files=[]),
        lambda content: content.update(unusable={"x": [1, 2, 3, 4]}),
        lambda content: content.update(unusable={"x": [1, 2, None, "why"]}),
        lambda content: content.update(end=10**12),
        lambda content: content.update(end=-1),
        lambda content: content.update(version="2"),
        *(
            lambda content, name=name: content.update(data=name)
            for name in (7, None, "../victim.f32", "/victim.f32", "samples_44100_0001.f32\n", ".")
        ),
    ],
)
def test_an_index_of_odd_values_is_built_afresh(small_dataset, caplog, change):
    root = small_dataset
    victim = root / "victim.f32"
    victim.write_bytes(b"\0" * 10**5)
    rewrite(root / ".vschaos2" / f"samples_{RATE}.json", change)
    with caplog.at_level(logging.WARNING):
        assert_holds(open_quietly(root), root)
    assert [r.levelname for r in caplog.records if "is damaged" in r.getMessage()] == ["WARNING"]
    assert victim.read_bytes() == b"\0" * 10**5


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "7", "[]", '{"version": 2}', "\udcff"])
def test_what_is_no_index_is_built_afresh(small_dataset, caplog, text):
    index = small_dataset / ".vschaos2" / f"samples_{RATE}.json"
    index.write_text(text, errors="surrogateescape")
    with caplog.at_level(logging.WARNING):
        assert_holds(open_quietly(small_dataset), small_dataset)
    assert "is damaged" in caplog.text


def test_odd_names_in_an_index_are_forgotten(small_dataset):
    index = small_dataset / ".vschaos2" / f"samples_{RATE}.json"

    def add(content):
        start, end = content["end"], content["end"] + 4
        content["end"] = end
        for number, name in enumerate(("../a.wav", "/etc/passwd", "a\nb.wav", "")):
            content["files"][name] = [1, 1, 1, start + number, 1, 0.1, 0.1]

    rewrite(index, add)
    (flat,) = (small_dataset / ".vschaos2").glob("*.f32")
    os.truncate(flat, flat.stat().st_size + 16)
    cache = open_quietly(small_dataset)
    assert [file.path for file in cache.files] == ["data/3.flac", "data/4.flac"]
    assert list(json.loads(index.read_text())["files"]) == ["data/3.flac", "data/4.flac"]


def test_every_flipped_bit_of_an_index_is_seen(small_dataset):
    text = (small_dataset / ".vschaos2" / f"samples_{RATE}.json").read_bytes()
    index_module.Index.from_json(text.decode())
    for position in range(8 * len(text)):
        flipped = bytearray(text)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises((ValueError, index_module.OtherVersion)):
            index_module.Index.from_json(flipped.decode())


def test_an_index_of_another_version_is_no_damage(small_dataset, caplog, decoded):
    index = small_dataset / ".vschaos2" / f"samples_{RATE}.json"
    content = json.loads(index.read_text())
    old = [row[:2] + row[3:] for row in content["files"].values()]
    del content["crc32"]
    files = dict(zip(content["files"], old, strict=True))
    index.write_text(json.dumps({**content, "version": 1, "files": files}))
    with caplog.at_level(logging.INFO):
        assert_holds(open_quietly(small_dataset), small_dataset)
    assert sorted(decoded) == ["3.flac", "4.flac"]
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "another version: decoding afresh" in caplog.text
    assert len(list((small_dataset / ".vschaos2").glob("*.f32"))) == 1


def test_a_flipped_bit_of_a_recording_is_seen_and_mended(dataset, caplog, decoded):
    cache = open_quietly(dataset)
    (flat,) = (dataset / ".vschaos2").glob("*.f32")
    content = flat.read_bytes()
    rng = np.random.default_rng(0)
    for file in cache.files:
        damaged = bytearray(content)
        bit = int(rng.integers(32 * file.start, 32 * (file.start + file.length)))
        damaged[bit // 8] ^= 1 << bit % 8
        flat.write_bytes(damaged)
        caplog.clear()
        decoded.clear()
        with caplog.at_level(logging.WARNING):
            assert_holds(open_quietly(dataset), dataset)
        (line,) = [record.getMessage() for record in caplog.records]
        assert f"damaged samples of 1 of 4 recordings (the first: {file.path})" in line
        assert [file.path.rpartition("/")[2]] == decoded
        open_quietly(dataset)
        assert len(decoded) == len(caplog.records) == 1
        shutil.rmtree(flat.parent)
        open_quietly(dataset)


def test_a_flat_file_cut_short_is_built_afresh(dataset, caplog):
    cache = open_quietly(dataset)
    (flat,) = (dataset / ".vschaos2").glob("*.f32")
    os.truncate(flat, 1000)
    with caplog.at_level(logging.WARNING):
        assert_holds(open_quietly(dataset), dataset)
    assert "shorter than its index says" in caplog.text
    assert_holds(cache, dataset)


def test_what_is_of_no_use_makes_room_before_anything_is_decoded(small_dataset, monkeypatch):
    store = small_dataset / ".vschaos2"
    seen = []
    decode = build_module.decode

    def looking(*args):
        seen.extend(path.name for path in store.glob("*.f32"))
        return decode(*args)

    monkeypatch.setattr(build_module, "decode", looking)
    (store / f"samples_{RATE}.json").write_text("{}")
    open_quietly(small_dataset)
    assert set(seen) == {f"samples_{RATE}_0002.f32"}


# --- somebody else's folder ---


@pytest.fixture
def precious(tmp_path):
    """A file of the user's outside of every dataset, which must stay as it is."""
    path = tmp_path / "elsewhere" / "precious"
    path.parent.mkdir()
    path.write_bytes(bytes(4 * 10**4))
    yield path
    assert path.read_bytes() == bytes(4 * 10**4)
    assert [file.name for file in path.parent.iterdir()] == ["precious"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("name", ["json.tmp", "json", "0001.f32", "0002.f32", ".json.tmp"])
def test_links_in_the_store_are_never_written_through(small_dataset, precious, link, name):
    store = small_dataset / ".vschaos2"
    full = {"json.tmp": f"samples_{RATE}.json.tmp", "json": f"samples_{RATE}.json"}
    full[".json.tmp"] = f".samples_{RATE}.json.tmp"
    path = store / full.get(name, f"samples_{RATE}_{name}")
    path.unlink(missing_ok=True)
    link(precious, path)
    write(small_dataset, "data/new.wav")
    (small_dataset / "data/3.flac").unlink()
    assert_holds(open_quietly(small_dataset), small_dataset)


def test_a_data_folder_elsewhere_is_refused_unless_the_whole_dataset_is_there(dataset, tmp_path):
    elsewhere = dataset.rename(tmp_path / "elsewhere")
    dataset.symlink_to(elsewhere)
    assert_holds(open_quietly(dataset), dataset)
    dataset.unlink()
    dataset.mkdir()
    (dataset / "data").symlink_to(elsewhere / "data")
    with pytest.raises(InputError, match=r"data: a link leads out of the dataset"):
        open_quietly(dataset)
    assert [path.name for path in dataset.iterdir()] == ["data"]


@pytest.mark.parametrize("target", ["precious", "absent"])
def test_a_linked_lock_leads_to_the_users_cache_folder(
    small_dataset, precious, home, caplog, target
):
    lock = small_dataset / ".vschaos2" / f"samples_{RATE}.lock"
    lock.unlink()
    lock.symlink_to(precious.with_name(target))
    with caplog.at_level(logging.WARNING):
        assert_holds(open_quietly(small_dataset), small_dataset)
    (record,) = caplog.records
    assert "is a link, and is left alone" in record.getMessage()
    assert str(home) in record.getMessage()


@pytest.mark.parametrize("kind", ["link", "file", "folder for the lock", "pipe for the lock"])
def test_a_store_that_is_none_leads_to_the_users_cache_folder(
    small_dataset, precious, home, caplog, kind
):
    store = small_dataset / ".vschaos2"
    lock = store / f"samples_{RATE}.lock"
    lock.unlink()
    if kind == "folder for the lock":
        lock.mkdir()
    elif kind == "pipe for the lock":
        os.mkfifo(lock)
    else:
        shutil.rmtree(store)
        store.symlink_to(precious.parent) if kind == "link" else store.write_text("")
    with caplog.at_level(logging.WARNING):
        assert_holds(open_quietly(small_dataset), small_dataset)
    assert len(caplog.records) == 1 and str(home) in caplog.text
    assert list(home.glob("vschaos2/*/*.f32"))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_pipes_and_folders_in_a_flat_files_place_are_passed_by(small_dataset, make):
    for number in (1, 2, 10**9 - 1):
        path = small_dataset / ".vschaos2" / f"samples_{RATE}_{number:04d}.f32"
        path.unlink(missing_ok=True)
        make(path)
    (small_dataset / ".vschaos2" / f"samples_{RATE}_1x.f32").write_text("")
    assert_holds(open_quietly(small_dataset), small_dataset)


def test_a_folder_in_the_indexs_place_is_one_line(small_dataset, decoded):
    index = small_dataset / ".vschaos2" / f"samples_{RATE}.json"
    index.unlink()
    index.mkdir()
    with pytest.raises(InputError, match=r"samples_44100\.json: is a folder .*: remove it"):
        open_quietly(small_dataset)
    assert not decoded


# --- full disks ---


@contextmanager
def files_limited_to(size):
    """No file may grow beyond `size` bytes; the system says so as it says that a disk is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("commit_seconds", [0.0, 3.0])
@pytest.mark.parametrize("size", [0, 500, 20_000, 120_000])
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(
    dataset, monkeypatch, size, commit_seconds
):
    monkeypatch.setattr(build_module, "COMMIT_SECONDS", commit_seconds)
    store = dataset / ".vschaos2"
    for _ in range(2):
        with files_limited_to(size), pytest.raises(InputError) as error:
            open_quietly(dataset)
        assert str(store) in str(error.value) and "the disk is full" in str(error.value)
        assert "\n" not in str(error.value)
        index = store / f"samples_{RATE}.json"
        flat_files = list(store.glob("*.f32"))
        left = {f"samples_{RATE}.lock", *(path.name for path in flat_files)}
        if index.exists():
            assert [path.stat().st_size for path in flat_files] == [
                4 * json.loads(index.read_text())["end"]
            ]
            left.add(index.name)
        else:
            assert flat_files == []
        assert {path.name for path in store.iterdir()} == left
    assert_holds(open_quietly(dataset), dataset)
    assert len(list(store.iterdir())) == 3


def test_a_full_disk_keeps_what_was_there(dataset, decoded):
    open_quietly(dataset, n_files=2)
    with files_limited_to(20_000), pytest.raises(InputError, match="the disk is full"):
        open_quietly(dataset)
    decoded.clear()
    assert_holds(open_quietly(dataset), dataset)
    assert len(decoded) == 2


def test_without_room_for_a_compaction_nothing_is_compacted(dataset, decoded):
    open_quietly(dataset)
    for name in ("data/a/1.wav", "data/b/1.wav"):
        (dataset / name).unlink()
    decoded.clear()
    with files_limited_to(20_000):
        assert_holds(open_quietly(dataset), dataset)
    assert decoded == []
    assert len(list((dataset / ".vschaos2").glob("*.f32"))) == 1


def test_what_a_killed_process_left_is_removed(small_dataset):
    store = small_dataset / ".vschaos2"
    before = sorted(path.name for path in store.iterdir())
    (store / f"samples_{RATE}_0002.f32").write_bytes(b"half")
    (store / f".samples_{RATE}.json.tmp").write_bytes(b"half")
    (store / f"samples_{RATE}.json.tmp").write_bytes(b"half")
    (store / f"samples_{RATE + 1}_0001.f32").write_bytes(b"of another rate")
    open_quietly(small_dataset)
    left = [*before, f"samples_{RATE + 1}_0001.f32"]
    assert sorted(path.name for path in store.iterdir()) == sorted(left)


def test_a_training_whose_cache_is_cut_short_ends_in_one_line_and_goes_on_later(
    tmp_path, monkeypatch
):
    root, rundir = tmp_path / "tones", tmp_path / "runs"
    root.mkdir()
    write_recordings(root)
    gather = SampleCache.gather

    def cutting(self, starts, count):
        saved = [path.parent.parent for path in rundir.rglob("last.ckpt")]
        if any(checkpoint_of(folder)["global_step"] for folder in saved):
            os.truncate(self._data, 100)
        return gather(self, starts, count)

    monkeypatch.setattr("vschaos2.data.cache.RESIDENT_BYTES", 0)
    with monkeypatch.context() as patch, pytest.raises(InputError, match="has become shorter"):
        patch.setattr(SampleCache, "gather", cutting)
        train_new(root, rundir, "trainer.max_epochs=3", "callbacks.save_every_s=0")
    (folder,) = (path.parent.parent for path in rundir.rglob("last.ckpt"))
    assert 0 < checkpoint_of(folder)["global_step"] < 3 * BATCHES
    assert checkpoint_of(resume(folder))["global_step"] == 3 * BATCHES
