"""The net that hears onsets: its groups, its blocks, and what it tells of sounds."""

import numpy as np
import pytest
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.events import flux as of_flux
from vschaos2.events.detector import OnsetDetector
from vschaos2.events.hearing import onsets_of_blocks
from vschaos2.events.onset_net import GROUPS, WAIT, OnsetNet, groups, ready_net
from vschaos2.events.options import Listening
from vschaos2.events.scores import agreement
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.generation.foley_guide import Guide, check_guide
from vschaos2.generation.onsets import Finding, onsets_of_files
from vschaos2.recognition.streaming_onsets import StreamingOnsets

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
RATE_HZ = 44_100
BY_NET = Listening(0.75, 40.0, by_net=True)


def notes(rate_hz: int = RATE_HZ) -> tuple[np.ndarray, np.ndarray]:
    """Tones that each begin within 8 ms while the one before rings on, and when."""
    chance = np.random.default_rng(3)
    times = 0.3 + np.cumsum(chance.uniform(0.2, 0.5, 10)) - 0.2
    t = np.arange(round(rate_hz * (times[-1] + 0.6))) / rate_hz
    sound = 1e-4 * chance.standard_normal(len(t))
    for start in times:
        of, hz = np.clip(t - start, 0.0, None), 220.0 * 2.0 ** chance.uniform(0.0, 2.0)
        made = sum(np.sin(2 * np.pi * n * hz * of) / n**1.5 for n in range(1, 8))
        sound += 0.15 * made * (1.0 - np.exp(-of / 0.008)) * np.exp(-of / 0.5)
    return sound.astype(np.float32), times


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_groups_are_of_the_same_frequencies_at_every_rate(rate_hz):
    """Each is a mean of bands within it; above all bands there is nothing."""
    centres = of_flux.band_centres_hz(rate_hz)
    gathered = groups(centres)
    assert gathered.shape == (of_flux.log_bands(rate_hz).shape[1], GROUPS)
    totals = gathered.sum(0)
    assert bool(((totals - 1.0).abs() < 1e-5).logical_or(totals == 0.0).all())
    edges = 30.0 * (16_000.0 / 30.0) ** (torch.arange(GROUPS + 1) / GROUPS)
    most = float(centres[-1])
    for group in range(GROUPS):
        if edges[group + 1] > 300.0 and edges[group + 1] < most:
            heard = centres[gathered[:, group] > 0.0]
            assert float(heard.min()) >= edges[group] - 1.0
            assert float(heard.max()) <= edges[group + 1] + 1.0
        elif edges[group] > most:
            assert totals[group] == 0.0


@torch.inference_mode()
def test_what_is_said_of_a_frame_depends_on_those_before_alone():
    """And not, to the last bit, on the block it comes in."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = OnsetNet().eval()
        x = torch.rand(2, 50, 2 * GROUPS)
    zeros = torch.zeros(2, net.state_size)
    whole, state = net(x, zeros)
    other = x.clone()
    other[:, 30:] = 0.0
    changed, _ = net(other, zeros)
    assert torch.equal(changed[:, :30], whole[:, :30])
    assert not torch.equal(changed[:, 30], whole[:, 30])
    for size in (1, 3, 7, 50):
        carried, parts = zeros, []
        for part in x.split(size, 1):
            said, carried = net(part, carried)
            parts.append(said)
        assert torch.equal(torch.cat(parts, 1), whole)
        assert torch.equal(carried, state)


@torch.inference_mode()
def test_a_peak_is_told_a_frame_later():
    """Of what the net says it is the greatest among its neighbours, and likely enough."""

    class Says(OnsetNet):
        def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
            return x[..., 0], state

    detector = OnsetDetector(RATE_HZ, 1, Says()).eval()
    said = torch.zeros(1, 12, 2 * GROUPS)
    said[0, :, 0] = torch.tensor([0, 0.6, 0, 0.8, 0.9, 0.9, 0.2, 0.78, 0.1, 0, 0, 0.9]).logit(1e-3)
    expected = [5 + 1, 7 + 1]
    assert detector.likely(said)[0].nonzero()[:, 0].tolist() == expected
    detector.reset()
    parts = [detector.likely(part) for part in said.split(5, 1)]
    assert torch.cat(parts, 1)[0].nonzero()[:, 0].tolist() == expected


def test_it_hears_notes_that_begin_softly():
    """More of them than the flux, none that is not there, as late as the detector says."""
    sound, times = notes()
    by_net = onsets_of_blocks([sound[:, None]], RATE_HZ, BY_NET)
    by_flux = onsets_of_blocks([sound[:, None]], RATE_HZ)
    ours, others = (agreement(of.times_s, times, 0.05) for of in (by_net, by_flux))
    assert ours.paired >= 9 and ours.found - ours.paired <= 1
    assert ours.f_measure >= others.f_measure
    assert 5 * (WAIT + 2) <= 30


@torch.inference_mode()
@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_blocks_equal_the_whole_and_clicks_are_found_at_their_samples(rate_hz):
    detector = StreamingOnsets(48_000).eval()
    assert set_attribute(detector, "sample_rate", rate_hz) == 0
    assert set_attribute(detector, "notes", True) == 0
    sound = 1e-4 * torch.randn(1, 1, rate_hz, generator=torch.Generator().manual_seed(0))
    places = [round(at * rate_hz) for at in (0.2, 0.45, 0.8)]
    for place in places:
        ringing = torch.exp(-torch.arange(rate_hz - place) / (0.03 * rate_hz))
        tone = torch.sin(torch.arange(rate_hz - place) * (2 * torch.pi * 900.0 / rate_hz) + 1.0)
        sound[0, 0, place:] += 0.5 * ringing * tone
    whole = detector.detect(sound)
    late = int(0.03 * rate_hz)
    found = [place - late for place in whole[0, 0].nonzero()[:, 0].tolist()]
    assert [place for place in found if place > rate_hz // 20] == places
    for size in (441, 4096):
        set_attribute(detector, "reset", True)
        parts = [detector.detect(part) for part in sound.split(size, 2)]
        assert torch.equal(torch.cat(parts, 2), whole)


def test_weights_that_come_with_the_package():
    net, again = ready_net(), ready_net()
    assert all(bool(torch.isfinite(weight).all()) for weight in net.parameters())
    assert not any(weight.requires_grad for weight in net.parameters())
    assert torch.equal(net.last.weight, again.last.weight)


def test_what_cannot_be_listened_to_is_refused(tmp_path):
    film = tmp_path / "a.mp4"
    film.write_bytes(b"")
    with pytest.raises(InputError, match="--notes listens, and films are looked at"):
        onsets_of_files([film], tmp_path / "out", Finding(by_net=True))
    with pytest.raises(InputError, match="--notes listens to a guide"):
        check_guide(Guide(film=film, by_net=True))
