import math

import pytest
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.nets.distributions import Normal
from vschaos2.objectives.divergences import Divergence, mmd, sum_over_free_bits


def posterior(batch: int = 64, width: int = 6) -> Normal:
    generator = torch.Generator().manual_seed(3)
    mean = torch.randn(batch, width, generator=generator).double()
    return Normal(mean, 0.05 + 2.0 * torch.rand(batch, width, generator=generator).double())


def kl(q: Normal, free_bits: float = 0.0) -> Tensor:
    return Divergence("kl", free_bits)(q, q.mean)[0]


def renyi(q: Normal, alpha: float) -> Tensor:
    return Divergence("renyi", alpha=alpha)(q, q.mean)[0]


def test_kl_sums_dimensions_and_averages_the_batch():
    q = posterior()
    prior = torch.distributions.Normal(torch.zeros(6).double(), torch.ones(6).double())
    oracle = torch.distributions.kl_divergence(torch.distributions.Normal(*q), prior)
    torch.testing.assert_close(kl(q), oracle.sum(1).mean())


def test_free_bits_floor_the_batch_mean_of_each_dimension():
    cost = torch.tensor([[0.0, 1.0, 0.02], [0.4, 3.0, 0.0]], dtype=torch.float64)
    # Batch means 0.2, 2 and 0.01: with λ = 0.1 only the last is lifted.
    assert float(sum_over_free_bits(cost, 0.1)) == pytest.approx(0.2 + 2.0 + 0.1)


def test_free_bits_stop_the_pull_on_cheap_dimensions_only():
    mean = torch.tensor([[0.1, 2.0], [-0.1, 2.0]], requires_grad=True)
    kl(Normal(mean, torch.ones(2, 2)), free_bits=0.5).backward()
    assert mean.grad is not None
    assert mean.grad[:, 0].tolist() == [0.0, 0.0]
    torch.testing.assert_close(mean.grad[:, 1], torch.ones(2))  # μ / B


def test_renyi_of_unit_std_is_half_alpha_squared_mean():
    q = Normal(posterior().mean, torch.ones(64, 6).double())
    expected = 0.5 * 0.3 * q.mean.square().sum(1).mean()
    torch.testing.assert_close(renyi(q, alpha=0.3), expected)


def test_renyi_grows_with_its_order_up_to_kl():
    q = posterior()
    values = [float(renyi(q, alpha)) for alpha in (0.01, 0.3, 0.6, 0.99, 1.0)]
    assert values == sorted(values) and values[0] > 0.0
    assert values[-1] == pytest.approx(float(kl(q)), rel=1e-12)


@pytest.mark.parametrize("std", [1e-3, 1.0, 400.0])
@pytest.mark.parametrize("alpha", [1e-3, 0.5, 1.0 - 1e-6])
def test_renyi_is_finite_for_every_admissible_order_and_std(std: float, alpha: float):
    mean = torch.full((4, 3), 5.0, requires_grad=True)
    value = renyi(Normal(mean, torch.full((4, 3), std)), alpha)
    value.backward()
    assert math.isfinite(value.item()) and value.item() >= 0.0
    assert mean.grad is not None and bool(mean.grad.isfinite().all())


def slow_mmd(x: Tensor, y: Tensor) -> float:
    """The definition of the unbiased estimate, pair by pair."""
    n, scale = len(x), 2.0 * x.shape[1]

    def kernel(a: Tensor, b: Tensor) -> float:
        return scale / (scale + float((a - b).square().sum()))

    pairs = [(i, j) for i in range(n) for j in range(n)]
    within = sum(kernel(x[i], x[j]) + kernel(y[i], y[j]) for i, j in pairs if i != j)
    across = sum(kernel(x[i], y[j]) for i, j in pairs)
    return within / (n * (n - 1)) - 2.0 * across / n**2


def test_mmd_agrees_with_its_definition():
    generator = torch.Generator().manual_seed(4)
    x, y = torch.randn(2, 12, 5, generator=generator).double()
    assert float(mmd(2.0 * x + 1.0, y)) == pytest.approx(slow_mmd(2.0 * x + 1.0, y), rel=1e-10)


def test_mmd_of_equal_distributions_has_mean_zero():
    generator = torch.Generator().manual_seed(5)
    draws = torch.randn(400, 2, 32, 8, generator=generator).double()
    values = torch.stack([mmd(x, y) for x, y in draws])
    assert abs(float(values.mean())) < 4.0 * float(values.std()) / math.sqrt(400)
    # The biased estimate keeps the diagonal: its mean would stand 2 (1 - E k) / B above.
    assert float(values.mean()) < 0.2 * 2.0 * (1.0 - 0.5) / 32


def test_mmd_pulls_a_far_posterior_towards_the_prior():
    generator = torch.Generator().manual_seed(6)
    x, y = torch.randn(2, 128, 8, generator=generator)
    x = (x + 10.0).requires_grad_()
    value = mmd(x, y)
    value.backward()
    assert x.grad is not None
    assert value.item() > 0.3
    assert bool((x.grad.mean(0) > 0).all())


@pytest.mark.parametrize("shape", [(32, 6), (4, 8, 6)])
def test_divergences_flatten_the_axes_before_the_latent(shape: tuple[int, ...]):
    flat = posterior(32)
    q = Normal(flat.mean.reshape(shape), flat.std.reshape(shape))
    value, log = Divergence("renyi", alpha=0.5)(q, q.mean)
    torch.testing.assert_close(value, renyi(flat, 0.5))
    torch.testing.assert_close(log["renyi"], value)
    torch.manual_seed(7)
    value, _ = Divergence("mmd")(q, q.mean)
    torch.manual_seed(7)
    torch.testing.assert_close(value, mmd(flat.mean, torch.randn_like(flat.mean)))


def test_logged_divergence_is_free_of_free_bits():
    q = posterior()
    value, log = Divergence("kl", free_bits=50.0)(q, q.mean)
    assert float(value) == pytest.approx(6 * 50.0)
    torch.testing.assert_close(log["kl"], kl(q))


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "renyi"},
        {"name": "renyi", "alpha": 0.0},
        {"name": "renyi", "alpha": 1.5},
        {"name": "renyi", "alpha": math.nan},
        {"name": "kl", "alpha": 0.5},
        {"name": "kl", "free_bits": -0.1},
        {"name": "mmd", "free_bits": 0.1},
    ],
)
def test_inadmissible_divergence_settings_are_refused(settings: dict):
    with pytest.raises(InputError, match=rf"divergence/{settings['name']}|training\.divergence"):
        Divergence(**settings)


def test_mmd_of_a_single_sample_is_refused():
    with pytest.raises(InputError, match="batch_size"):
        mmd(torch.zeros(1, 4), torch.zeros(1, 4))


def test_unknown_divergence_points_at_the_nearest_known_one():
    with pytest.raises(InputError, match=r"divergence loss 'kld': did you mean 'kl'\?"):
        Divergence("kld")
