"""A chain of processors: its names, its controllers, its presets, its mistakes."""

import pytest
import torch

from vschaos2.errors import InputError
from vschaos2.export.operators import check_operators
from vschaos2.processors.chain import Chain
from vschaos2.processors.recursion import BLOCK

RATE = 44_100
ITEMS = [
    {"gain": {"controller": "told"}},
    {"low_shelf": {"low_shelf_gain_db": 6, "controller": "told_following"}},
    {"tanh": None},
    {"compressor": {"controller": "fixed", "threshold_db": -30, "makeup_db": 4}},
    {"dynamic_gain": {"name": "rider"}},
    "offset",
]
STILL = torch.zeros(1, 0, 1)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


def stirred(chain: Chain) -> Chain:
    """All that training moves, somewhere else than it begins."""
    with torch.no_grad():
        for each in chain.parameters():
            each.add_(0.2 * torch.randn_like(each))
    return chain.requires_grad_(False)


@pytest.mark.parametrize("is_scripted", [False, True], ids=["eager", "scripted"])
def test_a_chain_that_is_told_and_follows_is_the_same_in_blocks(is_scripted):
    chain = stirred(Chain(ITEMS, RATE, channels=2, n_knobs=2))
    run = torch.jit.script(chain) if is_scripted else chain
    check_operators(torch.jit.script(chain))
    blocks = 500
    x = 0.3 * torch.randn(2, 2, blocks * BLOCK)
    knobs = torch.rand(2, 2, 5).repeat_interleave(100, 2)
    whole, _ = chain(x, knobs, chain.begin(2))
    state, n, out = chain.begin(2), 0, []
    while n < blocks:
        count = min((1, 2, 7, 40)[len(out) % 4], blocks - n)
        part = x[..., n * BLOCK : (n + count) * BLOCK]
        y, state = run(part, knobs[..., n : n + count], state)
        out.append(y)
        n += count
    assert ((torch.cat(out, 2) - whole).abs().max() / whole.abs().max()) < 1e-5


def test_what_follows_hears_finished_sub_blocks_only():
    chain = stirred(Chain([{"gain": {"controller": "following"}}], RATE))
    x = torch.full((1, 1, 10 * BLOCK), 0.1)
    other = x.clone()
    other[..., 4 * BLOCK : 5 * BLOCK] *= 3.0
    gains = [chain(each, STILL, chain.begin(1))[0] / each for each in (x, other)]
    moved = (gains[0] - gains[1]).abs().reshape(10, BLOCK).amax(1) > 1e-6
    assert moved.tolist() == [False] * 5 + [True] * 5


def test_controllers_begin_as_what_is_said():
    x = 0.1 * torch.randn(1, 1, 8 * BLOCK)
    knobs = torch.rand(1, 1, 1)
    for controller in ("fixed", "static", "told", "following", "told_following"):
        chain = Chain([{"gain": {"gain_db": -6.0, "controller": controller}}], RATE, n_knobs=1)
        y = chain.requires_grad_(False)(x, knobs, chain.begin(1))[0]
        assert (y / x - 10 ** (-6 / 20)).abs().max() < 1e-5


def test_names_are_full_only_where_they_must_be():
    chain = Chain(["gain", {"peak": {"name": "tone"}}, "peak", "gain"], RATE)
    assert chain.names == ["gain1", "tone", "peak2", "gain2"]
    assert [each.name for each in chain.physical] == [
        "gain1_gain_db",
        *("tone_peak_hz", "tone_peak_gain_db", "tone_peak_q"),
        *("peak2_peak_hz", "peak2_peak_gain_db", "peak2_peak_q"),
        "gain2_gain_db",
    ]
    assert [each.name for each in Chain(["gain"], RATE).physical] == ["gain_db"]


def test_a_fitted_chain_is_its_own_preset():
    chain = stirred(Chain(ITEMS, RATE, n_knobs=2))
    knobs = torch.tensor([0.2, 0.9])
    preset = chain.preset(knobs)
    assert preset["threshold_db"] == -30 and preset["low_shelf_gain_db"] != 6
    other = Chain(ITEMS, RATE, n_knobs=2)
    other.load_preset(preset, knobs)
    assert other.preset(knobs) == pytest.approx(preset, rel=1e-5, abs=1e-5)
    chain.hold([each.name for each in chain.physical].index("ratio"), 7.0)
    assert chain.preset()["ratio"] == 7.0


