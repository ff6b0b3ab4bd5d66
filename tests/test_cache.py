import errno
import json
import logging
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from sample_caches import (
    RATE,
    assert_holds,
    count_decodings,
    make_dataset,
    make_small_dataset,
    open_quietly,
    whole,
    write,
)

from vschaos2.audio import UnreadableAudio, read_audio
from vschaos2.data import cache as cache_module
from vschaos2.data import cache_decode
from vschaos2.data.cache import CachedFile, SampleCache, open_cache
from vschaos2.errors import InputError


@pytest.fixture
def dataset(tmp_path):
    return make_dataset(tmp_path / "dataset")


@pytest.fixture
def decoded(monkeypatch):
    return count_decodings(monkeypatch)


@pytest.fixture
def small_dataset(tmp_path):
    return make_small_dataset(tmp_path / "dataset")


# --- content ---


def test_cache_holds_every_file_of_the_data_folder_once(dataset, decoded):
    cache = open_quietly(dataset)
    names = ["data/3.flac", "data/a/1.wav", "data/b/1.wav", "data/b/2.wav"]
    assert [file.path for file in cache.files] == names
    assert_holds(cache, dataset)
    assert len(decoded) == 4
    assert cache.total_samples == sum(file.length for file in cache.files)
    assert cache.sample_rate_hz == RATE and cache.read(0).dtype == np.float32
    again = open_quietly(dataset)
    assert again.files == cache.files and len(decoded) == 4


def test_without_a_data_folder_the_root_is_searched(tmp_path):
    write(tmp_path, "x/a.wav")
    assert [file.path for file in open_quietly(tmp_path).files] == ["x/a.wav"]


def test_relative_root_is_the_same_dataset(dataset, monkeypatch):
    cache = open_quietly(dataset)
    monkeypatch.chdir(dataset.parent)
    assert open_quietly(dataset.relative_to(dataset.parent)).files == cache.files


def test_every_sample_rate_has_its_own_cache(dataset):
    open_quietly(dataset)
    other = open_cache(dataset, 16000, progress=False)
    np.testing.assert_array_equal(other.read(1), read_audio(dataset / other.files[1].path, 16000))
    assert_holds(open_quietly(dataset), dataset)


def test_long_file_passes_through_the_disk_unchanged(dataset, monkeypatch):
    monkeypatch.setattr(cache_decode, "HELD_BYTES", 5000)
    monkeypatch.setattr(cache_decode, "DECODE_SAMPLES", 999)
    assert_holds(open_quietly(dataset, workers=3), dataset)


def test_storage_does_not_depend_on_the_number_of_workers(tmp_path, dataset):
    copied = shutil.copytree(dataset, tmp_path / "copied")
    one, many = open_quietly(dataset, workers=1), open_quietly(copied, workers=7)
    assert one.files == many.files
    np.testing.assert_array_equal(whole(one), whole(many))


def test_first_files_are_spread_evenly(tmp_path):
    for number in range(10):
        write(tmp_path, f"{number}.wav", 0.01, seed=number)
    assert [file.path for file in open_quietly(tmp_path, n_files=4).files] == [
        "0.wav", "2.wav", "5.wav", "7.wav",
    ]  # fmt: skip
    assert len(open_quietly(tmp_path, n_files=99).files) == 10


def test_what_is_read_is_a_copy(dataset):
    cache = open_quietly(dataset)
    cache.read(0)[:] = 1.0
    cache.gather(np.array([0, 5]), 100)[:] = 1.0
    assert_holds(cache, dataset)


def test_cache_survives_pickling(dataset):
    cache = open_quietly(dataset)
    copy = pickle.loads(pickle.dumps(cache))
    assert copy.files == cache.files
    np.testing.assert_array_equal(whole(copy), whole(cache))


@pytest.mark.parametrize("count", [1, 7, 30, 80])
def test_gather_equals_slices_of_silence_and_samples(tmp_path, count):
    flat = np.arange(1, 51, dtype=np.float32)
    flat.tofile(tmp_path / "flat.f32")
    cache = SampleCache(tmp_path / "flat.f32", [], RATE, 50)
    starts = np.arange(-100, 100)
    padded = np.concatenate([np.zeros(100), flat, np.zeros(200)])
    expected = np.stack([padded[s + 100 : s + 100 + count] for s in starts])
    np.testing.assert_array_equal(cache.gather(starts, count), expected)


@pytest.fixture
def long_cache(tmp_path, monkeypatch):
    """Opens 5000 samples of noise, held in memory; or, as a second one, read from the file."""
    flat = np.random.default_rng(0).standard_normal(5000).astype(np.float32)
    flat.tofile(tmp_path / "flat.f32")

    def opened(held_bytes):
        monkeypatch.setattr(cache_module, "RESIDENT_BYTES", held_bytes)
        return SampleCache(tmp_path / "flat.f32", [CachedFile("a", 7, 4900, 1.0, 1.0)], RATE, 5000)

    return opened


