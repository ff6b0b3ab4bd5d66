"""What each processor of a chain is shown to do, against closed forms; and that it is shown."""

import math

import numpy as np
import pytest
import torch
from pedals import TINY, composed, write_pairs
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vschaos2.families.effect import processor_traces as traces
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.processor_pictures import processor_picture
from vschaos2.families.train import train
from vschaos2.monitor.budget import Budget
from vschaos2.monitor.store import pixels
from vschaos2.processors.chain import Chain

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
RATE = 16_000


@pytest.fixture(autouse=True)
def no_gradients():
    """As a training makes its reports."""
    with torch.inference_mode():
        yield


def trace_of(item, n_knobs: int = 0) -> traces.Trace:
    chain = Chain([item], float(RATE), 1, n_knobs)
    sound = 0.5 * torch.randn(1, RATE // 4, generator=torch.Generator().manual_seed(0))
    (trace,) = traces.traced(chain, sound, torch.full((n_knobs,), 0.25))
    return trace


def test_each_processor_is_shown_what_it_heard():
    chain = Chain([{"gain": {"gain_db": 6}}, "low_pass", "tanh"], float(RATE))
    x = torch.randn(1, 1000)
    first, second, third = traces.traced(chain, x, torch.zeros(0))
    assert [each.name for each in (first, second, third)] == ["gain", "low_pass", "tanh"]
    torch.testing.assert_close(first.entered[0, :, :1000], x)
    torch.testing.assert_close(second.entered[0, :, :1000], 10.0 ** (6.0 / 20.0) * x)
    whole, _ = chain(first.entered, torch.zeros(1, 0, 1), chain.begin(1))
    torch.testing.assert_close(whole, torch.tanh(third.entered), atol=1e-5, rtol=0)


def test_a_curve_is_shown_up_to_the_loudest_that_entered():
    trace = trace_of({"tanh": {"drive_db": 20, "bias": 0.3}})
    x, y = traces.transfer(trace)
    assert float(x[-1]) == pytest.approx(float(trace.entered.abs().max()))
    torch.testing.assert_close(y, torch.tanh(10.0 * x + 0.3) - math.tanh(0.3))


def test_levels_settle_where_threshold_ratio_and_knee_say():
    trace = trace_of(
        {"compressor": {"threshold_db": -30, "ratio": 4, "knee_db": 6, "makeup_db": 3}}
    )
    entering, leaving = traces.static_levels(trace)
    over = np.log1p(np.exp((entering.numpy() + 30.0) / 1.5)) * 1.5  # see `dynamics`
    np.testing.assert_allclose(leaving, entering.numpy() + 3.0 - 0.75 * over, atol=0.05)


def test_a_gain_moves_as_fast_as_attack_and_release_say():
    said = {"threshold_db": -30, "ratio": 20, "attack_ms": 40, "release_ms": 200}
    trace = trace_of({"compressor": {**said, "detector_ms": 0.1, "knee_db": 0.5}})
    time_ms, gain_db = (of.numpy() for of in traces.step(trace))
    assert time_ms[0] == pytest.approx(-50.0, abs=0.1)
    assert gain_db[0] == pytest.approx(0.0, abs=0.01)
    reduced = -0.95 * 20.0  # 20 dB over a threshold, 20 : 1
    attack, release = (np.searchsorted(time_ms, ms) for ms in (40.0, 240.0 + 200.0))
    assert gain_db[attack] == pytest.approx((1.0 - math.exp(-1.0)) * reduced, abs=0.3)
    assert gain_db[release] == pytest.approx(math.exp(-1.0) * reduced, abs=0.3)


def test_a_level_rises_to_what_entered():
    time_ms, level_db = traces.step(trace_of("level"))
    assert float(level_db[0]) == pytest.approx(-50.0, abs=0.1)
    assert float(level_db[time_ms < 99.0][-1]) == pytest.approx(-10.0, abs=0.1)


def test_an_oscillator_sweeps_as_far_as_its_depth():
    said = {"lfo_period_s": 2, "lfo_triangle": 0, "centre_hz": 800, "depth_octaves": 1.5}
    time, swept, unit = traces.sweep(trace_of({"phaser": said}))
    assert (float(time[-1]), unit) == (4.0, "Hz")
    np.testing.assert_allclose(
        swept, 800.0 * 2.0 ** (1.5 * np.sin(math.pi * time.numpy())), rtol=1e-4
    )
    _, swept, unit = traces.sweep(trace_of({"chorus": {"delay_ms": 10, "depth": 0.3}}))
    assert unit == "ms"
    assert float(swept.max()) == pytest.approx(13.0, abs=0.01)
    assert float(swept.min()) == pytest.approx(7.0, abs=0.01)
    with pytest.raises(TypeError, match="gain: Gain has no oscillator"):
        traces.sweep(trace_of("gain"))


@pytest.mark.parametrize("controller", ["told", "told_following"])
def test_a_knob_moves_its_parameters_and_no_other_knob_does(controller):
    trace = trace_of({"gain": {"controller": controller}}, n_knobs=2)
    assert float(traces.told(trace, 0).std()) == 0.0  # nothing is learnt yet
    torch.manual_seed(0)
    torch.nn.init.normal_(trace.controller.adds.head.weight)
    moved = traces.told(trace, 0)
    assert moved.shape == (1, traces.KNOB_POINTS)
    assert float(moved.max() - moved.min()) > 1.0
    if controller == "told":
        due = [trace.controller.rest(torch.tensor([place, 0.25])) for place in (0.0, 0.5, 1.0)]
        torch.testing.assert_close(moved[:, [0, 10, 20]], torch.stack(due, 1), rtol=1e-5, atol=0)


KINDS = (
    *("gain", "dynamic_gain", "polarity", "offset", "level", "compressor", "expander"),
    *("tanh", "mlp", "siren", "rational", "fir", "phase_shift", "phaser", "chorus", "flanger"),
    *("clip", "tremolo", "echo", "room"),
    *("low_pass", "peak", "parametric_eq", "shelving_eq", {"peak": {"controller": "told"}}),
)


@pytest.mark.parametrize("item", KINDS, ids=str)
def test_every_processor_has_a_picture(item):
    """With something drawn in every panel but the last, which holds the values."""
    trace = trace_of(item, n_knobs=1)
    picture = processor_picture(trace, [Knob("drive", 0.0, 10.0, 5.0)], "step 1")
    *panels, values = picture.axes
    assert panels and all(axes.lines or axes.texts for axes in panels)
    (text,) = values.texts
    assert len(text.get_text().splitlines()) == len(trace.parameters)
    assert pixels(picture).std() > 5.0


def test_processors_are_shown_while_a_chain_learns(tmp_path, monkeypatch):
    monkeypatch.setattr(Budget, "due_at_end", lambda self, kinds, _: kinds)
    words = (
        *("model.net.hidden_dims=null", "callbacks.monitor.enabled=true"),
        "callbacks.monitor.seconds=0.5",
        "model.net.processors=[{tanh:{controller:told}},{peak:{name:tone}},compressor]",
    )
    assert "callbacks.monitor.enabled=false" in TINY
    root = write_pairs(tmp_path / "pairs", (2.0, 10.0))
    with torch.inference_mode(False):
        folder = train(composed(root, tmp_path / "runs", *words, name="effect_grey_eq"))
    (*_, last) = sorted((folder / "samples/processors").iterdir())
    names = {"tanh", "tone", "compressor"}
    assert {path.stem for path in last.glob("*.png")} == names
    events = EventAccumulator(str(folder), size_guidance={"images": 0}).Reload()
    assert {f"processors/{name}" for name in names} <= set(events.Tags()["images"])
    assert "parameters/threshold_db" in events.Tags()["scalars"]
