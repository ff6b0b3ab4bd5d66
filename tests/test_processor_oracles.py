"""What processors do, against closed forms, scipy's filters in float64 and plain loops."""

import math

import numpy as np
import pytest
import torch
from scipy import signal

from vschaos2.processors.chain import Chain
from vschaos2.processors.dynamics import Compressor, Expander, Level
from vschaos2.processors.filters import Filter, parametric_eq
from vschaos2.processors.modulation import Flanger, Phaser, oscillation
from vschaos2.processors.parameter import Parameter, Ranges
from vschaos2.processors.phase_shift import LOWEST_HZ, quadrature
from vschaos2.processors.recursion import (
    BLOCK,
    ballistics,
    block_matrices,
    cascade,
    cascade_blocks,
)
from vschaos2.processors.shaping import Rational
from vschaos2.processors.svf import SHAPES, sections_response

RATE = 44_100

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


def run(processor, x, **values: float):
    """A sound [T] through a processor at its defaults, but for some values."""
    told = {each.name: each.default for each in processor.physical} | values
    state = torch.zeros(1, processor.state_size)
    given = torch.tensor(list(told.values()), dtype=torch.float64)[None, :, None]
    return processor(torch.as_tensor(x)[None, None], given, state)[0][0, 0].detach().numpy()


