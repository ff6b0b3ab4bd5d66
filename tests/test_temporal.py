import warnings
from functools import partial
from pathlib import Path

import exports
import numpy as np
import pytest
import soundfile
import torch
from conftest import TINY
from exports import export_run
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from resumed_trainings import TWO_STEPS
from test_dataset import FileAndSeconds, fixed_windows, make_cache, random_windows
from torch import Tensor, nn

from vschaos2.data.augment import Augment
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.dsp.streaming import StreamingAnalysis
from vschaos2.errors import InputError
from vschaos2.families.train import train
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.objective import VAEObjective, magnitudes
from vschaos2.families.vae.pairs import window_samples
from vschaos2.families.vae.projection import PROJECTIONS, fit_axes, own_axes
from vschaos2.families.vae.vae import VAE
from vschaos2.generation import offline_core
from vschaos2.nets.causal_conv import CausalConv
from vschaos2.nets.decoders import DenseDecoder
from vschaos2.nets.encoders import DenseEncoder
from vschaos2.nets.recurrent import GRU
from vschaos2.nets.temporal import build_temporal, checked_sequence
from vschaos2.runs.folder import Run

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
HOP, N_FFT = 128, 512  # of tiny_config
TYPES = ("gru", "causal_conv")
METHODS = ("encode", "decode", "forward")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("kind", TYPES)
def test_memories_learn_what_no_single_frame_knows(kind: str):
    """The frame three before: without a past the error of white noise cannot fall below 1."""
    memory = build_temporal({"type": kind, "hidden_dims": 32}, 1)
    read = nn.Linear(memory.n_outputs, 1)
    optimiser = torch.optim.Adam([*memory.parameters(), *read.parameters()], lr=1e-2)
    for _ in range(150):
        x = torch.randn(16, 12, 1)
        error = (
            (read(memory(x, torch.zeros(16, memory.state_size))[0])[:, 3:] - x[:, :-3])
            .square()
            .mean()
        )
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    assert float(error.detach()) < 0.5


# --- from a configuration ---


def test_memory_is_a_name_or_a_name_with_arguments_or_none():
    assert build_temporal(None, 3) is None
    assert isinstance(build_temporal("gru", 3), GRU)
    built = build_temporal({"type": "causal_conv", "hidden_dims": 6, "layers": 2}, 3)
    assert isinstance(built, CausalConv)
    assert (built.n_outputs, built.state_size) == (9, 18)


@pytest.mark.parametrize(
    "config, message",
    [
        ("gruu", r"^model.temporal: no type 'gruu', did you mean 'gru'\? .*causal_conv, gru"),
        ({"type": "lstm"}, r"^model.temporal: no type 'lstm' \(there are causal_conv, gru"),
        ({"hidden_dims": 8}, r"^model.temporal must be null, a name .* got \{'hidden_dims': 8\}"),
        (3, r"^model.temporal must be a text or key: value pairs or null, got 3"),
        ({"type": "gru", "hidden_dim": 8}, r"no key 'hidden_dim', did you mean 'hidden_dims'"),
        ({"type": "gru", "kernel_size": 3}, r"^model.temporal has no key 'kernel_size'"),
        ({"type": "gru", "hidden_dims": 0}, r"^model.temporal.hidden_dims must be .* got 0"),
        ({"type": "gru", "layers": "2"}, r"^model.temporal.layers must be a whole number, got '2'"),
        ({"type": "causal_conv", "kernel_size": 1}, r"^model.temporal.kernel_size .* got 1"),
    ],
)
def test_memories_that_cannot_be_are_refused_in_one_line(tiny_config, config, message):
    OmegaConf.update(tiny_config, "model.temporal", config, force_add=True)
    with pytest.raises(InputError, match=message) as caught:
        build_model(tiny_config)
    assert "\n" not in str(caught.value)


def test_sequences_that_cannot_be_are_refused_with_the_remedy():
    memory = build_temporal("gru", 3)
    assert (checked_sequence(1, None), checked_sequence(8, None)) == (1, 8)
    assert checked_sequence(2, memory) == 2
    with pytest.raises(InputError, match=r"data.sequence is 1, .* set data.sequence=4 and"):
        checked_sequence(1, memory)
    # Taps that no window reaches would be played as they were drawn.
    far = build_temporal({"type": "causal_conv", "layers": 3}, 3)
    assert checked_sequence(8, far) == 8
    with pytest.raises(InputError, match=r"data.sequence is 7, .*=8 and .*batch_size=32, or"):
        checked_sequence(7, far)
    for value in (0, -3, 2.0, "16", True, None):
        with pytest.raises(InputError, match=r"data.sequence must be a whole number from 1 to"):
            checked_sequence(value, None)


