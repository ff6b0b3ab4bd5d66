"""Echoes, room and sides: against plain loops and closed forms; a chain of mono to stereo."""

import math

import numpy as np
import pytest
import torch
from pedals import RATE as PEDAL_RATE
from pedals import riff, train_pedal
from scipy import signal
from soundfile import write

from vschaos2.errors import InputError
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.export import playable_of
from vschaos2.families.loading import load_run
from vschaos2.processors.chain import Chain
from vschaos2.processors.delay_network import Network
from vschaos2.processors.filters import channel_eq
from vschaos2.processors.recursion import BLOCK
from vschaos2.processors.space import Space, fdn_reverb, pan, ping_pong

RATE = 44_100
STILL = torch.zeros(1, 0, 1)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


def values_of(processor, **said: float) -> torch.Tensor:
    """Its defaults, but for some: [1, P, 1]."""
    told = {each.name: float(each.default) for each in processor.physical}
    assert said.keys() <= told.keys()
    return torch.tensor(list((told | said).values()), dtype=torch.float64)[None, :, None]


def run(processor, x, **said: float) -> np.ndarray:
    """A sound [T] or [2, T] through a processor → left and right."""
    sound = torch.as_tensor(np.atleast_2d(x), dtype=torch.float64)[None]
    sound = torch.nn.functional.pad(sound, (0, -sound.shape[2] % BLOCK))
    state = torch.zeros(1, processor.state_size)
    return processor(sound, values_of(processor, **said), state)[0][0].detach().numpy()


def impulse(seconds: float) -> np.ndarray:
    return np.eye(1, round(seconds * RATE))[0]


@pytest.mark.parametrize("degree, left, right", [(-100, 2, 0), (0, 1, 1), (50, 0.2929, 1.7071)])
def test_a_pan_keeps_the_power(degree, left, right):
    y = run(pan(RATE), np.full(BLOCK, 0.5), pan=degree)
    assert np.square(y[:, -1] / 0.5) == pytest.approx([left, right], abs=1e-4)


def test_a_stereo_sound_keeps_its_image():
    x = np.random.default_rng(0).standard_normal((2, 640))
    assert np.abs(run(pan(RATE, 2), x) - x).max() < 1e-12
    assert np.abs(run(pan(RATE, 2), x, pan=-100) - [[2**0.5], [0]] * x).max() < 1e-12


def test_echoes_are_those_of_two_lines_that_hear_each_other():
    """Sample by sample; a pan to one side leaves one line alone."""
    delay, feedback, hz = 4_500, 0.7, 3_000.0
    x = np.zeros(4 * delay)
    x[:500] = np.random.default_rng(0).standard_normal(500)
    a = 1 - math.exp(-2 * math.pi * hz / RATE)
    lines, filters, out = np.zeros((2, len(x))), np.zeros(2), np.zeros((2, len(x)))
    for t in range(len(x)):
        filters += a * (lines[:, t - delay] * (t >= delay) - filters)
        out[:, t] = filters
        lines[:, t] = x[t] + feedback * filters[1], feedback * filters[0]
    y = run(
        ping_pong(RATE),
        x,
        echo_ms=1_000 * delay / RATE,
        echo_feedback=feedback,
        echo_low_pass_hz=hz,
        echo_db=-6,
        echo_odd_pan=-100,
        echo_even_pan=100,
    )[:, : len(x)]
    wanted = x + 10 ** (-6 / 20) * 2**0.5 * out
    assert np.abs(y - wanted).max() < 1e-6


def test_a_delay_between_samples_lies_between_them():
    """The phase of a slow sine says when it comes."""
    late = 4_500.37
    x = np.sin(2 * math.pi * 200 * np.arange(3 * 4_500) / RATE)
    said = {"echo_low_pass_hz": 16_000, "echo_db": 0, "echo_feedback": 0, "echo_odd_pan": 0}
    y = run(ping_pong(RATE), x, echo_ms=1_000 * late / RATE, **said)[0][: len(x)] - x
    a = 1 - math.exp(-2 * math.pi * 16_000 / RATE)
    shape = signal.freqz([a], [1, a - 1], [200], fs=RATE)[1][0]
    turns = 2 * math.pi * 200 * (np.arange(len(x)) - late) / RATE
    wanted = abs(shape) * np.sin(turns + np.angle(shape))
    assert np.abs(y - wanted)[6_000:].max() < 1e-6


