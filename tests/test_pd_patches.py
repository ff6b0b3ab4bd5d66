# ruff: noqa: F811 (fixtures of another file)
"""The patches in patches/, opened and played by a real Pd."""

from pathlib import Path

import numpy as np
import pytest
from exports import export_run
from pd.runner import BLOCK, Patch, Played, record
from test_external import ROOT, assert_equal, compiler, hosted, library  # noqa: F401
from test_label_export import labelled_run

from vschaos2.pitch.extraction import pitch_and_octave

PATCHES = ROOT / "patches"
FLAGS = ("-lib", "vschaos~", "-path", str(PATCHES))
MS = 44.1  # samples

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]
PLAYED = {"conditioning": {"pitch": {"dim": 12}, "octave": {"dim": 9}}}
LATENTS = 4


@pytest.fixture(scope="module")
def played_path(tmp_path_factory) -> Path:
    """An instrument of four latents whose decoder is told pitch and octave."""
    return export_run(labelled_run(PLAYED), tmp_path_factory.mktemp("played"), "cello", blocks=2)


def errors(played: Played) -> list[str]:
    return [line for line in played.lines if "error" in line or "couldn't" in line]


def play_notes(
    folder: Path, library: Path, box: str, notes: list[tuple[float, str]], length: int
) -> Played:
    """Pitch, octave and level of [midi_labels …] for messages at times in samples."""
    patch = Patch()
    midi = patch.box(box)
    pitch, octave = patch.box("sig~ -9"), patch.box("sig~ -9")
    patch.connect(midi, pitch, 0)
    patch.connect(midi, octave, 1)
    taps = [(pitch, 0), (octave, 0), (midi, 2)]
    events = [(time, text, midi) for time, text in notes]
    return record(folder, library, patch, taps, length, events, flags=FLAGS)


def ramps(segments: list[tuple[float, float, float]], length: int) -> np.ndarray:
    """Straight lines: each (time, ramp) in samples to a level, from wherever the last one was."""
    times = np.arange(length)
    level, value = np.zeros(length), 0.0
    for index, (time, ramp, target) in enumerate(segments):
        here = value + (target - value) * np.clip((times - time) / ramp, 0.0, 1.0)
        level = np.where(times >= time, here, level)
        if index + 1 < len(segments):
            part = np.clip((segments[index + 1][0] - time) / ramp, 0.0, 1.0)
            value = value + (target - value) * part
    return level


def test_notes_are_labels_as_the_dataset_counts_them(library, tmp_path):
    keys = np.array([9, 20, 21, 57, 60, 68, 69, 70, 105, 116])
    notes = [(4 * BLOCK * (1 + index), f"{key} 100") for index, key in enumerate(keys)]
    played = play_notes(tmp_path, library, "midi_labels 1 1 0", notes, 4 * BLOCK * (len(keys) + 2))
    assert errors(played) == []
    expected = pitch_and_octave(440.0 * 2 ** ((keys - 69) / 12), np.ones(len(keys), bool))
    at = 4 * BLOCK * (1 + np.arange(len(keys))) + 2 * BLOCK
    np.testing.assert_array_equal(played.signals[0, at], expected["pitch"])
    np.testing.assert_array_equal(played.signals[1, at], expected["octave"])
    assert expected["pitch"][6] == 0
    assert expected["octave"][6] == 5


@pytest.mark.parametrize("lag_ms", [0.0, 46.0])
def test_level_is_the_square_of_velocity_in_straight_lines(library, tmp_path, lag_ms):
    notes = [
        (1000.0, "60 127"),
        (4000.0, "64 64"),  # from one note to the next without a gap
        (5000.0, "60 0"),  # no longer the note that sounds: ignored
        (8000.0, "64 0"),
        (8500.0, "67 100"),  # while the level still falls
        (13000.0, "67 0"),
    ]
    played = play_notes(tmp_path, library, f"midi_labels 5 80 {lag_ms}", notes, 320 * BLOCK)
    lag, attack, release = lag_ms * MS, 5 * MS, 80 * MS
    segments = [
        (1000 + lag, attack, 1.0),
        (4000 + lag, attack, (64 / 127) ** 2),
        (8000 + lag, release, 0.0),
        (8500 + lag, attack, (100 / 127) ** 2),
        (13000 + lag, release, 0.0),
    ]
    expected = ramps(segments, 320 * BLOCK)
    # A message at the very time of a sample may count from that sample or the one before it.
    np.testing.assert_allclose(played.signals[2], expected, atol=1.1 / attack)
    middles = [int(3000 + lag), int(7000 + lag), int(12000 + lag)]
    np.testing.assert_allclose(played.signals[2, middles], expected[middles], atol=1e-6)
    assert played.signals[2, int(13000 + lag + release) + 2] == 0.0


