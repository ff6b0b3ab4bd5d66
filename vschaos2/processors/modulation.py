"""What a slow oscillator sweeps: phaser, chorus, flanger, tremolo.

The oscillator runs from the first sound on: after a time t it has made t/period turns, and phase
more. In a window that begins inside a recording it must be told when (`Swept.begin`), or each
window would need a phase of its own.
"""

import math

import torch
from torch import Tensor

from vschaos2.parts import part
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.processor import Ramped
from vschaos2.processors.svf import HIGHEST
from vschaos2.processors.sweep_search import Sweep, all_pass_costs, delay_costs, find_sweep
from vschaos2.processors.sweeps import delay, phaser
from vschaos2.ranges import check_count

MOST_FEEDBACK = 0.95  # what runs round a loop fades by so much at least
LFO = (
    Parameter("lfo_period_s", "s", 0.05, 20, 1, "log", pace=0.003),
    Parameter("lfo_phase", "", -0.5, 0.5, 0, pace=0.1),
    Parameter("lfo_triangle", "", 0, 1, 0.1, pace=0.5),
    Parameter("lfo_skew", "", -0.9, 0.9, 0, pace=0.3),
)


def oscillation(turns: Tensor, triangle: Tensor, skew: Tensor) -> Tensor:
    """A wave within ±1, from a sine to nearly a triangle, rising faster or slower than it falls.

    The first three partials of a triangle are sin θ - sin 3θ / 9 + sin 5θ / 25. Skewed, the wave
    runs through its turn at an uneven speed: θ = 2π turns + skew · cos(2π turns), which never stops
    for |skew| < 1.

    Args:
        turns: position in periods.
        triangle: 0 (sine) to 1.
        skew: within ±1; positive falls slowly.

    Shape: any, any that broadcast → as they broadcast.
    """
    angle = 2.0 * math.pi * turns
    angle = angle + skew * torch.cos(angle)
    third, fifth = triangle / 9.0, triangle / 25.0
    wave = torch.sin(angle) - third * torch.sin(3.0 * angle) + fifth * torch.sin(5.0 * angle)
    return wave / (1.0 + third + fifth)


class Swept(Ramped):
    """A processor with an oscillator: its first four parameters, its memory's first two numbers.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C.
        physical: parameters beside the oscillator's.
        memory: numbers beside the oscillator's.
    """

    def __init__(
        self, sample_rate: float, channels: int, physical: tuple[Parameter, ...], memory: int
    ) -> None:
        super().__init__(sample_rate, channels, LFO + physical, 2 + memory)

    def begin(self, start_s: Tensor) -> Tensor:
        """The state of a window that begins inside its recording. Shape: [B] in s → [B, S]."""
        state = torch.zeros(
            len(start_s), self.state_size, dtype=torch.float64, device=start_s.device
        )
        state[:, 1 + self.n_values] = start_s
        return state

    def guess(self, dry: Tensor, wet: Tensor) -> dict[str, float]:
        """Where a fit to a recording begins: values of the oscillator, and of what it sweeps.

        Shape: dry and wet [T], aligned.
        """
        raise NotImplementedError

    def within(self, sweep: Sweep, swept: dict[str, float]) -> dict[str, float]:
        """Values that an oscillation means, none outside its range."""
        found = {"lfo_period_s": sweep.period_s, "lfo_phase": sweep.phase, **swept}
        of = {each.name: each for each in self.physical}
        return {name: min(max(v, of[name].least), of[name].most) for name, v in found.items()}

    def oscillate(self, values: Tensor, memory: Tensor, samples: int) -> tuple[Tensor, Tensor]:
        """The oscillator at each sample, and its memory: when it began, and turns since then.

        Shape: values [B, P, 1 or T], memory [B, ≥ 2] → [B, T], [B, 2].
        """
        period = values[:, 0]
        each = (1.0 / (period * self.sample_rate)).expand(-1, samples)
        done = memory[:, 1:2] + torch.cumsum(each, 1)
        turns = memory[:, :1] / period[:, :1] + values[:, 1] + done - each
        after = torch.cat((memory[:, :1], torch.remainder(done[:, -1:], 1.0)), 1)
        return oscillation(turns, values[:, 2], values[:, 3]), after


def blend(x: Tensor, swept: Tensor, mix: Tensor) -> Tensor:
    """Sound and swept sound: (1 - |m|) x + m y. Shape: [B, C, T] twice, m [B, 1 or T]."""
    share = mix[:, None].to(x.dtype)
    return x + share * swept.to(x.dtype) - share.abs() * x


def rows(values: Tensor, x: Tensor) -> Tensor:
    """Values for each channel of a sound: [B, 1 or T] → [B · C, T]."""
    return values[:, None].expand(x.shape).reshape(-1, x.shape[2])


