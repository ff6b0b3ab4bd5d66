"""Exported effects in the small engine, held against torch; and files that it refuses."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from engine_beside_torch import Both, rewritten
from small_engine import Player, RefusedError, is_buildable, labels_of, ran, relative

from vschaos2.export.for_engine import card_lines, description
from vschaos2.export.nn_tilde import get_attribute
from vschaos2.families.effect import engine_chain
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.playable import PlayableEffect
from vschaos2.nets.audio_conv import GCN, TCN
from vschaos2.nets.audio_rate import AudioNet
from vschaos2.nets.audio_recurrent import LSTM, AudioGRU, StartedLSTM
from vschaos2.nets.state_space import SSM
from vschaos2.nets.wavenet import WaveNet
from vschaos2.processors.modulation import Flanger
from vschaos2.processors.shaping import Mlp

RATE = 32000
KNOBS = (
    Knob("drive", 2.0, 10.0, 4.0, "dB"),
    Knob("tone", -1.0, 1.0, 0.25),
    Knob("x", 0.0, 1.0, 1.0),
)

pytestmark = [
    pytest.mark.skipif(not is_buildable(), reason="cmake and g++ are missing"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

# Arrays of WaveNets, the first like those of pedals, with every activation.
BENDS = (
    *("Tanh", "ReLU", "LeakyReLU", "Softsigmoid", "Hardtanh", "SiLU", "Hardswish", "Sigmoid"),
    {"type": "LeakyHardtanh", "min_val": -0.5, "max_val": 0.7, "min_slope": 0.1},
)
FIRST = {
    "channels": 4, "kernels": [3] * len(BENDS), "dilations": [2**n for n in range(len(BENDS))],
    "activations": [*BENDS], "head_channels": 5,
}  # fmt: skip
PLAIN = {
    "channels": 5, "kernels": [3], "dilations": [2], "activations": ["Tanh"], "head_bias": True,
}  # fmt: skip
GATED = {
    "channels": 4, "kernels": [3, 1], "dilations": [90, 5], "activations": ["Tanh", "Softsign"],
    "bottleneck": 3, "skip_channels": 2, "gates": ["gated", "blended"],
    "gate_activations": ["Sigmoid", "Softsigmoid"], "head_kernel": 4,
}  # fmt: skip

# Networks by name: kind, channels, knobs, outputs, options.
NETS: dict[str, tuple[Any, int, int, int, dict[str, Any]]] = {
    "lstm": (LSTM, 1, 1, 1, {"hidden_dims": 32}),
    "lstm in stereo": (LSTM, 1, 2, 2, {"hidden_dims": 20, "layers": 2, "skip": True}),
    "lstm to mono": (
        *(LSTM, 2, 0, 1),
        {"hidden_dims": 9, "skip": True, "conditioning": "none"},
    ),
    "lstm begun": (StartedLSTM, 1, 1, 1, {"hidden_dims": 7, "layers": 2}),
    "gru of all": (AudioGRU, 2, 3, 2, {"hidden_dims": 17, "layers": 3, "skip": True}),
    "gru that follows": (AudioGRU, 1, 2, 1, {"hidden_dims": 12, "conditioning": "tvcond"}),
    "tcn": (TCN, 1, 2, 1, {"receptive_ms": 2.0, "kernel": 5}),
    "tcn by tfilm": (TCN, 1, 1, 2, {"receptive_ms": 0.1, "conditioning": "tfilm"}),
    "gcn": (GCN, 1, 1, 2, {"receptive_ms": 3.0, "growth": 3, "conditioning": "tvfilm"}),
    "gcn by ttfilm": (GCN, 2, 0, 1, {"receptive_ms": 0.1, "conditioning": "ttfilm"}),
    "chain": (
        ChainNet,
        1,
        0,
        1,
        {
            "processors": [
                "gain",
                "tanh",
                "parametric_eq",
                {"compressor": {"paths": 2, "threshold_db": -40.0}},
            ]
        },
    ),
    "chain that hears": (
        ChainNet,
        2,
        2,
        2,
        {
            "processors": [
                {"gain": {"controller": "told"}},
                {"clip": {"controller": "told_following"}},
                {"channel_eq": {"controller": "told"}},
                {"expander": {"controller": "following"}},
                "dynamic_gain",
                "polarity",
                "offset",
            ]
        },
    ),
    "chain of curves": (
        ChainNet,
        1,
        0,
        1,
        {
            "processors": [
                "mlp",
                {"fir": {"taps": 50}},
                "siren",
                {"fir": {"taps": 300, "siren": True}},
                "rational",
                {"phase_shift": {"phase_deg": 70.0}},
            ]
        },
    ),
    "chain that sweeps": (
        ChainNet,
        2,
        1,
        2,
        {
            "processors": [
                {"tremolo": {"controller": "told"}},
                {"phaser": {"stages": 6, "feedback": 0.7, "lfo_skew": 0.5}},
                {"chorus": {"controller": "following", "lfo_period_s": 0.1}},
                {"flanger": {"controller": "told_following", "feedback": -0.6}},
                {"phase_shift": {"controller": "told"}},
            ]
        },
    ),
    "chain of rooms": (
        ChainNet,
        1,
        1,
        2,
        {
            "processors": [
                {"echo": {"echo_ms": 100.0, "echo_db": 0.0}},
                {"room": {"controller": "told", "size": 0.5, "room_db": -6.0}},
                {"space": {"controller": "told", "echo_ms": 100.0, "echo_to_reverb_db": 0.0}},
            ]
        },
    ),
    "chain of sides": (
        ChainNet,
        2,
        0,
        2,
        {
            "processors": [
                {"pan": {"controller": "following"}},
                {"ping_pong": {"echo_db": 0.0, "echo_ms": 100.0, "echo_feedback": 0.9}},
                {"fdn_reverb": {"reverb_db": 0.0}},
            ]
        },
    ),
    "chain to a level": (ChainNet, 2, 0, 2, {"processors": ["level"]}),
    "wavenet": (WaveNet, 1, 1, 1, {"arrays": [FIRST, {**PLAIN, "channels": 5}], "head_scale": 0.5}),
    "wavenet with a head": (
        *(WaveNet, 2, 2, 2),
        {
            "arrays": [{**GATED, "head_channels": 5}, {**PLAIN, "channels": 5, "mixes": False}],
            "head": {"channels": 3, "kernels": [2, 1], "activation": "Hardswish"},
        },
    ),
    "ssm": (SSM, 1, 2, 2, {"layers": 3, "hidden_dims": 6}),
}


def effect(name: str) -> PlayableEffect:
    """One of them, of chance weights so large that it bends what it hears."""
    kind, channels, knobs, outputs, options = NETS[name]
    torch.manual_seed(len(name))
    net: AudioNet = kind(channels, knobs, outputs, RATE, **options)
    for weight in net.parameters():
        weight.data += 0.1 * torch.randn_like(weight)
    if isinstance(net, StartedLSTM):
        net.first.normal_()
    model = EffectModel(net, KNOBS[:knobs], RATE).eval().requires_grad_(False)
    model.set_levels(0.1, 0.7)
    return PlayableEffect(model, {})


EXPORTED: dict[str, tuple[Path, PlayableEffect]] = {}


def exported(name: str, folders: pytest.TempPathFactory) -> tuple[Path, PlayableEffect]:
    """The file of one of them, written once, and the effect."""
    if name not in EXPORTED:
        path, playable = folders.mktemp("effect") / "effect.ts", effect(name)
        path.write_bytes(playable.saved())
        EXPORTED[name] = path, playable
    return EXPORTED[name]


@pytest.fixture(scope="module", params=NETS)
def both(request, engine, tmp_path_factory) -> Both:
    """Each of the effects, one at a time."""
    return Both(engine, *exported(request.param, tmp_path_factory))


@pytest.fixture(scope="module")
def kept(engine, tmp_path_factory) -> Both:
    """One effect, with two channels and knobs of which more is asked."""
    return Both(engine, *exported("gru of all", tmp_path_factory))


@pytest.fixture
def pedal(kept) -> Both:
    kept.set(drive=4.0, tone=0.25, x=1.0, mix=1.0, input_db=0.0, output_db=0.0, bypass=0.0)
    return kept


def least(both: Both) -> int:
    """Samples that every block of it is a multiple of."""
    return int(both.engine.library.vschaos_engine_block_samples(both.engine.handle))


def given(both: Both, method: str, samples: int, seed: int = 1) -> torch.Tensor:
    """Bursts of noise, and knobs that move all over their range and beyond: [inlets, samples]."""
    generator = torch.Generator().manual_seed(seed)
    inlets = both.engine.methods[method][1].in_channels
    channels = both.engine.methods["forward"][1].in_channels
    x = 0.2 * torch.randn(inlets, samples, generator=generator)
    x *= (torch.arange(samples) % 1000 < 700).float()
    x[channels:] = (
        4.0
        * torch.sin(torch.arange(samples) * 0.01 * (1 + torch.arange(inlets)[:, None]))[channels:]
    )
    return x


def test_it_is_the_same_effect(both):
    assert list(both.engine.methods) == both.torch.method_names
    for name, (_, shape) in both.engine.methods.items():
        assert getattr(both.torch, f"{name}_params").tolist() == [
            shape.in_channels, shape.in_ratio, shape.out_channels, shape.out_ratio
        ]  # fmt: skip
        for outlets in (False, True):
            side = "output" if outlets else "input"
            due = getattr(both.torch, f"{name}_{side}_labels")
            assert labels_of(both.engine, name, outlets) == due
        assert both.engine.delay(name) == 0
    assert both.engine.controls == both.torch.attribute_names
    for name in both.engine.controls:
        assert both.engine.get(name) == get_attribute(both.torch, name), name
    assert both.engine.library.vschaos_engine_sample_rate_hz(both.engine.handle) == RATE
    assert least(both) == both.torch.model.net.block


def test_every_sample_is_as_in_torch(both):
    for method in both.engine.methods:
        both.reset()
        made, due = both.play(method, given(both, method, 6016), 512)
        assert relative(made, due) < 1e-5
        assert np.abs(due).max() > 0.05


def test_blocks_are_the_whole_bit_for_bit(both):
    for method in both.engine.methods:
        x = given(both, method, 1536).numpy()
        both.engine.reset()
        whole = both.engine.play(method, x, 1536)
        for block in [each for each in (1, 64, 100, 512) if each % least(both) == 0]:
            both.engine.reset()
            assert np.array_equal(both.engine.play(method, x, block), whole)


@pytest.mark.parametrize("name", ["chain of rooms", "chain of sides"])
def test_echoes_are_as_in_torch_and_know_no_blocks(engine, tmp_path_factory, name):
    """They come after 3200 samples and more."""
    pair = Both(engine, *exported(name, tmp_path_factory))
    x = given(pair, "forward", 12800)
    x[:, 6400:] = 0.0
    pair.reset()
    made, due = pair.play("forward", x, 1024)
    assert relative(made, due) < 1e-5
    assert np.abs(due[:, 11000:]).max() > 0.01 * np.abs(due).max()
    for block in (64, 448, 12800):
        pair.engine.reset()
        assert np.array_equal(pair.engine.play("forward", x.numpy(), block), made)


def test_the_file_plays_the_same_in_torch(pedal):
    loaded, x = torch.jit.load(str(pedal.path)), given(pedal, "modulate", 2000)
    with torch.inference_mode():
        due = loaded.modulate(x[None])[0].numpy()
    assert relative(pedal.engine.play("modulate", x.numpy(), 64), due) < 1e-5


TURNS: tuple[dict[str, float], ...] = (
    {"drive": 9.0}, {"tone": -1.0, "input_db": 12.0}, {"mix": 0.3}, {"output_db": -30.0},
    {"bypass": 1.0}, {"drive": 2.0, "output_db": 0.0}, {"bypass": 0.0}, {"mix": 0.0}, {"mix": 1.0},
)  # fmt: skip


@pytest.mark.parametrize("method", ["forward", "modulate"])
def test_what_is_set_glides_as_in_torch(pedal, method):
    """Also where it is set again on its way, and it takes 20 ms: 640 samples."""
    x, pieces = given(pedal, method, 400 * len(TURNS)), []
    for turn, part in zip(TURNS, x.split(400, 1), strict=True):
        pedal.tell(**turn)
        pieces.append(pedal.play(method, part, 64))
    made, due = (np.concatenate(side, 1) for side in zip(*pieces, strict=True))
    assert relative(made, due) < 1e-5


def test_a_glide_does_not_know_its_blocks(pedal):
    x, found = given(pedal, "modulate", 800).numpy(), []
    for block in (1, 64, 300, 800):
        pedal.set(mix=1.0, drive=4.0, output_db=0.0)
        pedal.engine.set("mix", 0.4)
        pedal.engine.set("drive", 9.0)
        pedal.engine.set("output_db", -6.0)
        found.append(pedal.engine.play("modulate", x, block))
        pedal.engine.set("drive", 4.0)
    assert all(np.array_equal(each, found[0]) for each in found)


BRIDGED = ["lstm begun", "gru of all", "chain that hears"]


@pytest.fixture(params=BRIDGED)
def bridged(request, engine, tmp_path_factory) -> Iterator[Both]:
    """Effects at the rates of other hosts."""
    pair = Both(engine, *exported(request.param, tmp_path_factory))
    yield pair
    pair.tell(sample_rate=RATE)


@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
def test_at_the_rate_of_a_host_every_sample_is_as_in_torch(bridged, rate_hz):
    """Also where blocks of the host hold no whole blocks of a chain."""
    bridged.set(sample_rate=rate_hz)
    delay = bridged.engine.delay("forward")
    assert bridged.engine.get("delay") == get_attribute(bridged.torch, "delay")
    assert 50 < delay == get_attribute(bridged.torch, "delay")[0]
    assert bridged.engine.get("sample_rate") == [rate_hz]
    for method in bridged.engine.methods:
        x = given(bridged, method, 5760)
        bridged.reset()
        made, due = bridged.play(method, x, 576)
        assert relative(made, due) < 1e-5
        assert np.abs(due).max() > 0.05
        for block in (64, 192, 5760):
            bridged.engine.reset()
            assert np.array_equal(bridged.engine.play(method, x.numpy(), block), made)


def test_at_the_rate_of_a_host_everything_glides_as_in_torch(pedal):
    """In blocks of any length; bypassed it is the sound itself, late."""
    pedal.set(sample_rate=48000)
    x, pieces = given(pedal, "modulate", 500 * len(TURNS)), []
    for turn, part in zip(TURNS, x.split(500, 1), strict=True):
        pedal.tell(**turn)
        pieces.append(pedal.play("modulate", part, 37))
    made, due = (np.concatenate(side, 1) for side in zip(*pieces, strict=True))
    assert relative(made, due) < 1e-5
    pedal.set(bypass=1.0)
    delay = pedal.engine.delay("forward")
    sound = given(pedal, "forward", 800).numpy()
    found = pedal.engine.play("forward", sound, 50)
    assert not found[:, :delay].any()
    assert np.array_equal(found[:, delay:], sound[:, :-delay])
    pedal.tell(sample_rate=RATE)
    assert pedal.engine.delay("forward") == 0


def test_at_the_rate_of_a_host_voices_do_not_hear_each_other(engine, pedal):
    pair, alone = Player(engine, pedal.path, voices=2), Player(engine, pedal.path)
    for player in (pair, alone):
        assert player.set("sample_rate", 96000.0)
    x = given(pedal, "forward", 1280).numpy()
    due = alone.play("forward", x, 64)
    for start in range(0, 1280, 64):
        part = slice(start, start + 64)
        pair.play("forward", -x[:, part], 64, voice=0)
        assert np.array_equal(pair.play("forward", x[:, part], 64, voice=1), due[:, part])
    pair.reset()
    assert np.array_equal(pair.play("forward", x, 64, voice=0), due)


def test_a_file_begins_at_the_rate_that_it_was_exported_for(engine, tmp_path):
    playable = PlayableEffect(effect("lstm begun").model, {}, 44100)
    pair = Both(engine, tmp_path / "effect.ts", playable)
    assert pair.engine.library.vschaos_engine_sample_rate_hz(pair.engine.handle) == 44100
    assert pair.engine.get("sample_rate") == [44100]
    made, due = pair.play("forward", given(pair, "forward", 4096), 256)
    assert relative(made, due) < 1e-5


@pytest.fixture(scope="module")
def chain(engine, tmp_path_factory) -> Both:
    """A chain, whose parameters can be set."""
    return Both(engine, *exported("chain", tmp_path_factory))


HOLDS: tuple[dict[str, float], ...] = (
    {}, {"gain_db": 6.0}, {"peak1_hz": 300.0, "peak1_gain_db": 18.0}, {"peak1_hz": 120.0},
    {"threshold_db": -60.0, "drive_db": 20.0}, {"release": 1.0}, {"gain_db": -6.0}, {"reset": 1.0},
    {},
)  # fmt: skip


@pytest.mark.parametrize("block", [64, 1024])
def test_settings_are_held_glide_and_are_released(chain, block):
    """Also where filters are set anew on their way from one to another."""
    chain.tell(release=1.0)
    chain.reset()
    learnt, pieces = chain.engine.get("gain_db"), []
    for turn, part in zip(HOLDS, given(chain, "forward", 9 * 1024).split(1024, 1), strict=True):
        chain.tell(**turn)
        for name in chain.engine.controls:
            assert chain.engine.get(name) == get_attribute(chain.torch, name), name
        pieces.append(chain.play("forward", part, block))
    made, due = (np.concatenate(side, 1) for side in zip(*pieces, strict=True))
    assert relative(made, due) < 1e-5
    assert chain.engine.get("gain_db") == [-6.0] != learnt
    chain.tell(release=1.0)
    assert chain.engine.get("gain_db") == learnt


ROOM_HOLDS: tuple[dict[str, float], ...] = (
    {}, {"echo_echo_ms": 130.0, "echo_echo_db": 6.0}, {"echo_echo_ms": 115.0},
    {"pan": -80.0, "space_echo_ms": 103.0, "space_echo_feedback": 0.9},
    {"reverb_low_s": 0.3, "reverb_db": 6.0, "room_low_s": 0.2, "reverb_in2": -1.0},
    {"release": 1.0, "reverb_peak1_gain_db": 18.0}, {"echo_even_pan": -100.0, "reverb_left3": -1.0},
    {"reset": 1.0, "echo_echo_low_pass_hz": 300.0}, {},
)  # fmt: skip
SWEPT_HOLDS: tuple[dict[str, float], ...] = (
    {}, {"phaser_lfo_period_s": 0.05, "centre_hz": 3000.0},
    {"flanger_delay_ms": 9.0, "flanger_mix": 1.0},
    {"depth_octaves": 3.0, "phaser_feedback": -0.95}, {"tremolo_depth": 1.0, "phase_deg": 180.0},
    {"release": 1.0, "chorus_feedback": 0.95}, {"phaser_lfo_phase": 0.5, "phaser_lfo_skew": -0.9},
    {"reset": 1.0, "tremolo_lfo_triangle": 1.0}, {},
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "holds", "samples"),
    [("chain of rooms", ROOM_HOLDS, 2560), ("chain that sweeps", SWEPT_HOLDS, 1024)],
)
def test_echoes_and_sweeps_glide_as_in_torch(engine, tmp_path_factory, name, holds, samples):
    """Echoes are crossed to; also where they are set anew on their way."""
    pair = Both(engine, *exported(name, tmp_path_factory))
    pair.reset()
    x, pieces = given(pair, "forward", len(holds) * samples), []
    for turn, part in zip(holds, x.split(samples, 1), strict=True):
        pair.tell(**turn)
        pieces.append(pair.play("forward", part, 512))
    pair.tell(release=1.0)
    made, due = (np.concatenate(side, 1) for side in zip(*pieces, strict=True))
    assert relative(made, due) < 1e-5


def test_a_reset_silences_every_line(engine, tmp_path_factory):
    pair = Both(engine, *exported("chain of rooms", tmp_path_factory))
    pair.engine.play("forward", given(pair, "forward", 6400).numpy(), 64)
    silence = np.zeros((1, 6400), np.float32)
    assert pair.engine.play("forward", silence, 64).any()
    pair.engine.reset()
    assert not pair.engine.play("forward", silence, 64).any()


def test_what_is_shown_can_be_held(chain):
    """Held where it was learnt it sounds the same, and does not go with what is released."""
    chain.tell(release=1.0)
    chain.reset()
    x = given(chain, "forward", 1024)
    before = chain.engine.play("forward", x.numpy(), 64)
    chain.set(gain_db=chain.engine.get("gain_db")[0])
    made, due = chain.play("forward", x, 64)
    assert relative(made, due) < 1e-5
    # Shown are six digits of what was learnt.
    assert relative(made, before) < 1e-4


def test_bypassed_it_is_the_sound_itself(pedal):
    x = given(pedal, "forward", 640).numpy()
    pedal.engine.set("bypass", 1.0)
    crossfaded = pedal.engine.play("forward", x, 64)
    assert not np.array_equal(crossfaded, x)
    assert np.array_equal(pedal.engine.play("forward", x, 64), x)


def test_a_reset_forgets_and_ends_glides(pedal):
    x = given(pedal, "forward", 512).numpy()
    first = pedal.engine.play("forward", x, 64)
    again = pedal.engine.play("forward", x, 64)
    assert not np.array_equal(again, first)
    for forget in (pedal.engine.reset, partial(pedal.engine.set, "reset", 1.0)):
        forget()
        assert np.array_equal(pedal.engine.play("forward", x, 64), first)
    pedal.engine.set("bypass", 1.0)
    pedal.engine.reset()
    assert np.array_equal(pedal.engine.play("forward", x, 64), x)


def test_what_is_no_sound(pedal):
    x = given(pedal, "modulate", 1024)
    x[:, 100:110], x[0, 200:210], x[1, 300:310] = np.nan, np.inf, 1e9
    x[2:, 400:500], x[2:, 500:600], x[:, 600:700] = 1e30, -np.inf, 1e-42
    made, due = pedal.play("modulate", x, 64)
    assert np.isfinite(made).all() and relative(made, due) < 1e-5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("drive", 11.0), ("drive", 1.9), ("drive", "much"), ("drive", float("nan")), ("mix", 1.1),
        ("output_db", -121.0), ("bypass", "on"), ("sample_rate", 44000.0), ("delay", 1.0),
        ("nothing", 1.0), ("release", 1.0),
    ],
)  # fmt: skip
def test_what_a_control_does_not_take_changes_nothing(pedal, name, value):
    before = pedal.engine.get(name)
    assert not pedal.engine.set(name, value)
    assert pedal.engine.get(name) == before


def test_voices_and_methods_do_not_hear_each_other(engine, pedal):
    pair, alone = Player(engine, pedal.path, voices=2), Player(engine, pedal.path)
    x = given(pedal, "forward", 640).numpy()
    told = given(pedal, "modulate", 640).numpy()
    due = alone.play("forward", x, 64)
    for start in range(0, 640, 64):
        part = slice(start, start + 64)
        pair.play("forward", -x[:, part], 64, voice=0)
        pair.play("modulate", told[:, part], 64, voice=1)
        assert np.array_equal(pair.play("forward", x[:, part], 64, voice=1), due[:, part])


def test_files_tell_the_engine_and_their_card(pedal):
    assert card_lines(pedal.content) == {"engine": {"plays": ["forward", "modulate"]}}
    drive = description(pedal.content)["controls"][0]
    assert drive == {
        "name": "drive", "kind": "number", "value": 4.0, "lowest": 2.0, "highest": 10.0,
        "unit": "dB",
    }  # fmt: skip


def test_what_the_engine_knows_nothing_of_is_said(monkeypatch):
    for kind in (Flanger, Mlp):
        monkeypatch.delitem(engine_chain.KINDS, kind)
    chain = ChainNet(1, 0, 1, RATE, ["gain", "flanger", "mlp"])
    said = PlayableEffect(EffectModel(chain, (), RATE).eval(), {}).for_engine()
    assert said == "the processors flanger, mlp"
    far = {**PLAIN, "kernels": [60], "dilations": [2**14]}
    wave = EffectModel(WaveNet(1, 0, 1, RATE, [far]), (), RATE).eval()
    said = PlayableEffect(wave, {}).for_engine()
    assert said == "effects that remember 4915212 numbers"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cannot": "chains"}, "knows nothing of chains"),
        ({"settings/net": "Transformer"}, "has a network of the kind Transformer"),
        ({"settings/conditioning": "film"}, "has recurrent layers told by film"),
        ({"settings/conditioning": "hints"}, "has a network told by hints"),
        ({"settings/net": "TCN", "settings/dilations": [1]}, "input.weight was expected"),
        ({"settings/channels": 3}, "channels"),
        ({"settings/knobs": ["drive"]}, "lowest has the shape"),
        ({"settings/knobs": ["drive"] * 65}, "has more knobs than any effect"),
        ({"settings/knobs": []}, "has the shape"),
        ({"settings/hidden_dims": 16}, "units.*_l0 has the shape"),
        ({"settings/layers": 33}, "layers"),
        ({"settings/layers": 4}, "_l3 was expected"),
        ({"settings/glide_ms": -1.0}, "glides for too long"),
        ({"settings/block": 0}, "block"),
        ({"settings/rate_hz": 0}, "rate_hz"),
        ({"settings/host_rates_hz": [44101]}, "has a rate of hosts that it cannot be played at"),
        ({"settings/host_rates_hz": [300]}, "has a rate of hosts that it cannot be played at"),
        ({"settings/host_rates_hz": [44100] * 9}, "has more rates than anybody could choose"),
        ({"settings/host_rates_hz": [44100]}, "has a sample_rate that it cannot be played at"),
        ({"settings/skip": 1}, "its description is damaged"),
        ({"methods/modulate/inlets": 4}, "modulate has other channels"),
        ({"methods/forward/in_ratio": 2, "block_samples": 2}, "forward has other channels"),
        ({"tensors/readout.bias/offset": 10000}, "readout.bias is not as large"),
        ({"family": "chorus"}, "is of the family chorus"),
        ({"settings/is_physical": 2}, "its description is damaged"),
    ],
)
def test_files_that_are_not_what_they_should_be(engine, pedal, tmp_path, change, said):
    path = rewritten(pedal.content, tmp_path / "other.ts", change)
    with pytest.raises(RefusedError, match=said) as refused:
        Player(engine, path)
    assert "\n" not in str(refused.value)


GAIN = {"kind": "gain", "controller": {"kind": "fixed", "base": [0.0]}}
FILTER = {**GAIN, "kind": "filter", "hop": 10}
NOTHING = {**GAIN, "controller": {"kind": "fixed", "base": []}}
ECHO = {**GAIN, "kind": "echo", "hop": 10, "longest": 32004}
SPACE = {
    **(ECHO | {"kind": "space", "panned": True, "echo": True, "room": True, "eq": False}),
    "lengths": [700, 800, 900, 1000, 1100, 1200],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "has a chain of no processors"),
        ([GAIN] * 65, "has a chain of no processors, or of more than any"),
        ([{**GAIN, "kind": "vocoder"}], "has a processor vocoder"),
        ([{**GAIN, "kind": "clip"}], "has the processor clip with 1 values where 3 are due"),
        ([{**GAIN, "controller": {"kind": "fixed", "base": [0.0] * 300}}], "has more values"),
        ([{**GAIN, "controller": {"kind": "told", "base": [0.0]}}], "least was expected"),
        ([GAIN], "has settings that are not its values"),
        ([{**FILTER, "bands": []}], "has a filter of no band"),
        ([{**FILTER, "bands": [{"shape": "notch"}]}], "has a filter of the shape notch"),
        ([{**FILTER, "hop": 0, "bands": []}], "hop"),
        ([{**GAIN, "kind": "compressor", "paths": 3}], "paths"),
        ([{**NOTHING, "kind": "mlp"}], "processors.0.layers.0.weight was expected"),
        ([{**NOTHING, "kind": "siren", "swing": 3.0}], "curve.layers.0.linear.weight was expected"),
        ([{**NOTHING, "kind": "rational"}], "processors.0.above was expected"),
        ([{**NOTHING, "kind": "fir", "taps": 1}], "taps"),
        ([{**NOTHING, "kind": "fir", "taps": 9, "is_drawn": False}], "taps.taps was expected"),
        ([{**GAIN, "kind": "phase_shift", "leading": [1.0], "lagging": []}], "ring for ever"),
        ([{**GAIN, "kind": "tremolo"}], "has the processor tremolo with 1 values where 5 are due"),
        ([{**GAIN, "kind": "phaser", "stages": 25}], "stages"),
        ([{**GAIN, "kind": "delayed", "longest": 7}], "longest"),
        ([{**ECHO, "longest": 127}], "longest"),
        ([{**ECHO, "hop": 0}], "hop"),
        ([ECHO], "has the processor echo with 1 values where 4 are due"),
        ([{**ECHO, "kind": "room", "lengths": [700] * 5}], "has a room of other lines than six"),
        ([{**ECHO, "kind": "room", "lengths": [63] * 6}], "lengths"),
        ([SPACE], "has the processor space with 1 values where 29 are due"),
        ([{**SPACE, "eq": True, "bands": []}], "has a filter of no band"),
        ([{**SPACE, "echo": False, "room": False}], "has a chain that makes other channels"),
    ],
)
def test_chains_that_are_not_what_they_should_be(engine, chain, tmp_path, rows, said):
    change = {"settings/processors": rows}
    path = rewritten(chain.content, tmp_path / "other.ts", change)
    with pytest.raises(RefusedError, match=said):
        Player(engine, path)


def test_a_chain_in_blocks_that_it_has_not(engine, chain, tmp_path):
    for key in ("block_samples", "settings/block"):
        path = rewritten(chain.content, tmp_path / "other.ts", {key: 1})
        with pytest.raises(RefusedError, match="has blocks that a chain cannot be played in"):
            Player(engine, path)


def test_nothing_is_allocated_while_playing(engine_folder, both):
    ran(engine_folder, "engine_allocations", both.path)


def test_damaged_files_crash_nothing(engine_folder, both):
    said = ran(engine_folder, "engine_fuzz", both.path, 60, 1)
    assert 20 < int(said.split()[0]) < 60
