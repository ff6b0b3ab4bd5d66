"""Hits and the detector in hosts of another sample rate than the recordings'."""

import numpy as np
import pytest
import soxr
import torch
from small_hits import small_hits
from torch import Tensor

from vschaos2.dsp.rate_reader import RateReader
from vschaos2.dsp.resampling import Resampling
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.export.trial import opened, played
from vschaos2.families.foley.playable import PlayableHits, check_beginnings
from vschaos2.families.foley.streaming_hits import StreamingHits
from vschaos2.recognition.streaming_onsets import StreamingOnsets

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]
OWN_HZ = 44_100
OTHERS_HZ = (48_000, 88_200, 96_000)


@pytest.fixture(scope="module")
def eager() -> StreamingHits:
    made = StreamingHits(small_hits()).eval()
    made.level.is_limited = False
    return made


def struck(eager: StreamingHits, at: list[int], count: int) -> Tensor:
    """The inlets of a block with triggers at some samples: [1, inlets, count]."""
    x = torch.zeros(1, eager.n_inlets, count)
    x[0, 0, at] = 1.0
    x[0, 1:3] = -1.0
    return x


@torch.inference_mode()
def heard(eager: StreamingHits, rate_hz: int, x: Tensor, sizes: tuple[int, ...] = ()) -> Tensor:
    """What is played at a host's rate, from silence, in blocks of these sizes or whole: [T]."""
    assert set_attribute(eager, "sample_rate", rate_hz) == 0
    set_attribute(eager, "reset", True)
    made, start = [], 0
    while start < x.shape[2]:
        end = start + (sizes[len(made) % len(sizes)] if sizes else x.shape[2])
        made.append(eager.hit(x[..., start:end])[0, 0])
        start = end
    return torch.cat(made)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(44100, 48000), (48000, 44100), (96000, 44100)])
def test_reading_in_parts_is_the_sum_that_defines_it(from_hz, to_hz):
    reader, oracle = RateReader(from_hz, to_hz), Resampling(from_hz, to_hz)
    sound = torch.randn(3000, generator=torch.Generator().manual_seed(0))
    waiting, made = reader.begin(), []
    for part in sound.split([1000, 1, 1500, 499]):
        assert reader.least(len(part)) <= reader.due(len(waiting), len(part)) or not made
        got, waiting = reader(waiting, part)
        made.append(got)
    got, _ = reader(waiting, torch.zeros(reader.rest))
    read = torch.cat([*made, got])
    count = 3000 * to_hz // from_hz
    padded = torch.nn.functional.pad(sound, (oracle.ahead, oracle.ahead + 2))
    due = oracle(padded[None, :, None], -oracle.ahead, 0, count)[0, :, 0]
    torch.testing.assert_close(read[:count], due, atol=2e-6, rtol=0.0)
    assert len(got) <= reader.most(499)


