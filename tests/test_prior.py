"""A prior over latents: its mixtures, its draws, what it learns, and what plays it."""

import logging
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TINY
from exports import export_run, loaded
from omegaconf import OmegaConf
from torch import Tensor

from vschaos2.dsp.random_draws import RandomDraws
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.vae import prior_calibration, prior_finish, prior_training
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.prior import LEAN, NEAR, LatentPrior
from vschaos2.families.vae.prior_file import PRIOR, read_prior, write_prior
from vschaos2.families.vae.prior_steps import lines, step_frames, thinned
from vschaos2.families.vae.prior_stream import PriorStream
from vschaos2.families.vae.prior_training import (
    Lesson,
    Streams,
    count_dims,
    fit_basis,
    fit_prior,
)
from vschaos2.families.vae.projection import PROJECTIONS, fit_axes
from vschaos2.generation.paths import PathOptions, play_paths
from vschaos2.generation.player import Player
from vschaos2.nets.mixture import Mixture, mixture_log_density, mixture_sample
from vschaos2.runs.folder import Run


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other after every tiny product are slower than one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def untrained(latents: Tensor, dims: int = 3, every: int = 1) -> LatentPrior:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        prior = LatentPrior(latents.shape[1], dims, hidden_dims=8, components=2, every=every)
        fit_basis(prior, latents)
    return prior.eval().requires_grad_(False)


def circling(frames: int, seed: int, period: float = 40.0) -> Tensor:
    """Two of three latents go round, at a radius and a speed that wander a little: [F, 3]."""
    generator = torch.Generator().manual_seed(seed)
    speed = 1.0 + 0.1 * torch.randn(frames, generator=generator)
    angle = (2.0 * math.pi / period * speed).cumsum(0)
    radius = 1.0 + 0.05 * torch.randn(frames, generator=generator)
    return torch.stack((radius * angle.cos(), radius * angle.sin(), 0.0 * angle), 1) + 2.0


@pytest.fixture
def run_with_prior(tiny_run, tiny_run_folder) -> Run:
    write_prior(tiny_run_folder, untrained(tiny_run.kept.latents), tiny_run.model)
    return load_run(tiny_run_folder)


@pytest.fixture(scope="module")
def exports() -> list[Path]:
    """What the first test that asked for it has exported."""
    return []


@pytest.fixture
def alone(run_with_prior, exports, tmp_path_factory) -> Path:
    """The run, whose weights are the same in each test, as a file."""
    if not exports:
        exports.append(export_run(run_with_prior, tmp_path_factory.mktemp("alone"), "alone"))
    return exports[0]


def test_density_of_a_mixture_is_that_of_its_definition():
    generator = torch.Generator().manual_seed(0)
    logits, mean = torch.randn(1, 2, generator=generator), torch.randn(1, 2, 3, generator=generator)
    std, x = torch.rand(1, 2, 3, generator=generator) + 0.3, torch.randn(1, 3, generator=generator)
    weights = logits.softmax(-1)[0]
    parts = [torch.distributions.Normal(mean[0, m], std[0, m]).log_prob(x[0]).sum() for m in (0, 1)]
    expected = torch.log(sum(w * part.exp() for w, part in zip(weights, parts, strict=True)))
    assert float(mixture_log_density(Mixture(logits, mean, std), x)) == pytest.approx(
        float(expected)
    )


def test_temperature_scales_deviations_and_sharpens_weights():
    logits = torch.tensor([[0.6, 0.4]]).log().expand(2, 2)
    mean, std = torch.tensor([[-1.0], [1.0]]).expand(2, 2, 1), torch.full((2, 2, 1), 0.5)
    mixture, uniform = Mixture(logits, mean, std), torch.tensor([[0.5], [0.65]])
    ones = torch.ones(2, 1)
    # At 1 the weights are 0.6 and 0.4; at 0.5 their squares, 0.69 and 0.31.
    assert mixture_sample(mixture, uniform, ones, ones)[:, 0].tolist() == [-0.5, 1.5]
    assert mixture_sample(mixture, uniform, ones, 0.5 * ones)[:, 0].tolist() == [-0.75, -0.75]
    assert mixture_sample(mixture, uniform, ones, 0.0 * ones)[:, 0].tolist() == [-1.0, -1.0]