def test_a_time_that_moves_is_crossed_to():
    """Nothing clicks above 1 kHz under a sine of 110 Hz, and at the end the new time is heard."""
    echo, blocks = ping_pong(RATE), 2 * RATE // BLOCK
    x = 0.5 * np.sin(2 * math.pi * 110 * np.arange(blocks * BLOCK) / RATE)
    values = values_of(echo, echo_db=0, echo_feedback=0, echo_ms=300).expand(-1, -1, blocks).clone()
    values[0, [p.name for p in echo.physical].index("echo_ms"), blocks // 2 :] = 437
    state = torch.zeros(1, echo.state_size)
    y = echo(torch.tensor(x)[None, None], values, state)[0][0].numpy()
    high = signal.butter(8, 1_000, "high", fs=RATE, output="sos")
    heard = signal.sosfilt(high, y[0])[RATE // 2 : -RATE // 8]
    assert 20 * math.log10(np.abs(heard).max() / 0.5) < -80
    later = run(ping_pong(RATE), x, echo_db=0, echo_feedback=0, echo_ms=437)
    assert np.abs(y - later)[:, -RATE // 2 :].max() < 1e-9
    assert np.abs(y - later)[:, RATE // 2 : RATE].max() > 0.1


def test_lines_without_losses_keep_the_energy():
    lengths = [97, 113, 131]
    network, x = Network(lengths), torch.zeros(1, 3, 100 * BLOCK, dtype=torch.float64)
    x[..., 0] = torch.tensor([0.3, -0.5, 0.8], dtype=torch.float64)
    one, last, line = torch.ones(1, 3, 1).double(), torch.zeros(1, 3), torch.zeros(1, 3 * 131)
    _, _, parts = network(x, one, one, last.double(), line.double())
    kept = torch.cat(parts, 1).reshape(131, 3)
    energy = sum(float(kept[-m:, n].square().sum()) for n, m in enumerate(lengths))
    assert energy == pytest.approx(0.3**2 + 0.5**2 + 0.8**2, rel=1e-12)


def test_a_room_decays_by_60_db_in_its_time():
    """Of what is left, at low frequencies and at the highest, by a line through the decay."""
    y = run(fdn_reverb(RATE), impulse(1.2), reverb_low_s=1.2, reverb_high_ratio=0.25, reverb_db=0)
    y = y[0] - impulse(1.2)[: y.shape[1]].sum() * np.eye(1, y.shape[1])[0]
    for seconds, band, until in ((1.2, (50, 300), 1.0), (0.3, (20_500, 22_000), 0.3)):
        sos = signal.butter(4, band, "band", fs=RATE, output="sos")
        left = np.cumsum(np.square(signal.sosfilt(sos, y))[::-1])[::-1]
        level = 10 * np.log10(left[RATE // 10 : round(until * RATE)] / left[0])
        level = level[level > -50]
        slope = np.polyfit(np.arange(len(level)) / RATE, level, 1)[0]
        assert -60 / slope == pytest.approx(seconds, rel=0.05)


def test_a_room_hears_the_echoes_that_are_sent_to_it():
    """Without sound of its own: cut off where the first echo comes, it is silent until there."""
    said = {"reverb_db": 0, "echo_db": -60, "echo_ms": 800, "echo_feedback": 0, "reverb_low_s": 0.1}
    apart, sent = (
        run(Space(RATE), impulse(1.5), echo_to_reverb_db=level, **said)[0] for level in (-60, 0)
    )
    first = round(0.8 * RATE)
    assert np.abs((sent - apart)[:first]).max() == 0.0
    assert np.abs((sent - apart)[first:]).max() > 1e-3


def test_parts_of_a_response_sum_to_it():
    whole = Space(RATE)
    hz = torch.linspace(20, 20_000, 50, dtype=torch.float64)
    values = values_of(whole, pan=20)[..., 0]
    parts = whole.responses(values, hz)
    assert list(parts) == ["direct", "echo", "reverb"]
    assert (sum(parts.values()) - whole.response(values, hz)).abs().max() < 1e-12
    names = [each.name for each in whole.physical]
    for made, gone in ((ping_pong(RATE), "reverb"), (fdn_reverb(RATE), "echo")):
        assert not any(each.name.startswith(gone) for each in made.physical)
        assert {each.name for each in made.physical} < set(names)


@pytest.mark.parametrize("made", [ping_pong, fdn_reverb])
def test_nothing_that_runs_round_grows(made):
    """At the ends of all ranges what is left of an impulse becomes less from second to second."""
    for most in (False, True):
        processor = made(RATE)
        said = {each.name: each.most if most else each.least for each in processor.physical}
        y = run(processor, impulse(4.0), **said)[:, : 4 * RATE]
        _, *energy = np.square(y).sum(0).reshape(4, -1).sum(1)
        assert np.isfinite(energy).all()
        assert energy[2] <= 0.95 * energy[1] <= 0.95**2 * energy[0]


@pytest.mark.parametrize("is_scripted", [False, True], ids=["eager", "scripted"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_chain_makes_stereo_in_blocks(channels, is_scripted):
    items = ["channel_eq", {"compressor": {"enabled": False}}, "space", "gain"]
    chain = Chain(items, RATE, channels).requires_grad_(False)
    assert chain.outputs == 2 and chain.names == ["channel_eq", "space", "gain"]
    x = 0.3 * torch.randn(1, channels, 800 * BLOCK)
    whole, _ = chain(x, STILL, chain.begin(1))
    run_it = torch.jit.script(chain) if is_scripted else chain
    state, out = chain.begin(1), []
    for part in x.split([64, 512, 4_096, 19_200, 27_328], 2):
        y, state = run_it(part, STILL, state)
        out.append(y)
    assert whole.shape[1] == 2
    assert (torch.cat(out, 2) - whole).abs().max() < 1e-5 * whole.abs().max()


def test_a_response_of_a_chain_has_two_sides():
    chain = Chain([{"gain": {"gain_db": 6}}, {"pan": {"pan": -100}}], RATE)
    found = chain.response(torch.tensor([100.0, 1_000.0])).abs()
    assert found[0].tolist() == pytest.approx([10 ** (6 / 20) * 2**0.5] * 2, abs=1e-5)
    assert found[1].tolist() == pytest.approx([0, 0], abs=1e-5)


def test_bands_are_chosen_by_name():
    few = channel_eq(RATE, bands=["high_pass", "peak2"])
    names = [each.name for each in few.physical]
    assert names == ["peak2_hz", "peak2_gain_db", "peak2_q", "high_pass_hz", "high_pass_q"]
    assert len(channel_eq(RATE).physical) == 14
    with pytest.raises(InputError, match=r"bands of a channel_eq must be a list of some of peak1"):
        channel_eq(RATE, bands=["treble"])


@pytest.mark.parametrize(
    "items, said",
    [
        ([{"gain": {"enabled": False}}], "none of its processors is enabled"),
        ([{"gain": {"enabled": 3}}], r"model.chain\[0\].enabled must be true or false, got 3"),
    ],
)
def test_mistakes_are_told_in_one_line(items, said):
    with pytest.raises(InputError, match=said):
        Chain(items, RATE)


def test_a_chain_is_played_from_mono_to_stereo(tmp_path):
    """Learnt from a pair, and set by name: what is exported streams what the chain renders."""
    dry = riff(2.0)
    for side, sound in (("dry", dry), ("wet", np.stack((1.2 * dry, 0.8 * dry), 1))):
        (tmp_path / "pairs" / side).mkdir(parents=True)
        write(tmp_path / "pairs" / side / "voice.wav", sound, PEDAL_RATE, subtype="FLOAT")
    words = (
        "model.net.hidden_dims=null",
        "data.loader.warm_up_ms=20",
        "data.loader.window_samples=1024",
        "model.net.processors.1.expander.enabled=false",
    )
    train_pedal(tmp_path / "pairs", tmp_path / "runs", *words, name="effect_chain")
    learnt = load_run(tmp_path / "runs" / "effect_chain")
    model = learnt.model
    assert model.net.chain.names == ["channel_eq", "compressor", "space"]
    loaded = playable_of(learnt, {}).script()
    assert loaded.forward_params.tolist() == [1, 1, 2, 1]
    x = riff(0.512, seed=3).astype(np.float32)
    due = rendered(model, x[None], np.zeros((0, 1), np.float32))
    parts = torch.from_numpy(x)[None, None].split(256, 2)
    y = torch.cat([loaded(part) for part in parts], 2)
    np.testing.assert_allclose(y[0].numpy(), due, atol=1e-5)
    assert set_attribute(loaded, "pan", -100.0) == 0 and set_attribute(loaded, "echo_db", 0.0) == 0
    set_attribute(loaded, "reset", True)
    chain = playable_of(learnt, {}).eager.model.net.chain
    chain.load_preset({"pan": -100.0, "echo_db": 0.0})
    due = chain(torch.cat(parts, 2), STILL, chain.begin(1))[0][0].detach().numpy()
    y = torch.cat([loaded(part) for part in parts], 2)
    np.testing.assert_allclose(y[0].numpy(), due, atol=1e-5)


def test_options_leave_parts_out():
    bare = Space(RATE, panned=False, echo=False, reverb=False)
    assert bare.physical == ()
    x = np.random.default_rng(0).standard_normal(640)
    assert np.abs(run(bare, x) - x).max() == 0.0
    plain = Space(RATE, panned=False, echo=False, reverb_eq=False)
    assert len(plain.physical) == len(fdn_reverb(RATE).physical) - 10
