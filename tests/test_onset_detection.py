"""Onsets in sound: where they are, whatever the blocks, the level and what comes later."""

import math

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from vschaos2.audio import UnreadableAudio
from vschaos2.errors import InputError
from vschaos2.events import flux as of_flux
from vschaos2.events.attack import beginning, louder_beginning, strength
from vschaos2.events.detector import OnsetDetector
from vschaos2.events.hearing import onsets_of_blocks, onsets_of_sound
from vschaos2.events.onsets import find_times, onsets_of, read_onsets, write_onsets
from vschaos2.events.options import Listening
from vschaos2.generation.onsets import Finding, onsets_of_files

RATE_HZ = 16_000
CLICKS = (1_000, 9_000, 9_640, 20_001)  # the second and third are 40 ms apart


def clicks(level: float = 0.5, length: int = 2 * RATE_HZ) -> Tensor:
    sound = torch.zeros(1, 1, length)
    sound[0, 0, list(CLICKS)] = level
    return sound


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def strokes(*places: int, length: int = 2 * RATE_HZ, peak: float = 0.5) -> Tensor:
    """Noise that dies away within hundredths of a second, from each place on."""
    left = torch.arange(length)[None] - torch.tensor(places)[:, None]
    level = torch.where(left >= 0, torch.exp(-left.clamp_min(0) / (0.02 * RATE_HZ)), 0.0)
    return peak * 0.3 * noise(1, 1, length) * level.amax(0)


def told(detector: OnsetDetector, sound: Tensor) -> tuple[list[int], list[float]]:
    """Samples at which something was said to begin, and how strong."""
    detector.reset()
    impulses = detector(sound)[0]
    places = impulses.nonzero()[:, 0]
    return (places - detector.delay_samples).tolist(), impulses[places].tolist()


def test_clicks_are_found_at_their_samples():
    places, strengths = told(OnsetDetector(RATE_HZ), clicks())
    assert places == list(CLICKS)
    assert strengths == [strengths[0]] * 4


@pytest.mark.parametrize("block", [1, 61, 64, 80, 1000, 4096])
def test_blocks_equal_the_whole(block):
    detector = OnsetDetector(RATE_HZ)
    sound = clicks() + 0.01 * noise(1, 1, 2 * RATE_HZ)
    sound = sound[:, :, 8_500:10_500] if block == 1 else sound
    whole = detector(sound)
    detector.reset()
    blocks = torch.cat([detector(part) for part in sound.split(block, 2)], 1)
    assert torch.equal(blocks, whole)
    assert whole.count_nonzero() >= 2


