"""Streaming magnitudes to a waveform: the state around `vschaos2.dsp.phase`."""

import math

import torch
from torch import Tensor

from vschaos2.dsp.framing import dual_window, gaussian_window, overlap_add
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.noise_part import NoisePart
from vschaos2.dsp.phase import (
    bin_advance,
    consensus_windows,
    gradient_coupling,
    log_magnitude,
    phase_steps,
    propagate,
    refine,
)
from vschaos2.dsp.random_phases import RandomPhases
from vschaos2.dsp.state import Stateful
from vschaos2.errors import InputError

# Three doublings let a phase travel eight bins unchallenged, which costs under 0.1 dB.
SCAN_LEVELS = 3
# Longer calls are refined in groups of this many samples: a file sounds as it plays, which is up to
# 1.1 dB worse (`live`: 4.2 dB, at 2048/512) than refining the whole of it jointly.
GROUP_SAMPLES = 2048
# For files, modes that keep frames open refine at least this many jointly: twice as fast as groups
# of 2048 samples, as near to the magnitudes. `live` is left as it plays.
GROUP_FRAMES = 32
# Far beyond any waveform in [-1, 1], and small enough for sums of squares in float32.
LARGEST_MAGNITUDE = 1e8
# Momentum of the accelerated refinement: best for a few steps, and for very many.
MOMENTUM, OFFLINE_MOMENTUM = 0.9, 0.99
# For files: refinement steps of a call, whose last frames are refined again with the next.
OFFLINE_ITERATIONS, OFFLINE_OPEN_FRAMES = 100, 16


