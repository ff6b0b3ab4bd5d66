import logging

import numpy as np
import pytest
import soundfile
from test_dataset import make_cache, rows

from vschaos2.data.dataset import SequentialWindows, WindowBatches, WindowReader
from vschaos2.data.module import WindowDataModule
from vschaos2.data.stretches import (
    MOST_STRETCHES,
    Split,
    Stretch,
    between,
    split,
    spread,
    with_stretch,
    without_stretch,
)
from vschaos2.monitor.excerpts import excerpts

RATE_HZ = 8_000


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.3, 0.9])
@pytest.mark.parametrize("seconds", [3, 40, 2_000])  # of make_cache's 100 Hz
def test_stretches_are_the_fraction_in_order_and_apart(tmp_path, fraction, seconds):
    cache = make_cache(tmp_path, (100 * seconds,))
    found = spread(cache, fraction, 7)
    held_out = sum(end - first for first, end in found)
    assert held_out == pytest.approx(fraction * 100 * seconds, abs=MOST_STRETCHES)
    assert len(found) == min(max(int(fraction * seconds / 2.0), 1), 8)
    room = 100 * seconds / len(found) - (found[0].end - found[0].first)
    for stretch in between(found, 100 * seconds):
        assert stretch.end - stretch.first >= room / 4 - 1
    assert found == spread(cache, fraction, 7) != spread(cache, fraction, 8)


def test_no_window_holds_samples_of_both_sides_and_windows_hold_all_others(tmp_path):
    cache = make_cache(tmp_path, (4_000,))
    sides = split(cache, 0.2, 0, 16)
    assert len(sides.held_out) == 4 and len(sides.training) == 5
    reader = WindowReader(cache, sides.training, 16, 4, stretches=sides.training_stretches)
    training = WindowBatches(reader, 1000, 40, 0)
    reader = WindowReader(cache, sides.held_out, 16, 4, stretches=sides.held_out_stretches)
    held_out = SequentialWindows(reader, 64)
    # Sample i is i + 1, and 0 is the silence around the recording.
    trained, kept = ({int(x) for row in rows(b) for x in row} for b in (training, held_out))
    assert trained & kept == set()
    for stretch in sides.held_out_stretches:
        assert not set(range(stretch.first + 1, stretch.end + 1)) & trained
    assert len(trained - {0}) == 4_000 - 800
    firsts = {row[0] for row in rows(held_out)}
    assert {s.first + 1 for s in sides.held_out_stretches} <= firsts


def test_sound_is_held_out_where_there_is_any(tmp_path):
    cache = make_cache(tmp_path, (4_000,))
    flat = np.zeros(4_000, np.float32)
    flat[350:500] = 0.5  # within reach of the only stretch, but not of every draw
    flat.tofile(tmp_path / "flat.f32")
    quiet = type(cache)(tmp_path / "flat.f32", cache.files, 100, 4_000)
    for seed in range(20):
        first = spread(quiet, 0.2, seed)[0]
        assert np.abs(flat[first.first : first.end]).max() == 0.5


@pytest.mark.parametrize("window_samples", [200, 5_000])
def test_a_recording_without_room_does_both_with_a_warning(tmp_path, caplog, window_samples):
    cache = make_cache(tmp_path, (1_500,))
    with caplog.at_level(logging.WARNING):
        assert split(cache, 0.1, 0, window_samples) == Split([0], [0])
    assert "only recording" in caplog.text


def test_several_files_are_split_as_files(tmp_path):
    cache = make_cache(tmp_path, (50_000, 50_000))
    sides = split(cache, 0.1, 0, 16)
    assert sorted(sides.training + sides.held_out) == [0, 1]
    assert sides.training_stretches is None and sides.held_out_stretches is None


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_a_line_brings_its_stretch_back_to_the_sample(rate_hz):
    for first in (1, 7, 44_099, 10**8 + 1):
        line = with_stretch("a b/c.wav", Stretch(first, first + 3), rate_hz)
        name, seconds = without_stretch(line)
        assert name == "a b/c.wav"
        assert [round(s * rate_hz) for s in seconds] == [first, first + 3]


@pytest.mark.parametrize("line", ["a.wav", "a\tb.wav", "a.wav\t2.0\t1.0", "a\t1\t2", "a\tnan\t2.0"])
def test_other_lines_are_names(line):
    assert without_stretch(line) == (line, None)


def test_excerpts_are_parts_of_the_stretches(tmp_path):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 40 * RATE_HZ)
    soundfile.write(tmp_path / "long.wav", sound, RATE_HZ, "FLOAT")
    data = WindowDataModule(tmp_path, RATE_HZ, None, 0.2, 1024, 1200, 256, 8, 2, 64, 0)
    assert len(data.held_out) == 4 and all(x.startswith("long.wav\t") for x in data.held_out)
    found = excerpts(data, 3, 1.0, [])
    assert [excerpt.name for excerpt in found] == ["long-1", "long-2", "long-3"]
    whole = data.cache.read(0)
    for excerpt, place in zip(found, (0, 1, 2), strict=True):
        first, end = data.validation_stretches[place]
        inside = np.lib.stride_tricks.sliding_window_view(whole[first:end], RATE_HZ)
        assert (inside == excerpt.sound[:RATE_HZ]).all(1).sum() == 1
    assert (
        data.state_dict()["recordings"]
        != WindowDataModule(
            tmp_path, RATE_HZ, None, 0.2, 1024, 1200, 256, 8, 2, 64, 1
        ).state_dict()["recordings"]
    )
