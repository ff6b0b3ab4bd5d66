"""Folders of seeded noise, and what their sample caches must hold."""

import numpy as np
import pytest
import soundfile

from vschaos2.audio import read_audio
from vschaos2.data import cache_decode
from vschaos2.data.cache import open_cache

RATE = 44100


def write(root, name, seconds=0.1, seed=0, rate_hz=RATE):
    """A sound file of seeded noise."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).uniform(-0.9, 0.9, round(seconds * rate_hz))
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return path


def make_dataset(root):
    """Four files of several folders, formats and rates, and one that does not belong to them."""
    for number, name in enumerate(("data/b/2.wav", "data/a/1.wav", "data/3.flac", "data/b/1.wav")):
        write(root, name, 0.1 * (number + 1), seed=number, rate_hz=(44100, 48000)[number % 2])
    write(root, "other/outside_data.wav")
    return root


def make_small_dataset(root):
    """Two short files, decoded already."""
    for number in (3, 4):
        write(root, f"data/{number}.flac", 0.01, seed=number)
    open_quietly(root)
    return root


def count_decodings(monkeypatch):
    """The names of the files decoded since the last clear(), in no order."""
    names = []

    def counting(path, *rest):
        names.append(path.name)
        return read_blocks(path, *rest)

    read_blocks = cache_decode.read_blocks
    monkeypatch.setattr(cache_decode, "read_blocks", counting)
    return names


def open_quietly(root, **options):
    return open_cache(root, RATE, progress=False, **options)


def whole(cache):
    """All samples of a cache, end to end."""
    return cache.gather(np.array([0]), cache.total_samples)[0]


def assert_holds(cache, root):
    """Every file of the cache is what a direct read of it gives."""
    for index, file in enumerate(cache.files):
        expected = read_audio(root / file.path, RATE)
        np.testing.assert_array_equal(cache.read(index), expected)
        rows = cache.gather(np.array([file.start]), file.length)
        np.testing.assert_array_equal(rows[0], expected)
        assert file.rms == pytest.approx(np.sqrt(np.mean(expected.astype(np.float64) ** 2)))
        assert file.peak == np.abs(expected).max()
