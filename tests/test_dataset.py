import dataclasses
import logging
import sys
from itertools import combinations
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from vschaos2.data.cache import CachedFile, SampleCache
from vschaos2.data.dataset import SequentialWindows, WindowBatches, WindowReader
from vschaos2.data.splits import split_files
from vschaos2.errors import InputError

RATE = 100
LENGTHS = (50, 3, 200, 1, 16)


def make_cache(folder, lengths=LENGTHS, names=None):
    """Files of known lengths whose samples are all different: sample i of the flat file is i+1."""
    np.arange(1, sum(lengths) + 1, dtype=np.float32).tofile(folder / "flat.f32")
    starts = np.cumsum((0, *lengths))
    names = names or [f"data/{number}.wav" for number in range(len(lengths))]
    files = [
        CachedFile(name, int(start), length, 0.1, 0.5)
        for name, start, length in zip(names, starts, lengths, strict=False)
    ]
    # Stored out of order, as after many additions: start and index tell nothing of each other.
    return SampleCache(folder / "flat.f32", files[::-1], RATE, sum(lengths))


@pytest.fixture
def cache(tmp_path):
    return make_cache(tmp_path)


def window(cache, file, start, window_samples):
    """Oracle: one window, sample by sample."""
    signal = cache.read(file)
    return [
        signal[start + i] if 0 <= start + i < len(signal) else 0.0 for i in range(window_samples)
    ]


def starts_of(cache, file, window_samples, hop_samples):
    """Oracle: every start from hop - W to length - hop, or the first where there is none."""
    first = hop_samples - window_samples
    return list(range(first, cache.files[file].length - hop_samples + 1)) or [first]


class FileAndSeconds:
    """Labels that say where they were asked for."""

    tasks = ("file", "seconds")

    def at(self, file_index, seconds):
        return {"file": file_index.astype(np.float32), "seconds": seconds.astype(np.float32)}


def rows(batches):
    return [tuple(row.tolist()) for batch in batches for row in batch["waveform"]]


def random_windows(
    cache, file_indices, window_samples, batch_size, batches_per_epoch, seed, hop_samples,
    labels=None, sequence=1, **place,
):  # fmt: skip
    reader = WindowReader(cache, file_indices, window_samples, hop_samples, labels, sequence)
    return WindowBatches(reader, batch_size, batches_per_epoch, seed, **place)


def fixed_windows(
    cache, file_indices, window_samples, batch_size, hop_samples, labels=None, sequence=1, **place
):
    reader = WindowReader(cache, file_indices, window_samples, hop_samples, labels, sequence)
    return SequentialWindows(reader, batch_size, **place)


# --- random windows ---


@pytest.mark.parametrize(("window_samples", "hop_samples"), [(16, 4), (16, 16), (40, 1), (300, 75)])
def test_random_windows_are_all_windows_and_no_others(cache, window_samples, hop_samples):
    indices = [4, 2, 0, 1]
    batches = random_windows(cache, indices, window_samples, 500, 20, 1, hop_samples)
    possible = {
        tuple(window(cache, file, start, window_samples))
        for file in indices
        for start in starts_of(cache, file, window_samples, hop_samples)
    }
    drawn = rows(batches)
    assert len(drawn) == 10_000
    assert set(drawn) == possible


def test_every_position_in_time_is_equally_likely(tmp_path):
    cache = make_cache(tmp_path, (50, 5, 20))
    batches = random_windows(cache, [0, 1, 2], 8, 1000, 90, 3, 2)
    counts = dict.fromkeys(
        (
            tuple(window(cache, file, start, 8))
            for file in range(3)
            for start in starts_of(cache, file, 8, 2)
        ),
        0,
    )
    for row in rows(batches):
        counts[row] += 1
    expected = 90_000 / len(counts)
    chi_squared = sum((count - expected) ** 2 / expected for count in counts.values())
    # χ² of n - 1 degrees of freedom has mean n - 1 and variance 2(n - 1): five sigma.
    freedom = len(counts) - 1
    assert abs(chi_squared - freedom) < 5 * np.sqrt(2 * freedom)


def test_short_file_is_padded_exactly(tmp_path):
    cache = make_cache(tmp_path, (3,))
    drawn = set(rows(random_windows(cache, [0], 5, 200, 1, 0, 2)))
    assert drawn == {
        (0.0, 0.0, 0.0, 1.0, 2.0),
        (0.0, 0.0, 1.0, 2.0, 3.0),
        (0.0, 1.0, 2.0, 3.0, 0.0),
        (1.0, 2.0, 3.0, 0.0, 0.0),
        (2.0, 3.0, 0.0, 0.0, 0.0),
    }


