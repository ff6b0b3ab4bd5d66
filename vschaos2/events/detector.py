"""Onsets in sound as it comes: the one streaming form, for files and for hosts."""

import math

import torch
from torch import Tensor

from vschaos2.dsp.state import State, Stateful
from vschaos2.dsp.streaming import INPUT_LIMIT
from vschaos2.events import flux as of_flux
from vschaos2.events.attack import (
    AFTER_S,
    BEFORE_S,
    STRENGTH_S,
    beginning,
    energy_of,
    louder_beginning,
    strength,
)
from vschaos2.events.onset_net import GROWTH_GAIN, OnsetNet, groups
from vschaos2.events.options import LIKELIHOOD, MIN_GAP_MS, THRESHOLD
from vschaos2.nets.layers import padded_rows

DELAY_S = 0.03
RECENT_S = 0.15  # whose median the flux is compared with
PEAK_S = 0.03  # within which it must be the greatest
FORGET_S = 3.0  # in which the reference falls to 1/e
FLOOR = 1e-3  # the least reference: bands of -60 dB
NEVER = 10_000_000  # samples


class OnsetDetector(Stateful):
    """Sound to impulses, one where something begins, as high as it is strong.

    What leaves at sample n + `delay_samples` depends on the sound up to there only, and tells
    whether something began at sample n. Blocks may have any length, and joined they equal the
    whole.

    Args:
        sample_rate_hz: of the sound.
        channels: heard together, C.
        net: that hears notes; None for a detector that listens by the flux only.

    Attributes:
        threshold: least flux above its recent median.
        by_net: whether the net listens in place of the flux.
        likelihood: of an onset, that the net must be sure of.
        min_gap_ms: least time between two onsets.
        delay_samples: how late an impulse leaves.

    Shape: [B, C, T] → [B, T], in [0, 1].
    """

    window: Tensor
    bands: Tensor
    gathered: Tensor  # groups of bands, which a net hears

    def __init__(self, sample_rate_hz: int, channels: int = 1, net: OnsetNet | None = None) -> None:
        super().__init__()
        self.sample_rate_hz, self.channels = sample_rate_hz, channels
        self.net, self.by_net, self.likelihood = net, False, LIKELIHOOD
        gathered = groups(of_flux.band_centres_hz(sample_rate_hz))
        self.register_buffer("gathered", gathered.float(), persistent=False)
        self.growth_gain = GROWTH_GAIN
        self.net_state = State(0 if net is None else net.state_size)
        self.past_said = State(2)  # of the two frames before
        self.threshold, self.min_gap_ms = THRESHOLD, MIN_GAP_MS
        window = of_flux.window(sample_rate_hz).float()
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("bands", of_flux.log_bands(sample_rate_hz), persistent=False)
        self.hop = of_flux.hop_samples(sample_rate_hz)
        self.n_fft, self.window_samples = of_flux.fft_samples(sample_rate_hz), len(window)
        self.n_bands = self.bands.shape[1]
        self.delay_samples = int(sample_rate_hz * DELAY_S)
        self.before = max(1, round(sample_rate_hz * BEFORE_S))
        self.after = max(1, round(sample_rate_hz * AFTER_S))
        self.measured = max(1, round(sample_rate_hz * STRENGTH_S))
        hop_s = self.hop / sample_rate_hz
        self.recent, self.peak = round(RECENT_S / hop_s), round(PEAK_S / hop_s)
        self.decay = float(torch.exp(torch.tensor(-hop_s / FORGET_S)))
        self.floor, self.input_limit, self.lag, self.never = FLOOR, INPUT_LIMIT, of_flux.LAG, NEVER
        reach = max(self.delay_samples, self.measured + self.hop) + max(self.before, self.measured)
        self.kept = max(self.window_samples, reach)
        self.history = State(channels * self.kept)  # the newest samples
        self.past_bands = State(self.lag * self.n_bands)
        self.past_flux = State(self.recent)
        self.reference = State(1)
        self.told = State(self.delay_samples)  # impulses to come
        self.since = State(2)  # samples since the last onset, and since one in question; 0 for none
        self.into = 0  # samples since the last frame

    @torch.jit.export
    def forget(self) -> None:
        """Begin anew."""
        self.into = 0

    def forward(self, sound: Tensor) -> Tensor:
        """The impulses of a block."""
        batch, length = sound.shape[0], sound.shape[2]
        clean = torch.nan_to_num(sound, 0.0, 0.0, 0.0).clamp(-self.input_limit, self.input_limit)
        held = self.history.recall(batch).reshape(batch, self.channels, self.kept)
        joined = torch.cat((held, clean), 2)
        self.history.keep(joined[:, :, length:].reshape(batch, -1).clone())
        impulses = torch.cat((self.told.recall(batch), sound.new_zeros([batch, length])), 1)
        first = self.hop - self.into  # where the first frame ends, in samples of the block
        count = (self.into + length) // self.hop
        before = self.since.recall(batch)
        since = (before + length * (before > 0.0)).clamp_max(self.never)
        if count > 0:
            start = self.kept + first - self.window_samples
            end = start + self.window_samples + (count - 1) * self.hop
            loud, grown = self.loudness(joined[:, :, start:end], count)
            flux = grown.mean(1)[: batch * count].reshape(batch, count)
            is_peak = self.peaks(flux)
            if self.by_net:
                is_peak = self.likely(self.gather(loud, grown, batch, count))
            busy = is_peak.any(1) | (before[:, 1] > 0.0)
            if bool(busy.any()):
                for item in range(batch):
                    since[item] = before[item]
                    self.decide(is_peak[item], joined[item], first, since[item], impulses[item])
        self.since.keep(since)
        self.into = self.into + length - count * self.hop
        self.told.keep(impulses[:, length:].clone())
        return impulses[:, :length]

    def peaks(self, flux: Tensor) -> Tensor:
        """Which frames stand out of those before them: [B, F] → [B, F]."""
        count = flux.shape[1]
        both = torch.cat((self.past_flux.recall(flux.shape[0]), flux), 1)
        self.past_flux.keep(both[:, count:].clone())
        recent = both.unfold(1, self.recent, 1)[:, :count]
        median = recent.sort(2).values[:, :, self.recent // 2]
        peak = recent[:, :, self.recent - self.peak :].amax(2)
        return (flux >= median + self.threshold) & (flux >= peak)

    def gather(self, loud: Tensor, grown: Tensor, batch: int, count: int) -> Tensor:
        """What a net hears of frames: [R, N] each → [B, F, 2·groups]."""
        both = torch.cat((loud @ self.gathered, self.growth_gain * (grown @ self.gathered)), 1)
        return both[: batch * count].reshape(batch, count, -1)

    def likely(self, heard: Tensor) -> Tensor:
        """Which frames end just behind a peak of what the net says: [B, F, 2·groups] → [B, F]."""
        batch, count = heard.shape[0], heard.shape[1]
        said = heard.new_zeros(batch, count)
        net = self.net
        if net is not None:
            said, state = net(heard, self.net_state.recall(batch))
            self.net_state.keep(state)
        both = torch.cat((self.past_said.recall(batch), said), 1)
        self.past_said.keep(both[:, count:].clone())
        middle, odds = both[:, 1:-1], self.likelihood / max(1.0 - self.likelihood, 1e-6)
        return (
            (middle >= math.log(max(odds, 1e-6)))
            & (middle >= both[:, :-2])
            & (middle > both[:, 2:])
        )

    def loudness(self, sound: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """How loud the bands of each frame are, and how much louder than they were.

        Shape: [B, C, T] → [R, N] each, of which the first B·F rows are those of frames.
        """
        batch = sound.shape[0]
        frames = sound.unfold(2, self.window_samples, self.hop).transpose(1, 2)
        rows = padded_rows(frames.reshape(batch * count, -1))
        rows = rows.reshape(rows.shape[0], self.channels, self.window_samples)
        bands = of_flux.magnitudes(rows, self.window, self.n_fft) @ self.bands
        level = bands.mean(1)[: batch * count].reshape(batch, count)
        bands = bands[: batch * count].reshape(batch, count, -1)
        past = self.past_bands.recall(batch).reshape(batch, self.lag, -1)
        both = torch.cat((past, bands), 1)
        self.past_bands.keep(both[:, count:].reshape(batch, -1).clone())
        reference, loudness = self.reference.recall(batch)[:, 0], []
        for frame in range(count):
            reference = torch.maximum(reference * self.decay, level[:, frame])
            loudness.append(reference)
        self.reference.keep(reference[:, None])
        lately = torch.stack(loudness, 1).clamp_min(self.floor).reshape(-1, 1)
        return of_flux.loudness(
            padded_rows(bands.reshape(batch * count, -1)),
            padded_rows(both[:, :count].reshape(batch * count, -1)),
            padded_rows(lately).clamp_min(self.floor)[:, 0],
        )

    def decide(
        self,
        is_peak: Tensor,
        sound: Tensor,
        first: int,
        since: Tensor,
        impulses: Tensor,
    ) -> None:
        """Find where peaks of the flux began, and tell of each once its strength is known.

        Args:
            is_peak: of each frame, [F].
            sound: with what is kept of before, [C, kept + T].
            first: where the first frame ends, in samples of the block.
            since: samples from the last onset and from one in question to the block, changed.
            impulses: from the block on, [T + delay], changed.
        """
        length = sound.shape[1] - self.kept
        gap = int(self.min_gap_ms * self.sample_rate_hz / 1000.0)
        last, question = -int(since[0]), -int(since[1])
        asked = question < 0
        last = last if last < 0 else -self.never
        peaks: list[bool] = is_peak.tolist()
        for frame in range(len(peaks)):
            end = first + frame * self.hop
            earliest = max(end - self.delay_samples, last + gap)
            if peaks[frame] and not asked and earliest < end:
                energy = energy_of(sound[:, self.kept + earliest - self.before : self.kept + end])
                question = earliest + beginning(energy, self.before, self.after)
                asked = True
            if asked and end - question >= self.measured:
                at = self.kept + question
                heard = energy_of(sound[:, at - self.before : self.kept + end])
                later = louder_beginning(heard, self.before, self.after)
                question += later
                if later == 0:
                    around = energy_of(sound[:, at - self.measured : at + self.measured])
                    before, after = around[: self.measured], around[self.measured :]
                    strong = strength(before, after)
                    if self.by_net and strong <= 0.0:  # a note that is no louder than what rings
                        strong = strength(before * 0.0, after)
                    if strong > 0.0:
                        impulses[question + self.delay_samples] = strong
                        last = question
                    asked = False
        since[0] = float(min(length - last, self.never))
        since[1] = float(length - question) if asked else 0.0