def test_a_settled_chain_sounds_as_before_and_learns_no_more():
    chain = stirred(Chain(["gain", "shelving_eq", "compressor"], RATE)).requires_grad_(True)
    x = 0.3 * torch.randn(1, 1, 40 * BLOCK)
    before, preset = chain(x, STILL, chain.begin(1))[0], chain.preset()
    chain.settle()
    assert chain.preset() == preset
    assert not any(each.requires_grad for each in chain.parameters())
    assert (chain(x, STILL, chain.begin(1))[0] - before).abs().max() < 1e-7


def test_the_response_of_a_chain_is_that_of_its_linear_processors():
    chain = stirred(Chain(["polarity", "shelving_eq", {"fir": {"taps": 9}}], RATE))
    impulse = torch.zeros(1, 1, 1024 * BLOCK, dtype=torch.float64)
    impulse[..., 0] = 1.0
    y = chain(impulse, STILL, chain.begin(1))[0][0, 0]
    hz = torch.fft.rfftfreq(len(y), 1.0 / RATE, dtype=torch.float64)
    wanted = chain.response(hz)
    assert (torch.fft.rfft(y) - wanted).abs().max() < 1e-6 * wanted.abs().max()


def test_windows_of_a_recording_share_one_oscillator():
    chain = Chain([{"phaser": {"lfo_period_s": 0.31, "mix": 0.9}}], RATE).requires_grad_(False)
    x = 0.3 * torch.randn(1, 1, 400 * BLOCK)
    whole = chain(x, STILL, chain.begin(1))[0]
    start = torch.tensor([200 * BLOCK / RATE], dtype=torch.float64)
    window = chain(x[..., 200 * BLOCK :], STILL, chain.begin(1, start))[0]
    assert (window - whole[..., 200 * BLOCK :])[..., BLOCK * 20 :].abs().max() < 1e-5


@pytest.mark.parametrize(
    "items, said",
    [
        ([], "must be a list of processors, got []"),
        ("gain", "must be a list of processors"),
        (["reverb"], r"model.chain\[0\] must be a processor, got 'reverb': use one of"),
        (["gain", {"gain": 3}], r"model.chain\[1\].gain must be a mapping, got 3"),
        ([{"gain": {"gain_db": 90}}], r"model.chain\[0\].gain_db must be a number from -40 to 40"),
        ([{"gain": {"gain_db": "loud"}}], "must be a number from -40 to 40, got 'loud'"),
        ([{"gain": {"hz": 90}}], "gain has no hz: use one of controller, enabled, name, gain_db"),
        ([{"gain": {"controller": "me"}}], "controller must be one of fixed, static, told"),
        ([{"gain": {"name": "a"}}, {"peak": {"name": "a"}}], "must be a word of its own, got 'a'"),
        ([{"fir": {"taps": 1}}], "taps of a fir must be a whole number from 2"),
        ([{"phaser": {"stages": 99}}], "stages of a phaser must be a whole number"),
    ],
)
def test_mistakes_are_told_in_one_line(items, said):
    with pytest.raises(InputError, match=said.replace("[]", r"\[\]")) as told:
        Chain(items, RATE)
    assert "\n" not in str(told.value)


def test_a_preset_that_does_not_fit_is_refused():
    chain = Chain(["gain"], RATE)
    with pytest.raises(InputError, match="no parameter of the chain is called ratio: use one of"):
        chain.load_preset({"ratio": 2.0})
    with pytest.raises(InputError, match="gain_db of a preset must be a number"):
        chain.load_preset({"gain_db": 99.0})


def test_a_saved_chain_plays_as_before_and_carries_nothing_that_was_kept(tmp_path):
    chain = stirred(Chain(["parametric_eq", "compressor"], RATE)).requires_grad_(True)
    chain.settle()
    played = torch.jit.script(chain)
    x = 0.3 * torch.randn(1, 1, 40 * BLOCK)
    with torch.inference_mode():
        played(x, STILL, chain.begin(1))
    sizes = []
    for name in ("used", "reset"):
        played.save(str(tmp_path / name))
        sizes.append((tmp_path / name).stat().st_size)
        played.reset()
    assert sizes[1] < sizes[0] - 8 * BLOCK**2  # a matrix of a sub-block, at least
    again = torch.jit.load(str(tmp_path / "reset"))
    state = torch.zeros(1, chain.state_size)
    with torch.inference_mode():
        again.hold([each.name for each in chain.physical].index("peak2_hz"), 1_234.0)
        _, state = again(x, STILL, state)
    again.reset()
    again.release([each.name for each in chain.physical].index("peak2_hz"))
    with torch.inference_mode():
        assert bool(again(x, STILL, state)[0].isfinite().all())
    wanted = chain(x, STILL, chain.begin(1))[0]
    assert (again(x, STILL, chain.begin(1))[0] - wanted).abs().max() < 1e-6
