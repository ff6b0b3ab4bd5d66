"""The tones of ordinario: their labels, the notes that a synthesiser is told, and refusals."""

import importlib
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))
demo = importlib.import_module("demo_dataset")
ordinario = importlib.import_module("ordinario_tones")
sys.path.remove(str(EXAMPLES))


def test_keys_are_labelled_as_everywhere_in_the_house():
    for tone in ordinario.tones():
        expected = demo.Note("sung", tone.midi, "soft").labels
        assert tone.labels["pitch"] == expected["pitch"]
        assert tone.labels["octave"] == expected["octave"]
    assert ordinario.Tone("cello", 69, 60).labels == {"pitch": 0, "octave": 5, "instrument": 1}


def test_every_tone_has_a_file_of_its_own():
    paths = [tone.path for tone in ordinario.tones()]
    assert len(paths) == len(set(paths)) == 568


def events(content: bytes) -> list[tuple[int, bytes]]:
    """Ticks since the beginning, and messages, of a standard MIDI file of one track."""
    kind, length, form, tracks, _ = struct.unpack_from(">4sIHHH", content)
    assert (kind, length, form, tracks) == (b"MThd", 6, 0, 1)
    name, size = struct.unpack_from(">4sI", content, 14)
    track = content[22:]
    assert (name, size) == (b"MTrk", len(track))
    found, ticks, place = [], 0, 0
    while place < len(track):
        delta = 0
        while track[place] & 128:
            delta, place = delta << 7 | track[place] & 127, place + 1
        ticks, place = ticks + (delta << 7 | track[place]), place + 1
        status = track[place]
        width = 3 + track[place + 2] if status == 0xFF else 2 if status >> 4 == 0xC else 3
        found.append((ticks, track[place : place + width]))
        place += width
    return found


def test_midi_file_holds_every_key_for_its_time():
    keys = [(60, 115), (61, 60), (90, 115)]
    found = events(ordinario.midi_file(40, keys))
    second = ordinario.TICKS_PER_SECOND
    notes = [(ticks / second, message) for ticks, message in found if message[0] in (0x80, 0x90)]
    begins = [0.0, ordinario.STEP_S, 2 * ordinario.STEP_S]
    expected = []
    for begin, (key, velocity) in zip(begins, keys, strict=True):
        expected.append((begin, bytes([0x90, key, velocity])))
        expected.append((begin + ordinario.ON_S, bytes([0x80, key, 0])))
    assert [message for _, message in notes] == [message for _, message in expected]
    np.testing.assert_allclose([at for at, _ in notes], [at for at, _ in expected], atol=1 / second)
    assert found[0] == (0, b"\xff\x51\x03" + (1_000_000).to_bytes(3, "big"))
    assert found[1] == (0, bytes([0xC0, 40]))
    assert found[-1][1] == b"\xff\x2f\x00"


def sines(program, keys, soundfont, scratch):
    """Stands in for the synthesiser."""
    t = np.arange(4410) / 44_100
    hz = [440.0 * 2.0 ** ((key - 69) / 12) for key, _ in keys]
    levels = [velocity / 127 for _, velocity in keys]
    return np.stack([a * np.sin(2 * np.pi * f * t) for f, a in zip(hz, levels, strict=True)])


def test_every_file_is_the_key_and_the_loudness_that_it_says(tmp_path, monkeypatch):
    monkeypatch.setattr(ordinario, "render", sines)
    soundfont = tmp_path / "font.sf2"
    soundfont.touch()
    assert ordinario.main([str(tmp_path / "set"), "--soundfont", str(soundfont)]) == 0
    for task in ("pitch", "octave", "instrument"):
        lines = (tmp_path / f"set/metadata/{task}/metadata.txt").read_text().splitlines()
        assert len(lines) == 568
    paths = sorted((tmp_path / "set").rglob("*.wav"))
    assert len(paths) == 568
    for path in paths[::40]:
        sound, rate_hz = soundfile.read(path)
        _, midi, velocity = path.stem.split("_")
        assert np.abs(sound).max() == pytest.approx(int(velocity) / 127, abs=0.01)
        peak_hz = np.abs(np.fft.rfft(sound)).argmax() * rate_hz / len(sound)
        assert peak_hz == pytest.approx(440.0 * 2.0 ** ((int(midi) - 69) / 12), abs=6.0)


def test_refusals_are_one_line_and_leave_nothing(tmp_path, monkeypatch, capsys):
    out = tmp_path / "set"
    assert ordinario.main([str(out), "--soundfont", str(tmp_path / "no.sf2")]) == 2
    assert "no.sf2 is not there: apt-get install fluid-soundfont-gm" in capsys.readouterr().err
    soundfont = tmp_path / "font.sf2"
    soundfont.touch()
    monkeypatch.setenv("PATH", "")
    assert ordinario.main([str(out), "--soundfont", str(soundfont)]) == 2
    assert capsys.readouterr().err.endswith(
        "fluidsynth is not installed: apt-get install fluidsynth\n"
    )
    assert list(tmp_path.iterdir()) == [soundfont]
    assert ordinario.main([str(tmp_path), "--soundfont", str(soundfont)]) == 2
    assert "exists: remove it" in capsys.readouterr().err