def test_large_flat_file_reads_as_a_small_one(long_cache, monkeypatch):
    held, called = long_cache(20_000), long_cache(19_999)
    asked = []
    preadv = os.preadv
    monkeypatch.setattr(os, "preadv", lambda *args: asked.append(1) or preadv(*args))
    starts = np.random.default_rng(1).integers(-50, 5050, size=300)
    for count in (1, 40, 5000, 6000):
        assert not asked
        expected = held.gather(starts, count)
        assert not asked
        np.testing.assert_array_equal(called.gather(starts, count), expected)
        assert len(asked) == np.sum((starts < 5000) & (starts + count > 0))
        asked.clear()
    np.testing.assert_array_equal(called.read(0), held.read(0))
    assert called.gather(starts[:0], 40).shape == (0, 40)


def test_a_reading_in_parts_is_whole(long_cache, monkeypatch):
    expected = long_cache(20_000).read(0)
    preadv = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, into, at: preadv(fd, [into[0][:999]], at))
    monkeypatch.setattr(cache_module, "READ_SAMPLES", 1001)
    np.testing.assert_array_equal(long_cache(0).read(0), expected)


def test_a_flat_file_cut_short_while_it_is_read_kills_nobody(long_cache, tmp_path):
    held, called = long_cache(20_000), long_cache(0)
    expected = held.read(0)
    os.truncate(tmp_path / "flat.f32", 4000)
    np.testing.assert_array_equal(held.read(0), expected)
    np.testing.assert_array_equal(called.gather(np.array([10]), 40)[0], expected[3:43])
    for starts in ([2000], [10, 980], [4990]):
        with pytest.raises(InputError, match=r"flat\.f32 has become shorter: start again"):
            called.gather(np.array(starts), 40)
    with pytest.raises(InputError, match="has become shorter"):
        long_cache(0)


def test_a_disk_that_fails_is_an_input_error(long_cache, monkeypatch):
    cache = long_cache(0)

    def failing(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "preadv", failing)
    with pytest.raises(InputError, match=r"cannot read .*flat\.f32: Input/output error"):
        cache.read(0)


# --- changes ---


def test_only_changed_files_are_decoded_again(dataset, decoded):
    open_quietly(dataset)
    decoded.clear()
    write(dataset, "data/a/1.wav", 0.25, seed=77)
    write(dataset, "data/b/new.wav", 0.05, seed=78)
    (dataset / "data/b/2.wav").unlink()
    cache = open_quietly(dataset)
    assert sorted(decoded) == ["1.wav", "new.wav"]
    names = ["data/3.flac", "data/a/1.wav", "data/b/1.wav", "data/b/new.wav"]
    assert [file.path for file in cache.files] == names
    assert_holds(cache, dataset)


def test_change_of_content_alone_is_seen_by_its_time(dataset, decoded):
    open_quietly(dataset)
    decoded.clear()
    path = write(dataset, "data/a/1.wav", 0.2, seed=99, rate_hz=48000)  # the same size
    os.utime(path, ns=(10**18, 10**18))
    assert_holds(open_quietly(dataset), dataset)
    assert decoded == ["1.wav"]


def test_dead_samples_are_compacted_away(dataset, decoded):
    first = open_quietly(dataset)
    kept = first.read(0)
    for name in ("data/a/1.wav", "data/b/1.wav"):
        (dataset / name).unlink()
    decoded.clear()
    cache = open_quietly(dataset)
    assert decoded == []
    assert cache.total_samples == sum(file.length for file in cache.files)
    assert_holds(cache, dataset)
    flat_files = list((dataset / ".vschaos2").glob("*.f32"))
    assert len(flat_files) == 1
    assert flat_files[0].stat().st_size == 4 * cache.total_samples
    # Whoever had the old flat file open goes on reading it.
    np.testing.assert_array_equal(first.read(0), kept)


def test_bytes_after_the_index_are_overwritten(dataset):
    open_quietly(dataset, n_files=2)
    (flat,) = (dataset / ".vschaos2").glob("*.f32")
    with flat.open("ab") as file:
        file.write(b"\xff" * 10**6)
    cache = open_quietly(dataset)
    assert_holds(cache, dataset)
    assert flat.stat().st_size == 4 * cache.total_samples


# --- interruption and company ---

BUILD = """
import sys, time
from pathlib import Path
from vschaos2.data import cache, cache_build
cache_build.COMMIT_SECONDS = 0.0
appended = cache_build.shutil.copyfileobj
def slowly(source, target, length):
    appended(source, target, length)
    time.sleep(0.02)
cache_build.shutil.copyfileobj = slowly
print("ready", flush=True)
cache.open_cache(Path(sys.argv[1]), 44100, progress=False, workers=2)
print("built", flush=True)
"""


