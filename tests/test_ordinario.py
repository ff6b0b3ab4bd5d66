# ruff: noqa: F811 (fixtures of another file)
"""patches/ordinario.ts, the instrument that comes with the clone, played in a real Pd."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pd.runner import BLOCK, Patch, run_pd
from test_small_engine_in_pd import library  # noqa: F401

PATCHES = Path(__file__).resolve().parents[1] / "patches"
RATE_HZ = 44_100
SETTLED_S, HEARD_S = 0.3, 0.5  # after a label was set: what is waited, what is listened to
PITCHES = ["A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"]
INSTRUMENTS = ["violin", "cello", "flute", "oboe", "clarinet", "bassoon", "horn", "trumpet"]

pytestmark = pytest.mark.slow


def heard(folder: Path, library: Path, settings: list[dict[str, float]]) -> list[np.ndarray]:
    """What `decode` of ordinario.pd plays, at full level, once each of these was set, [T] each.

    Args:
        folder: scratch.
        library: folder of the external.
        settings: what is sent, receiver → value, without the `ordinario-` before it.
    """
    patch = Patch()
    length = round((SETTLED_S + HEARD_S) * RATE_HZ * len(settings))
    patch.box(f"array define recorded {length}")
    patch.connect(patch.box("r~ ordinario-decode-sound"), sink := patch.box("tabwrite~ recorded"))
    begin = patch.box("t b b b")
    patch.connect(patch.box("loadbang"), begin)
    later = patch.box("t b")
    patch.connect(begin, later)
    patch.connect(begin, patch.box("; pd dsp 1", "msg"), 1)
    patch.connect(begin, sink, 2)
    for index, setting in enumerate(settings):
        at_ms = 1000.0 * index * (SETTLED_S + HEARD_S)
        for name, value in setting.items():
            patch.send(later, at_ms, f"; ordinario-{name} {value}")
    end_ms = 1000.0 * length / RATE_HZ + 10.0
    writer = patch.box("soundfiler")
    patch.send(later, end_ms, f"write -wave -bytes 4 {folder}/out.wav recorded", writer)
    patch.send(later, end_ms + 10.0, "; pd quit")
    flags = ("-batch", "-r", str(RATE_HZ), "-lib", "vschaos~", "-path", str(PATCHES))
    lines, code = run_pd(patch, folder, library, *flags, "-open", str(PATCHES / "ordinario.pd"))
    assert code == 0
    assert not [line for line in lines if "error" in line or "couldn't" in line], lines
    sound, _ = soundfile.read(folder / "out.wav", dtype="float32")
    parts = np.split(sound[: length // len(settings) * len(settings)], len(settings))
    return [part[round(SETTLED_S * RATE_HZ) : -2 * BLOCK] for part in parts]


def fundamental_hz(sound: np.ndarray, near_hz: float) -> float:
    """The period's frequency: the highest autocorrelation within a semitone, to a part of a sample.

    It is read off several periods, each of which counts the same error for less.
    """
    spectrum = np.fft.rfft(sound * np.hanning(len(sound)), 2 * len(sound))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)
    periods = 8
    lags = np.arange(len(sound))
    near = np.abs(12 * np.log2(np.maximum(lags, 1) * near_hz / periods / RATE_HZ)) < 0.5
    lag = int(np.where(near, correlation[: len(sound)], -np.inf).argmax())
    before, top, after = correlation[lag - 1 : lag + 2]
    return periods * RATE_HZ / (lag + 0.5 * (before - after) / (before - 2 * top + after))


def on_harmonics(sound: np.ndarray, f0_hz: float) -> float:
    """Which part of the power lies within a quarter of a semitone of the harmonics of f0."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequency_hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    order = np.maximum(np.round(frequency_hz / f0_hz), 1)
    near = np.abs(12 * np.log2(np.maximum(frequency_hz, 1.0) / (order * f0_hz))) < 0.25
    return float(power[near].sum() / power.sum())


