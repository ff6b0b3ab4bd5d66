"""Exported instruments in the small engine, held against torch; and files that it refuses."""

import json
import zipfile

import numpy as np
import pytest
import torch
from conftest import TINY
from engine_beside_torch import Both, rewritten
from omegaconf import OmegaConf
from small_engine import Player, RefusedError, is_buildable, labels_of, ran, relative
from taught import HOP, USUAL, sound, taught

from vschaos2.dsp.inversion_modes import MODES
from vschaos2.export.for_engine import card_lines, description, engine_line, tensor_records
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.families.vae.projection import PROJECTIONS, own_axes
from vschaos2.labels.ports import LabelPorts
from vschaos2.nets.encoders import DenseEncoder

pytestmark = [
    pytest.mark.skipif(not is_buildable(), reason="cmake and g++ are missing"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def usual(engine, tmp_path_factory) -> Both:
    """An instrument with all that models have by default."""
    path = tmp_path_factory.mktemp("usual") / "usual.ts"
    return Both(engine, path, taught(USUAL, plays_itself=True))


PRIOR = {"prior_temperature": 1.0, "prior_seed": 0}


@pytest.fixture(autouse=True)
def as_first_set(request) -> None:
    if "usual" in request.fixturenames:
        both = request.getfixturevalue("usual")
        both.set(inversion="default", projection="pca", gain_db=0.0, limiter="off", texture=0.0)
        both.set(temperature=0.0, **PRIOR)


def spectra(signal: np.ndarray) -> np.ndarray:
    frames = np.lib.stride_tricks.sliding_window_view(signal, 512)[::HOP]
    return np.abs(np.fft.rfft(frames * np.hanning(512)))


def convergence(actual: np.ndarray, due: np.ndarray) -> float:
    """Relative error of magnitudes."""
    made, wanted = spectra(actual), spectra(due)
    return float(np.linalg.norm(made - wanted) / np.linalg.norm(wanted))


def test_it_is_the_same_instrument(usual):
    shapes = {
        name: (of.in_channels, of.in_ratio, of.out_channels, of.out_ratio)
        for name, (_, of) in usual.engine.methods.items()
    }
    for name, shape in shapes.items():
        assert list(shape) == getattr(usual.torch, f"{name}_params").tolist()
        assert labels_of(usual.engine, name, True) == getattr(usual.torch, f"{name}_output_labels")
        assert labels_of(usual.engine, name, False) == getattr(usual.torch, f"{name}_input_labels")
    assert list(shapes) == usual.torch.method_names
    assert usual.engine.controls == usual.torch.attribute_names
    assert usual.engine.library.vschaos_engine_sample_rate_hz(usual.engine.handle) == 44100
    for mode in ("default", *MODES):
        usual.set(inversion=mode)
        for name in usual.engine.controls:
            told, found = usual.engine.get(name), get_attribute(usual.torch, name)
            assert found == ([told] if isinstance(told, str) else told), name
        forward, decode = get_attribute(usual.torch, "delay")
        assert (usual.engine.delay("forward"), usual.engine.delay("decode")) == (forward, decode)


@pytest.mark.parametrize("block", [HOP, 5 * HOP, 32 * HOP])
def test_forward_and_encode_are_exact(usual, block):
    heard = sound(0.4, seed=1)
    assert relative(*usual.play("forward", heard, block)) < 1e-5
    assert relative(*usual.play("encode", heard, block)) < 1e-5


def test_the_file_plays_the_same_in_torch(usual):
    loaded, heard = torch.jit.load(str(usual.path)), sound(0.3, seed=1)
    loaded.set_texture(0.0)
    with torch.inference_mode():
        due = loaded.forward(heard[None])[0].numpy()
    assert relative(usual.engine.play("forward", heard.numpy(), 4 * HOP), due) < 1e-5


def test_forward_leaves_noise_its_texture(usual):
    usual.set(texture=0.6)
    # Means of neighbours are differences of rounded sums: see test_small_engine_parts.
    assert relative(*usual.play("forward", sound(0.4, seed=1), 4 * HOP)) < 1e-4


def walk(count: int, seed: int = 0) -> torch.Tensor:
    """Axes that move slowly: [3, count]."""
    points = torch.randn(1, 3, count // 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(points, count, mode="linear")[0]


@pytest.mark.parametrize("texture", [0.0, 0.6])
@pytest.mark.parametrize("mode", ["eco", "random"])
def test_decode_is_exact_where_phases_are_not_refined(usual, mode, texture):
    usual.set(inversion=mode, texture=texture)
    assert relative(*usual.play("decode", walk(64), 4 * HOP)) < 1e-3


@pytest.mark.parametrize("texture", [0.0, 0.6])
@pytest.mark.parametrize("mode", ["balanced", "live", "hq"])
def test_decode_where_phases_are_refined(usual, mode, texture):
    usual.set(inversion=mode, texture=texture)
    made, due = usual.play("decode", walk(64), 16 * HOP)
    begun = usual.engine.delay("decode") + 8 * HOP
    assert relative(made[:, :begun], due[:, :begun]) < 1e-3
    assert convergence(made[0], due[0]) < 0.05


@pytest.mark.parametrize("mode", MODES)
def test_forward_with_recovered_phases(usual, mode):
    usual.set(inversion=mode, texture=0.6)
    made, due = usual.play("forward", sound(0.3, seed=2), 16 * HOP)
    begun = usual.engine.delay("forward") + 8 * HOP
    assert relative(made[:, :begun], due[:, :begun]) < 1e-3
    assert convergence(made[0], due[0]) < 0.05


@pytest.mark.parametrize("told", [{}, {"prior_temperature": 0.0}, {"prior_seed": 513}])
def test_axes_move_by_themselves_as_in_torch(usual, told):
    usual.set(**told)
    made, due = usual.play("prior", torch.zeros(1, 700), 4 * HOP)
    assert relative(made, due) < 1e-4
    assert np.ptp(due, 1).max() > 0.1 or told.get("prior_temperature") == 0.0
    # Below 0 as set, no number as set, above 10 as 10; 0 counts once anything else has come.
    heat = torch.tensor([[0.0, 0.5, 0.0, -1.0, np.nan, 99.0, np.inf, 2.0] * 16])
    assert relative(*usual.play("prior", heat, 8 * HOP)) < 1e-4


def test_other_sample_rates(usual):
    heard, given = sound(0.4, seed=1), walk(32)
    for rate_hz in (48000, 44100, 48000):
        usual.tell(sample_rate=rate_hz, inversion="default")
        assert relative(*usual.play("encode", heard, 3 * HOP)) < 3e-5
        assert relative(*usual.play("forward", heard, 5 * HOP)) < 3e-5
        usual.tell(inversion="random")
        assert relative(*usual.play("decode", given, 4 * HOP)) < 3e-5
    usual.set(texture=0.6, inversion="eco")  # which asks for the model's coherence, too
    assert relative(*usual.play("decode", given, 4 * HOP)) < 1e-3
    usual.set(sample_rate=44100)


def test_a_rate_that_wants_longer_windows(engine, tmp_path):
    both = Both(engine, tmp_path / "fast.ts", taught(USUAL, rate_hz=96000))
    both.set(limiter="off", inversion="random", texture=0.0)
    for rate_hz in (96000, 88200):
        both.set(sample_rate=rate_hz, inversion="random")
        assert relative(*both.play("decode", walk(16), 4 * HOP)) < 3e-5
        both.set(inversion="keep_input")
        assert relative(*both.play("forward", sound(0.3), 8 * HOP)) < 3e-5
        assert relative(*both.play("encode", sound(0.3), 2 * HOP)) < 3e-5


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_axes_of_every_projection(usual, projection):
    usual.set(projection=projection, inversion="random")
    assert relative(*usual.play("encode", sound(0.3), HOP)) < 1e-5
    assert relative(*usual.play("decode", walk(16), HOP)) < 1e-5


def test_gain_and_limiter(usual):
    usual.set(inversion="random", limiter="decode")
    given = walk(32)
    for gain_db in (0.0, 40.0, -20.0):  # reached over a block
        assert set_attribute(usual.torch, "gain_db", gain_db) == 0
        assert usual.engine.set("gain_db", gain_db)
        made, due = usual.play("decode", given, 8 * HOP)
        assert relative(made, due) < 1e-5 and float(np.abs(made).max()) <= 1.0
    usual.set(limiter="all", gain_db=20.0)
    assert relative(*usual.play("forward", sound(0.2), HOP)) < 1e-5


@pytest.mark.parametrize("method", ["forward", "encode", "decode"])
def test_blocks_are_the_whole_bit_for_bit(usual, method):
    usual.set(inversion="default" if method == "forward" else "eco", texture=0.6)
    given = walk(48).numpy() if method == "decode" else sound(0.4)[:, : 48 * HOP].numpy()
    whole = usual.engine.play(method, given, 48 * HOP)
    for hops in (1, 3, 16):
        usual.engine.reset()
        assert np.array_equal(usual.engine.play(method, given, hops * HOP), whole)


def test_voices_do_not_hear_each_other(engine, usual):
    pair = Player(engine, usual.path, voices=2)
    given = walk(32).numpy()
    alone = Player(engine, usual.path).play("decode", given, HOP)
    for start in range(0, 32, 4):
        part = given[:, start : start + 4]
        made = [pair.play("decode", (2 * voice - 1) * part, 4 * HOP, voice) for voice in (0, 1)]
        assert not np.array_equal(*made)
    pair.reset()
    assert np.array_equal(pair.play("decode", given, HOP, voice=1), alone)


def test_nan_and_silence(usual):
    broken = np.full((1, 8 * HOP), np.nan, np.float32)
    for mode in ("keep_input", *MODES):
        usual.engine.set("inversion", mode)
        usual.engine.reset()
        assert not usual.engine.play("forward", 0.0 * np.nan_to_num(broken), HOP).any()
        assert np.isfinite(usual.engine.play("forward", broken, HOP)).all()
        assert not usual.engine.play("forward", np.zeros((1, 8 * HOP), np.float32), HOP).any()
        axes = np.full((3, 8), np.inf, np.float32)
        assert np.isfinite(usual.engine.play("decode", axes, 2 * HOP)).all()


def test_temperature_draws_with_the_same_spread(usual):
    usual.set(temperature=1.5)
    still = sound(0.1)[:, :HOP].repeat(1, 256)
    made, due = usual.play("encode", still, 16 * HOP)
    made, due = made[:, 8:], due[:, 8:]
    assert np.allclose(made.std(1), due.std(1), rtol=0.25)
    error = due.std(1) / np.sqrt(made.shape[1])
    assert (np.abs(made.mean(1) - due.mean(1)) < 6.0 * error).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inversion", "best"), ("inversion", 1.0), ("temperature", 11.0), ("temperature", "hot"),
        ("temperature", float("nan")), ("sample_rate", 96000.0), ("delay", 1.0), ("nothing", 1.0),
    ],
)  # fmt: skip
def test_what_a_control_does_not_take_changes_nothing(usual, name, value):
    before = usual.engine.get(name)
    assert not usual.engine.set(name, value)
    assert usual.engine.get(name) == before


@pytest.mark.parametrize(
    ("options", "transform"),
    [
        (
            {"output": "normal", "headroom_db": 6.0, "encoder": {"n_blocks": 0}},
            {"contrast": "log", "n_mels": 40},
        ),
        ({"latent_dim": 5, "decoder": {"n_blocks": 2}}, {"contrast": "linear"}),
        (
            {"output": "normal", "encoder": {"linear": True}},
            {"contrast": "log1p", "n_fft": 1024, "hop": 512},
        ),
        (
            {
                "encoder": {"_target_": "ConvEncoder", "channels": [4, 6], "kernel_size": 9},
                "decoder": {"_target_": "ConvDecoder", "channels": [6, 5], "stride": 3},
            },
            {},
        ),
        (
            {
                "encoder": {"_target_": "ConvEncoder", "channels": [5], "stride": 2},
                "decoder": {"_target_": "ConvDecoder", "channels": [3, 4, 2]},
                "output": "normal",
            },
            {"n_mels": 50},
        ),
        (
            {
                "encoder": {"_target_": "HarmonicEncoder", "hidden_dim": 24, "linear": True},
                "decoder": {"_target_": "HarmonicDecoder", "hidden_dim": 24, "n_blocks": 2},
                "headroom_db": 9.0,
            },
            {},
        ),
    ],
)
def test_other_models(engine, tmp_path, options, transform):
    both = Both(engine, tmp_path / "other.ts", taught(options, transform))
    # Taught less than the usual one, and seen along axes on which little happens.
    both.set(limiter="off", inversion="random")
    hop = both.engine.library.vschaos_engine_block_samples(both.engine.handle)
    assert relative(*both.play("decode", walk(16), hop)) < 3e-5
    both.set(inversion="keep_input")
    assert relative(*both.play("forward", sound(0.4), 4 * hop)) < 3e-5
    assert relative(*both.play("encode", sound(0.4), 2 * hop)) < 3e-5


def test_files_tell_the_engine_and_their_card(usual):
    lines = card_lines(usual.content)
    assert lines == {"engine": {"plays": ["forward", "encode", "decode", "prior"]}}
    said = "  without libtorch, in the small engine: forward, encode, decode, prior"
    assert engine_line(lines) == said
    extra = {"engine.json": ""}
    torch.jit.load(str(usual.path), _extra_files=extra)  # and hosts of TorchScript find it, too
    assert json.loads(extra["engine.json"]) == description(usual.content)


def test_tensors_lie_where_the_file_says(usual):
    records, state = tensor_records(usual.content), dict(usual.torch.named_buffers())
    state |= dict(usual.torch.named_parameters())
    with zipfile.ZipFile(usual.path) as archive:
        root = archive.namelist()[0].split("/")[0]
        for name in ("core.model.encoder.body.linear.weight", "core.stacked_to_axes", "core.low"):
            record = records[name]
            values = np.frombuffer(archive.read(f"{root}/{record.name}"), np.float32)
            values = values[record.offset :][: state[name].numel()]
            assert np.array_equal(values, state[name].detach().numpy().ravel())


def test_what_the_engine_knows_nothing_of_is_said():
    class OtherEncoder(DenseEncoder):
        """A part that the engine has never heard of."""

    model = build_model(OmegaConf.create(TINY)).eval().requires_grad_(False)
    model.encoder.__class__ = OtherEncoder
    latents = torch.randn(64, 4)
    axes = dict.fromkeys(PROJECTIONS, own_axes(4))
    core = InstrumentCore(model, axes, 3, is_hosted=True).eval()
    said = PlayableVAE(core, own_axes(4), latents, LabelPorts()).for_engine()
    assert said == "models with a OtherEncoder"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cannot": "labels"}, "cannot be played by the small engine, .* of labels: play it with"),
        (None, "says nothing to the small engine: export it again"),
        ({"version": 2}, "was exported by a later version"),
        ({"family": "order"}, "is of the family order, which the small engine does not know"),
        ({"settings/n_fft": 1000}, "has a window and a hop that do not fit"),
        ({"settings/n_fft": 1024}, "has the shape"),
        ({"settings/model_n_fft": 1024}, "has the shape"),
        ({"settings/host/factor": 2}, "has a window that does not fit its model's"),
        ({"settings/host/longest": 64}, "longest must be a whole number"),
        ({"sample_rate_hz": 22050}, "begins at a rate it does not know"),
        ({"settings/hop": 96}, "has a window and a hop that do not fit"),
        ({"settings/n_fft": 2.5}, "n_fft must be a whole number between 64 and 32768"),
        ({"settings/hop": 0}, "hop must be a whole number"),
        ({"settings/latent_dim": 9}, "has the shape"),
        ({"settings/contrast": "cubic"}, "has the contrast cubic"),
        ({"settings/decode_mode": "best"}, "has an inversion"),
        ({"tensors/window/offset": 1000}, "window is not as large as it says"),
        ({"tensors/window/record": "data/none"}, "has no part"),
        ({"methods": {}}, "has no methods"),
        ({"methods/encode/outlets": 2}, "encode has other channels"),
        ({"controls": 1}, "its description is damaged"),
    ],
)
def test_files_that_are_not_what_they_should_be(engine, usual, tmp_path, change, said):
    path = rewritten(usual.content, tmp_path / "other.ts", change)
    with pytest.raises(RefusedError, match=said) as refused:
        Player(engine, path)
    assert "\n" not in str(refused.value)


