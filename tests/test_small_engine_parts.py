"""Layers and signal processing of the small engine, each against Python on random numbers."""

import ctypes
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from small_engine import FLOATS, floats, is_buildable, relative, rows

from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.limiter import soft_clip
from vschaos2.dsp.streaming import StreamingAnalysis
from vschaos2.dsp.texture import low_bins, neighbour_mean, textured_gain
from vschaos2.export.output_level import OutputLevel
from vschaos2.nets.bound import bounded, within

pytestmark = pytest.mark.skipif(not is_buildable(), reason="cmake and g++ are missing")


def noise(*shape: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (scale * generator.standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("size", [4, 8, 16, 64, 512, 2048, 32768])
def test_fourier_transform_and_back(engine, size):
    x, bins = noise(size), size // 2 + 1
    real, imaginary, back = (np.zeros(n, np.float32) for n in (bins, bins, size))
    engine.probe_fourier(size, floats(x), floats(real), floats(imaginary), floats(back))
    due = np.fft.rfft(x.astype(np.float64))
    assert relative(real + 1j * imaginary, due) < 5e-7
    assert relative(back, x) < 5e-7
    assert imaginary[0] == imaginary[-1] == 0.0


@pytest.mark.parametrize(
    ("name", "due", "lowest", "highest"),
    [
        ("exp", np.exp, -80.0, 80.0),
        ("expm1", np.expm1, -10.0, 20.0),
        ("expm1", np.expm1, -1e-3, 1e-3),
        ("log", np.log, 1e-6, 1e6),
        ("log1p", np.log1p, 0.0, 1e5),
        ("log1p", np.log1p, 0.0, 1e-3),
        ("sin", np.sin, 0.0, 6.3),
        ("cos", np.cos, -3.2, 6.3),
        ("sigmoid", lambda x: 1.0 / (1.0 + np.exp(-x)), -60.0, 60.0),
        ("tanh", np.tanh, -60.0, 60.0),
        ("tanh", np.tanh, -1e-3, 1e-3),
    ],
)
def test_functions_of_numbers(engine, name, due, lowest, highest):
    x = np.linspace(lowest, highest, 4099, dtype=np.float32)
    y = x.copy()
    assert engine.probe_function(name.encode(), floats(y), len(y)) == 1
    wanted = due(x.astype(np.float64))
    unit = np.maximum(np.abs(wanted), 0.1 * min(1.0, highest))
    assert float((np.abs(y - wanted) / unit).max()) < 1e-6


@pytest.mark.parametrize("name", ["silu", "softplus"])
def test_curves_of_layers(engine, name):
    x = np.linspace(-40.0, 40.0, 1001, dtype=np.float32)
    y = x.copy()
    assert engine.probe_function(name.encode(), floats(y), len(y)) == 1
    due = getattr(F, name)(torch.tensor(x).double()).numpy()
    assert float(np.abs((y - due) / np.maximum(np.abs(due), 1e-6)).max()) < 2e-6


@pytest.mark.parametrize("count", [14, 33, 257, 1025])
def test_mean_of_neighbours(engine, count):
    x = noise(count)
    y = x.copy()
    assert engine.probe_function(b"neighbour_mean", floats(y), count) == 1
    assert relative(y, neighbour_mean(torch.tensor(x)[None, None])[0, 0].numpy()) < 1e-6


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 17), (32, 16), (257, 48), (40, 257)])
@pytest.mark.parametrize("by_output", [False, True])
def test_linear_layers_and_no_row_depends_on_its_company(engine, inputs, outputs, by_output):
    x, bias = noise(7, inputs), noise(outputs, seed=1)
    weights = noise(inputs, outputs, seed=2)
    stored = np.ascontiguousarray(weights.T) if by_output else weights
    made = {}
    for count in (1, 2, 3, 7):
        y = np.zeros((count, outputs), np.float32)
        engine.probe_linear(
            *(inputs, outputs, count, by_output, floats(stored), floats(bias), floats(x), floats(y))
        )
        made[count] = y
    assert relative(made[7], x.astype(np.float64) @ weights + bias) < 1e-6
    for count in (1, 2, 3):
        assert np.array_equal(made[count], made[7][:count])


@pytest.mark.parametrize("size", [1, 5, 16, 31, 320])
def test_layer_norm(engine, size):
    x, gain, offset = 3.0 + noise(size), noise(size, seed=1), noise(size, seed=2)
    y = x.copy()
    engine.probe_layer_norm(size, floats(gain), floats(offset), floats(y))
    given, gains, offsets = (torch.tensor(of).double() for of in (x, gain, offset))
    due = F.layer_norm(given, (size,), gains, offsets)
    assert float(np.abs(y - due.numpy()).max()) < 2e-6


def test_bounds(engine):
    x, ceiling = noise(65, scale=3.0), noise(65, seed=1)
    y = x.copy()
    engine.probe_bound(65, floats(ceiling), floats(y))
    assert relative(y, bounded(torch.tensor(x), torch.tensor(ceiling)).numpy()) < 1e-6
    for greatest in (0.1, 5.0, 1e6):
        magnitudes = np.abs(x)
        engine.probe_bound_norm(65, ctypes.c_float(greatest), floats(magnitudes))
        due = within(torch.tensor(np.abs(x)), torch.tensor(greatest)).numpy()
        assert relative(magnitudes, due) < 1e-6