def cookbook(shape: str, hz: float, gain_db: float, q: float) -> np.ndarray:
    """R. Bristow-Johnson's formulas, as a second-order section of scipy."""
    a, w = 10 ** (gain_db / 40), 2 * math.pi * hz / RATE
    c, alpha = math.cos(w), math.sin(w) / (2 * q)
    r = 2 * math.sqrt(a) * alpha
    sections = {
        "low_pass": ((1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha),
        "high_pass": ((1 + c) / 2, -1 - c, (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha),
        "peak": (1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a),
        "low_shelf": (
            a * (a + 1 - (a - 1) * c + r),
            2 * a * (a - 1 - (a + 1) * c),
            a * (a + 1 - (a - 1) * c - r),
            a + 1 + (a - 1) * c + r,
            -2 * (a - 1 + (a + 1) * c),
            a + 1 + (a - 1) * c - r,
        ),
        "high_shelf": (
            a * (a + 1 + (a - 1) * c + r),
            -2 * a * (a - 1 + (a + 1) * c),
            a * (a + 1 + (a - 1) * c - r),
            a + 1 - (a - 1) * c + r,
            2 * (a - 1 - (a + 1) * c),
            a + 1 - (a - 1) * c - r,
        ),
    }
    return np.array(sections[shape]) / sections[shape][3]


@pytest.mark.parametrize("hz,q", [(20.0, 10.0), (700.0, 0.1), (19_000.0, 2.0)])
@pytest.mark.parametrize("shape", SHAPES)
def test_filters_are_those_of_the_cookbook(shape, hz, q):
    own = Filter(RATE, 1, ((shape, "own", 20.0, 19_500.0, 1_000.0),))
    x = 0.3 * np.random.default_rng(0).standard_normal(8 * 1024)
    gain = {"own_gain_db": -17.0} if len(own.physical) == 3 else {}
    wanted = signal.sosfilt(cookbook(shape, hz, -17.0, q)[None], x)
    got = run(own, x, own_hz=hz, own_q=q, **gain)
    assert np.abs(got - wanted).max() < 1e-9 * np.abs(wanted).max()


@pytest.mark.parametrize("is_scripted", [False, True], ids=["eager", "scripted"])
@pytest.mark.parametrize("q", [0.8, 10.0])
def test_a_filter_that_moves_does_not_click(q, is_scripted):
    """A peak of 12 dB goes from 200 to 5000 Hz under a sine of 110 Hz: nothing above 1 kHz."""
    peak = Filter(RATE, 1, (("peak", "own", 20.0, 19_000.0, 200.0),))
    run_it = torch.jit.script(peak) if is_scripted else peak
    blocks = RATE // BLOCK
    x = 0.5 * torch.sin(
        2 * math.pi * 110.0 * torch.arange(blocks * BLOCK, dtype=torch.float64) / RATE
    )
    hz = torch.where(torch.arange(blocks) < blocks // 2, 200.0, 5_000.0)
    values = torch.stack((hz, torch.full_like(hz, 12.0), torch.full_like(hz, q)))[None].double()
    y, _ = run_it(x[None, None], values, torch.zeros(1, peak.state_size))
    high = signal.butter(8, 1_000, "high", fs=RATE, output="sos")
    heard = signal.sosfilt(high, y[0, 0].numpy())[RATE // 4 : -RATE // 8]
    assert np.abs(y[0, 0, -2_000:].numpy()).max() < 0.51  # the peak has gone away from the sine
    assert 20 * math.log10(np.abs(heard).max() / 0.5) < -80


def test_a_gain_that_jumps_arrives_by_a_raised_cosine():
    """Held by a chain, and released."""
    chain, blocks = Chain(["gain"], RATE).requires_grad_(False), 100
    x = torch.ones(1, 1, blocks * BLOCK)
    _, state = chain(x, x.new_zeros(1, 0, 1), chain.begin(1))
    chain.hold(0, 20.0)
    y, state = chain(x, x.new_zeros(1, 0, 1), state)
    decibels = 20 * torch.log10(y[0, 0])
    length = chain.glide.length * BLOCK
    time = torch.arange(1, length + 1) / length
    wanted = 20 * (0.5 - 0.5 * torch.cos(math.pi * time))
    assert (decibels[:length] - wanted).abs().max() < 0.15  # straight within 1.5 ms of each other
    assert (decibels[length:] - 20).abs().max() < 1e-4
    chain.release(0)
    back, _ = chain(x, x.new_zeros(1, 0, 1), state)
    assert back[0, 0, -1] == 1.0


def test_the_compiled_recursion_and_plain_torch_agree_to_their_gradients():
    x = torch.randn(2, 2, 20 * BLOCK, dtype=torch.float64)
    eq = parametric_eq(RATE, 2)
    ranges, raw = Ranges(eq.physical), torch.randn(2, 15, 1, dtype=torch.float64)
    state = torch.randn(2, 2, 10, dtype=torch.float64)
    found = []
    for is_plain in (False, True):
        given = [each.clone().requires_grad_() for each in (x, raw, state)]
        sections = eq.sections(ranges(given[1])[..., 0])
        if is_plain:
            y, after = cascade_blocks(given[0], block_matrices(sections), given[2])
        else:
            y, after = cascade(given[0], sections, given[2])
        (y.pow(3).mean() + after.square().sum()).backward()
        found.append([y, after, *(each.grad for each in given)])
    for compiled, plain in zip(*found, strict=True):
        assert (compiled - plain).abs().max() < 1e-9 * plain.abs().max()


def plain_ballistics(x, attack, release):
    y, out = 0.0, []
    for v in x:
        y += (attack if v > y else release) * (v - y)
        out.append(y)
    return np.array(out)


def test_ballistics_are_those_of_a_plain_loop():
    x = np.abs(np.random.default_rng(1).standard_normal(640)).cumsum() % 7.0
    a, b = (torch.tensor([[each]], dtype=torch.float64) for each in (0.03, 0.002))
    y, last = ballistics(torch.tensor(x)[None], a, b, torch.zeros(1).double())
    wanted = plain_ballistics(x, 0.03, 0.002)
    assert np.abs(y[0].numpy() - wanted).max() < 1e-12
    assert abs(float(last) - wanted[-1]) < 1e-12


def test_a_compressor_reaches_a_part_of_a_step_in_its_attack():
    """1 - 1/e of the reduction after `attack_ms`, and 1/e of it left after `release_ms`."""
    # A square wave has one power; the level falls to silence, where nothing is reduced.
    attack, release = int(0.05 * RATE), int(0.2 * RATE)
    x = np.where(np.arange(64 * 1000) < RATE, 0.5, 1e-3)
    y = run(Compressor(RATE), x, attack_ms=50, release_ms=200, detector_ms=0.1, threshold_db=-30)
    reduction = -20 * np.log10(y / x)
    whole = reduction[RATE - 1]
    assert abs(reduction[attack] / whole - (1 - math.exp(-1))) < 0.01
    assert abs(reduction[RATE + release] / whole - math.exp(-1)) < 0.01


@pytest.mark.parametrize("level_db", [-50.0, -26.0, -20.0, -6.0])
def test_a_steady_sound_comes_out_by_the_static_curve(level_db):
    x = np.full(64 * 1500, 10 ** (level_db / 20))
    settings = {"threshold_db": -24, "ratio": 4, "knee_db": 6}
    y = run(Compressor(RATE), x, **settings, makeup_db=3, release_ms=50)[-1]
    over = 1.5 * math.log1p(math.exp((level_db + 24) / 1.5))
    assert abs(20 * math.log10(y) - (level_db + 3 - 0.75 * over)) < 1e-3
    y = run(Expander(RATE), x, **settings, range_db=30, release_ms=50)[-1]
    under = 3 * 1.5 * math.log1p(math.exp((-24 - level_db) / 1.5))
    assert abs(20 * math.log10(y) - (level_db - 30 * math.tanh(under / 30))) < 1e-3


def test_the_level_of_a_sine_is_its_effective_value():
    x = 0.8 * np.sin(2 * math.pi * 1_000 * np.arange(64 * 1500) / RATE)
    y = run(Level(RATE), x, attack_ms=200, release_ms=200)
    assert abs(y[-RATE // 4 :].mean() - 0.8 / math.sqrt(2)) < 1e-3


def test_phases_are_turned_by_90_degrees_over_the_whole_band():
    p, q = quadrature(LOWEST_HZ / RATE)
    hz = torch.linspace(LOWEST_HZ, RATE / 2 - LOWEST_HZ, 4_001)
    first, second = (sections_response(each, hz, RATE) for each in (p, q))
    degrees = torch.rad2deg(torch.angle(second / first))
    assert (degrees + 90).abs().max() < 0.05
    assert (first.abs() - 1).abs().max() < 1e-9


def test_a_phaser_that_stands_still_is_all_passes_beside_the_sound():
    stages, hz, feedback, mix = 4, 900.0, 0.6, -0.5
    x = np.random.default_rng(0).standard_normal(64 * 100)
    y = run(
        Phaser(RATE, stages=stages), x, centre_hz=hz, depth_octaves=0, feedback=feedback, mix=mix
    )
    tan = math.tan(math.pi * hz / RATE)
    a = (tan - 1) / (tan + 1)
    b_all, a_all = np.poly1d([a, 1.0]) ** stages, np.poly1d([1.0, a]) ** stages
    # v = H (x + f z⁻¹ v), H = z-polynomials b / a of one degree.
    loop = np.concatenate((a_all.c, [0.0])) - feedback * np.concatenate(([0.0], b_all.c))
    wanted = (1 - abs(mix)) * x + mix * signal.lfilter(np.concatenate((b_all.c, [0.0])), loop, x)
    assert np.abs(y - wanted).max() < 1e-9


def test_a_flanger_that_stands_still_is_a_comb():
    samples, feedback, mix = 100, -0.7, 0.4
    x = np.random.default_rng(0).standard_normal(64 * 100)
    y = run(Flanger(RATE), x, delay_ms=samples / RATE * 1_000, depth=0, feedback=feedback, mix=mix)
    loop = np.zeros(samples + 1)
    loop[0], loop[-1] = 1.0, -feedback
    wanted = (1 - mix) * x + mix * signal.lfilter(np.eye(samples + 1)[-1], loop, x)
    assert np.abs(y - wanted).max() < 1e-6


def test_an_oscillator_turns_once_in_its_period():
    """The comb of a deep sweep repeats after a period, and at half of it is elsewhere."""
    phaser = Phaser(RATE)
    values = torch.tensor([each.default for each in phaser.physical])[None, :, None].double()
    values[0, 0] = 0.5
    wave, _ = phaser.oscillate(values, torch.zeros(1, 2).double(), 2 * RATE)
    assert (wave[0, :RATE] - wave[0, RATE // 2 : RATE // 2 + RATE]).abs().max() < 1e-9
    later, _ = phaser.oscillate(
        values, phaser.begin(torch.tensor([0.3], dtype=torch.float64))[:, 9:11], RATE
    )
    start = round(0.3 * RATE)
    assert (later[0, :1_000] - wave[0, start : start + 1_000]).abs().max() < 1e-9


def test_a_wave_stays_within_one_and_becomes_a_triangle():
    turns = torch.arange(1_000) / 1_000
    for skew in (-0.9, 0.0, 0.9):
        wave = oscillation(turns, torch.tensor(1.0), torch.tensor(skew))
        assert abs(float(wave.max()) - 1) < 1e-3 and abs(float(wave.min()) + 1) < 1e-3
    triangle = 1 - 4 * (turns - 0.25 - (turns - 0.25).round()).abs()
    assert (oscillation(turns, torch.tensor(1.0), torch.tensor(0.0)) - triangle).abs().max() < 0.09
    assert torch.equal(
        oscillation(turns, torch.tensor(0.0), torch.tensor(0.0)), torch.sin(2 * math.pi * turns)
    )


def test_a_ratio_of_polynomials_begins_as_tanh():
    x = np.linspace(-3, 3, 64 * 4, dtype=np.float32)
    assert np.abs(run(Rational(RATE), x) - np.tanh(x)).max() < 3e-3


@pytest.mark.parametrize("scale", ["linear", "log", "db"])
def test_values_come_back_from_their_raw_numbers(scale):
    ranges = Ranges((Parameter("own", "", 2.0, 300.0, 20.0, scale),))
    values = torch.tensor([[2.0, 2.5, 20.0, 299.0, 300.0]], dtype=torch.float64)
    assert ((ranges(ranges.raw(values)) - values).abs() / values).max() < 2e-4
    within = values[:, 1:4]
    assert ((ranges(ranges.raw(within)) - within).abs() / within).max() < 1e-12


def test_an_equaliser_left_alone_is_a_wire():
    x = np.random.default_rng(0).standard_normal(640)
    assert np.abs(run(parametric_eq(RATE), x) - x).max() < 1e-12


@pytest.mark.parametrize("make", [Phaser, Flanger])
@pytest.mark.parametrize("feedback", [-0.95, 0.95])
def test_what_runs_round_a_loop_dies_away(make, feedback):
    """However fast and deep it is swept: the ends of the ranges are no exception."""
    x = np.eye(1, 64 * 1400)[0]
    deep = {"depth_octaves": 3} if make is Phaser else {"depth": 0.95, "delay_ms": 10}
    y = run(make(RATE), x, lfo_period_s=0.05, lfo_skew=0.9, feedback=feedback, mix=1, **deep)
    assert np.abs(y).max() < 1.5 and np.abs(y[-RATE // 4 :]).max() < 1e-2
