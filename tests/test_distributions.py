import io
import math

import pytest
import scipy.stats
import torch
from torch import Tensor, nn

from vschaos2.nets.distributions import (
    LOG_STD_LIMIT,
    Bernoulli,
    Categorical,
    Normal,
    bernoulli_entropy,
    bernoulli_log_probability,
    bernoulli_mean,
    bernoulli_mode,
    bernoulli_sample,
    categorical_entropy,
    categorical_log_probability,
    categorical_mean,
    categorical_mode,
    categorical_sample,
    normal_entropy,
    normal_from_output,
    normal_kl,
    normal_log_density,
    normal_renyi,
    normal_sample,
)

MEAN = torch.tensor([[0.0, -1.5, 3.0], [0.2, 40.0, -7.0]], dtype=torch.float64)
STD = torch.tensor([[1.0, 0.01, 2.0], [30.0, 0.5, 1.1]], dtype=torch.float64)
NORMAL = Normal(MEAN, STD)
LOGITS = torch.tensor([[0.0, -3.0, 8.0], [0.4, -0.4, 1.7]], dtype=torch.float64)


def test_normal_agrees_with_scipy():
    value = MEAN + STD * torch.tensor([-2.0, 0.3, 1.0], dtype=torch.float64)
    oracle = scipy.stats.norm(MEAN.numpy(), STD.numpy())
    expected = torch.from_numpy(oracle.logpdf(value.numpy()))
    torch.testing.assert_close(normal_log_density(NORMAL, value), expected)
    torch.testing.assert_close(normal_entropy(NORMAL), torch.from_numpy(oracle.entropy()))


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
    columns = normal_from_output(output.T, dim=0)
    torch.testing.assert_close(columns.std, distribution.std.T)


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


def test_bernoulli_agrees_with_torch():
    oracle, ours = torch.distributions.Bernoulli(logits=LOGITS), Bernoulli(LOGITS)
    value = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(bernoulli_log_probability(ours, value), oracle.log_prob(value))
    torch.testing.assert_close(bernoulli_entropy(ours), oracle.entropy())
    torch.testing.assert_close(bernoulli_mean(ours), oracle.mean)
    assert bernoulli_mode(ours).tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0]]


def test_bernoulli_stays_finite_for_certain_logits():
    certain = Bernoulli(torch.tensor([200.0, -200.0]))
    expected = torch.tensor([-200.0, -200.0])
    torch.testing.assert_close(
        bernoulli_log_probability(certain, torch.tensor([0.0, 1.0])), expected
    )
    assert bernoulli_entropy(certain).abs().max() < 1e-6


def test_categorical_agrees_with_torch():
    oracle, ours = torch.distributions.Categorical(logits=LOGITS), Categorical(LOGITS)
    index = torch.tensor([2, 0])
    torch.testing.assert_close(categorical_log_probability(ours, index), oracle.log_prob(index))
    torch.testing.assert_close(categorical_entropy(ours), oracle.entropy())
    torch.testing.assert_close(categorical_mean(ours), oracle.probs)
    assert categorical_mode(ours).tolist() == [2, 2]


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_discrete_samples_follow_logits_over_temperature(temperature: float):
    torch.manual_seed(2)
    count = 100_000
    logits = torch.tensor([0.5, -0.3, 1.0])
    drawn = categorical_sample(Categorical(logits.expand(count, 3)), temperature)
    frequency = torch.bincount(drawn, minlength=3) / count
    # A frequency has standard error at most 1/(2√N); five of them.
    tolerance = 5 * 0.5 / math.sqrt(count)
    expected = torch.softmax(logits / temperature, 0)
    torch.testing.assert_close(frequency, expected, rtol=0.0, atol=tolerance)
    flips = bernoulli_sample(Bernoulli(logits.expand(count, 3)), temperature)
    expected = torch.sigmoid(logits / temperature)
    torch.testing.assert_close(flips.mean(0), expected, rtol=0.0, atol=tolerance)


def test_temperature_zero_gives_the_mode():
    assert torch.equal(bernoulli_sample(Bernoulli(LOGITS), 0.0), bernoulli_mode(Bernoulli(LOGITS)))
    drawn = categorical_sample(Categorical(LOGITS), 0.0)
    assert torch.equal(drawn, categorical_mode(Categorical(LOGITS)))


class Everything(nn.Module):
    """Takes and returns each distribution, as a scripted model does."""

    def forward(self, output: Tensor) -> Normal:
        return normal_from_output(output)

    @torch.jit.export
    def normal(self, distribution: Normal, value: Tensor) -> list[Tensor]:
        return [
            normal_log_density(distribution, value),
            normal_entropy(distribution),
            normal_kl(distribution),
            normal_renyi(distribution, 0.5),
            normal_sample(distribution, 0.0),
        ]

    @torch.jit.export
    def bernoulli(self, logits: Tensor) -> list[Tensor]:
        distribution = Bernoulli(logits)
        return [
            bernoulli_mean(distribution),
            bernoulli_mode(distribution),
            bernoulli_sample(distribution, 0.0),
            bernoulli_log_probability(distribution, torch.ones_like(logits)),
            bernoulli_entropy(distribution),
        ]

    @torch.jit.export
    def categorical(self, logits: Tensor) -> list[Tensor]:
        distribution = Categorical(logits)
        return [
            categorical_mean(distribution),
            categorical_mode(distribution),
            categorical_sample(distribution, 0.0),
            categorical_log_probability(distribution, categorical_mode(distribution)),
            categorical_entropy(distribution),
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
    torch.testing.assert_close(scripted.bernoulli(LOGITS), eager.bernoulli(LOGITS))
    torch.testing.assert_close(scripted.categorical(LOGITS), eager.categorical(LOGITS))
