"""The sound of hits, a part at a time: latents of some frames into samples, and what is carried on.

    latents ──VAE──> magnitudes ──gate──> ──phases──> frames ──overlap-add──> samples

A hit is rendered in parts of a fixed number of frames, each from what the one before left: so its
samples are the same whenever, and together with whichever others, its parts are rendered. Phases
are recovered as in the mode `live` of `dsp.inversion`, whose window reaches least far before an
attack, which lies in the first part. What rings on afterwards needs no search for where a bin's
phase comes from, which would cost as much as all else: it is from the bin's own past.
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.dsp.framing import gaussian_window, overlap_add
from vschaos2.dsp.phase import (
    bin_advance,
    consensus_windows,
    gradient_coupling,
    log_magnitude,
    phase_steps,
    propagate,
    refine,
    time_step,
)
from vschaos2.dsp.random_phases import RandomPhases
from vschaos2.families.vae.vae import VAE
from vschaos2.nets.layers import padded_rows

PART_SAMPLES = 2048
ITERATIONS = 2  # of refinement
STRIDE = 97  # from the random phases of a frame to the next one's
LEVELS = 3  # of the search for a phase's origin, as in `dsp.inversion`
MOMENTUM = 0.9
QUIET_DB, SILENT_DB = -54.0, -66.0  # below a hit's loudest frame: from here to there it is gated
RISE_SAMPLES = 16  # of a hit's very beginning
SMALLEST = 1e-9
OVER = 1e30  # the loudest frame of a hit that has ended: nothing is loud against it


class HitSound(nn.Module):
    """What makes sound of latents.

    Args:
        vae: trained; its frames may have no past (`temporal`).
        frames: of a hit.
        fade_samples: at a hit's end.

    Attributes:
        part_frames, part_samples: what is rendered at once.
        delay_samples: samples of a rendering before a hit's first.
        parts: that a hit has.
        state_size: numbers carried from part to part, S.
        samples: of a hit.
    """

    noise: Tensor
    window: Tensor
    windows: Tensor
    short: Tensor
    advance: Tensor
    alternation: Tensor
    envelopes: Tensor

    def __init__(self, vae: VAE, frames: int, fade_samples: int) -> None:
        super().__init__()
        n_fft, hop = vae.transform.n_fft, vae.transform.hop
        self.vae = vae
        self.n_fft, self.hop, self.bins = n_fft, hop, n_fft // 2 + 1
        self.part_frames = max(1, PART_SAMPLES // hop)
        self.part_samples = self.part_frames * hop
        # Frames are those of a stream, the first of which ends with a hit's first hop; the middle
        # two hops of each are played.
        self.delay_samples = n_fft // 2
        self.samples = frames * hop - (n_fft - hop)
        self.frames, self.fade_samples = frames, fade_samples
        self.parts = -(-(self.samples + self.delay_samples) // self.part_samples)
        self.coupling = gradient_coupling(n_fft, hop)
        self.iterations, self.momentum, self.levels = ITERATIONS, MOMENTUM, LEVELS
        self.stride, self.smallest, self.ended = STRIDE, SMALLEST, OVER
        self.quiet_db, self.silent_db = QUIET_DB, SILENT_DB
        window = gaussian_window(n_fft)
        self.trim = n_fft // 2 - hop
        hann = torch.hann_window(2 * hop, periodic=True, dtype=torch.float64)
        constants = {
            "window": window,
            "windows": consensus_windows(window, self.part_frames, hop),
            "short": hann / window[self.trim : n_fft - self.trim],
            "advance": bin_advance(n_fft, hop),
            "alternation": 1.0 - 2.0 * (torch.arange(self.bins) % 2),
            "noise": RandomPhases(self.bins).table,
            "envelopes": self.envelope().reshape(self.parts, self.part_samples),
        }
        for name, constant in constants.items():
            self.register_buffer(name, constant.float(), persistent=False)
        self.past_size, self.tail_size = n_fft - hop, hop
        self.state_size = 1 + 3 * self.bins + self.past_size + self.tail_size

    @torch.jit.unused
    def envelope(self) -> Tensor:
        """Nothing before a hit's first sample, a short rise from there, and a fade at its end.

        Shape: → [parts·part_samples].
        """
        at = torch.arange(self.parts * self.part_samples) - self.delay_samples
        rise = ((at + 1.0) / RISE_SAMPLES).clamp(0.0, 1.0)
        fall = ((self.samples - at) / float(self.fade_samples)).clamp(0.0, 1.0)
        return (0.5 - 0.5 * torch.cos(math.pi * rise)) * (0.5 - 0.5 * torch.cos(math.pi * fall))

    @torch.jit.export
    def initial_state(self, rows: int) -> Tensor:
        """What is carried into the first part of hits, [R, S]: silence."""
        state = self.window.new_zeros(rows, self.state_size)
        quiet = log_magnitude(state[:, : 2 * self.bins].unsqueeze(1)).squeeze(1)
        phase = self.noise[: self.bins].expand(rows, -1).clone()
        phase[:, 0] = 0.0
        end = 1 + 2 * self.bins
        return torch.cat((state[:, :1], quiet, phase, state[:, end + self.bins :]), 1)

    def magnitudes(self, latents: Tensor) -> Tensor:
        """Magnitudes that latents are played with: [R, F, Z] → [R, F, K]."""
        rows, count, dims = latents.shape
        frames = padded_rows(latents.reshape(rows * count, dims))
        made = self.vae.to_magnitude(self.vae.decode(frames).mean)
        return made[: rows * count].reshape(rows, count, self.bins)

    def forward(
        self, latents: Tensor, part: Tensor, state: Tensor, is_first: bool
    ) -> tuple[Tensor, Tensor]:
        """The samples of one part of each of several hits, and what is carried on.

        Args:
            latents: of the part's frames, [R, C, Z], C being `part_frames`.
            part: its number in each hit, [R].
            is_first: whether these numbers are all 0, or none is.
            state: of `initial_state`, or the part before, [R, S].

        Returns:
            [R, part_samples], of which those of a hit begin at sample `delay_samples` of part 0;
            and the state. Rows do not depend on each other.
        """
        rows, count = latents.shape[0], self.part_frames
        bins, at = self.bins, 1 + 2 * self.bins
        logs = state[:, 1:at].reshape(rows, 2, bins)
        phase = state[:, at : at + bins]
        past = state[:, at + bins : at + bins + self.past_size]
        tail = state[:, at + bins + self.past_size :]
        magnitudes = self.magnitudes(latents)
        magnitudes, loudest = self.gated(magnitudes, state[:, :1])

        logs = torch.cat((logs, log_magnitude(magnitudes)), 1)
        if is_first:
            noise = self.noise.unfold(0, bins, self.stride)[:count]
            roots, steps = phase_steps(logs, noise, 0, self.advance, self.coupling, self.levels)
            phases = propagate(phase, roots, steps)
        else:
            steps = time_step(logs[:, 2:], logs[:, 1:-1], self.advance, self.coupling)
            phases = torch.remainder(phase.unsqueeze(1) + steps.cumsum(1), 2.0 * math.pi)
        signed = magnitudes * self.alternation
        spectra = torch.complex(signed * torch.cos(phases), signed * torch.sin(phases))
        spectra = refine(
            spectra,
            magnitudes,
            past,
            self.window,
            self.windows,
            self.hop,
            self.iterations,
            self.momentum,
        )
        phase = torch.angle(spectra[:, -1] * self.alternation)
        frames = torch.fft.irfft(spectra, n=self.n_fft)
        heard = overlap_add(frames * self.window, self.hop)
        heard[:, : self.past_size] += past
        signal = overlap_add(
            frames[:, :, self.trim : self.n_fft - self.trim] * self.short, self.hop
        )
        signal[:, : self.tail_size] += tail
        kept = (
            loudest,
            logs[:, count:].flatten(1),
            phase,
            heard[:, count * self.hop :],
            signal[:, count * self.hop :],
        )
        made = signal[:, : count * self.hop]
        return made * self.envelopes.index_select(0, part), torch.cat(kept, 1)

    def gated(self, magnitudes: Tensor, loudest: Tensor) -> tuple[Tensor, Tensor]:
        """Magnitudes without what a VAE makes of silence, and the loudest frame's power so far.

        A hit that was silent for a whole part has ended.

        Shape: [R, C, K], [R, 1] → [R, C, K], [R, 1].
        """
        power = magnitudes.square().sum(2)
        loudest = torch.maximum(loudest, power.amax(1, keepdim=True))
        level_db = 10.0 * torch.log10(power / loudest.clamp_min(self.smallest) + self.smallest)
        gain = ((level_db - self.silent_db) / (self.quiet_db - self.silent_db)).clamp(0.0, 1.0)
        is_over = (gain.amax(1, keepdim=True) <= 0.0).to(loudest.dtype)
        loudest = torch.maximum(loudest, is_over * self.ended)
        return magnitudes * gain.unsqueeze(2), loudest

    @torch.jit.export
    def over(self, state: Tensor) -> Tensor:
        """Whether hits have ended, by what is carried on from a part: [R, S] → [R]."""
        return state[:, 0] >= self.ended

    def whole(self, latents: Tensor) -> Tensor:
        """The sound of hits, each from its attack on: [R, F, Z] → [R, samples]."""
        rows = latents.shape[0]
        missing = self.parts * self.part_frames - latents.shape[1]
        if missing > 0:
            last = latents[:, -1:].expand(-1, missing, -1)
            latents = torch.cat((latents, last), 1)
        state, parts = self.initial_state(rows), torch.zeros(rows, dtype=torch.long)
        made: list[Tensor] = []
        for number in range(self.parts):
            first = number * self.part_frames
            part = latents[:, first : first + self.part_frames]
            sound, state = self.forward(part, parts + number, state, number == 0)
            made.append(sound)
            if bool(self.over(state).all()):
                break
        whole = torch.cat(made, 1)[:, self.delay_samples :]
        missing = self.samples - whole.shape[1]
        if missing > 0:
            return torch.cat((whole, whole.new_zeros(rows, missing)), 1)
        return whole[:, : self.samples]
