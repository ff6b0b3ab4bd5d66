import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPT = EXAMPLES / "demo_dataset.py"
sys.path.insert(0, str(EXAMPLES))
demo = importlib.import_module("demo_dataset")
synthesis = importlib.import_module("synthesis")
tones = importlib.import_module("tones")
sys.path.remove(str(EXAMPLES))

RATE_HZ = 44_100
INSTRUMENTS = ["struck", "plucked", "bowed", "blown", "sung"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "set"
    assert demo.render_demo_dataset(folder) == 130
    return folder


def read(dataset: Path, instrument: str, midi: int, dynamic: str) -> np.ndarray:
    path = dataset / "data" / instrument / f"{instrument}_{midi}_{dynamic}.wav"
    waveform, rate_hz = soundfile.read(path)
    assert rate_hz == RATE_HZ
    return waveform


def power_spectrum(waveform: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    # No window: the tones start and end in silence.
    frequency_hz = np.fft.rfftfreq(waveform.size, 1 / rate_hz)
    return frequency_hz, np.abs(np.fft.rfft(waveform)) ** 2


def centroid_hz(waveform: np.ndarray) -> float:
    frequency_hz, power = power_spectrum(waveform, RATE_HZ)
    return float(np.sum(frequency_hz * power) / np.sum(power))


def fundamental_hz(waveform: np.ndarray, near_hz: float) -> tuple[float, float]:
    """Mean frequency (Hz) of the partial near near_hz, and its level (dB) against the whole sound.

    The demodulation oracle: the spectrum around near_hz, shifted to 0 Hz, leaves a phase whose
    slope is the partial's distance from near_hz; vibrato averages out.
    """
    count = waveform.size
    spectrum = np.fft.fft(waveform * np.hanning(count))
    frequency_hz = np.fft.fftfreq(count, 1 / RATE_HZ)
    spectrum[np.abs(frequency_hz - near_hz) > near_hz / 4] = 0
    partial = np.fft.ifft(spectrum)
    times_s = np.arange(count) / RATE_HZ
    phase = np.unwrap(np.angle(partial * np.exp(-2j * np.pi * near_hz * times_s)))
    inside = slice(count // 8, -count // 8)
    slope = np.polyfit(times_s[inside], phase[inside], 1)[0]
    total = np.mean((waveform * np.hanning(count)) ** 2)
    level_db = 10 * np.log10(np.mean(2 * np.abs(partial) ** 2) / total)
    return near_hz + float(slope) / (2 * np.pi), float(level_db)


def repetition_hz(waveform: np.ndarray, near_hz: float, periods: int) -> tuple[float, float]:
    """Frequency (Hz) at which the waveform repeats, read off its repetition after some periods,
    and how alike the two are (1 = exactly): the autocorrelation oracle."""
    spectrum = np.fft.rfft(waveform, 2 * waveform.size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: waveform.size]
    correlation /= correlation[0] * (1 - np.arange(waveform.size) / waveform.size)
    middle = periods * RATE_HZ / near_hz
    low, high = round(middle * 0.95), round(middle * 1.05)
    lag = low + int(np.argmax(correlation[low : high + 1]))
    before, here, after = correlation[lag - 1 : lag + 2]
    vertex = lag + 0.5 * (before - after) / (before - 2 * here + after)
    return periods * RATE_HZ / vertex, float(here)


def cents(frequency_hz: float, reference_hz: float) -> float:
    return 1200 * float(np.log2(frequency_hz / reference_hz))


@pytest.mark.parametrize("instrument", INSTRUMENTS)
@pytest.mark.parametrize("midi", [48, 54, 60, 66, 72])
@pytest.mark.parametrize("dynamic", ["soft", "loud"])
def test_every_tone_is_in_tune(dataset: Path, instrument: str, midi: int, dynamic: str) -> None:
    expected_hz = 440 * 2 ** ((midi - 69) / 12)
    waveform = read(dataset, instrument, midi, dynamic)
    waveform = waveform[round(0.15 * RATE_HZ) : round(0.75 * RATE_HZ)]
    limit = 5 if instrument == "plucked" else 10
    partial_hz, level_db = fundamental_hz(waveform, expected_hz)
    assert abs(cents(partial_hz, expected_hz)) < limit
    assert level_db > -20  # the fundamental is there to be heard
    if instrument != "struck":  # a bar's modes are not harmonic: its waveform does not repeat
        # Vibrato pulls distant periods apart, so the instruments that have it are read at once.
        periods = 1 if instrument in ("bowed", "sung") else 8
        repeated_hz, likeness = repetition_hz(waveform, expected_hz, periods)
        assert abs(cents(repeated_hz, expected_hz)) < limit
        assert likeness > 0.8


@pytest.mark.parametrize("instrument", ["plucked", "blown", "bowed", "sung"])
def test_nothing_sounds_between_the_harmonics(dataset: Path, instrument: str) -> None:
    # A period twice too long would put partials at f0/2, 3 f0/2, ...
    frequency_hz, power = power_spectrum(read(dataset, instrument, 60, "loud"), RATE_HZ)
    order = frequency_hz / (440 * 2 ** (-9 / 12))
    halfway = (np.abs(order % 1 - 0.5) < 0.1) & (order < 8)
    assert 10 * np.log10(power[halfway].max() / power.max()) < -30


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_loud_is_brighter_than_soft(dataset: Path, instrument: str) -> None:
    for midi in (48, 60, 72):
        soft = centroid_hz(read(dataset, instrument, midi, "soft"))
        assert centroid_hz(read(dataset, instrument, midi, "loud")) > 1.05 * soft


def test_levels_ends_and_band_of_every_file(dataset: Path) -> None:
    paths = sorted(dataset.rglob("*.wav"))
    assert len(paths) == 130
    for path in paths:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (RATE_HZ, 1, "PCM_16")
        assert info.frames == round(0.9 * RATE_HZ)
        waveform, _ = soundfile.read(path)
        loud = path.stem.endswith("loud")
        expected = (0.5, 0.8) if loud else (0.5 * 10 ** (-12 / 20), 0.8 * 10 ** (-12 / 20))
        assert expected[0] <= np.abs(waveform).max() <= expected[1] + 2**-15
        assert abs(waveform[0]) < 1e-3 and np.abs(waveform[-44:]).max() < 1e-3
        assert abs(waveform.mean()) < 1e-3
        frequency_hz, power = power_spectrum(waveform, RATE_HZ)
        assert 10 * np.log10(power[frequency_hz > 20_000].sum() / power.sum()) < -60


def test_instruments_differ_in_timbre(dataset: Path) -> None:
    # Thirds of an octave, dB, level removed: no two instruments within 5 dB RMS of one another.
    edges_hz = 100 * 2 ** (np.arange(22) / 3)
    spectra = []
    for instrument in INSTRUMENTS:
        frequency_hz, power = power_spectrum(read(dataset, instrument, 60, "loud"), RATE_HZ)
        bands = np.histogram(frequency_hz, edges_hz, weights=power)[0]
        decibels = 10 * np.log10(np.maximum(bands / bands.max(), 1e-6))
        spectra.append(decibels - decibels.mean())
    for i, one in enumerate(spectra):
        for other in spectra[i + 1 :]:
            assert np.sqrt(np.mean((one - other) ** 2)) > 5


def test_metadata_names_every_file_and_its_labels(dataset: Path) -> None:
    files = {path.relative_to(dataset).as_posix() for path in dataset.rglob("*.wav")}
    pitch_names = ["A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"]
    names = {
        "pitch": pitch_names,
        "octave": [str(octave) for octave in range(9)],
        "instrument": INSTRUMENTS,
    }
    formulas = {
        "pitch": lambda instrument, midi: (midi + 3) % 12,
        "octave": lambda instrument, midi: int((midi + 3) / 12 - 1),
        "instrument": lambda instrument, midi: INSTRUMENTS.index(instrument),
    }
    assert {path.name for path in (dataset / "metadata").iterdir()} == set(names)
    for task, formula in formulas.items():
        folder = dataset / "metadata" / task
        classes = [line.split("\t") for line in (folder / "classes.txt").read_text().splitlines()]
        assert classes == [[str(index), name] for index, name in enumerate(names[task])]
        lines = (folder / "metadata.txt").read_text().splitlines()
        labels = dict(line.split("\t") for line in lines)
        assert len(lines) == 130 and set(labels) == files
        for path, value in labels.items():
            instrument, midi, _ = Path(path).stem.split("_")
            assert path == f"data/{instrument}/{Path(path).name}"
            assert int(value) == formula(instrument, int(midi))


def test_a_is_pitch_class_zero() -> None:
    assert demo.Note("sung", 69, "soft").labels == {"pitch": 0, "octave": 5, "instrument": 4}
    assert demo.midi_to_hz(69) == 440.0
    assert demo.midi_to_hz(57) == 220.0


def test_same_seed_same_bytes(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each note has its own random stream: fewer notes, same notes.
    monkeypatch.setattr(demo, "MIDI_NOTES", range(50, 73, 16))
    assert demo.render_demo_dataset(tmp_path / "again", seed=0) == 20
    for path in sorted((tmp_path / "again").rglob("*.wav")):
        before = dataset / path.relative_to(tmp_path / "again")
        assert path.read_bytes() == before.read_bytes()


def test_another_seed_another_performance() -> None:
    for instrument in INSTRUMENTS:
        note = demo.Note(instrument, 60, "loud")
        assert np.array_equal(demo.render_note(note, 0), demo.render_note(note, 0))
        assert not np.array_equal(demo.render_note(note, 0), demo.render_note(note, 1))


def test_complete_folder_is_left_as_it_is(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "render_note", None)  # rendering anything would now fail
    assert demo.render_demo_dataset(dataset) == 130


def test_failed_rendering_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_on_the_last(note: object, seed: int) -> np.ndarray:
        if note == list(demo.demo_notes())[-1]:
            raise RuntimeError("stopped")
        return np.zeros(10)

    monkeypatch.setattr(demo, "render_note", fail_on_the_last)
    with pytest.raises(RuntimeError, match="stopped"):
        demo.render_demo_dataset(tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_foreign_and_damaged_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(demo.FolderError, match=r"no readable demo\.json"):
        demo.render_demo_dataset(tmp_path)
    (tmp_path / "demo.json").write_text(json.dumps({"version": demo.VERSION, "seed": 7}))
    with pytest.raises(demo.FolderError, match="another demo dataset"):
        demo.render_demo_dataset(tmp_path)
    marker = {"version": demo.VERSION, "seed": 0, "files": 130}
    (tmp_path / "demo.json").write_text(json.dumps(marker))
    with pytest.raises(demo.FolderError, match="lacks 130 of 130 files"):
        demo.render_demo_dataset(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_command_line_says_one_line(dataset: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(dataset)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert "130 files" in done.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["taken"], ["x", "--seed", "-1"], ["x", "--sead", "1"], ["taken/x"]]
)
def test_wrong_use_is_one_line_and_code_2(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("mine")
    try:
        code = demo.main(arguments)
    except SystemExit as stopped:
        code = stopped.code
    printed = capsys.readouterr()
    assert (code, printed.out, printed.err.count("\n")) == (2, "", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_harmonic_sum_equals_sines() -> None:
    times_s = synthesis.sample_times(0.1, RATE_HZ)
    f0_hz = 300 + 40 * np.sin(2 * np.pi * 5 * times_s)
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    gains = np.repeat([[1.0], [0.5j], [0.25 - 0.1j]], 9, axis=1)
    gains[1] *= np.linspace(0, 1, 9)
    slow = np.sin(phase)
    slow += 0.5 * np.linspace(0, 1, times_s.size) * np.sin(2 * phase + np.pi / 2)
    slow += np.abs(0.25 - 0.1j) * np.sin(3 * phase + np.angle(0.25 - 0.1j))
    np.testing.assert_allclose(synthesis.harmonic_sum(f0_hz, gains, RATE_HZ), slow, atol=1e-12)


def test_tone_stays_in_the_band_at_other_rates() -> None:
    for rate_hz in (44_100, 48_000, 96_000):
        for instrument in INSTRUMENTS:
            play = getattr(tones, instrument)
            waveform = play(440.0, 0.5, 1.0, np.random.default_rng(0), rate_hz)
            assert waveform.shape == (rate_hz // 2,)
            frequency_hz, power = power_spectrum(waveform, rate_hz)
            assert 10 * np.log10(power[frequency_hz > 20_000].sum() / power.sum()) < -60


def test_band_is_closed_from_18_khz() -> None:
    taper = synthesis.band_taper([0.0, 14_000.0, 16_000.0, 18_000.0, 22_000.0])
    np.testing.assert_allclose(taper, [1, 1, 0.5, 0, 0], atol=1e-12)
    noise = synthesis.band_noise(np.random.default_rng(0), RATE_HZ, 16_000.0, 1.0, RATE_HZ)
    assert np.mean(noise**2) == pytest.approx(1)
    frequency_hz, power = power_spectrum(noise, RATE_HZ)
    assert power[frequency_hz > 18_000].sum() < 1e-20 * power.sum()
    assert power[frequency_hz > 15_000].sum() > 0.01 * power.sum()
    highest_hz = synthesis.harmonic_frequencies(np.full(RATE_HZ, 130.0))[-1]
    assert np.all((highest_hz <= 18_000) & (highest_hz > 18_000 - 130))
