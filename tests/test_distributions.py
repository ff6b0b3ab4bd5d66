import io
import math

import pytest
import scipy.stats
import torch
from torch import Tensor, nn

from vschaos2.nets.distributions import (
    LOG_STD_LIMIT,
    Normal,
    normal_from_output,
    normal_kl,
    normal_log_density,
    normal_renyi,
    normal_sample,
)

MEAN = torch.tensor([[0.0, -1.5, 3.0], [0.2, 40.0, -7.0]], dtype=torch.float64)
STD = torch.tensor([[1.0, 0.01, 2.0], [30.0, 0.5, 1.1]], dtype=torch.float64)
NORMAL = Normal(MEAN, STD)


def test_normal_agrees_with_scipy():
    value = MEAN + STD * torch.tensor([-2.0, 0.3, 1.0], dtype=torch.float64)
    oracle = scipy.stats.norm(MEAN.numpy(), STD.numpy())
    expected = torch.from_numpy(oracle.logpdf(value.numpy()))
    torch.testing.assert_close(normal_log_density(NORMAL, value), expected)


def test_kl_agrees_with_torch_and_vanishes_at_the_prior():
    prior = torch.distributions.Normal(torch.zeros_like(MEAN), torch.ones_like(STD))
    oracle = torch.distributions.kl_divergence(torch.distributions.Normal(MEAN, STD), prior)
    torch.testing.assert_close(normal_kl(NORMAL), oracle)
    assert normal_kl(Normal(torch.zeros(4), torch.ones(4))).tolist() == [0.0] * 4


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
def test_renyi_agrees_with_its_integral(alpha: float):
    """D_α = ln ∫ q^α p^(1-α) dx / (α - 1)."""
    mean, std = torch.tensor(0.7, dtype=torch.float64), torch.tensor(0.4, dtype=torch.float64)
    x = torch.linspace(-30.0, 30.0, 200_001, dtype=torch.float64)
    log_q = scipy.stats.norm.logpdf(x.numpy(), 0.7, 0.4)
    log_p = scipy.stats.norm.logpdf(x.numpy())
    integrand = torch.from_numpy(alpha * log_q + (1 - alpha) * log_p).exp()
    oracle = torch.trapezoid(integrand, x).log() / (alpha - 1)
    torch.testing.assert_close(normal_renyi(Normal(mean, std), alpha), oracle)


def test_renyi_tends_to_kl_without_losing_digits():
    single = Normal(MEAN.float(), STD.float())
    # In single precision 1 + (1 - α)(σ² - 1) is 1 here for the smaller σ.
    near_one = normal_renyi(single, 1.0 - 1e-8)
    torch.testing.assert_close(near_one, normal_kl(single), rtol=1e-4, atol=1e-6)
    assert torch.equal(normal_renyi(NORMAL, 1.0), normal_kl(NORMAL))


def test_normal_from_output_is_mean_and_exponential_near_one():
    output = torch.tensor([[5.0, -2.0, 0.0, 0.1]], dtype=torch.float64)
    distribution = normal_from_output(output)
    assert distribution.mean.tolist() == [[5.0, -2.0]]
    expected = torch.tensor([[1.0, math.exp(0.1)]], dtype=torch.float64)
    torch.testing.assert_close(distribution.std, expected, rtol=1e-4, atol=0.0)


def test_std_stays_positive_and_bounded_for_any_output():
    output = torch.tensor([0.0, 0.0, 0.0, 1e30, -1e30, 50.0], requires_grad=True)
    distribution = normal_from_output(output)
    low, high = math.exp(-LOG_STD_LIMIT), math.exp(LOG_STD_LIMIT)
    assert distribution.std.min().item() == pytest.approx(low, rel=1e-5)
    assert distribution.std.max().item() == pytest.approx(high, rel=1e-5)
    normal_log_density(distribution, torch.ones(3)).sum().backward()
    assert output.grad is not None and bool(output.grad.isfinite().all())


def test_normal_samples_have_the_mean_and_scaled_std():
    torch.manual_seed(0)
    distribution = Normal(torch.full((200_000,), 3.0), torch.full((200_000,), 2.0))
    draws = normal_sample(distribution, temperature=0.5)
    # Standard errors: 1/√N of the mean and 1/√(2N) of the std; five of them.
    assert abs(float(draws.mean()) - 3.0) < 5 * 1.0 / math.sqrt(200_000)
    assert abs(float(draws.std()) - 1.0) < 5 * 1.0 / math.sqrt(400_000)
    assert torch.equal(normal_sample(NORMAL, temperature=0.0), MEAN)


def test_normal_samples_carry_gradients_to_mean_and_std():
    torch.manual_seed(1)
    mean, std = torch.zeros(5, requires_grad=True), torch.ones(5, requires_grad=True)
    draw = normal_sample(Normal(mean, std), temperature=2.0)
    draw.sum().backward()
    assert torch.equal(mean.grad, torch.ones(5))
    torch.testing.assert_close(std.grad, draw.detach())  # ∂z/∂σ = τ ε = z where μ = 0, σ = 1


class Everything(nn.Module):
    """Takes and returns a distribution, as a scripted model does."""

    def forward(self, output: Tensor) -> Normal:
        return normal_from_output(output)

    @torch.jit.export
    def normal(self, distribution: Normal, value: Tensor) -> list[Tensor]:
        return [
            normal_log_density(distribution, value),
            normal_kl(distribution),
            normal_renyi(distribution, 0.5),
            normal_sample(distribution, 0.0),
        ]


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_scripted_and_reloaded_equals_eager():
    buffer = io.BytesIO()
    eager = Everything()
    torch.jit.save(torch.jit.script(eager), buffer)
    buffer.seek(0)
    scripted = torch.jit.load(buffer)
    output = torch.cat((MEAN, STD), -1)
    torch.testing.assert_close(scripted(output).mean, eager(output).mean)
    torch.testing.assert_close(scripted(output).std, eager(output).std)
    returned = scripted(output)
    torch.testing.assert_close(
        scripted.normal(returned, MEAN), eager.normal(eager(output), MEAN), rtol=1e-12, atol=0.0
    )