def test_draws_are_uniform_and_normal_and_do_not_repeat():
    uniform, normal = RandomDraws(3)(20_000)
    assert float(uniform.min()) >= 0.0 and float(uniform.max()) < 1.0
    assert float(uniform.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(uniform.var()) == pytest.approx(1 / 12, abs=0.002)
    assert normal.mean(0).tolist() == pytest.approx([0.0] * 3, abs=0.03)
    assert normal.std(0).tolist() == pytest.approx([1.0] * 3, abs=0.03)
    correlations = torch.cat((normal, torch.roll(normal, 1, 0)), 1).T.corrcoef() - torch.eye(6)
    assert float(correlations.abs().max()) < 0.03
    assert len(torch.unique(normal[:, 0])) > 19_900


def test_draws_follow_frame_and_seed_and_no_block():
    whole, parts, other = RandomDraws(2), RandomDraws(2), RandomDraws(2)
    other.seed = 1
    expected = whole(10)
    joined = [torch.cat(both) for both in zip(parts(3), parts(7), strict=True)]
    assert all(torch.equal(a, b) for a, b in zip(expected, joined, strict=True))
    assert not torch.isclose(other(10)[1], expected[1]).any()
    parts.reset()
    assert torch.equal(parts(10)[1], expected[1])


def test_basis_finds_back_and_bounds_by_the_material():
    latents = circling(400, 0)
    assert count_dims(latents) == 2  # the third rests
    prior = untrained(latents, 2)
    x = prior.basis(latents)
    assert x.std(0, unbiased=False).tolist() == pytest.approx([1.0, 1.0], abs=1e-4)
    assert torch.allclose(prior.basis.latents(x), latents, atol=1e-4)
    far = prior.basis.bounded(torch.tensor([[-99.0, 99.0]]))
    assert far[0].tolist() == pytest.approx([float(x[:, 0].min()), float(x[:, 1].max())])


def test_streams_go_on_from_window_to_window_and_from_end_to_beginning():
    recordings = [torch.arange(float(n))[:, None] + 100.0 * n for n in (5, 9)]
    streams = Streams(recordings, 4, torch.Generator().manual_seed(0))
    last = None
    for _ in range(20):
        window, anew = streams.window(6)
        for row, stream in enumerate(window[:, :, 0]):
            for before, after in pairwise(stream.tolist()):
                ends = before % 100 == before // 100 - 1
                assert after == before + 1 or (ends and after % 100 == 0)
            if last is not None and not anew[row]:
                assert stream[0] == last[row]
        last = window[:, -1, 0]


@pytest.mark.parametrize("away", [0.0, 3.7])  # from zero, of latents that hardly move there
def test_stream_is_the_same_in_blocks_after_a_reset_and_beside_another(away):
    latents = circling(300, 1)
    stream = PriorStream(untrained(away + 0.001 * latents if away > 0.0 else latents))
    scripted = torch.jit.script(stream)
    heat = torch.linspace(0.0, 2.0, 24)[None]
    whole = stream(heat)
    for player in (stream, scripted):
        for size in (1, 5, 24):
            player.reset()
            blocks = torch.cat([player(block) for block in heat.split(size, 1)], 1)
            assert torch.equal(blocks, whole)
    stream.reset()
    assert torch.equal(stream(torch.cat((heat, 0.5 * heat)))[0], whole[0])
    assert not torch.equal(stream(heat), whole)


def test_stream_stays_where_the_material_is_at_any_temperature():
    latents = circling(300, 1)
    stream = PriorStream(untrained(latents, 2))
    z = stream(torch.full((1, 500), 10.0))[0]
    assert float((z - latents.mean(0)).abs().max()) < 3.0


def test_a_prior_learns_to_go_round_and_goes_on_for_long():
    training, held_out = [circling(300, seed) for seed in range(6)], [circling(300, 9)]
    prior = fit_prior(training, held_out, 1e4, most_steps=100)
    z = PriorStream(prior)(torch.ones(1, 2000))[0]
    late = z[1000:]
    angle = torch.atan2(late[:, 1] - 2.0, late[:, 0] - 2.0)
    turned = torch.remainder(angle.diff() + math.pi, 2 * math.pi) - math.pi
    assert float(turned.mean()) == pytest.approx(2 * math.pi / 40, rel=0.25)
    radius = (late[:, :2] - 2.0).norm(dim=1)
    assert float(radius.mean()) == pytest.approx(1.0, abs=0.35)


def test_ctrl_c_keeps_what_is_learnt_and_a_run_without_any_is_whole(
    tiny_run_folder, monkeypatch, caplog
):
    step, count = Lesson.step, 0

    def interrupted_step(lesson: Lesson, number: int, done: float) -> float:
        nonlocal count
        count += 1
        if count > enough:
            raise KeyboardInterrupt
        return step(lesson, number, done)

    run, every = load_run(tiny_run_folder), 3
    monkeypatch.setattr(prior_training, "VALIDATE_EVERY", every)
    monkeypatch.setattr(prior_calibration, "CALIBRATION_FRAMES", 16)
    monkeypatch.setattr(Lesson, "step", interrupted_step)
    monkeypatch.setattr(prior_finish, "recorded_latents", lambda model, data: recordings)
    monkeypatch.setattr(prior_finish, "material", lambda config, model: None)
    recordings = [run.kept.latents[:200]] * 2, [run.kept.latents[:100]]
    weights = {path: path.read_bytes() for path in tiny_run_folder.rglob("*") if path.is_file()}
    enough = every - 1
    with caplog.at_level(logging.WARNING):
        assert not prior_finish.add_prior(run, 1e4)
    assert "the run has no prior" in caplog.text
    assert weights == {p: p.read_bytes() for p in tiny_run_folder.rglob("*") if p.is_file()}
    count, enough = 0, every + 1  # once validated, and so kept
    assert prior_finish.add_prior(run, 1e4)
    assert all(path.read_bytes() == content for path, content in weights.items())
    assert read_prior(run.folder, run.model) is not None


def test_steps_are_as_long_as_straight_lines_allow():
    slow, fast = [circling(400, 0, period)[:, :2] for period in (400.0, 8.0)]
    assert step_frames([slow], 86.1) == 4  # 21 steps a second, the fewest
    assert step_frames([fast], 86.1) == 2  # 43, the most
    assert step_frames([slow], 345.0) == 16
    assert step_frames([slow], 20.0) == 1


def test_lines_lead_from_step_to_step_and_thinned_ones_are_the_steps():
    x = torch.tensor([[0.0], [3.0], [-3.0]])
    expected = [1.0, 2.0, 3.0, 1.0, -1.0, -3.0]
    assert lines(x[None], 3)[0, :, 0].tolist() == pytest.approx(expected)
    assert [each.flatten().tolist() for each in thinned([x], 2)] == [[0.0, -3.0]]


def test_a_stream_of_long_steps_moves_in_straight_lines_that_no_block_breaks():
    stream = PriorStream(untrained(circling(300, 1), every=4))
    stream.model.basis.lean = 0.0
    whole = stream(torch.ones(1, 40))
    x = stream.model.basis(whole)[0]
    bends = x.diff(2, dim=0).norm(dim=1)  # nothing but at steps: after frames 3, 7, 11 …
    assert float(torch.cat([bends[start::4] for start in (0, 1, 3)]).max()) < 1e-4
    assert float(bends[2::4].median()) > 0.01
    stream.reset()
    blocks = [stream(torch.ones(1, size)) for size in (1, 6, 33)]
    assert torch.equal(torch.cat(blocks, 1), whole)


def test_leaning_draws_to_what_was_recorded():
    basis = untrained(circling(300, 1), 2).basis
    x = basis.places[None, :5] + 0.3 * torch.tensor([1.0, -1.0])
    far = [torch.cdist(each[0], basis.places).amin(1) for each in (x, basis.leaning(x))]
    weights = torch.exp(-0.5 * torch.cdist(x[0], basis.places).square() / NEAR**2)
    mean = weights @ basis.places / weights.sum(1, keepdim=True)
    assert torch.allclose(basis.leaning(x)[0], x[0] + LEAN * (mean - x[0]), atol=1e-5)
    assert float(far[1].mean()) < float(far[0].mean())


def test_exported_instrument_plays_by_itself(alone):
    instrument = torch.jit.load(str(alone))
    assert instrument.get_methods() == ["forward", "encode", "decode", "prior"]
    assert instrument.prior_params.tolist() == [1, 128, 4, 128]
    nothing = torch.zeros(1, 1, 16)
    with torch.inference_mode():
        axes = instrument.prior(nothing)
        assert instrument.set_reset(True) == 0
        assert torch.equal(instrument.prior(nothing), axes)
        # An empty inlet means the attribute, another temperature something else.
        instrument.set_reset(True)
        assert torch.equal(instrument.prior(nothing + 1.0), axes)
        instrument.set_reset(True)
        assert not torch.equal(instrument.prior(nothing + 0.5), axes)
        assert torch.isfinite(instrument.decode(axes)).all()
        for setting in (instrument.set_prior_temperature, instrument.set_prior_seed):
            fresh = loaded(alone)
            assert getattr(fresh, setting.name)(2.0) == 0
            assert not torch.equal(fresh.prior(nothing), axes)
            assert getattr(fresh, setting.name)(-1.0) == 1


def test_an_instrument_without_a_prior_has_no_such_method(instrument):
    assert not hasattr(instrument, "prior")
    assert "prior_temperature" not in instrument.get_attributes()


def test_files_are_played_by_the_code_that_is_exported(run_with_prior, alone, tmp_path):
    instrument = loaded(alone)
    instrument.set_prior_seed(5.0)
    with torch.inference_mode():
        axes = instrument.prior(torch.full((1, 1, 40), 0.7))[0].T
    options = PathOptions(seed=5, temperature=0.7)
    player = Player(run_with_prior)
    (sound,) = play_paths(player, ["prior"], tmp_path, 1, 40, options)
    assert sound.name == "prior_0.wav"
    assert np.allclose(np.load(sound.with_suffix(".npy")), axes, atol=1e-5)


def test_a_run_without_a_prior_says_so(tiny_run_folder, tmp_path):
    player = Player(load_run(tiny_run_folder))
    with pytest.raises(InputError, match=r"has no prior.* prior="):
        play_paths(player, ["sin", "prior"], tmp_path / "out", 1, 8)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options", [PathOptions(temperature=-1.0), PathOptions(seed=65_535), PathOptions(amplitude=1.0)]
)
def test_options_that_cannot_be_are_refused(run_with_prior, options, tmp_path):
    with pytest.raises(InputError):
        play_paths(Player(run_with_prior), ["prior"], tmp_path / "out", 2, 8, options)
    assert not (tmp_path / "out").exists()