def test_each_window_holds_a_hop_of_its_file(cache):
    batch = random_windows(cache, [0, 2, 4], 16, 4000, 1, 0, 5).batch_at(0, 0)
    assert int((batch["waveform"] != 0).sum(1).min()) == 5


def test_draw_is_a_function_of_seed_epoch_rank_and_step(cache):
    def drawn(seed=1, epoch=2, rank=0, step=3):
        batches = random_windows(cache, [0, 2], 16, 32, 10, seed, 4, rank=rank, world_size=4)
        return batches.batch_at(epoch, step)["waveform"]

    assert torch.equal(drawn(), drawn())
    for other in (drawn(seed=2), drawn(epoch=3), drawn(rank=1), drawn(step=2)):
        assert not torch.equal(drawn(), other)


def test_training_resumes_at_any_batch(cache):
    def fresh():
        return random_windows(cache, [0, 2, 4], 16, 8, 6, 11, 4)

    uninterrupted = fresh()
    epochs = [rows(uninterrupted) for _ in range(3)]
    assert len({tuple(epoch) for epoch in epochs}) == 3
    resumed = fresh()
    resumed.set_position(1, 4)
    assert rows(resumed) == epochs[1][4 * 8 :]
    assert rows(resumed) == epochs[2]
    resumed.set_position(0)
    assert rows(resumed) == epochs[0]
    resumed.set_position(1, 6)
    assert rows(resumed) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_loader_keeps_the_batches_and_their_order(cache, workers):
    batches = random_windows(cache, [0, 2], 16, 8, 5, 1, 4, labels=FileAndSeconds())
    loader = DataLoader(batches, batch_size=None, num_workers=workers)
    assert len(loader) == 5
    batches.set_position(3, 1)
    expected = [batches.batch_at(3, step) for step in range(1, 5)]
    for got, wanted in zip(loader, expected, strict=True):
        assert torch.equal(got["waveform"], wanted["waveform"])
        assert torch.equal(got["labels"]["seconds"], wanted["labels"]["seconds"])


def test_batches_own_their_memory(cache):
    batches = random_windows(cache, [0, 2], 16, 8, 5, 1, 4)
    batches.batch_at(0, 0)["waveform"].fill_(-1.0)
    assert float(batches.batch_at(0, 0)["waveform"].min()) >= 0.0
    assert batches.batch_at(0, 0)["waveform"].dtype == torch.float32


# --- sequential windows ---