def build_elsewhere(root):
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_killed_build_loses_little_and_is_never_wrong(tmp_path, decoded):
    for number in range(80):
        write(tmp_path, f"{number:02d}.wav", 0.05, seed=number)
    index = tmp_path / ".vschaos2" / f"samples_{RATE}.json"
    for wanted in (3, 12, 25):  # three kills, each further on
        process = build_elsewhere(tmp_path)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if index.exists() and len(json.loads(index.read_text())["files"]) >= wanted:
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    done = len(json.loads(index.read_text())["files"])
    assert 25 <= done < 80
    cache = open_quietly(tmp_path)
    assert len(decoded) == 80 - done
    assert len(cache.files) == 80
    assert_holds(cache, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no file lock there")
def test_second_process_waits_and_finds_everything_done(tmp_path, decoded, caplog):
    for number in range(40):
        write(tmp_path, f"{number:02d}.wav", 0.02, seed=number)
    process = build_elsewhere(tmp_path)
    while process.poll() is None and not list((tmp_path / ".vschaos2").glob("*.f32")):
        time.sleep(0.002)
    with caplog.at_level(logging.INFO):
        cache = open_quietly(tmp_path)
    assert "waiting" in caplog.text
    assert decoded == []
    assert process.communicate(timeout=30)[0] == "built\n"
    assert_holds(cache, tmp_path)


def test_threads_of_one_process_decode_once(dataset, decoded):
    threads = [threading.Thread(target=open_quietly, args=(dataset,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(decoded) == 4
    assert_holds(open_quietly(dataset), dataset)


# --- where it lives ---


@pytest.fixture
def read_only(tmp_path, monkeypatch):
    """Folders of decoded samples can be made in the user's cache folder alone."""
    writable = cache_module._writable

    def only_at_home(folder, lock):
        if not folder.is_relative_to(tmp_path / "home"):
            raise OSError(errno.EROFS, "Read-only file system")
        return writable(folder, lock)

    monkeypatch.setattr(cache_module, "_writable", only_at_home)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


def test_read_only_dataset_uses_the_users_cache_folder(dataset, tmp_path, read_only, caplog):
    with caplog.at_level(logging.WARNING):
        assert_holds(open_quietly(dataset), dataset)
    assert "Read-only file system" in caplog.text and str(tmp_path / "home") in caplog.text
    assert not (dataset / ".vschaos2").exists()
    assert list((tmp_path / "home" / "vschaos2").glob("*/*.f32"))


def test_the_users_cache_folder_keeps_datasets_apart(dataset, tmp_path, read_only):
    write(tmp_path / "second", "data/a/1.wav", 0.3, seed=5)
    first = open_quietly(dataset)
    second = open_quietly(tmp_path / "second")
    assert_holds(first, dataset)
    assert_holds(second, tmp_path / "second")
    assert not (dataset / ".vschaos2").exists()


def test_no_place_for_the_cache_is_an_input_error(dataset, tmp_path, read_only):
    (tmp_path / "home").write_text("")
    with pytest.raises(InputError, match="let XDG_CACHE_HOME name a folder that can be written"):
        open_quietly(dataset)


# --- unusable files ---


def test_unusable_files_are_named_skipped_and_remembered(dataset, decoded, caplog):
    (dataset / "data/broken.wav").write_bytes(b"RIFF nothing")
    (dataset / "data/empty.ogg").write_bytes(b"")
    for decodings in (6, 6):  # named both times, decoded once
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            cache = open_quietly(dataset)
        messages = [record.getMessage() for record in caplog.records]
        assert len(messages) == 3
        assert messages[0].startswith("skipped data/broken.wav: cannot be decoded (")
        assert messages[1] == "skipped data/empty.ogg: is empty (0 bytes)"
        assert messages[2].startswith("skipped 2 of 6 files")
        assert len(cache.files) == 4 and len(decoded) == decodings
    write(dataset, "data/broken.wav", seed=3)
    assert "data/broken.wav" in [file.path for file in open_quietly(dataset).files]


def test_mended_permissions_are_noticed(dataset, decoded, monkeypatch):
    def closed(path, *_):
        raise UnreadableAudio(path, "cannot be opened (Permission denied)")

    with monkeypatch.context() as patch:
        patch.setattr(cache_decode, "read_blocks", closed)
        with pytest.raises(InputError, match="Permission denied"):
            open_quietly(dataset)
    with pytest.raises(InputError):
        open_quietly(dataset)
    assert decoded == []
    time.sleep(0.01)
    (dataset / "data/3.flac").chmod(0o600)  # size and mtime stay as they were
    assert [file.path for file in open_quietly(dataset).files] == ["data/3.flac"]


def test_nothing_usable_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"no sound file under .*\.flac"):
        open_quietly(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(InputError, match=r"none of the 1 sound files .*a.wav: is empty"):
        open_quietly(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        open_quietly(tmp_path / "nowhere")


@pytest.mark.parametrize("option", ["n_files", "workers"])
def test_counts_below_one_are_refused(dataset, option):
    with pytest.raises(InputError, match=f"{option} must be at least 1, got 0"):
        open_quietly(dataset, **{option: 0})


@pytest.mark.parametrize("rate_hz", [0, -1, 1e15, 10**15, 44100.0, True, "44100", math.nan])
def test_sample_rates_that_no_sound_has_are_refused(dataset, rate_hz):
    with pytest.raises(InputError, match="sample_rate_hz must be a whole number from 1 to"):
        open_cache(dataset, rate_hz)
    assert not (dataset / ".vschaos2").exists()