# --- in the model ---


def remembering(tiny_config, temporal, **model) -> VAE:
    for key, value in {"temporal": temporal, **model}.items():
        OmegaConf.update(tiny_config, f"model.{key}", value, force_add=True)
    return build_model(tiny_config).eval().requires_grad_(False)


@pytest.mark.parametrize("kind", TYPES)
def test_a_frame_alone_is_the_first_of_a_sequence(tiny_config, kind: str):
    model = remembering(tiny_config, kind)
    latent = torch.randn(6, 4)
    after, _ = model.decode_rows(latent, None, model.initial_state(1))
    torch.testing.assert_close(model.decode(latent[:1]).mean, after.mean[:1])
    # The later ones have a past, which they hear.
    assert float((model.decode(latent).mean - after.mean)[1:].abs().amax(1).min()) > 1e-4


def test_without_a_memory_sequences_are_frames(tiny_model):
    latent = torch.randn(6, 4)
    estimate, state = tiny_model.decode_rows(latent, None, tiny_model.initial_state(2))
    torch.testing.assert_close(estimate.mean, tiny_model.decode(latent).mean)
    assert list(state.shape) == [2, 0]


def test_memory_hears_the_labels_too(tiny_config):
    model = remembering(tiny_config, "gru", conditioning={"pitch": {"dim": 3}})
    latent, state = torch.randn(5, 4), model.initial_state(1)
    made = [
        model.decode_rows(latent, torch.tensor([[first], [0.0], [0.0], [0.0], [0.0]]), state)[0]
        for first in (0.0, 2.0)
    ]
    assert float((made[0].mean - made[1].mean)[1:].abs().amax(1).min()) > 0.0


# --- in training ---


def test_labels_of_a_sequence_are_those_of_its_frames(tmp_path):
    cache = make_cache(tmp_path)
    n_fft, hop, sequence = 16, 4, 3
    batches = fixed_windows(
        cache, [2], n_fft + 2 * hop, 100, hop, labels=FileAndSeconds(), sequence=sequence
    )
    labels = batches.batch_at(0)["labels"]
    starts = range(hop - n_fft - 2 * hop, 200 - hop + 1, hop)
    expected = [
        min(max(start + frame * hop + n_fft / 2, 0), 200) / 100
        for start in starts
        for frame in range(sequence)
    ]
    assert labels["seconds"].tolist() == pytest.approx(expected)
    assert labels["file"].tolist() == [2.0] * len(expected)


def test_random_sequences_are_runs_of_samples_with_labels_for_every_frame(tmp_path):
    cache = make_cache(tmp_path, (200,))
    batch = random_windows(cache, [0], 32, 50, 1, 0, 4, FileAndSeconds(), sequence=5).batch_at(0, 0)
    for row in batch["waveform"]:
        heard = row[row > 0]
        assert torch.equal(heard, heard[0] + torch.arange(float(len(heard))))
    seconds = batch["labels"]["seconds"].reshape(50, 5)
    inner = (seconds > 0.0).all(1) & (seconds < 2.0).all(1)
    assert int(inner.sum()) > 20
    steps = seconds[inner].diff(dim=1)
    torch.testing.assert_close(steps, torch.full_like(steps, 0.04))


def test_all_frames_of_a_window_meet_one_filter():
    magnitude = torch.rand(3, 5, 17) + 0.1
    factor = Augment(gain_db=9.0, tilt_db=4.0).response(magnitude)
    torch.testing.assert_close(factor, factor[:, :1].expand(-1, 5, -1))
    assert float(factor.std(0).min()) > 0.0  # each window its own


def objective_of(model: VAE, sequence: int):
    beta = {"target": 0.0, "start": 0.0, "warmup": 0, "unit": "step"}
    return VAEObjective(model, Augment(), {"l1": 1.0}, {"name": "kl"}, beta, sequence)


def test_training_begins_every_window_without_a_past(tiny_config):
    model = remembering(tiny_config, "gru")
    step = objective_of(model, 6)
    latent, none = torch.randn(3 * 6, 4), torch.zeros(3 * 6, 0)
    rows = step._decode(model, latent, none).mean
    for window in range(3):
        part = slice(6 * window, 6 * window + 6)
        alone, _ = model.decode_rows(latent[part], None, model.initial_state(1))
        torch.testing.assert_close(rows[part], alone.mean)