@pytest.mark.parametrize(("window_samples", "hop_samples"), [(16, 4), (16, 16), (40, 1), (300, 75)])
@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_sequential_windows_are_every_hop_in_order(cache, window_samples, hop_samples, batch_size):
    indices = [3, 0, 2]
    windows = fixed_windows(cache, indices, window_samples, batch_size, hop_samples)
    expected = [
        tuple(window(cache, file, start, window_samples))
        for file in indices
        for start in starts_of(cache, file, window_samples, hop_samples)[::hop_samples]
    ]
    assert rows(windows) == expected
    assert rows(windows) == expected
    assert len(windows) == -(-len(expected) // batch_size) == len(list(windows))


def test_subset_is_evenly_spaced_over_all_windows(cache):
    every = rows(fixed_windows(cache, range(5), 16, 10, 4))
    some = rows(fixed_windows(cache, range(5), 16, 10, 4, max_windows=20))
    assert some == [every[i * len(every) // 20] for i in range(20)]
    assert rows(fixed_windows(cache, range(5), 16, 10, 4, max_windows=10**6)) == every


def test_ranks_share_the_windows(cache):
    every = rows(fixed_windows(cache, range(5), 16, 10, 4, max_windows=31))
    shares = [
        rows(fixed_windows(cache, range(5), 16, 10, 4, max_windows=31, rank=r, world_size=3))
        for r in range(3)
    ]
    assert [shares[i % 3][i // 3] for i in range(31)] == every
    assert sum(map(len, shares)) == 31


# --- labels ---


def test_labels_are_asked_at_the_centre_of_each_window(cache):
    batches = random_windows(cache, [2, 4], 16, 200, 1, 0, 4, labels=FileAndSeconds())
    (batch,) = list(batches)
    assert set(batch["labels"]) == {"file", "seconds"}
    for row, file, seconds in zip(
        batch["waveform"], batch["labels"]["file"], batch["labels"]["seconds"], strict=True
    ):
        length = cache.files[int(file)].length
        (start,) = (
            start
            for start in starts_of(cache, int(file), 16, 4)
            if row.tolist() == window(cache, int(file), start, 16)
        )
        assert float(seconds) == pytest.approx(min(max(start + 8, 0), length) / RATE)
    assert batch["labels"]["file"].dtype == torch.float32
    assert set(batch["labels"]["file"].tolist()) == {2.0, 4.0}


def test_without_a_source_there_are_no_labels(cache):
    assert random_windows(cache, [0], 16, 2, 1, 0, 4).batch_at(0, 0)["labels"] == {}


# --- split ---


def named_cache(folder, names):
    return make_cache(folder, (1,) * len(names), sorted(names, reverse=True))


def held_out(cache, fraction=0.2, seed=0):
    return {cache.files[i].path for i in split_files(cache, fraction, seed)[1]}


NAMES = [f"data/{folder}/{number}.wav" for folder in "abcd" for number in range(10)]


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.2, 0.5, 0.99])
@pytest.mark.parametrize("count", [2, 3, 40])
def test_split_is_a_partition_with_both_parts(tmp_path, fraction, count):
    cache = named_cache(tmp_path, NAMES[:count])
    training, validation = split_files(cache, fraction, seed=5)
    assert sorted(training + validation) == list(range(count))
    assert training and validation
    assert len(validation) == min(max(round(fraction * count), 1), count - 1)


def test_every_folder_is_held_out_from_in_proportion(tmp_path):
    for seed in range(10):
        validation = held_out(named_cache(tmp_path, NAMES), 0.2, seed)
        folders = [PurePosixPath(path).parent.name for path in validation]
        assert [folders.count(folder) for folder in "abcd"] == [2, 2, 2, 2]


def test_split_depends_on_names_and_seed_alone(tmp_path):
    cache = named_cache(tmp_path, NAMES)
    (tmp_path / "other").mkdir()
    shuffled = make_cache(
        tmp_path / "other", (7,) * 40, list(np.random.default_rng(0).permutation(NAMES))
    )
    assert held_out(cache) == held_out(shuffled)
    assert len({frozenset(held_out(cache, seed=seed)) for seed in range(10)}) == 10


def test_few_files_change_sides_when_one_is_added(tmp_path):
    before = held_out(named_cache(tmp_path, NAMES))
    for number in range(20):
        after = held_out(named_cache(tmp_path, [*NAMES, f"data/a/new{number}.wav"]))
        assert len(before - after) <= 2 and len((after & set(NAMES)) - before) <= 2


def test_single_file_is_in_both_parts_with_a_warning(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        assert split_files(named_cache(tmp_path, NAMES[:1]), 0.1, 0) == ([0], [0])
    assert "only recording" in caplog.text


@pytest.mark.parametrize("seed", range(4))
def test_silent_files_take_neither_side_alone(tmp_path, seed):
    cache = named_cache(tmp_path, NAMES[:6])

    def sounding(side, *numbers):
        for number, file in enumerate(cache.files):
            peak = 0.5 if number in numbers else 0.0
            cache.files[number] = dataclasses.replace(file, peak=peak)
        training, validation = split_files(cache, 0.3, seed)
        assert sorted(training + validation) == list(range(6)) and len(validation) == 2
        return set(numbers) & set((training, validation)[side])

    for number in range(6):
        assert sounding(0, number) == {number}
    for pair in combinations(range(6), 2):
        assert len(sounding(0, *pair)) == 1
        assert len(sounding(1, *pair)) == 1


# --- refusals ---


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file_indices": []}, "file_indices is empty"),
        ({"hop_samples": 17}, "from 1 to window_samples=16, got 17"),
        ({"hop_samples": 0}, "got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batches_per_epoch": 0}, "batches_per_epoch must be at least 1, got 0"),
        ({"seed": -1}, "seed must be 0 or more, got -1"),
        ({"rank": 2, "world_size": 2}, r"rank must be in \[0, world_size=2\), got 2"),
    ],
)
def test_arguments_out_of_range_are_refused(cache, change, message):
    good = {
        "file_indices": [0], "window_samples": 16, "batch_size": 1, "batches_per_epoch": 1,
        "seed": 0, "hop_samples": 4,
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        random_windows(cache, **{**good, **change})


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5])
def test_impossible_fractions_are_refused(cache, fraction):
    with pytest.raises(InputError, match="validation_fraction must be in"):
        split_files(cache, fraction, 0)


def test_positions_outside_the_epoch_are_refused(cache):
    with pytest.raises(ValueError, match="batch=7"):
        random_windows(cache, [0], 16, 1, 6, 0, 4).set_position(0, 7)


# --- memory ---


def resident_bytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_ten_hours_train_in_bounded_memory(tmp_path):
    total = 10 * 3600 * 44100
    with (tmp_path / "flat.f32").open("wb") as file:
        file.truncate(4 * total)
    hours = [CachedFile(f"{h}.wav", h * total // 10, total // 10, 0.1, 0.5) for h in range(10)]
    before = resident_bytes()
    cache = SampleCache(tmp_path / "flat.f32", hours, 44100, total)
    batches = random_windows(cache, range(10), 2048, 256, 50, 0, 512)
    assert max(resident_bytes() - before for _ in batches) < 50e6