def third_octaves_db(sound: np.ndarray) -> np.ndarray:
    """Levels of third octaves from 200 Hz, less their mean, [18]."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    edges_hz = 200.0 * 2.0 ** (np.arange(19) / 3.0)
    frequency_hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    bands = np.histogram(frequency_hz, edges_hz, weights=power)[0]
    decibels = 10.0 * np.log10(np.maximum(bands / bands.max(), 1e-5))
    return decibels - decibels.mean()


def tone(instrument: str, midi: int, preset: int = 1) -> dict[str, float]:
    """What makes `decode` of the patch play a tone from a preset."""
    octave, pitch = divmod(midi - 9, 12)  # both count from A
    labels = {"pitch": pitch, "octave": octave, "instrument": INSTRUMENTS.index(instrument)}
    said = {f"label-{name}": value for name, value in labels.items()}
    return {"decode-on": 1, "glide": 0, "preset": preset, **said}


def test_it_comes_with_its_licence_and_is_small():
    assert (PATCHES / "ordinario.ts").stat().st_size <= 5_000_000
    assert sum(path.stat().st_size for path in PATCHES.glob("ordinario*")) <= 5_500_000
    licence = (PATCHES / "ordinario-LICENCE.txt").read_text(encoding="utf-8")
    assert "Frank Wen" in licence
    assert "Permission is hereby granted, free of charge" in licence


def test_its_card_is_of_this_file_and_names_its_labels():
    card = json.loads((PATCHES / "ordinario.json").read_text(encoding="utf-8"))
    assert card["sha256"] == hashlib.sha256((PATCHES / "ordinario.ts").read_bytes()).hexdigest()
    classes = {label["task"]: label["classes"] for label in card["labels"]["commanded"]}
    assert classes["pitch"] == PITCHES
    assert classes["octave"] == [str(octave) for octave in range(9)]
    assert classes["instrument"] == INSTRUMENTS


def test_pitch_and_octave_say_the_key_of_every_instrument(library, tmp_path):
    keys = {"violin": 90, "cello": 38, "oboe": 60, "horn": 57}
    tones = list(keys.items())
    sounds = heard(tmp_path, library, [tone(*each) for each in tones])
    for (name, midi), sound in zip(tones, sounds, strict=True):
        wanted_hz = 440.0 * 2.0 ** ((midi - 69) / 12)
        cents = 1200.0 * np.log2(fundamental_hz(sound, wanted_hz) / wanted_hz)
        assert abs(cents) < 15, (name, midi, cents)
        assert on_harmonics(sound, wanted_hz) > 0.8, (name, midi)


def test_labels_decide_from_any_preset(library, tmp_path):
    tones = [("oboe", 69), ("trumpet", 81)]
    wanted = [(preset, *each) for preset in (3, 8) for each in tones]
    settings = [tone(name, midi, preset) for preset, name, midi in wanted]
    spectra: dict[str, list[np.ndarray]] = {name: [] for name, _ in tones}
    for (preset, name, midi), sound in zip(wanted, heard(tmp_path, library, settings), strict=True):
        wanted_hz = 440.0 * 2.0 ** ((midi - 69) / 12)
        cents = 1200.0 * np.log2(fundamental_hz(sound, wanted_hz) / wanted_hz)
        assert abs(cents) < 15, (preset, name, midi, cents)
        assert on_harmonics(sound, wanted_hz) > 0.8, (preset, name, midi)
        spectra[name].append(third_octaves_db(sound))


def test_another_instrument_changes_the_spectrum_and_not_the_key(library, tmp_path):
    names = ["violin", "flute", "clarinet", "trumpet"]
    sounds = heard(tmp_path, library, [tone(name, 69) for name in names])
    spectra = []
    for name, sound in zip(names, sounds, strict=True):
        cents = 1200.0 * np.log2(fundamental_hz(sound, 440.0) / 440.0)
        assert abs(cents) < 15, (name, cents)
        spectra.append(third_octaves_db(sound))
    for index, one in enumerate(spectra):
        for other in range(index):
            apart_db = float(np.sqrt(np.mean((one - spectra[other]) ** 2)))
            assert apart_db > 3.0, (names[index], names[other], apart_db)