def test_magnitudes_of_a_window_are_those_of_its_frames(tiny_model):
    assert window_samples(tiny_model.transform, 4) == N_FFT + 3 * HOP
    waveform = torch.randn(2, N_FFT + 3 * HOP)
    rows = magnitudes(tiny_model, waveform)
    frames = [wave[f * HOP : f * HOP + N_FFT] for wave in waveform for f in range(4)]
    torch.testing.assert_close(rows, magnitudes(tiny_model, torch.stack(frames)))


@pytest.fixture(scope="module")
def short_notes(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("notes")
    t = np.arange(16_384) / 44_100
    for i, f0_hz in enumerate((220.0, 330.0, 440.0)):
        soundfile.write(folder / f"{i}.wav", 0.3 * np.sin(2 * np.pi * f0_hz * t), 44_100)
    return folder


def training_config(root: Path, rundir: Path, *overrides: str):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose(
            "dgt_live",
            overrides=[
                *(f"data.dataset.root={root}", f"rundir={rundir}", "trainer.accelerator=cpu"),
                *("model.encoder.hidden_dim=32", "model.decoder.hidden_dim=32", *TWO_STEPS),
                *overrides,
            ],
        )


@pytest.mark.parametrize("temporal", ["null", "gru"])
def test_sequences_train_with_and_without_a_memory(short_notes, tmp_path, temporal: str):
    config = training_config(
        short_notes, tmp_path, "data.sequence=4", "data.loader.batch_size=8",
        f"model.temporal={temporal}",
    )  # fmt: skip
    assert train(config).joinpath("checkpoints/best.ckpt").is_file()


def test_memory_without_sequences_is_refused_before_a_run_is_made(short_notes, tmp_path):
    with pytest.raises(InputError, match=r"data.sequence is 1, but model.temporal"):
        train(training_config(short_notes, tmp_path, "model.temporal=gru"))
    assert list(tmp_path.iterdir()) == []


# --- in the instrument ---


@pytest.fixture(scope="module", params=TYPES)
def run(request, tmp_path_factory) -> Run:
    """A run with a memory that was never trained."""
    torch.manual_seed(0)
    config = OmegaConf.create(TINY)
    temporal = {"type": request.param, "hidden_dims": 16, "layers": 2}
    OmegaConf.update(config, "model.temporal", temporal, force_add=True)
    model = build_model(config).eval().requires_grad_(False)
    folder = tmp_path_factory.mktemp("runs") / "memory" / "version_0"
    return Run(folder, config, model, Kept(torch.randn(64, 4), {}), {"step": 1.0})


@pytest.fixture
def core(run) -> InstrumentCore:
    """The signal path that `export_run` scripts, in Python."""

    def magnitude_of(latent: Tensor) -> Tensor:
        return run.model.transform.to_magnitude(run.model.decode(latent).mean)

    axes = {kind: fit_axes(run.kept.latents, kind, magnitude_of) for kind in PROJECTIONS}
    core = InstrumentCore(run.model, axes, 4).eval()
    core.set_projection(PROJECTIONS.index("pca"))
    core.set_modes(KEEP_INPUT, "eco")
    return core


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return export_run(run, tmp_path_factory.mktemp("export"), "memory", blocks=2)


def input_of(method: str, hops: int, batch: int = 1, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    if method == "decode":
        return 1.5 * torch.randn(batch, 4, hops, generator=generator)
    return 0.1 * torch.randn(batch, 1, hops * HOP, generator=generator)


def play(instrument, method: str, whole: Tensor, sizes: list[int]) -> Tensor:
    scale = 1 if method == "decode" else HOP
    parts = whole.split([size * scale for size in sizes], -1)
    return torch.cat([getattr(instrument, method)(part) for part in parts], -1)


def assert_same(actual: Tensor, expected: Tensor) -> None:
    peak = float(expected.abs().max())
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5 * peak)


@pytest.mark.parametrize("method", ["decode", "forward"])
def test_blocks_of_an_instrument_equal_the_whole(core, method: str):
    whole = input_of(method, 48)
    with torch.inference_mode():
        expected = getattr(core, method)(whole)
        for sizes in ([1] * 48, [3] * 16, [16] * 3, [1, 7, 2, 30, 8]):
            core.reset()
            assert_same(play(core, method, whole, sizes), expected)


def test_forward_is_the_model_over_the_whole_sound(core, run):
    """Offline oracle: the model's magnitudes of all frames at once, in the input's phase."""
    model, sound = run.model, input_of("forward", 40)
    spectrum = StreamingAnalysis(N_FFT, HOP)(sound[:, 0])
    heard = spectrum.abs()[0]
    latent = model.encode(model.transform.to_frames(heard)).mean
    estimate, _ = model.decode_rows(latent, None, model.initial_state(1))
    made = model.transform.to_magnitude(estimate.mean)
    wave = model.transform.synthesise(torch.polar(made, spectrum[0].angle())[None])
    assert_same(core(sound)[:, 0], wave[:, : 40 * HOP])
    alone = model.transform.to_magnitude(model.decode(latent).mean)
    assert float((alone - made).norm() / made.norm()) > 1e-3  # the past is heard


def test_methods_share_no_memory(core):
    """Played in turns they give what each gives alone."""
    wholes = {method: input_of(method, 12) for method in METHODS}
    with torch.inference_mode():
        alone = {method: play(core, method, wholes[method], [4, 4, 4]) for method in METHODS}
        core.reset()
        turns = {method: [] for method in METHODS}
        for i in range(3):
            for method in METHODS:
                scale = 4 if method == "decode" else 4 * HOP
                part = wholes[method][..., i * scale : (i + 1) * scale]
                turns[method].append(getattr(core, method)(part))
    for method in METHODS:
        assert torch.equal(torch.cat(turns[method], -1), alone[method])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["decode", "forward"])