def test_ramps_and_lag_can_be_changed(library, tmp_path):
    patch = Patch()
    midi = patch.box("midi_labels 5 80 0")
    events = [(500.0, "60 127", midi)]
    change = patch.box("t a")
    patch.connect(change, midi, 0, 1)
    changes = [(100.0, f"{text}", change) for text in ("attack 40", "lag 20")]
    length = 128 * BLOCK
    played = record(tmp_path, library, patch, [(midi, 2)], length, changes + events, flags=FLAGS)
    expected = ramps([(500 + 20 * MS, 40 * MS, 1.0)], length)
    np.testing.assert_allclose(played.signals[0], expected, atol=1.1 / (40 * MS))


def test_walk_is_normal_and_slow(library, tmp_path):
    patch = Patch()
    box = patch.box("slow_walk 1")
    sink = patch.box("sig~")
    patch.connect(box, sink)
    length = 44100 * 300 // BLOCK * BLOCK
    played = record(tmp_path, library, patch, [(sink, 0)], length, [(0.0, "1", box)], flags=FLAGS)
    assert errors(played) == []
    steps = played.signals[0, 44100 * 10 :: 2205].astype(float)
    assert np.abs(steps).max() <= 3.0
    assert abs(steps.mean()) < 0.5
    assert 0.7 < steps.std() < 1.3  # 290 seconds are some 100 independent values
    r = np.exp(-0.05)  # of two equal poles r: correlation of neighbours 2 r / (1 + r²)
    neighbours = np.corrcoef(steps[1:], steps[:-1])[0, 1]
    assert abs(neighbours - 2 * r / (1 + r * r)) < 0.01


def slot(patch: Patch, method: str) -> tuple[int, int]:
    """A [model_slot METHOD], and a box that passes messages on to it."""
    messages, box = patch.box("t a"), patch.box(f"model_slot {method}")
    patch.connect(messages, box, 0, 1)
    return box, messages


def noise(length: int) -> np.ndarray:
    return (0.2 * np.random.default_rng(0).standard_normal((1, length))).astype(np.float32)