@pytest.mark.parametrize("texture", [0.3, 1.0])
def test_gain_that_leaves_noise_its_texture(engine, texture):
    magnitudes, heard = np.exp(noise(257)), np.abs(noise(257, seed=1))
    low, gain = low_bins(257), np.zeros(257, np.float32)
    engine.probe_textured_gain(
        *(257, floats(low.numpy()), floats(magnitudes), floats(heard)),
        *(ctypes.c_float(texture), floats(gain)),
    )
    wanted, given = (torch.tensor(of)[None, None] for of in (magnitudes, heard))
    # Sums of L up to each bin are rounded: one that falls on the other side moves a mean.
    assert relative(gain, textured_gain(wanted, given, low, texture)[0, 0].numpy()) < 1e-5


def test_level_ramps_over_a_block_and_is_limited(engine):
    x = noise(300, scale=2.0)
    for start, gain, limited in ((1.0, 1.0, False), (1.0, 0.5, False), (0.5, 3.0, True)):
        level = OutputLevel()
        level.gain = start
        level.forget()
        level.gain, level.is_limited = gain, limited
        y = x.copy()
        engine.probe_level(
            ctypes.c_float(start), ctypes.c_float(gain), int(limited), len(y), floats(y)
        )
        assert relative(y, level(torch.tensor(x)[None])[0].numpy()) < 1e-6
    quiet = np.full(8, 0.8, np.float32)
    engine.probe_level(ctypes.c_float(1.0), ctypes.c_float(1.0), 1, 8, floats(quiet))
    assert np.array_equal(quiet, soft_clip(torch.full((8,), 0.8)).numpy())


def constants(of: MagnitudeInversion) -> "ctypes.Array[ctypes._Pointer[ctypes.c_float]]":
    """What the engine reads of an inversion from its file."""
    tensors = (of.window, of.dual, of.short, of.advance, of.noise.table, of.texture.low)
    white = of.texture.white_noise
    return (FLOATS * 8)(*(floats(t.numpy()) for t in (*tensors, white.table, white.window)))


def smooth_magnitudes(n_fft: int, hop: int, frames: int) -> np.ndarray:
    """Of a sweep and some noise, without the noise's valleys: as models make them."""
    time = np.arange(frames * hop) / 44100.0
    tones = sum(np.sin(2 * np.pi * (k * 220.0 * time + 60.0 * time**2)) / k for k in range(1, 9))
    sound = 0.2 * tones + noise(len(time), scale=0.01)
    analysis = StreamingAnalysis(n_fft, hop)(torch.tensor(sound, dtype=torch.float32)[None])
    magnitude = analysis.abs()[0]
    return F.avg_pool1d(magnitude[:, None], 5, 1, 2, count_include_pad=False)[:, 0].numpy()


def recovered(of: MagnitudeInversion, magnitudes: np.ndarray, call: int) -> np.ndarray:
    of.reset()
    parts = torch.tensor(magnitudes)[None].split(call, 1)
    return torch.cat([of(part) for part in parts], 1)[0].numpy()


@pytest.mark.parametrize("texture", [0.0, 0.7])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("call", [1, 5])
def test_phase_recovery_of_the_same_magnitudes(engine, mode, texture, call):
    """As near to Python as Python is to itself, when magnitudes move by their last bit.

    Refinement turns last bits into other phases, the sooner the shorter the calls.
    """
    n_fft, hop, frames = 256, 64, 12
    inversion = MagnitudeInversion(n_fft, hop, mode, texture=texture)
    magnitudes = np.ascontiguousarray(smooth_magnitudes(n_fft, hop, frames))
    out = np.zeros(frames * hop, np.float32)
    delay = engine.probe_inversion(
        *(n_fft, hop, constants(inversion), mode.encode(), ctypes.c_float(texture), frames, call),
        *(floats(magnitudes), None, floats(out)),
    )
    assert delay == inversion.delay_samples
    due = recovered(inversion, magnitudes, call)
    steps = np.random.default_rng(1).choice([-6e-8, 0.0, 6e-8], (2, *magnitudes.shape))
    moved = [recovered(inversion, (magnitudes * (1.0 + s)).astype(np.float32), call) for s in steps]
    for heard in range(delay + hop, len(due) + 1, hop):
        doubt = max(relative(other[:heard], due[:heard]) for other in moved)
        assert relative(out[:heard], due[:heard]) < 5e-6 + 10.0 * doubt


def test_noise_where_coherence_is_known(engine):
    n_fft, hop, frames = 512, 128, 12
    inversion = MagnitudeInversion(n_fft, hop, "eco", texture=1.0)
    magnitudes = np.ascontiguousarray(smooth_magnitudes(n_fft, hop, frames))
    coherence = np.random.default_rng(1).uniform(0.3, 1.0, magnitudes.shape).astype(np.float32)
    out = np.zeros(frames * hop, np.float32)
    engine.probe_inversion(
        *(n_fft, hop, constants(inversion), b"eco", ctypes.c_float(1.0), frames, 4),
        *(floats(magnitudes), floats(coherence), floats(out)),
    )
    given, known = (torch.tensor(of)[None].split(4, 1) for of in (magnitudes, coherence))
    due = torch.cat(list(map(inversion, given, known)), 1)[0].numpy()
    assert relative(out, due) < 2e-5


@pytest.mark.parametrize(
    "value",
    [{"a": [1, -2.5e-3, True, None, 'é\n"\\ \u2028'], "b": {}}, [], "", 0, {"": {"": [[[]]]}}],
)
def test_json_is_read(engine, value):
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only).encode()
        assert engine.probe_json(text, len(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1,]",
        "{1:2}",
        "tru",
        "1e999",
        "nan",
        '"',
        '"\\x"',
        '"\\u12',
        "[" * 40,
        "{}{}",
        "\0",
    ],
)
def test_what_is_no_json_is_refused(engine, text):
    assert engine.probe_json(text.encode(), len(text)) == 0


def test_rows_point_at_rows():
    array = noise(2, 3)
    assert rows(array)[1][0] == array[1, 0]