@part("processor", "tremolo")
class Tremolo(Swept):
    """A loudness that is swept: from the sound's own down to `1 - depth` of its amplitude."""

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, (Parameter("depth", "", 0, 1, 0.5),), 0)

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        wave, clock = self.oscillate(values, memory, x.shape[2])
        gain = 1.0 - values[:, 4] * (0.5 - 0.5 * wave)
        return x * gain[:, None].to(x.dtype), clock

    def guess(self, dry: Tensor, wet: Tensor) -> dict[str, float]:
        """See `Swept`: the slow oscillation of the gain, where there was sound."""
        hop = round(0.01 * self.sample_rate)
        frames = dry.shape[0] // hop
        energies = [
            each[: frames * hop].reshape(frames, hop).square().mean(1) for each in (dry, wet)
        ]
        heard = energies[0] > 1e-3 * energies[0].mean()
        gain = torch.where(heard, (energies[1] / (energies[0] + 1e-12)).sqrt(), 0.0)
        around = torch.where(heard, gain - gain[heard].mean(), 0.0)
        spectrum = torch.fft.rfft(around, 8 * frames).abs()
        hz = torch.arange(len(spectrum)) / (8 * frames * 0.01)
        among = (hz > 0.2) & (hz < 20.0)
        place = int(torch.where(among, spectrum, 0.0).argmax())
        phase = float(torch.fft.rfft(around, 8 * frames)[place].angle()) / (2.0 * math.pi) + 0.25
        lowest, highest = torch.quantile(gain[heard], torch.tensor([0.05, 0.95])).tolist()
        found = {
            "lfo_period_s": 1.0 / float(hz[place]),
            "lfo_phase": (phase + 0.5) % 1.0 - 0.5,
            "depth": 1.0 - lowest / max(highest, 1e-6),
        }
        of = {each.name: each for each in self.physical}
        return {name: min(max(v, of[name].least), of[name].most) for name, v in found.items()}


@part("processor", "phaser")
class Phaser(Swept):
    """All-passes whose frequency is swept, mixed with the sound: half as many notches as stages.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C.
        stages: all-passes of first order, 1 to 24.

    Raises:
        InputError: for another number of stages.
    """

    def __init__(self, sample_rate: float, channels: int = 1, stages: int = 4) -> None:
        check_count("stages of a phaser", stages, 1, 24)
        physical = (
            Parameter("centre_hz", "Hz", 50, min(8_000, HIGHEST * sample_rate), 700, "log"),
            Parameter("depth_octaves", "", 0, 3, 1),
            Parameter("feedback", "", -MOST_FEEDBACK, MOST_FEEDBACK, 0),
            Parameter("mix", "", -1, 1, 0.5),
        )
        super().__init__(sample_rate, channels, physical, channels * (stages + 1))
        self.highest, self.stages = HIGHEST, stages

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        wave, clock = self.oscillate(values, memory, x.shape[2])
        hz = values[:, 4] * torch.exp(values[:, 5] * wave * math.log(2.0))
        half = math.pi * (hz / self.sample_rate).clamp(max=self.highest)
        # G = g / (1 + g), g = tan.
        speed = torch.sin(half) / (torch.sin(half) + torch.cos(half))
        before = memory[:, 2:].reshape(x.shape[0] * self.channels, -1)
        sound = x.double().reshape(-1, x.shape[2])
        y, after = phaser(sound, rows(speed, x), rows(values[:, 6], x), before)
        y = blend(x, y.reshape(x.shape), values[:, 7])
        return y, torch.cat((clock, after.reshape(x.shape[0], -1)), 1)

    def guess(self, dry: Tensor, wet: Tensor) -> dict[str, float]:
        """See `Swept`."""
        sweep = find_sweep(all_pass_costs(dry, wet, self.sample_rate, self.stages))
        swept = {"centre_hz": 2.0**sweep.centre, "depth_octaves": sweep.depth}
        return self.within(sweep, swept)


class Delayed(Swept):
    """A short delay whose time is swept, mixed with the sound.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C.
        delay_ms: least, most and first time in the middle of the sweep.
        depth: the first depth.
    """

    def __init__(
        self,
        sample_rate: float,
        channels: int,
        delay_ms: tuple[float, float, float],
        depth: float,
    ) -> None:
        physical = (
            Parameter("delay_ms", "ms", *delay_ms, "log", pace=0.03),
            Parameter("depth", "", 0, 0.95, depth, pace=0.1),
            Parameter("feedback", "", -MOST_FEEDBACK, MOST_FEEDBACK, 0),
            Parameter("mix", "", -1, 1, 0.5),
        )
        length = math.ceil(2.0 * delay_ms[1] * 0.001 * sample_rate) + 8
        super().__init__(sample_rate, channels, physical, channels * length)
        self.longest = float(length - 4)

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        wave, clock = self.oscillate(values, memory, x.shape[2])
        times = values[:, 4] * (1.0 + values[:, 5] * wave) * (0.001 * self.sample_rate)
        times = times.clamp(2.0, self.longest)
        before = memory[:, 2:].reshape(x.shape[0] * self.channels, -1)
        sound = x.double().reshape(-1, x.shape[2])
        y, after = delay(sound, rows(times, x), rows(values[:, 6], x), before)
        y = blend(x, y.reshape(x.shape), values[:, 7])
        return y, torch.cat((clock, after.reshape(x.shape[0], -1)), 1)

    def guess(self, dry: Tensor, wet: Tensor) -> dict[str, float]:
        """See `Swept`."""
        of = self.physical[len(LFO)]
        costs = delay_costs(dry, wet, self.sample_rate, 0.7 * of.least, 1.3 * of.most)
        sweep = find_sweep(costs)
        return self.within(sweep, {"delay_ms": sweep.centre, "depth": sweep.depth / sweep.centre})


@part("processor", "chorus")
class Chorus(Delayed):
    """A delay of 4 to 40 ms: another player, never quite in tune."""

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, (4, 40, 12), 0.2)


@part("processor", "flanger")
class Flanger(Delayed):
    """A delay of .2 to 10 ms: teeth of a comb that move."""

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, (0.2, 10, 2), 0.5)
