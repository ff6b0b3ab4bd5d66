import logging
import math
import os
import resource
import sys
import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
from forked import run_forked

from vschaos2.errors import InputError
from vschaos2.labels.metadata import load_metadata, read_task
from vschaos2.pitch.extraction import extract_pitch, pitch_and_octave, segments
from vschaos2.pitch.following import PitchTrack, follow_pitch
from vschaos2.pitch.methods import make_tracker
from vschaos2.pitch.trackers import SAMPLE_RATE_HZ, PyinTracker, SwiftTracker, installed, refine_f0
from vschaos2.pitch_classes import OCTAVE_CLASSES, PITCH_CLASSES
from vschaos2.programs.pitch import main as extract_pitch_program

ROOT = Path(__file__).parents[1]
RATE = 22_050


def sine(f0_hz: float, seconds: float, rate_hz: int = RATE, level: float = 0.3) -> np.ndarray:
    return level * np.sin(2 * np.pi * f0_hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def sawtooth(f0_hz: float, seconds: float, rate_hz: int = RATE) -> np.ndarray:
    harmonics = range(1, int(0.45 * min(rate_hz, 16_000) / f0_hz) + 1)
    return sum(sine(k * f0_hz, seconds, rate_hz, 0.2 / k) for k in harmonics)


def noise(seconds: float, level: float = 0.1, seed: int = 0) -> np.ndarray:
    return level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


class Counter:
    """A tracker with no model: f0 from the zero crossings of a cell, periodic if it is loud."""

    hop_samples = 160
    threshold = 0.5
    threads = True

    def __init__(self, settings: str = "counter") -> None:
        self.settings = settings
        self.calls = 0
        self.lock = threading.Lock()

    def __call__(self, waveform):
        with self.lock:
            self.calls += 1
        cells = waveform[: len(waveform) // 160 * 160].reshape(-1, 160)
        crossings = (np.diff(np.signbit(cells).astype(int), axis=1) != 0).sum(1)
        peak = np.abs(cells).max(1).astype(np.float64)
        return crossings * SAMPLE_RATE_HZ / 320.0, np.minimum(peak * 2, 1.0)


def write(path: Path, samples: np.ndarray, rate_hz: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype="FLOAT")
    return path


def track_text(root: Path, task: str, name: str) -> list[str]:
    path = root / "metadata" / task / "tracks" / f"{name}.txt"
    return path.read_text().splitlines()[1:]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two equal names in two folders, an octave and two keys apart."""
    root = tmp_path / "set"
    write(root / "data/low/tone.wav", sine(400, 0.5))
    write(root / "data/high/tone.wav", sine(900, 0.5))
    return root


# Labels


@pytest.mark.parametrize("midi", range(9, 117))
def test_labels_are_those_of_the_demo_dataset(midi):
    f0_hz = 440.0 * 2.0 ** ((np.array([midi - 0.49, midi, midi + 0.49]) - 69) / 12)
    labels = pitch_and_octave(f0_hz, np.ones(3, bool))
    assert labels["pitch"].tolist() == [(midi + 3) % 12] * 3
    assert labels["octave"].tolist() == [int((midi + 3) / 12 - 1)] * 3


def test_no_label_without_pitch_or_outside_of_nine_octaves():
    f0_hz = np.array([0.0, 440.0, 440.0, 13.0, 7000.0])
    labels = pitch_and_octave(f0_hz, np.array([False, True, False, True, True]))
    assert labels["pitch"].tolist() == [-1, 0, -1, -1, -1]
    assert labels["octave"].tolist() == [-1, 5, -1, -1, -1]


def test_runs_of_equal_classes_merge_and_cover_the_time():
    edges_s = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.45])
    found = list(segments(np.array([-1, 3, 3, 3, 4]), edges_s))
    assert found == [(0.0, 0.1, -1), (0.1, 0.4, 3), (0.4, 0.45, 4)]
    assert list(segments(np.array([7]), np.array([0.0, 0.2]))) == [(0.0, 0.2, 7)]


# Trackers


KEYS = [440.0 * 2.0 ** ((midi - 69) / 12) for midi in range(33, 95, 3)]


def cents_off(tracker, waveform: np.ndarray, f0_hz: float) -> np.ndarray:
    """Cents from f0 of the voiced cells, most of those inside the outer 100 ms."""
    found, periodicity = tracker(waveform.astype(np.float32))
    inner = slice(1600 // tracker.hop_samples, -1600 // tracker.hop_samples)
    voiced = periodicity[inner] >= tracker.threshold
    assert voiced.mean() > 0.7
    return 1200 * np.log2(found[inner][voiced] / f0_hz)


@pytest.fixture(scope="module")
def swift() -> SwiftTracker:
    return SwiftTracker(50.0, 2000.0)


@pytest.mark.parametrize("f0_hz", KEYS)
@pytest.mark.parametrize("wave", [sine, sawtooth])
def test_swift_finds_tones_over_its_whole_range(swift, wave, f0_hz):
    cents = cents_off(swift, wave(f0_hz, 0.5, SAMPLE_RATE_HZ), f0_hz)
    assert np.abs(cents).max() < 25


@pytest.mark.parametrize("f0_hz", [65.0, 220.0, 880.0])
def test_pyin_finds_tones(f0_hz):
    tracker = PyinTracker(0.016, 50.0, 2000.0)
    cents = cents_off(tracker, sawtooth(f0_hz, 0.4, SAMPLE_RATE_HZ), f0_hz)
    assert np.abs(cents).max() < 25


@pytest.mark.parametrize("method", ["swift", "pyin"])
def test_cells_lie_where_they_say(method):
    """A tone that jumps a fifth in the middle jumps in the cell that holds the jump, or beside."""
    tracker = make_tracker(method, 0.016, 50.0, 2000.0)
    waveform = np.concatenate([sawtooth(f, 0.5, SAMPLE_RATE_HZ) for f in (300.0, 450.0)])
    f0_hz, _ = tracker(waveform.astype(np.float32))
    assert len(f0_hz) == len(waveform) // tracker.hop_samples
    jump = np.argmax(f0_hz > 367)
    assert abs(jump * tracker.hop_samples - 8000) <= 2 * tracker.hop_samples


@pytest.mark.parametrize("sound", ["silence", "white", "offset", "faint"])
def test_swift_hears_no_pitch_where_there_is_none(swift, tmp_path, sound):
    samples = {
        "silence": np.zeros(RATE),
        "white": noise(1.0),
        "offset": np.full(RATE, 0.1),
        "faint": noise(1.0, 1e-5),
    }[sound]
    track = follow_pitch(write(tmp_path / "a.wav", samples), swift)
    assert (track.periodicity >= swift.threshold).mean() < 0.03


@pytest.mark.parametrize("wrong_cents", [-150, 0, 150])
def test_refining_finds_the_period_of_a_sine(wrong_cents):
    f0_hz = 97.3
    waveform = sine(f0_hz, 0.2, SAMPLE_RATE_HZ).astype(np.float32)
    guess = np.full(3, f0_hz * 2 ** (wrong_cents / 1200))
    found = refine_f0(waveform, guess, np.array([1000, 1600, 2200]))
    assert np.abs(1200 * np.log2(found / f0_hz)).max() < 5


def test_refining_matches_a_slow_loop():
    waveform = noise(0.1, 0.3).astype(np.float32)
    padded = np.pad(waveform.astype(np.float64), 512)
    f0_hz, centre = 100.0, 1100
    x = padded[centre : centre + 1024]

    def n(lag):
        a, b = x[:-lag], x[lag:]
        return 2 * (a * b).sum() / (a**2 + b**2).sum()

    lags = [lag for lag in range(1, 1023) if abs(12 * math.log2(lag * f0_hz / 16_000)) <= 2]
    best = max(lags, key=n)
    before, top, after = n(best - 1), n(best), n(best + 1)
    expected = f0_hz
    if before <= top >= after:
        expected = 16_000 / (best + (after - before) / 2 / (2 * top - before - after))
    assert refine_f0(waveform, np.array([f0_hz]), np.array([centre]))[0] == pytest.approx(expected)


@pytest.mark.skipif(find_spec("torchcrepe") is None, reason="requirements-pitch.txt is optional")
def test_crepe_imports_without_torchaudio_and_finds_tones():
    before = {name for name in ("torchaudio", "resampy") if name in sys.modules}
    tracker = make_tracker("crepe", 0.016, 50.0, 2000.0, "tiny", 7, "cpu")
    assert {name for name in ("torchaudio", "resampy") if name in sys.modules} == before
    cents = cents_off(tracker, sawtooth(440.0, 0.5, SAMPLE_RATE_HZ), 440.0)
    assert np.abs(cents).max() < 25


def test_what_is_not_installed_is_named_with_the_remedy():
    with pytest.raises(InputError, match="no_such_tracker is not installed: run pip install"):
        installed("no_such_tracker")


def test_most_probable_path_passes_over_a_single_wrong_bin():
    from vschaos2.pitch.crepe import most_probable_path

    probability = np.full((9, 60), 0.01)
    probability[:, 20] = 0.8
    probability[4, 20] = 0.3
    probability[4, 50] = 0.7
    assert most_probable_path(probability).tolist() == [20] * 9


@pytest.mark.parametrize(
    ("method", "fmin_hz", "fmax_hz"),
    [
        ("swift", 40, 2000),
        ("swift", 50, 3000),
        ("pyin", 500, 400),
        ("pyin", 440, 441),
        ("x", 50, 99),
    ],
)
def test_ranges_and_names_of_methods_are_checked(method, fmin_hz, fmax_hz):
    with pytest.raises(InputError, match="--method"):
        make_tracker(method, 0.016, fmin_hz, fmax_hz)


# Following a file


def test_a_long_file_in_pieces_is_followed_as_in_one(swift, tmp_path, monkeypatch):
    melody = np.concatenate([sawtooth(f, 0.9) for f in (110, 165, 220, 147, 196, 130)])
    path = write(tmp_path / "melody.wav", melody + noise(5.4, 0.003))
    whole = follow_pitch(path, swift)
    monkeypatch.setattr("vschaos2.pitch.following.PIECE_S", 2)
    pieces = follow_pitch(path, swift)
    np.testing.assert_allclose(pieces.periodicity, whole.periodicity, atol=1e-3)
    voiced = whole.periodicity >= swift.threshold
    np.testing.assert_allclose(pieces.f0_hz[voiced], whole.f0_hz[voiced], rtol=1e-3)


@pytest.mark.parametrize("samples", [1, 100, 4410, 4411])
def test_cells_cover_the_recording(tmp_path, samples):
    path = write(tmp_path / "a.wav", sine(400, 1.0)[:samples])
    f0_hz, periodicity, edges_s = follow_pitch(path, Counter()).cells(256)
    assert len(f0_hz) == len(periodicity) == len(edges_s) - 1 == math.ceil(samples / 256)
    assert edges_s[0] == 0.0
    assert edges_s[-1] == pytest.approx(samples / RATE)
    assert (np.diff(edges_s) > 0).all()


@pytest.mark.parametrize(("hop_length", "rate_hz"), [(256, 44_100), (100, 8_000), (2000, 22_050)])
def test_every_cell_takes_the_tracker_s_cell_at_its_middle(hop_length, rate_hz):
    found = np.arange(50.0)  # 50 cells of 16 ms
    samples = round(0.8 * rate_hz) + 3
    track = PitchTrack(found, found / 50, 0.016, samples, rate_hz)
    f0_hz, periodicity, edges_s = track.cells(hop_length)
    for index in range(math.ceil(samples / hop_length)):
        first, last = index * hop_length, min((index + 1) * hop_length, samples)
        expected = min(49, math.floor((first + last) / 2 / rate_hz / 0.016))
        assert (f0_hz[index], periodicity[index]) == (expected, expected / 50)
        assert (edges_s[index], edges_s[index + 1]) == (first / rate_hz, last / rate_hz)


def test_stereo_follows_the_more_periodic_channel(swift, tmp_path):
    tone, hiss = sawtooth(220, 1.0), noise(1.0)
    crossed = np.stack([np.r_[tone, hiss], np.r_[hiss, tone]], 1)
    track = follow_pitch(write(tmp_path / "crossed.wav", crossed), swift)
    inner = np.r_[8:50, 75:117]
    assert np.abs(1200 * np.log2(track.f0_hz[inner] / 220)).max() < 25
    assert (track.periodicity[inner] >= swift.threshold).all()


def test_a_channel_that_cancels_the_other_is_no_silence(swift, tmp_path):
    tone = sawtooth(220, 0.5)
    track = follow_pitch(write(tmp_path / "inverted.wav", np.stack([tone, -tone], 1)), swift)
    assert (track.periodicity[5:-5] >= swift.threshold).all()


def test_equal_channels_are_followed_once(tmp_path):
    counter = Counter()
    tone = sine(400, 0.5)
    follow_pitch(write(tmp_path / "a.wav", np.stack([tone, tone], 1)), counter)
    assert counter.calls == 1


# The dataset folder


def test_layout_of_the_metadata(dataset):
    done = extract_pitch(dataset, Counter(), hop_length=441, progress=False)
    assert (done.files, done.resumed, done.unreadable) == (2, 0, [])
    # 400 and 900 Hz are keys 67.35 and 81.39: G, octave 4, and A, octave 6.
    for task, low, high in (("pitch", 10, 0), ("octave", 4, 6)):
        metadata = (dataset / "metadata" / task / "metadata.txt").read_text().splitlines()
        assert metadata[0].startswith("#")
        assert metadata[1:] == [
            "data/high/tone.wav\ttracks/high/tone.wav.txt",
            "data/low/tone.wav\ttracks/low/tone.wav.txt",
        ]
        assert track_text(dataset, task, "low/tone.wav") == [f"0.000000,0.500000\t{low}"]
        assert track_text(dataset, task, "high/tone.wav") == [f"0.000000,0.500000\t{high}"]
    classes = (dataset / "metadata/pitch/classes.txt").read_text().splitlines()
    assert classes[:4] == ["0\tA", "1\tA#", "2\tB", "3\tC"] and len(classes) == 12
    octaves = (dataset / "metadata/octave/classes.txt").read_text().splitlines()
    assert octaves == [f"{index}\t{index}" for index in range(9)]


def test_training_reads_what_was_extracted(dataset):
    write(dataset / "data/gap.wav", np.r_[sine(400, 0.4), np.zeros(RATE // 2), sine(900, 0.4)])
    extract_pitch(dataset, Counter(), progress=False)
    files = ["data/gap.wav", "data/high/tone.wav", "data/low/tone.wav"]
    labels = load_metadata(dataset, files).at(
        np.array([0, 0, 0, 1, 2]), np.array([0.2, 0.6, 1.1, 0.25, 0.25])
    )
    np.testing.assert_array_equal(labels["pitch"], [10, np.nan, 0, 0, 10])
    np.testing.assert_array_equal(labels["octave"], [4, np.nan, 6, 6, 4])


def test_a_plain_folder_of_recordings_is_labelled_too(tmp_path):
    write(tmp_path / "a.wav", sine(400, 0.2))
    write(tmp_path / "a.flac.wav", sine(900, 0.2))
    extract_pitch(tmp_path, Counter(), progress=False)
    labels = load_metadata(tmp_path, ["a.flac.wav", "a.wav"]).at(
        np.array([0, 1]), np.array([0.1, 0.1])
    )
    assert labels["pitch"].tolist() == [0, 10]


def test_an_extraction_continues_where_it_was(dataset):
    extract_pitch(dataset, Counter(), progress=False)
    again = Counter()
    assert extract_pitch(dataset, again, progress=False).resumed == 2
    assert again.calls == 0
    newer = dataset / "data/low/tone.wav"
    stamp = (dataset / "metadata/octave/tracks/low/tone.wav.txt").stat().st_mtime + 10
    os.utime(newer, (stamp, stamp))
    (dataset / "metadata/octave/tracks/high/tone.wav.txt").unlink()
    write(dataset / "data/new.wav", sine(600, 0.2))
    assert extract_pitch(dataset, again, progress=False).resumed == 0
    assert again.calls == 3
    assert "data/new.wav" in (dataset / "metadata/pitch/metadata.txt").read_text()


@pytest.mark.parametrize(
    "change", [{"hop_length": 512}, {"threshold": 0.4}, {"tracker": Counter("other")}]
)
def test_tracks_made_in_another_way_are_made_again(dataset, change):
    extract_pitch(dataset, Counter(), progress=False)
    options = {"tracker": Counter(), **change}
    assert extract_pitch(dataset, progress=False, **options).resumed == 0


def test_killed_at_any_write_every_file_is_whole_or_absent(dataset, monkeypatch):
    extract_pitch(dataset, Counter(), progress=False)
    wanted = {path: path.read_bytes() for path in (dataset / "metadata").rglob("*.txt")}
    assert len(wanted) == 8

    class Killed(BaseException):
        pass

    replace = Path.replace
    for survived in range(8):
        for path in wanted:
            path.unlink()
        left = survived

        def dying(self, target):
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", dying)
        with pytest.raises(Killed):
            extract_pitch(dataset, Counter(), progress=False)
        monkeypatch.setattr(Path, "replace", replace)
        there = {path: path.read_bytes() for path in wanted if path.exists()}
        assert len(there) == survived
        assert there.items() <= wanted.items()
        # What names the tracks comes after them.
        if (dataset / "metadata/pitch/metadata.txt") in there:
            assert sum("tracks" in path.parts for path in there) == 4
        extract_pitch(dataset, Counter(), progress=False)
        assert {path: path.read_bytes() for path in wanted} == wanted


def test_labels_made_by_hand_are_kept(dataset):
    path = dataset / "metadata/octave/metadata.txt"
    path.parent.mkdir(parents=True)
    path.write_text("data/low/tone.wav\t4\n")
    with pytest.raises(InputError, match=r"octave/metadata\.txt was not written .*--overwrite"):
        extract_pitch(dataset, Counter(), progress=False)
    assert path.read_text() == "data/low/tone.wav\t4\n"
    assert not (dataset / "metadata/pitch").exists()
    extract_pitch(dataset, Counter(), overwrite=True, progress=False)
    assert "tracks/low/tone.wav.txt" in path.read_text()


def by_hand(root: Path, task: str, lines: str) -> Path:
    path = root / "metadata" / task / "metadata.txt"
    path.parent.mkdir(parents=True)
    path.write_text(lines)
    return path


def test_filling_keeps_every_label_and_adds_what_is_voiced_elsewhere(dataset):
    gap = np.r_[sine(400, 0.4), np.zeros(RATE // 2), sine(900, 0.4)]
    write(dataset / "data/gap.wav", gap)
    given = by_hand(dataset, "pitch", "data/low/tone.wav\t3\ndata/gap.wav\tgap.txt\n")
    (given.parent / "tracks").mkdir()
    (given.parent / "tracks/gap.txt").write_text("0.0,0.2\t7\n1.2,1.25\tnone\n1.25,1.3\t5\n")
    before = {path: path.read_bytes() for path in given.parent.rglob("*.txt")}
    extract_pitch(dataset, Counter(), hop_length=441, progress=False, fill=True)
    assert {path: path.read_bytes() for path in before} == before
    files = ["data/gap.wav", "data/high/tone.wav", "data/low/tone.wav"]
    # In the gap nothing sounds; what was called none is unlabelled, and heard.
    moments = {0.1: 7, 0.3: 10, 0.6: math.nan, 1.1: 0, 1.22: 0, 1.27: 5}
    labels = load_metadata(dataset, files).at(
        np.array([0] * len(moments) + [1, 2]), np.array([*moments, 0.25, 0.25])
    )
    np.testing.assert_array_equal(labels["pitch"], [*moments.values(), 0, 3])
    np.testing.assert_array_equal(labels["octave"], [4, 4, math.nan, 6, 6, 6, 6, 4])


def test_filled_labels_are_made_once_and_give_way_to_those_that_come_later(dataset):
    given = by_hand(dataset, "octave", "data/low/tone.wav\t8\n")
    extract_pitch(dataset, Counter(), progress=False, fill=True)
    again = Counter()
    assert extract_pitch(dataset, again, progress=False, fill=True).resumed == 2
    assert again.calls == 0
    given.write_text("data/low/tone.wav\t8\ndata/high/tone.wav\t1\n")
    labels = load_metadata(dataset, ["data/high/tone.wav", "data/low/tone.wav"]).at(
        np.array([0, 1]), np.array([0.25, 0.25])
    )
    assert labels["octave"].tolist() == [1, 8]


@pytest.mark.parametrize(("label", "part"), [(10, 1.0), (3, 0.0)])
def test_what_is_heard_is_held_against_what_was_given(dataset, label, part):
    folder = by_hand(dataset, "pitch", f"data/low/tone.wav\t{label}\n").parent
    extract_pitch(dataset, Counter(), hop_length=441, progress=False, fill=True)
    assert read_task(
        folder, ["data/high/tone.wav", "data/low/tone.wav"], {}
    ).agreed == pytest.approx(part)


def test_a_heard_list_made_by_hand_is_kept(dataset):
    given = by_hand(dataset, "pitch", "data/low/tone.wav\t3\n")
    (given.parent / "heard.txt").write_text("data/low/tone.wav\t4\n")
    with pytest.raises(InputError, match=r"pitch/heard\.txt was not written by extract_pitch"):
        extract_pitch(dataset, Counter(), progress=False, fill=True)
    assert (given.parent / "heard.txt").read_text() == "data/low/tone.wav\t4\n"


def test_unreadable_files_are_named_and_left_out(dataset, caplog):
    (dataset / "data/broken.wav").write_bytes(b"RIFF....")
    write(dataset / "data/nan.wav", np.array([0.0, np.nan]))
    with caplog.at_level(logging.WARNING):
        done = extract_pitch(dataset, Counter(), progress=False)
    assert sorted(path.name for path in done.unreadable) == ["broken.wav", "nan.wav"]
    assert done.files == 2
    assert "broken.wav" in caplog.text and "non-finite" in caplog.text
    assert "broken" not in (dataset / "metadata/pitch/metadata.txt").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.0}, "--threshold must be in"),
        ({"threshold": 1.5}, "--threshold must be in"),
        ({"hop_length": 0}, "--hop_length must be"),
    ],
)
def test_values_out_of_range_are_refused(dataset, options, message):
    with pytest.raises(InputError, match=message):
        extract_pitch(dataset, Counter(), progress=False, **options)


def test_folders_that_cannot_be_labelled_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        extract_pitch(tmp_path / "nowhere", Counter())
    with pytest.raises(InputError, match="no sound files"):
        extract_pitch(tmp_path, Counter())
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(InputError, match="none of the 1 sound files"):
        extract_pitch(tmp_path, Counter(), progress=False)


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
@pytest.mark.parametrize("name", ["a\tb.wav", "a\nb.wav", b"\xff.wav"])
def test_names_that_metadata_cannot_hold_are_left_out(dataset, name, caplog):
    path = dataset / "data" / os.fsdecode(name)
    try:
        path.write_bytes((dataset / "data/low/tone.wav").read_bytes())
    except OSError:
        pytest.skip("this file system has no such names")
    done = extract_pitch(dataset, Counter(), progress=False)
    assert done.files == 2
    named = [line for line in caplog.messages if repr(path.name)[1:-1] in line]
    assert len(named) == 1 and "rename it" in named[0] and "\n" not in named[0]
    listed = (dataset / "metadata/pitch/metadata.txt").read_text().splitlines()
    assert len(listed) == 3
    for other in (dataset / "data/low/tone.wav", dataset / "data/high/tone.wav"):
        other.unlink()
    with pytest.raises(InputError, match=r"metadata cannot name any|no sound files"):
        extract_pitch(dataset, Counter(), progress=False)


def test_a_full_disk_is_one_line_and_leaves_whole_tracks(dataset):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (0, 100, 150):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            with pytest.raises(InputError, match=r"cannot write .*\.txt: the disk is full"):
                extract_pitch(dataset, Counter(), progress=False)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list(dataset.rglob("*.tmp")) == []
        assert all(path.read_text().endswith("\n") for path in dataset.rglob("*.txt"))
    assert extract_pitch(dataset, Counter(), progress=False).files == 2


@pytest.mark.parametrize(
    "name",
    [
        *("metadata", "metadata/pitch", "metadata/octave", "metadata/pitch/tracks"),
        *("metadata/pitch/tracks/low", "metadata/pitch/metadata.txt", "metadata/pitch/classes.txt"),
        *("metadata/octave/.classes.txt.tmp", "metadata/pitch/tracks/low/tone.wav.txt"),
        "metadata/pitch/tracks/low/.tone.wav.txt.tmp",
    ],
)
def test_nothing_is_written_through_a_link(dataset, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("precious")
    link = dataset / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere / "precious" if name.endswith(("txt", "tmp")) else elsewhere)
    with suppress(InputError):
        extract_pitch(dataset, Counter(), progress=False, overwrite=True)
    assert [path.name for path in elsewhere.rglob("*")] == ["precious"]
    assert (elsewhere / "precious").read_text() == "precious"
    assert link.is_file() or link.is_symlink() or name.endswith("tmp")


def test_a_pipe_among_the_tracks_holds_nobody_up(dataset):
    for name in ("metadata.txt", "tracks/low/tone.wav.txt"):
        pipe = dataset / "metadata" / "pitch" / name
        pipe.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(pipe)
    assert extract_pitch(dataset, Counter(), progress=False).files == 2
    assert pipe.is_file()


def test_as_a_program(dataset):
    def extract(*arguments: str):
        return run_forked(ROOT / "extract_pitch.py", [*arguments], ROOT)

    done = extract(str(dataset), "-l", "512", "--model", "tiny")
    assert done.returncode == 0, done.stderr
    assert "2 files" in done.stdout and "100% of it voiced" in done.stdout
    assert "--model: only for --method crepe" in done.stderr
    assert extract(str(dataset), "-l", "512").stdout.count("2 from before") == 1
    labels = load_metadata(dataset, ["data/high/tone.wav", "data/low/tone.wav"]).at(
        np.array([0, 1]), np.array([0.25, 0.25])
    )
    assert labels["pitch"].tolist() == [0, 10]
    wrong = extract(str(dataset), "--method", "guess")
    assert wrong.returncode == 2
    assert wrong.stderr == "error: --method must be one of swift, crepe, pyin, got guess\n"


def test_classes_are_those_of_the_demo_dataset():
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        from demo_dataset import CLASSES
    finally:
        sys.path.pop(0)
    assert CLASSES["pitch"] == list(PITCH_CLASSES)
    assert CLASSES["octave"] == list(OCTAVE_CLASSES)


def test_labels_made_by_hand_are_kept_or_replaced_but_not_both(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["extract_pitch.py", str(tmp_path), "--fill", "--overwrite"])
    with pytest.raises(SystemExit) as stopped:
        extract_pitch_program()
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "--overwrite" in line and "--fill" in line
    assert list(tmp_path.iterdir()) == []
