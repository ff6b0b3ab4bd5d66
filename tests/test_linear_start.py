"""A VAE begins where a linear model ends: at the principal components of its frames."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from omegaconf import OmegaConf

from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.linear_start import (
    begin_linear,
    least_squares,
    softplus_least_squares,
)
from vschaos2.nets.encoders import DenseEncoder
from vschaos2.objectives.losses import spectral_convergence
from vschaos2.objectives.principal_components import (
    at_all_levels,
    principal_components,
    restored,
)


def plane(count: int, rank: int, width: int, seed: int = 0) -> torch.Tensor:
    """Points of a plane of some rank through a point that is not 0."""
    generator = torch.Generator().manual_seed(seed)
    spread = torch.arange(rank, 0, -1.0)
    points = torch.randn(count, rank, generator=generator) * spread
    return points @ torch.randn(rank, width, generator=generator) + 7.0


@pytest.mark.parametrize("width", [30, 500])
def test_components_are_those_of_a_singular_value_decomposition(width):
    noise = torch.randn(400, width, generator=torch.Generator())
    frames = plane(400, 5, width) + 0.01 * noise
    found = principal_components(frames, 3)
    x = frames.double().numpy()
    _, singular, rows = np.linalg.svd(x - x.mean(0), full_matrices=False)
    np.testing.assert_allclose(found.stds, singular[:3] / np.sqrt(400), rtol=1e-5)
    np.testing.assert_allclose(np.abs(rows[:3] @ found.directions.double().numpy().T), np.eye(3),
                               atol=1e-4)  # fmt: skip
    np.testing.assert_allclose(found.mean, x.mean(0), rtol=1e-5)


def test_a_plane_is_restored_by_as_many_components_as_it_has_directions():
    frames = plane(60, 3, 20)
    found = principal_components(frames, 5)
    torch.testing.assert_close(restored(found, frames, 3), frames, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(restored(found, frames, 0), found.mean.expand_as(frames))
    left = frames - restored(found, frames, 2)  # what stands out of the nearest plane
    assert float((left @ found.directions[:2].T).abs().max()) < 1e-4 < float(left.abs().max())


def test_components_that_there_are_not_are_zero():
    found = principal_components(plane(50, 2, 4), 6)
    few = principal_components(plane(3, 2, 40), 6)  # no more than three frames have
    assert torch.equal(few.directions[3:], torch.zeros(3, 40))
    assert float(few.directions.norm(dim=1).max()) < 1.001
    assert found.directions.shape == (6, 4)
    assert torch.equal(found.stds[4:], torch.zeros(2))
    assert torch.equal(found.directions[4:], torch.zeros(2, 4))
    assert float(found.stds[2]) < 1e-3 * float(found.stds[0])


def test_levels_are_as_they_were_and_once_more_within_the_gain():
    magnitude = torch.rand(64, 9) + 0.1
    both = at_all_levels(magnitude, 6.0)
    assert torch.equal(both[:64], magnitude)
    gains_db = 20.0 * (both[64:] / magnitude).log10()
    torch.testing.assert_close(gains_db, gains_db[:, :1].expand(-1, 9), atol=1e-4, rtol=0)
    assert float(gains_db.abs().max()) <= 6.001 and float(gains_db.std()) > 2.0


def test_least_squares_of_a_line_is_the_line():
    points = torch.tensor([[0.0], [1.0], [2.0]])
    solution = least_squares(points, 3.0 * points + 2.0)
    torch.testing.assert_close(solution, torch.tensor([[3.0], [2.0]]))


def test_softplus_of_a_plane_is_found_again():
    points = torch.randn(500, 3, generator=torch.Generator().manual_seed(1))
    truth = torch.randn(4, 11, generator=torch.Generator().manual_seed(2))
    truth[-1] += 3.0  # where softplus bends little, the first-order problem is the whole of it
    design = torch.cat((points, torch.ones(500, 1)), 1)
    values = F.softplus(design @ truth)
    found = F.softplus(design @ softplus_least_squares(points, values))
    assert float((found - values).square().mean().sqrt()) < 0.1
    assert float((values - values.mean(0)).square().mean().sqrt()) > 1.0


def test_what_few_points_do_not_say_is_small():
    """Two points on one axis: the other axis, which nothing is known of, moves nothing."""
    points = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    solution = softplus_least_squares(points, torch.tensor([[1.0], [2.0]]))
    assert abs(float(solution[1])) < 1e-6 < 0.1 < float(solution[0])


def test_outputs_that_are_always_zero_stay_finite_and_small():
    points = torch.randn(100, 2)
    values = torch.cat((torch.zeros(100, 3), torch.ones(100, 1)), 1)
    solution = softplus_least_squares(points, values)
    assert bool(solution.isfinite().all())
    design = torch.cat((points, torch.ones(100, 1)), 1)
    assert float(F.softplus(design @ solution)[:, :3].max()) < 0.1


def linear_model(config, **changes):
    config = OmegaConf.merge(config, {"model": changes})
    for part in ("encoder", "decoder"):
        OmegaConf.update(config, f"model.{part}.linear", True, force_add=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_model(config).eval()


def spectra(model, count: int = 600) -> torch.Tensor:
    """Magnitudes of mixtures of three spectra, in the level that the model expects."""
    generator = torch.Generator().manual_seed(3)
    bumps = torch.exp(-0.5 * ((torch.arange(257) - torch.tensor([[30], [80], [150]])) / 9.0) ** 2)
    magnitude = torch.rand(count, 3, generator=generator) @ bumps + 0.01
    model.transform.fit_level(float(magnitude.mean()))
    return magnitude


def test_a_model_begins_as_good_as_its_components(tiny_config):
    model = linear_model(tiny_config)
    magnitude = spectra(model)
    begin_linear(model, magnitude)
    frames = model.transform.to_frames(magnitude)
    with torch.no_grad():
        posterior = model.encode(frames)
        made = model.transform.to_magnitude(model(frames))
    # Latents are whitened: the prior's own units.
    torch.testing.assert_close(posterior.mean[:, :3].mean(0), torch.zeros(3), atol=1e-3, rtol=0)
    covariance = posterior.mean[:, :3].T.cov(correction=0)
    torch.testing.assert_close(covariance, torch.eye(3), atol=1e-2, rtol=0)
    assert float(posterior.std.max()) < 0.2
    found = principal_components(frames, 4)
    back = (frames - found.mean) @ found.directions.T @ found.directions + found.mean
    by_pca = spectral_convergence(magnitude, model.transform.to_magnitude(back.clamp_min(0.0)))
    assert float(by_pca) < 0.02
    assert float(spectral_convergence(magnitude, made)) < 0.08  # softplus bends near 0


@pytest.mark.parametrize(
    "changes",
    [
        {"conditioning": {"pitch": {"dim": 4, "target": ["encoder", "decoder"]}}},
        {"temporal": {"type": "gru", "hidden_dims": 8}},
        {"output": "normal"},
    ],
    ids=["labels", "memory", "normal"],
)
def test_every_kind_of_model_begins_and_scripts(tiny_config, changes):
    model = linear_model(tiny_config, **changes)
    magnitude = spectra(model)
    begin_linear(model, magnitude)
    frames = model.transform.to_frames(magnitude[:5])
    labels = torch.zeros(5, len(model.conditioning.tasks))
    scripted = torch.jit.script(model)
    torch.testing.assert_close(scripted(frames, labels), model(frames, labels))
    if "conditioning" in changes:  # nothing is known of labels at first
        other = model.encode(frames, labels + 2.0).mean
        torch.testing.assert_close(other, model.encode(frames, labels).mean)


def test_models_without_a_linear_path_begin_as_they_were(tiny_config):
    model = build_model(tiny_config)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    begin_linear(model, torch.rand(50, 257))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert "linear" not in "".join(before)


def test_an_encoder_takes_linear_weights_from_its_like():
    encoder = DenseEncoder(20, 6, 8, 1, 2, linear=True)
    assert encoder.feature_dim == 8 + 3
    assert encoder.body(torch.rand(2, 22)).shape == (2, 11)
    assert set(encoder.about()) & set(encoder.state_dict()) == {
        "body.body.0.weight", "body.linear.weight", "head.weight", "head.bias",
    }  # fmt: skip
