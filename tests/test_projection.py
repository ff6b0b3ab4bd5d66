import math

import numpy as np
import pytest
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.families.vae.projection import PROJECTIONS, count_axes, fit_axes

BINS = torch.arange(33.0)


def level_follows(weights: list[float]):
    """A decoder whose level in nepers is w·z, and whose spectrum never changes its shape."""

    def magnitude_of(latent: Tensor) -> Tensor:
        level = latent @ torch.tensor(weights)
        return torch.exp(level)[:, None] * torch.ones(33)

    return magnitude_of


def brightness_follows(weights: list[float]):
    """A decoder of one partial of constant energy, at bin 16 + w·z (clipped)."""

    def magnitude_of(latent: Tensor) -> Tensor:
        bump = torch.exp(-(((BINS - 16.0 - latent @ torch.tensor(weights)[:, None]) / 2.0) ** 2))
        return bump / bump.square().sum(1, keepdim=True).sqrt()

    return magnitude_of


def correlated(count: int = 500, width: int = 4) -> Tensor:
    """Gaussian latents of very different variances, turned, far from the origin, [N, Z]."""
    generator = torch.Generator().manual_seed(2)
    turn = torch.linalg.qr(torch.randn(width, width, generator=generator)).Q
    scales = 3.0 ** -torch.arange(float(width))
    return torch.randn(count, width, generator=generator) * scales @ turn + 10.0