def test_a_batch_is_as_many_sounds():
    detector = OnsetDetector(RATE_HZ)
    first, second = clicks(), strokes(3_000, 15_000)
    alone = [detector(sound) for sound in (first, second) if detector.reset() is None]
    detector.reset()
    both = torch.cat((first, second))
    parts = [detector(part) for part in both.split(999, 2)]
    assert torch.equal(torch.cat(parts, 1), torch.cat(alone))


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 88_200, 96_000])
def test_the_delay_is_true_and_no_more_than_30_ms(rate_hz):
    detector = OnsetDetector(rate_hz)
    assert detector.delay_samples <= 0.03 * rate_hz
    sound = torch.zeros(1, 1, rate_hz // 2)
    at = rate_hz // 4 + 7
    sound[0, 0, at] = 0.5
    assert detector(sound)[0].nonzero()[:, 0].tolist() == [at + detector.delay_samples]


def test_what_comes_later_changes_nothing_that_was_told():
    detector = OnsetDetector(RATE_HZ)
    sound = strokes(2_000, 5_000, 9_000, 12_000) + 1e-3 * noise(1, 1, 2 * RATE_HZ, seed=1)
    whole = detector(sound)
    for end in (2_300, 5_100, 9_400, 12_479):
        other = sound.clone()
        other[:, :, end:] = noise(1, 1, other.shape[2] - end, seed=end)
        detector.reset()
        assert torch.equal(detector(other)[:, :end], whole[:, :end])


@pytest.mark.parametrize("quieter_db", [20.0, 30.0])
def test_the_same_softer_is_the_same(quieter_db):
    detector = OnsetDetector(RATE_HZ)
    fade = torch.linspace(0.0, 1.0, 2 * RATE_HZ)
    sound = strokes(2_000, 5_000, 9_000, 12_000) + 1e-3 * fade * noise(1, 1, 2 * RATE_HZ, seed=1)
    places, strengths = told(detector, sound)
    softer, less = told(detector, sound * 10 ** (-quieter_db / 20))
    assert places == softer
    assert np.allclose(np.subtract(strengths, less), quieter_db / 70.0, atol=1e-3)
    close = [min(abs(place - at) for place in places) for at in (2_000, 5_000, 9_000, 12_000)]
    assert max(close) <= 0.002 * RATE_HZ


@pytest.mark.parametrize("kind", ["silence", "floor", "noise", "hum", "vibrato", "nan", "infinite"])
def test_what_has_no_beginning_yields_nothing(kind):
    samples = 3 * RATE_HZ
    time_s = torch.arange(samples) / RATE_HZ
    fade = (time_s / 1.5).clamp_max(1.0).square()
    sounds = {
        "silence": torch.zeros(samples),
        "floor": 2e-4 * noise(samples),  # -74 dB, from the first sample on
        "noise": 0.1 * fade * noise(samples),
        "hum": 0.1 * fade * sum(torch.sin(math.tau * 50 * k * time_s) / k for k in range(1, 9)),
        "vibrato": 0.5 * fade * torch.sin(math.tau * 440 * time_s + 12 * torch.sin(38 * time_s)),
        "nan": torch.full([samples], math.nan),
        "infinite": torch.full([samples], -math.inf),
    }
    assert told(OnsetDetector(RATE_HZ), sounds[kind][None, None]) == ([], [])


def test_what_is_no_number_is_silence_and_spoils_nothing():
    sound = clicks()
    sound[:, :, 3_000:4_000] = math.nan
    assert told(OnsetDetector(RATE_HZ), sound)[0] == list(CLICKS)


def test_a_harder_hit_is_stronger():
    places = [2_000 + 3_000 * n for n in range(9)]
    sound = torch.zeros(1, 1, 2 * RATE_HZ)
    for place, level_db in zip(places, range(-48, 6, 6), strict=True):
        sound += (
            10 ** (level_db / 20)
            * strokes(place, peak=1.0)
            * (torch.arange(2 * RATE_HZ) < place + 1_500)
        )
    found, strengths = told(OnsetDetector(RATE_HZ), sound)
    assert np.abs(np.subtract(found, places)).max() <= 0.002 * RATE_HZ
    assert (np.diff(strengths) > 0.0).all()
    assert 0.0 < strengths[0] < strengths[-1] <= 1.0


def test_strokes_are_heard_over_a_tone_as_loud():
    time_s = torch.arange(2 * RATE_HZ) / RATE_HZ
    tone = 0.2 * torch.sin(math.tau * 300 * time_s) * time_s.clamp_max(1.0).square()
    found, _ = told(OnsetDetector(RATE_HZ), strokes(19_000, 23_000, 27_000) + tone)
    assert np.abs(np.subtract(found, [19_000, 23_000, 27_000])).max() <= 0.002 * RATE_HZ


def test_a_stroke_outdoes_the_rattle_before_it():
    sound = strokes(8_000, peak=0.02) * (torch.arange(2 * RATE_HZ) < 8_160) + strokes(8_160)
    found, (strong,) = told(OnsetDetector(RATE_HZ), sound)
    assert abs(found[0] - 8_160) <= 0.002 * RATE_HZ
    assert strong == pytest.approx(told(OnsetDetector(RATE_HZ), strokes(8_160))[1][0], abs=0.01)


def test_within_the_least_gap_there_is_one():
    detector = OnsetDetector(RATE_HZ)
    detector.min_gap_ms = 100.0
    assert told(detector, clicks())[0] == [1_000, 9_000, 20_001]
    assert len(told(OnsetDetector(RATE_HZ), clicks())[0]) == 4


def test_a_higher_threshold_hears_less():
    detector = OnsetDetector(RATE_HZ)
    sound = strokes(2_000, 9_000) + strokes(3_200, 10_500, peak=0.03)
    counts = []
    for threshold in (0.02, 0.05, 0.2, 1.0):
        detector.threshold = threshold
        counts.append(len(told(detector, sound)[0]))
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_channels_are_heard_together_and_never_cancel():
    sound = strokes(4_000, 12_000)
    pair = OnsetDetector(RATE_HZ, channels=2)
    inverted, _ = told(pair, torch.cat((sound, -sound), 1))
    one_sided, _ = told(pair, torch.cat((torch.zeros_like(sound), sound), 1))
    assert inverted == one_sided == told(OnsetDetector(RATE_HZ), sound)[0]


def test_a_script_tells_the_same():
    detector = OnsetDetector(RATE_HZ)
    sound = clicks() + 0.01 * noise(1, 1, 2 * RATE_HZ)
    whole = detector(sound)
    detector.reset()
    script = torch.jit.script(detector)
    assert torch.equal(torch.cat([script(part) for part in sound.split(1_111, 2)], 1), whole)


def test_flux_is_of_what_is_new_only():
    levels = noise(3, 40).abs()
    loud = torch.ones(3)
    assert of_flux.flux(levels, levels, loud).max() == 0.0
    moved = torch.zeros(1, 40)
    moved[0, 20] = 1.0
    assert of_flux.flux(moved.roll(1, 1), moved, loud[:1]) == 0.0  # into the next band
    assert of_flux.flux(moved.roll(2, 1), moved, loud[:1]) > 0.0
    ones = torch.ones(1, 40)
    assert float(of_flux.flux(ones, 0 * ones, loud[:1], gain=9.0)) == pytest.approx(1.0)  # lg 10
    before = noise(3, 40, seed=1).abs()
    louder = of_flux.flux(100 * levels, 100 * before, 100 * loud)
    assert torch.allclose(louder, of_flux.flux(levels, before, loud))


@pytest.mark.parametrize("rate_hz", [1_000, 8_000, 44_100, 192_000])
def test_windows_and_bands(rate_hz):
    window, bands = of_flux.window(rate_hz), of_flux.log_bands(rate_hz)
    assert float(window.sum()) == pytest.approx(2.0)
    assert torch.allclose(bands.sum(0), torch.ones(bands.shape[1]))
    n_fft = of_flux.fft_samples(rate_hz)
    assert len(window) <= n_fft < 2 * len(window) + 2
    time = torch.arange(len(window), dtype=torch.float64)
    sine = torch.sin(math.tau * round(n_fft / 5) / n_fft * time)
    level = of_flux.magnitudes(sine[None, None], window, n_fft).max()
    assert float(level) == pytest.approx(1.0, abs=0.02)


def test_where_a_sound_begins():
    energy = torch.cat((torch.full([100], 1e-6), torch.ones(50)))
    assert beginning(energy, 20, 10) == 80
    assert beginning(1e-6 * energy, 20, 10) == 80
    assert louder_beginning(energy[60:], 20, 10) == 20
    assert louder_beginning(torch.ones(80), 20, 10) == 0


def test_strength_by_its_formula():
    silence, sine = torch.zeros(50), 0.5 * torch.ones(50)
    assert strength(silence, sine) == pytest.approx(1.0)
    assert strength(silence, 1e-4 * sine) == pytest.approx(1.0 - 40.0 / 70.0)
    assert strength(sine, sine) == strength(silence, 1e-8 * sine) == 0.0


def test_a_file_is_heard_as_its_samples_are(tmp_path):
    path = tmp_path / "hits.wav"
    sound = np.zeros((30_000, 2), np.float32)
    sound[[3_000, 15_000], 0] = 0.5
    sound[29_990, 1] = -0.25  # told of beyond the end
    soundfile.write(path, sound, 22_050, subtype="FLOAT")
    seconds: list[float] = []
    found = onsets_of_sound(path, tell=seconds.append)
    assert (found.times_s * 22_050).round().tolist() == [3_000, 15_000, 29_990]
    assert seconds[-1] == pytest.approx(30_000 / 22_050)
    blocks = (sound[start : start + 777] for start in range(0, 30_000, 777))
    assert onsets_of_blocks(blocks, 22_050).times_s.tolist() == found.times_s.tolist()
    assert len(onsets_of_blocks(iter(()), 22_050)) == 0
    soundfile.write(path, sound[:0], 22_050)
    with pytest.raises(UnreadableAudio, match=r"no samples|no sound"):
        onsets_of_sound(path)


def test_files_of_times_are_written_and_not_written_over(tmp_path):
    (tmp_path / "takes" / "day").mkdir(parents=True)
    for name in ("a.wav", "day/b.flac"):
        soundfile.write(tmp_path / "takes" / name, clicks()[0, 0].numpy(), RATE_HZ)
    (tmp_path / "takes" / "c.wav").write_bytes(b"no sound")
    out = tmp_path / "out"
    written = onsets_of_files([tmp_path / "takes"], out, Finding())
    assert written == [out / "a.times.csv", out / "day" / "b.times.csv"]
    assert read_onsets(written[0]).times_s.tolist() == pytest.approx(
        [at / RATE_HZ for at in CLICKS], abs=1e-6
    )
    write_onsets(written[1], onsets_of([1.0]))
    with pytest.raises(InputError, match="--overwrite"):
        onsets_of_files([tmp_path / "takes"], out, Finding())
    assert len(read_onsets(written[1])) == 1
    wide = Finding(min_gap_ms=100.0)
    onsets_of_files([tmp_path / "takes"], out, wide, is_replaced=True)
    assert len(read_onsets(written[1])) == 3


def test_files_of_times_as_the_greatest_hits_have_them(tmp_path):
    for name in ("2015_denoised.wav", "2016_mic.wav", "2016_denoised.wav"):
        soundfile.write(tmp_path / name, clicks()[0, 0].numpy(), RATE_HZ)
    given = tmp_path / "2015_denoised.wav"
    written = onsets_of_files([given], tmp_path, Finding(), as_greatest_hits=True)
    assert written == [tmp_path / "2015_times.txt"] and find_times(given) == written[0]
    assert read_onsets(written[0]).times_s.tolist() == pytest.approx(
        [at / RATE_HZ for at in CLICKS], abs=1e-6
    )
    both = [tmp_path / "2016_mic.wav", tmp_path / "2016_denoised.wav"]
    with pytest.raises(InputError, match=r"would both be .*2016_times\.txt"):
        onsets_of_files(both, tmp_path, Finding(), as_greatest_hits=True)


@pytest.mark.parametrize(
    "threshold, gap_ms", [(0.0, 40.0), (2.0, 40.0), (0.1, 5.0), (0.1, math.nan)]
)
def test_numbers_out_of_range_are_refused(threshold, gap_ms):
    with pytest.raises(InputError, match=r"--threshold|--min-gap"):
        Listening(threshold, gap_ms)