def test_a_prior_of_other_weights_is_left_out(run_with_prior, caplog):
    other = run_with_prior.model
    next(other.parameters()).add_(1.0)
    with caplog.at_level(logging.WARNING):
        assert read_prior(run_with_prior.folder, other) is None
    assert "belongs to other weights" in caplog.text


@pytest.mark.parametrize(
    ("key", "value"),
    [("sizes", {"dims": 2, "hidden_dims": 8, "components": 0, "every": 1}), ("of", None)],
)
def test_a_foreign_prior_is_refused_in_one_line(run_with_prior, key, value):
    path: Path = run_with_prior.folder / PRIOR
    content = torch.load(path, weights_only=True)
    if value is None:
        del content[key]
    else:
        content[key] = value
    torch.save(content, path)
    with pytest.raises(InputError, match=r"prior\.ckpt"):
        read_prior(run_with_prior.folder, run_with_prior.model)


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_axes_do_not_know_their_block_where_latents_hardly_move(projection):
    model = build_model(OmegaConf.create(TINY)).eval().requires_grad_(False)
    latents = 3.0 + 1e-3 * torch.randn(400, 4, generator=torch.Generator().manual_seed(0))
    axes = {kind: fit_axes(latents, kind, model.unlabelled_magnitude) for kind in PROJECTIONS}
    core = InstrumentCore(model, axes, 3).eval()
    core.set_projection(PROJECTIONS.index(projection))
    whole = core.axes_of(latents)
    for size in (1, 3, 4, 16):
        assert torch.equal(torch.cat([core.axes_of(part) for part in latents.split(size)]), whole)