class MagnitudeInversion(Stateful):
    """Magnitudes of Gaussian-window frames → waveform, in calls of any number of frames.

    The frames are those of `framing`: S[f] = |rfft(w·x[f·hop : f·hop + n_fft])|, with
    w = `gaussian_window`. Let each call's F frames be those that F·hop new samples of a signal
    complete. Then the call returns F·hop samples of the same signal, `delay_samples` earlier than
    those that came in:

        delay_samples = n_fft - hop + (lookahead + open_frames)·hop,

    for a frame is complete n_fft - hop samples after its first hop began to arrive. The short
    synthesis window of `live` leaves out the frame's edges: n_fft/2 in place of n_fft - hop.

    Random phases come from the frame's number and the bin, the same for every item of a batch.
    `random` and `eco` give the same samples however the frames are cut into calls. The others
    refine the frames of a call jointly, at most a group of 2048 samples at a time. Calls shorter
    than a window are refined in up to twice as many steps, which makes up for their company where
    a frame stays open to the next call; `live` keeps none open and sounds better in longer calls.

    With a texture, what `texture.py` takes for noise is played as noise of those magnitudes, and
    the rest with recovered phases. Random phases make a noise of everything, which is too soft: let
    W = Σw². Noise of deviation σ has the mean magnitude sqrt(πW/4)·σ. Frames of such magnitudes
    whose phases do not fit have the variance πWσ²/(4·n_fft) in each sample; under the dual window,
    near w·hop/W, overlapping ones add up to πσ²/4 · hop/n_fft. A texture makes up for that.

    Magnitudes that are not finite count as zero. Frames of zeros give zeros, exactly, once the
    last sounding frame has passed. No gradient flows through an inversion.

    Args:
        n_fft: window and FFT length in samples.
        hop: in samples, a divisor of n_fft/2.
        mode: a name in `MODES`; `set_mode` changes it while playing.
        for_files: nobody waits: this mode may look at more frames jointly.
        texture: part of the noise's power that is played as noise, 0 to 1; see `set_texture`.

    Shape: [B, F, K] → [B, F·hop] for any F ≥ 1, K = n_fft/2 + 1. A new B starts the state anew.

    Raises:
        InputError: if the sizes do not fit each other, or the mode is unknown.
    """

    modes: dict[str, list[int]]  # MODES, in types that TorchScript knows
    window: Tensor  # analysis window [n_fft]
    dual: Tensor  # its dual [n_fft]
    short: Tensor  # a dual on the frame's middle two hops, [2·hop]
    advance: Tensor  # [K], radians
    alternation: Tensor  # (-1)^k, [K]
    logs: Tensor  # the last two frames' log-magnitudes, [B, 2, K]
    held: Tensor  # magnitudes waiting for their next frame, [B, lookahead, K]
    phase: Tensor  # of the newest frame laid down, [B, K], radians
    past: Tensor  # Σ w·x of the frames sent out, [B, n_fft - hop]
    open_spectra: Tensor  # [B, open_frames, K]
    open_magnitudes: Tensor  # [B, open_frames, K]
    queue: Tensor  # spectra with a given phase, on their way, [B, lookahead + open_frames, K]
    tail: Tensor  # samples to which frames will still be added, [B, support - hop]
    windows: Tensor  # consensus windows of the last call's size, [open_frames + F, n_fft]

    def __init__(
        self,
        n_fft: int,
        hop: int,
        mode: str = "balanced",
        for_files: bool = False,
        texture: float = 0.0,
    ) -> None:
        super().__init__()
        if hop < 1 or n_fft < 2 or n_fft % (2 * hop) != 0:
            raise InputError(
                f"MagnitudeInversion: hop must divide n_fft/2, got n_fft={n_fft}, hop={hop}: "
                "choose powers of two such as n_fft=2048, hop=512"
            )
        if mode not in MODES:
            raise InputError(
                f"MagnitudeInversion: unknown mode '{mode}': choose one of {', '.join(MODES)}"
            )
        self.n_fft, self.hop, self.bins = n_fft, hop, n_fft // 2 + 1
        self.coupling = gradient_coupling(n_fft, hop)
        self.levels = SCAN_LEVELS
        self.momentum = MOMENTUM
        self.largest_magnitude = LARGEST_MAGNITUDE
        self.group_frames = max(n_fft, GROUP_SAMPLES) // hop
        self.texture = NoisePart(n_fft, hop, texture)
        self.random_loss = math.pi / 4.0 * hop / n_fft  # of power, by random phases
        self.modes = {name: list(made) for name, made in MODES.items()}

        window = gaussian_window(n_fft)
        # Hann windows of two hops add up to 1, and division by w undoes the analysis window.
        self.trim = n_fft // 2 - hop
        hann = torch.hann_window(2 * hop, periodic=True, dtype=torch.float64)
        constants = {
            "window": window,
            "dual": dual_window(window, hop),
            "short": hann / window[self.trim : n_fft - self.trim],
            "advance": bin_advance(n_fft, hop),
            "alternation": 1.0 - 2.0 * (torch.arange(self.bins) % 2),
        }
        for name, constant in constants.items():
            self.register_buffer(name, constant.float(), persistent=False)
        self.noise = RandomPhases(self.bins)
        for name in ("logs", "held", "phase", "past", "tail", "open_magnitudes", "windows"):
            self.register_buffer(name, torch.zeros(0), persistent=False)
        for name in ("open_spectra", "queue"):
            self.register_buffer(name, torch.zeros(0, dtype=torch.complex64), persistent=False)

        self.mode = mode
        self.lookahead, self.open_frames, self.iterations = 0, 0, 0
        self.is_short, self.is_random = False, False
        self.delay_samples = 0
        self.set_mode(mode)
        if for_files and self.open_frames > 0:
            self.group_frames = max(self.group_frames, GROUP_FRAMES)

    @torch.jit.export
    def set_mode(self, name: str) -> int:
        """0 and a fresh state in the mode of that name; 1, and nothing changed, if unknown."""
        if name not in self.modes:
            return 1
        self.mode = name
        lookahead, open_frames, iterations, short, random = self.modes[name]
        self.configure(lookahead, open_frames, iterations, short == 1, random == 1)
        return 0

    @torch.jit.export
    def set_texture(self, texture: float) -> None:
        """Play so much of the noise as noise from the next call on, 0 to 1."""
        self.texture.set_amount(texture)

    @torch.jit.export
    def has_texture(self) -> bool:
        """Whether noise is told from tone, as the mode and the texture are."""
        return self.texture.is_on and not self.is_random

    @torch.jit.export
    def configure(
        self, lookahead: int, open_frames: int, iterations: int, short: bool, random: bool
    ) -> None:
        """Take on the settings of a `Mode`, with a fresh state."""
        self.lookahead, self.open_frames, self.iterations = lookahead, open_frames, iterations
        self.is_short, self.is_random = short, random
        start = self.n_fft // 2 if short else self.n_fft - self.hop
        self.delay_samples = start + (lookahead + open_frames) * self.hop
        self.reset()

    def configure_offline(self) -> None:
        """Refine at length, for files: the best there is, in calls of some hundred frames."""
        self.momentum = OFFLINE_MOMENTUM
        self.group_frames = 2**30
        self.configure(1, OFFLINE_OPEN_FRAMES, OFFLINE_ITERATIONS, False, False)

    @torch.jit.export
    def forget(self) -> None:
        """Begin anew. The batch size of the last call is kept."""
        self.start(max(self.phase.shape[0], 1))

    @torch.jit.export
    def start(self, batch: int) -> None:
        """Begin in silence, at frame 0, for a batch of that size.

        Every tensor of the state is made anew: one assigned under inference mode could not be
        changed in place outside it.
        """
        like, bins = self.window, self.bins
        quiet = like.new_zeros([batch, 2, bins])
        self.logs = log_magnitude(quiet)
        self.held = like.new_zeros([batch, self.lookahead, bins])
        self.noise.forget()
        self.phase = self.noise.table[:bins].expand(batch, bins).clone()
        self.phase[:, 0] = 0.0
        self.past = like.new_zeros([batch, self.n_fft - self.hop])
        self.open_magnitudes = like.new_zeros([batch, self.open_frames, bins])
        self.open_spectra = torch.complex(self.open_magnitudes, self.open_magnitudes)
        waiting = like.new_zeros([batch, self.lookahead + self.open_frames, bins])
        self.queue = torch.complex(waiting, waiting)
        self.texture.start(batch, self.lookahead + self.open_frames)
        support = 2 * self.hop if self.is_short else self.n_fft
        self.tail = like.new_zeros([batch, support - self.hop])
        self.windows = like.new_zeros([0, self.n_fft])

    def forward(self, magnitudes: Tensor, coherence: Tensor | None = None) -> Tensor:
        """The waveform of magnitudes [B, F, K] → [B, F·hop], `delay_samples` late.

        A texture asks the coherence of their phases, [B, F, K], where a model has learnt it.
        """
        magnitudes = self.admit(magnitudes)
        size = self.group_frames
        if magnitudes.shape[1] <= size:
            return self.invert(magnitudes, coherence)
        parts: list[Tensor] = []
        for i, part in enumerate(magnitudes.split(size, 1)):
            known = None if coherence is None else coherence[:, i * size : (i + 1) * size]
            parts.append(self.invert(part, known))
        return torch.cat(parts, 1)

    def invert(self, magnitudes: Tensor, coherence: Tensor | None) -> Tensor:
        """`forward` for finite magnitudes of at most one group."""
        count = magnitudes.shape[1]
        first = self.noise.frame_count
        noise = self.noise(count)
        logs = torch.cat((self.logs, log_magnitude(magnitudes)), 1)
        self.logs = logs[:, count:]
        if self.is_random:
            if self.texture.is_on:
                power = 1.0 + self.texture.amount * (1.0 / self.random_loss - 1.0)
                magnitudes = magnitudes * math.sqrt(power)
            return self.emit(self.with_phase(magnitudes, noise), None)
        texture: Tensor | None = None
        if self.texture.is_on:
            magnitudes, texture = self.texture(magnitudes, logs, first, coherence)

        roots, steps = phase_steps(
            logs, noise, self.lookahead, self.advance, self.coupling, self.levels
        )
        if self.lookahead > 0:
            magnitudes = torch.cat((self.held, magnitudes), 1)
            self.held = magnitudes[:, count:]
            magnitudes = magnitudes[:, :count]
        phases = propagate(self.phase, roots, steps)
        self.phase = phases[:, -1]
        spectra = self.with_phase(magnitudes, phases)
        if self.iterations > 0:
            spectra = self.agree(spectra, magnitudes)
        return self.emit(spectra, texture)

    @torch.jit.export
    def keep_phase(self, magnitudes: Tensor, phases: Tensor) -> Tensor:
        """The waveform of magnitudes and their frame-start phases, as late as `forward`.

        With the phases of an analysis this is its exact inverse. Its frames wait in a queue of
        their own, but overlap with those of `forward`: `reset` between the two.

        Shape: twice [B, F, K] → [B, F·hop].
        """
        magnitudes = self.admit(magnitudes)
        phases = torch.nan_to_num(phases.detach(), 0.0, 0.0, 0.0)
        spectra = torch.complex(magnitudes * torch.cos(phases), magnitudes * torch.sin(phases))
        spectra = torch.cat((self.queue, spectra), 1)
        self.queue = spectra[:, magnitudes.shape[1] :]
        return self.emit(spectra[:, : magnitudes.shape[1]], None)

    def admit(self, magnitudes: Tensor) -> Tensor:
        """Finite magnitudes in [0, 1e8], with a state of the same batch size."""
        if magnitudes.shape[0] != self.phase.shape[0]:
            self.start(magnitudes.shape[0])
        finite = torch.nan_to_num(magnitudes.detach().to(self.window.dtype), 0.0, 0.0, 0.0)
        return finite.clamp_(0.0, self.largest_magnitude)

    def with_phase(self, magnitudes: Tensor, phases: Tensor) -> Tensor:
        """Frame-start spectra of magnitudes and phases ψ at the window's centre.

        cos and sin apart are nearly three times as fast as `torch.polar`.
        """
        signed = magnitudes * self.alternation
        return torch.complex(signed * torch.cos(phases), signed * torch.sin(phases))

    def agree(self, spectra: Tensor, magnitudes: Tensor) -> Tensor:
        """Refine the open frames and the new ones; send out as many as came in."""
        count = spectra.shape[1]
        spectra = torch.cat((self.open_spectra, spectra), 1)
        magnitudes = torch.cat((self.open_magnitudes, magnitudes), 1)
        if self.windows.shape[0] != spectra.shape[1]:
            self.windows = consensus_windows(self.window, spectra.shape[1], self.hop)
        spectra = refine(
            spectra,
            magnitudes,
            self.past,
            self.window,
            self.windows,
            self.hop,
            self.steps_for(count),
            self.momentum,
        )
        self.phase = torch.angle(spectra[:, -1] * self.alternation)
        self.open_spectra = spectra[:, count:]
        self.open_magnitudes = magnitudes[:, count:]
        return spectra[:, :count]

    def steps_for(self, count: int) -> int:
        """Refinement steps for a call of so many frames: twice as many for one as for R or more."""
        overlap = self.n_fft // self.hop
        if count >= overlap or self.open_frames == 0:
            return self.iterations
        return self.iterations + self.iterations * (overlap - count) // (overlap - 1)

    def emit(self, spectra: Tensor, texture: Tensor | None) -> Tensor:
        """Overlap-add frame-start spectra [B, F, K] → [B, F·hop] finished samples.

        Those of a texture are heard with them, and are none that later frames must agree with.
        """
        count = spectra.shape[1]
        if texture is not None and self.iterations == 0:
            spectra = spectra + texture
        frames = torch.fft.irfft(spectra, n=self.n_fft)
        if self.iterations > 0:
            weighted = overlap_add(frames * self.window, self.hop)
            weighted[:, : self.n_fft - self.hop] += self.past
            self.past = weighted[:, count * self.hop :]
            if texture is not None:
                frames = frames + torch.fft.irfft(texture, n=self.n_fft)
        if self.is_short:
            frames = frames[:, :, self.trim : self.n_fft - self.trim] * self.short
        else:
            frames = frames * self.dual
        signal = overlap_add(frames, self.hop)
        signal[:, : self.tail.shape[1]] += self.tail
        self.tail = signal[:, count * self.hop :]
        return signal[:, : count * self.hop]