def test_files_that_are_none(engine, usual, tmp_path):
    for name, content, said in (
        ("empty.ts", b"", "is no TorchScript file"),
        ("text.ts", b"hello" * 100, "is no TorchScript file"),
        ("short.ts", usual.content[:-1000], "is cut short"),
        ("zeros.ts", bytes(4096), "is no TorchScript file"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(RefusedError, match=said):
            Player(engine, path)
    with pytest.raises(RefusedError, match="cannot be read"):
        Player(engine, tmp_path / "missing.ts")
    with pytest.raises(RefusedError):
        Player(engine, tmp_path)  # a folder
    for voices in (0, 65):
        with pytest.raises(RefusedError, match="1 to 64 voices"):
            Player(engine, usual.path, voices)


def test_a_flipped_bit_is_found(engine, usual, tmp_path):
    record = tensor_records(usual.content)["core.model.encoder.head.weight"]
    with zipfile.ZipFile(usual.path) as archive:
        root = archive.namelist()[0].split("/")[0]
        place = usual.content.index(archive.read(f"{root}/{record.name}"))
    damaged = bytearray(usual.content)
    damaged[place + 5] ^= 1
    (tmp_path / "damaged.ts").write_bytes(damaged)
    with pytest.raises(RefusedError, match="is damaged in its part"):
        Player(engine, tmp_path / "damaged.ts")


def test_nothing_is_allocated_while_playing(engine_folder, usual):
    ran(engine_folder, "engine_allocations", usual.path)


def test_damaged_files_crash_nothing(engine_folder, usual):
    refused = int(ran(engine_folder, "engine_fuzz", usual.path, 150, 1).split()[0])
    assert 50 < refused < 150


def test_the_card_of_what_the_engine_does_not_play(usual, tmp_path):
    path = rewritten(usual.content, tmp_path / "other.ts", {"cannot": "labels"})
    lines = card_lines(path.read_bytes())
    assert lines == {"engine": {"plays": [], "knows_nothing_of": "labels"}}
    assert engine_line(lines) == "  not in the small engine, which knows nothing of labels"