def labels(length: int, *changes: tuple[float, list[float]]) -> np.ndarray:
    """Values of inlets over time, [inlets, length]: each of them holds from its block on."""
    signals = np.zeros((len(changes[0][1]), length), np.float32)
    for time, values in changes:
        signals[:, int(time) // BLOCK * BLOCK :] = np.array(values)[:, None]
    return signals


def test_slot_passes_sound_without_delay_of_its_own(library, exported_path, tmp_path):
    patch = Patch()
    box, messages = slot(patch, "forward")
    patch.connect(box, patch.box("print info"), 1)
    sound = noise(256 * BLOCK)
    events = [(0.0, f"open {exported_path} 512 1", messages), (9000.0, "latency", messages)]
    played = record(
        tmp_path, library, patch, [(box, 0)], sound.shape[1], events, sound, [(box, 0)], flags=FLAGS
    )
    assert errors(played) == []
    assert "info: latency 896 512 384" in played.lines
    assert_equal(played.signals, hosted(exported_path, "forward", sound, 512))


def test_slot_holds_the_model_opened_last(library, exported_path, played_path, tmp_path):
    patch = Patch()
    box, messages = slot(patch, "decode")
    half = 256 * BLOCK
    first, second = [1.5, -1.0, 0.5, 2.0], [0.5, 1.0, -0.5, 1.0, 7.0, 3.0]
    events = [(0.0, f"open {exported_path} 512 4", messages)]
    events += [(0.0, f"inlet {i + 1} {value}", messages) for i, value in enumerate(first)]
    events += [(half, f"open {played_path.with_suffix('')} 0 6", messages)]
    events += [(half, f"inlet {i + 1} {value}", messages) for i, value in enumerate(second)]
    played = record(tmp_path, library, patch, [(box, 0)], 2 * half, events, flags=FLAGS)
    assert errors(played) == []
    one = hosted(exported_path, "decode", labels(half, (0, first)), 512)
    two = hosted(played_path, "decode", labels(half, (0, second)), 0)
    assert_equal(played.signals, np.concatenate([one, two], 1))


def test_closed_slot_is_silent(library, exported_path, tmp_path):
    patch = Patch()
    box, messages = slot(patch, "forward")
    sound = noise(256 * BLOCK)
    middle = 128 * BLOCK
    events = [(0.0, f"open {exported_path} 512 1", messages), (middle, "close", messages)]
    played = record(
        tmp_path, library, patch, [(box, 0)], sound.shape[1], events, sound, [(box, 0)], flags=FLAGS
    )
    assert errors(played) == []
    expected = hosted(exported_path, "forward", sound, 512)
    assert_equal(played.signals[:, :middle], expected[:, :middle])
    assert not played.signals[:, middle:].any()


# Time in samples, note, velocity, and the voice that has to take it; None: nobody listens.
NOTES = [
    (1000, 57, 100, 0),
    (3000, 61, 90, 1),
    (5000, 64, 80, 2),
    (7000, 69, 127, 3),
    (9000, 73, 110, 0),  # of four taken voices, the oldest gives way
    (11000, 57, 0, None),  # it has given way already
    (12000, 64, 0, 2),
    (13000, 40, 120, 2),  # a free voice is taken before any other
    (16000, 73, 0, 0),
    (17000, 61, 0, 1),
]


@pytest.mark.parametrize("name", ["beside", "whole"])
def test_four_voices_play_and_the_oldest_is_stolen(library, played_path, tmp_path, name):
    model = str(played_path)
    if name == "beside":  # the patch, and without its ending
        model = "viola"
        (tmp_path / "viola.ts").write_bytes(played_path.read_bytes())
    length, buffer = 384 * BLOCK, 512
    latents = [1.0, -0.5, 0.25, 2.0]
    patch = Patch()
    voices = patch.box(f"four_voices {model} {buffer} {LATENTS} 2")
    events = [(0.0, f"latent {i + 1} {value}", voices) for i, value in enumerate(latents)]
    events += [(float(time), f"{note} {velocity}", voices) for time, note, velocity, _ in NOTES]
    levels = [patch.box("midi_labels 5 80 0") for _ in range(4)]
    for time, note, velocity, voice in NOTES:
        if voice == 0 and time == 9000:
            events.append((float(time), "57 0", levels[0]))
        if voice is not None:
            events.append((float(time), f"{note} {velocity}", levels[voice]))
    taps = [(voices, 0), *[(box, 2) for box in levels]]
    played = record(tmp_path, library, patch, taps, length, events, flags=FLAGS)
    assert errors(played) == []
    expected = np.zeros((1, length), np.float32)
    for voice in range(4):
        changes = [(0.0, [*latents, 0.0, 0.0])]
        for time, note, velocity, of in NOTES:
            if of == voice and velocity:
                changes.append((time, [*latents, (note + 3) % 12, (note + 3) // 12 - 1]))
        sound = hosted(played_path, "decode", labels(length, *changes), buffer)
        expected += sound * played.signals[1 + voice]
    assert_equal(played.signals[:1], expected)


def test_other_messages_reach_every_voice(library, played_path, tmp_path):
    patch = Patch()
    voices = patch.box(f"four_voices {played_path} 512 {LATENTS} 2")
    patch.connect(voices, patch.box("print info"), 1)
    events = [(100.0, "set gain_db -6", voices), (200.0, "get gain_db", voices)]
    events += [(300.0, "label 2 5", voices), (400.0, "set pitch C", voices)]
    played = record(tmp_path, library, patch, [(voices, 0)], 64 * BLOCK, events, flags=FLAGS)
    assert errors(played) == []
    assert sorted(line for line in played.lines if "gain_db" in line) == [
        f"info: {voice} gain_db -6" for voice in (1, 2, 3, 4)
    ]