@pytest.mark.parametrize("rate_hz", OTHERS_HZ)
def test_a_hit_is_the_same_sound_at_every_rate(eager, rate_hz):
    own = heard(eager, OWN_HZ, struck(eager, [0], 10_000)).numpy()
    made = heard(eager, rate_hz, struck(eager, [0], 10_000 * rate_hz // OWN_HZ)).numpy()
    # Up to 16 kHz, where every resampler passes the same, but for the very beginning: what a
    # filter rings with before it is cut off.
    due, ours = (
        soxr.resample(of, hz, 32_000, "VHQ") for of, hz in ((own, OWN_HZ), (made, rate_hz))
    )
    error = (ours - due[: len(ours)])[64:]
    assert np.square(error).sum() < 1e-6 * np.square(due).sum()
    assert np.abs(made).max() == pytest.approx(np.abs(due).max(), rel=0.2)


@pytest.mark.parametrize("rate_hz", OTHERS_HZ)
def test_a_trigger_is_heard_at_its_own_sample_at_every_rate(eager, rate_hz):
    count = 20_000
    due = heard(eager, rate_hz, struck(eager, [0], count))
    assert float(due[0]) != 0.0 and float(due.abs().max()) > 0.01
    for at in (1, 63, 511, 1023, 1025, 3000):
        made = heard(eager, rate_hz, struck(eager, [at], count))
        assert float(made[:at].abs().max()) == 0.0
        assert torch.equal(made[at:], due[: count - at]), at


@pytest.mark.parametrize("rate_hz", OTHERS_HZ)
@pytest.mark.parametrize("sizes", [(7, 300), (64,), (1024, 1), (4096,)])
def test_blocks_do_not_matter_at_other_rates(eager, rate_hz, sizes):
    """With nine strikes at once, of which one takes another's voice."""
    at = [5, 600, 1300, 1800, 2300, 2900, 3500, 4100, 4600, 5200, 9000]
    x = struck(eager, at, 12_000)
    assert torch.equal(heard(eager, rate_hz, x, sizes), heard(eager, rate_hz, x))


def test_eight_voices_are_the_sum_of_each(eager):
    set_attribute(eager, "variation", 0.0)
    at = [300 * number for number in range(8)]
    alone = heard(eager, 48_000, struck(eager, [0], 16_000))
    together = heard(eager, 48_000, struck(eager, at, 16_000))
    due = sum(torch.nn.functional.pad(alone, (k, 0))[:16_000] for k in at)
    torch.testing.assert_close(together, due, atol=1e-5, rtol=0.0)
    set_attribute(eager, "variation", 1.0)


def test_a_way_to_another_rate_and_back_leaves_no_trace(eager):
    x = struck(eager, [10], 6000)
    due = heard(eager, OWN_HZ, x)
    assert not torch.allclose(heard(eager, 96_000, x), due, atol=1e-3)
    assert torch.equal(heard(eager, OWN_HZ, x), due)
    for wrong in (8000, 0, -1):
        assert set_attribute(eager, "sample_rate", wrong) != 0
    assert get_attribute(eager, "sample_rate") == [OWN_HZ]


def test_a_file_proves_it_and_begins_at_the_rate_wished_for():
    playable = PlayableHits(small_hits(), {"velocity": "made up"}, 48_000)
    assert playable.sample_rate_hz == 48_000
    content = playable.saved()
    check_beginnings(content, playable)
    loaded = opened(content)
    assert loaded.host_rates_hz == [OWN_HZ, *OTHERS_HZ] and loaded.get_sample_rate() == [48_000]
    loaded.get_methods()
    x = struck(playable.eager, [3], 4000)
    torch.testing.assert_close(
        played(loaded, "hit", x), played(playable.eager, "hit", x), atol=1e-6, rtol=0.0
    )
    with pytest.raises(ValueError, match=r"44100, 48000, 88200, 96000 .* got 22050"):
        StreamingHits(small_hits(), 22_050)


@pytest.mark.parametrize("rate_hz", [OWN_HZ, 96_000])
def test_a_detector_is_right_at_every_rate(rate_hz):
    """As one that was made for it, its delay included; the settings hold for all."""
    eager, own = StreamingOnsets(48_000), StreamingOnsets(rate_hz)
    chance = torch.Generator().manual_seed(0)
    sound = 1e-4 * torch.randn(1, 1, rate_hz, generator=chance)
    places = [round(at * rate_hz) for at in (0.2, 0.45, 0.9)]
    sound[0, 0, places] = 0.5
    for module in (eager, own):
        assert set_attribute(module, "min_gap_ms", 100.0) == 0
    assert set_attribute(eager, "sample_rate", rate_hz) == 0
    found = eager.detect(sound)
    assert torch.equal(found, own.detect(sound))
    delay = get_attribute(eager, "delay")[0]
    assert delay == int(0.03 * rate_hz)
    assert found[0, 0].nonzero()[-3:, 0].tolist() == [place + delay for place in places]