def test_exported_file_plays_remembers_and_forgets_as_the_model_does(core, exported, method: str):
    loaded = exports.loaded(exported)
    loaded.get_methods()
    assert loaded.set_inversion("eco" if method == "decode" else KEEP_INPUT) == 0
    whole = input_of(method, 24)
    expected = getattr(core, method)(whole)
    with torch.inference_mode():
        assert_same(play(loaded, method, whole, [1, 3, 4, 16]), expected)
    loaded.set_reset(True)  # outside inference mode, as hosts do
    with torch.inference_mode():
        assert_same(play(loaded, method, whole, [8, 16]), expected)
        # Another batch is another stream: nothing of the last one is left.
        pair = getattr(loaded, method)(torch.cat((whole, input_of(method, 24, seed=5))))
        assert_same(pair[:1], expected)
        assert_same(getattr(loaded, method)(whole), expected)


def test_memory_survives_what_is_no_number(core):
    whole = input_of("decode", 8)
    core.decode(torch.full((1, 4, 2), torch.nan))
    core.forward(torch.full((1, 1, 2 * HOP), torch.inf))
    assert bool(core.decode(whole).isfinite().all())
    assert bool(core.decode_memory.value.isfinite().all())
    assert bool(core.forward_memory.value.isfinite().all())


def test_offline_files_hear_the_same_past(core, run):
    sound = input_of("forward", 20)
    assert_same(offline_core(run.model, KEEP_INPUT)(sound), core(sound))


def test_memory_and_labels_play_together(tiny_config):
    model = remembering(
        tiny_config, "gru",
        conditioning={"pitch": {"dim": 3, "target": ["decoder"]}},
        prediction={"pitch": {"dim": 3, "input": "latent", "args": {"hidden_dims": 8}}},
    )  # fmt: skip
    core = InstrumentCore(model, {kind: own_axes(4) for kind in PROJECTIONS}, 4).eval()
    core.set_modes(KEEP_INPUT, "eco")
    labels = torch.randint(-1, 3, (2, 1, 20)).float()
    for method in ("decode", "forward"):
        held = labels if method == "decode" else labels.repeat_interleave(HOP, -1)
        whole = torch.cat((input_of(method, 20, batch=2), held), 1)
        with torch.inference_mode():
            expected = getattr(core, method)(whole)
            core.reset()
            assert_same(play(core, method, whole, [1, 3, 6, 10]), expected)


def test_memory_works_with_mel_frames_of_any_block():
    """Few bands: the product back to bins must not see the block either."""
    transform = SpectralTransform(n_fft=N_FFT, hop=HOP, n_mels=24)
    encoder, decoder = partial(DenseEncoder, hidden_dim=32), partial(DenseDecoder, hidden_dim=32)
    model = VAE(transform, encoder, decoder, 4, temporal="gru").eval().requires_grad_(False)
    core = InstrumentCore(model, {kind: own_axes(4) for kind in PROJECTIONS}, 4).eval()
    core.set_modes(KEEP_INPUT, "eco")
    whole = input_of("decode", 16)
    expected = core.decode(whole)
    core.reset()
    assert_same(play(core, "decode", whole, [1] * 16), expected)