def fit(latents: Tensor, kind: str, magnitude_of=None, **options):
    first = level_follows([1.0] + [0.0] * (latents.shape[1] - 1))
    return fit_axes(latents, kind, magnitude_of or first, **options)


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_axes_lead_there_and_back(kind: str):
    latents = correlated()
    axes = fit(latents, kind)
    coordinates = (latents - axes.centre) @ axes.to_axes
    back = coordinates @ axes.from_axes + axes.centre
    torch.testing.assert_close(back, latents, rtol=0, atol=1e-4)
    torch.testing.assert_close(axes.to_axes @ axes.from_axes, torch.eye(4), rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_training_data_reach_three_on_every_axis_and_no_further(kind: str):
    latents = correlated()
    axes = fit(latents, kind)
    coordinates = (latents - axes.centre) @ axes.to_axes
    torch.testing.assert_close(coordinates.abs().amax(0), torch.full((4,), 3.0), rtol=0, atol=1e-3)
    torch.testing.assert_close(coordinates.amin(0), axes.lowest, rtol=0, atol=1e-3)
    torch.testing.assert_close(coordinates.amax(0), axes.highest, rtol=0, atol=1e-3)
    torch.testing.assert_close(coordinates.mean(0), torch.zeros(4), rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_axes_stand_in_order_of_the_variance_they_explain(kind: str):
    latents = correlated()
    axes = fit(latents, kind)
    assert axes.explained.tolist() == sorted(axes.explained.tolist(), reverse=True)
    assert float(axes.explained.sum()) == pytest.approx(1.0)
    coordinates = (latents - axes.centre).double() @ axes.to_axes.double()
    part = coordinates.var(0) * axes.from_axes.double().square().sum(1)
    torch.testing.assert_close(axes.explained.double(), part / part.sum(), rtol=1e-4, atol=1e-6)


def test_pca_explains_what_the_eigenvalues_say_along_orthogonal_axes():
    latents = correlated()
    axes = fit(latents, "pca")
    values, vectors = np.linalg.eigh(np.cov(latents.double().numpy().T))
    np.testing.assert_allclose(axes.explained, values[::-1] / values.sum(), rtol=1e-5)
    directions = axes.from_axes / axes.from_axes.norm(dim=1, keepdim=True)
    alignment = (directions.double().numpy() @ vectors[:, ::-1]).round(5)
    np.testing.assert_allclose(np.abs(alignment), np.eye(4), atol=1e-4)


def test_none_keeps_each_axis_on_one_latent_dimension():
    latents = torch.randn(300, 4, generator=torch.Generator().manual_seed(3))
    latents = latents * torch.tensor([0.1, 3.0, 1.0, 0.3])
    axes = fit(latents, "none")
    # Ordered by variance: the second dimension first, the first one last.
    assert axes.from_axes.abs().argmax(1).tolist() == [1, 2, 3, 0]
    assert int((axes.from_axes != 0).sum()) == 4


def test_ica_finds_independent_sources_that_were_mixed():
    generator = torch.Generator().manual_seed(4)
    sources = torch.rand(4000, 3, generator=generator) * 2.0 - 1.0
    mixing = torch.tensor([[1.0, 0.5, -0.3], [0.2, 1.0, 0.6], [-0.4, 0.3, 0.8]])
    latents = sources @ mixing
    for kind, is_found in (("ica", True), ("pca", False)):
        axes = fit(latents, kind)
        coordinates = (latents - axes.centre) @ axes.to_axes
        together = np.corrcoef(coordinates.T.numpy(), sources.T.numpy())[:3, 3:]
        matched = np.abs(together) > 0.98
        assert (matched.sum(0).tolist() == matched.sum(1).tolist() == [1, 1, 1]) == is_found


def test_ica_is_the_same_for_the_same_seed():
    latents = correlated()
    first, second = fit(latents, "ica", seed=5), fit(latents, "ica", seed=5)
    assert torch.equal(first.from_axes, second.from_axes)


@pytest.mark.parametrize("kind", PROJECTIONS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_axes_point_to_where_it_is_louder(kind: str, sign: float):
    latents = correlated()
    axes = fit(
        latents, kind, magnitude_of=level_follows([2.0 * sign, sign, 0.5 * sign, 3.0 * sign])
    )
    rise = axes.from_axes @ torch.tensor([2.0, 1.0, 0.5, 3.0]) * sign
    # 4 rise nepers between both sides of an axis; under 1 dB, 0.115 nepers, level does not count.
    assert bool((rise[4.0 * rise.abs() > 0.12] > 0).all())
    assert int((4.0 * rise.abs() > 0.12).sum()) >= 2


@pytest.mark.parametrize("kind", PROJECTIONS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_axes_point_to_where_it_is_brighter_if_not_louder(kind: str, sign: float):
    latents = correlated() - 10.0
    axes = fit(latents, kind, magnitude_of=brightness_follows([sign, 0.5 * sign, sign, sign]))
    rise = axes.from_axes @ torch.tensor([1.0, 0.5, 1.0, 1.0]) * sign
    assert bool((rise > 0).all())


def assert_usable(axes, latents: Tensor) -> None:
    assert all(bool(field.isfinite().all()) for field in axes)
    back = (latents - axes.centre) @ axes.to_axes @ axes.from_axes + axes.centre
    torch.testing.assert_close(back, latents, rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_a_collapsed_latent_dimension_breaks_no_axis(kind: str):
    latents = correlated()
    latents[:, 2] = 0.7 + 1e-5 * torch.sin(torch.arange(500.0))
    assert_usable(fit(latents, kind), latents)


@pytest.mark.parametrize("kind", ["none", "pca", "ica"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_latent_dimension_that_never_moves_breaks_no_axis(kind: str):
    latents = correlated()
    latents[:, 2] = 0.7
    assert_usable(fit(latents, kind), latents)


@pytest.mark.parametrize(
    "kind",
    [
        "none",
        "pca",
        "ica",
    ],
)
@pytest.mark.filterwarnings("ignore:n_components is too large")
def test_fewer_training_windows_than_dimensions_still_give_axes(kind: str):
    latents = correlated(3)
    assert_usable(fit(latents, kind), latents)


@pytest.mark.parametrize(
    "wanted, count",
    [(1, 1), (2.0, 2), (4, 4), (0.3, 1), (0.5, 1), (0.51, 2), (0.75, 2), (0.8, 3), (0.99, 4)],
)
def test_axes_are_counted_exactly_or_by_the_variance_they_reach(wanted: float, count: int):
    """Cumulated: 0.5, 0.75, 0.875 and 1."""
    assert count_axes(torch.tensor([0.5, 0.25, 0.125, 0.125]), wanted) == count


def test_a_fidelity_that_rounding_puts_out_of_reach_takes_all_axes():
    assert count_axes(torch.tensor([0.5, 0.499999]), 1.0 - 1e-9) == 2


@pytest.mark.parametrize("wanted", [0, 0.0, -1, 5, 1.5, 2.0001, -0.5])
def test_counts_that_cannot_be_are_refused_with_what_can(wanted: float):
    with pytest.raises(InputError, match=rf"count from 1 to 4 or a fidelity .*got {wanted:g}$"):
        count_axes(torch.full((4,), 0.25), wanted)


@pytest.mark.parametrize("wanted", [math.nan, math.inf])
def test_counts_that_are_no_numbers_are_refused_alike(wanted: float):
    with pytest.raises(InputError, match="count from 1 to 4"):
        count_axes(torch.full((4,), 0.25), wanted)


def test_unknown_projection_is_refused():
    with pytest.raises(InputError, match="projection must be one of none, pca, ica, got 'tsne'"):
        fit(correlated(), "tsne")
