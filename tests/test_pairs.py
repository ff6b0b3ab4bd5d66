import numpy as np
import pytest
import soundfile

from vschaos2.data.pair_files import Pair
from vschaos2.data.pairs import in_line, rate_of, read_pair, read_sides, shifted
from vschaos2.errors import InputError

RATE_HZ = 16_000


def music(seconds=2.0, seed=0, rate_hz=RATE_HZ):
    """Noise without what lies above 5 kHz, in steps of level."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate_hz)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum[np.fft.rfftfreq(n, 1 / rate_hz) > 5000] = 0
    sound = np.fft.irfft(spectrum, n) * np.linspace(0.2, 1.0, n)
    return 0.5 * sound / np.abs(sound).max()


@pytest.fixture
def pair(tmp_path):
    """Writes two signals, and gives their pair."""

    def write(dry, wet, dry_hz=RATE_HZ, wet_hz=RATE_HZ):
        paths = tmp_path / "dry.wav", tmp_path / "wet.wav"
        for path, sound, rate_hz in zip(paths, (dry, wet), (dry_hz, wet_hz), strict=True):
            soundfile.write(path, sound, rate_hz, subtype="FLOAT")
        return Pair("wet.wav", *paths)

    return write


@pytest.mark.parametrize("late", [0, 1234, -4410])
def test_pairs_are_cut_to_where_both_sound(pair, late):
    dry = music()
    wet = -np.concatenate([np.zeros(max(late, 0)), dry[max(-late, 0) :], np.zeros(500)])
    sound = read_pair(pair(dry, wet), RATE_HZ)
    assert sound.dry.shape == sound.wet.shape == (1, len(dry) - max(-late, 0))
    assert np.array_equal(sound.wet, -sound.dry) and sound.dry.dtype == np.float32
    assert (sound.alignment.shift, sound.alignment.polarity) == (late, -1)
    assert sound.wet_first == max(late, 0) and sound.sample_rate_hz == RATE_HZ


def test_stereo_is_kept_and_cannot_cancel(pair):
    dry = music()
    wet = np.stack([0.25 * dry, -0.5 * dry], 1)
    sound = read_pair(pair(np.stack([dry, dry], 1), wet), RATE_HZ)
    assert sound.dry.shape == (1, len(dry)) and sound.wet.shape == (2, len(dry))
    assert np.allclose(sound.wet, np.float32([[0.25], [-0.5]]) * sound.dry, atol=1e-7)
    assert sound.alignment.polarity == -1 and sound.alignment.gain == pytest.approx(0.5)


def test_files_of_two_rates_are_brought_to_a_third(pair):
    """A band-limited sound is the same at every rate that holds it."""
    dry = music(rate_hz=16_000)
    dense = np.fft.irfft(np.concatenate([np.fft.rfft(dry), np.zeros(len(dry))]), 3 * len(dry)) * 3
    given = pair(dry, dense, 16_000, 48_000)
    with pytest.raises(InputError, match=r"dry\.wav: 16000 Hz, .*wet\.wav: 48000 Hz") as refusal:
        rate_of([given])
    assert "data.dataset.sample_rate_hz=48000" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert rate_of([given], 24_000) == 24_000
    sound = read_pair(given, 24_000)
    inner = slice(2000, -2000)  # a filter rings where a file is cut off
    assert np.allclose(sound.dry[:, inner], sound.wet[:, inner], atol=2e-3)
    assert sound.alignment.delay_samples == pytest.approx(0.0, abs=0.02)


def test_rates_that_agree_need_no_wish(pair):
    assert rate_of([pair(music(), music(), 22_050, 22_050)]) == 22_050


def test_foreign_pairs_are_refused_by_name_in_one_line(pair):
    given = pair(music(seed=1), music(seed=2))
    with pytest.raises(InputError, match=r"wet\.wav: nothing in the wet recording") as refusal:
        read_pair(given, RATE_HZ)
    assert "\n" not in str(refusal.value)


def test_more_than_two_channels_are_refused(pair):
    given = pair(music(), np.zeros((100, 3)))
    with pytest.raises(InputError, match="has 3 channels, mono or stereo"):
        read_sides(given.wet, RATE_HZ)


def fraction_later(x, samples):
    """A sound that is late by a fraction of a sample."""
    spectrum = np.fft.rfft(x, 2 * len(x))
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(2 * len(x)) * samples)
    return np.fft.irfft(spectrum * turns)[: len(x)]


def test_what_begins_within_one_sample_is_shifted_alike(pair):
    dry, late = music(), (30.4, 30.6, 31.2, 90.0)
    found = [read_pair(pair(dry, fraction_later(dry, samples)), RATE_HZ) for samples in late]
    alone = [sound.alignment.shift for sound in found]
    assert len({*alone[:3]}) == 2  # by chance of the whole sample that each lies nearest to
    together = in_line(found)
    shifts = [sound.alignment.shift for sound in together]
    assert shifts == [min(alone[:3])] * 3 + alone[3:]
    for sound, shift in zip(together, shifts, strict=True):
        assert sound.dry.shape == sound.wet.shape
        first = sound.wet_first - shift  # of the dry file
        assert np.array_equal(sound.dry[0][:100], dry[first : first + 100].astype(np.float32))
    given = pair(dry, fraction_later(dry, 30.4)), pair(dry, fraction_later(dry, 30.6))
    late_by = [read_pair(each, RATE_HZ, has_no_delay=True) for each in given]
    assert len({sound.alignment.shift for sound in in_line(late_by, has_no_delay=True)}) == 1


@pytest.mark.parametrize("by", [3, -3])
def test_a_shift_keeps_what_belongs_together(pair, by):
    dry = music()
    sound = read_pair(pair(dry, dry), RATE_HZ)
    moved = shifted(sound, by)
    length = sound.dry.shape[1] - 3
    first_dry, first_wet = (0, 3) if by > 0 else (3, 0)
    assert np.array_equal(moved.dry, sound.dry[:, first_dry : first_dry + length])
    assert np.array_equal(moved.wet, sound.wet[:, first_wet : first_wet + length])
    assert moved.wet_first == sound.wet_first + max(0, by)
    assert moved.alignment.shift == sound.alignment.shift + by
