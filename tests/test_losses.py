import math
import time

import pytest
import torch
from torch import Tensor

from vschaos2.divergences import DIVERGENCES, Divergence, kl, mmd, renyi, sum_over_free_bits
from vschaos2.errors import InputError
from vschaos2.losses import (
    MAGNITUDE_FLOOR,
    RECONSTRUCTION,
    ReconstructionLoss,
    frame_convergence,
    itakura_saito,
    l1,
    log_density,
    log_l1,
    mse,
    spectral_convergence,
)
from vschaos2.models.distributions import Normal
from vschaos2.schedules import BetaSchedule

MAGNITUDE_LOSSES = [name for name, term in RECONSTRUCTION.items() if term.domain == "magnitude"]


def loud(seed: int = 0) -> Tensor:
    """Magnitudes between 1 and 11, far above the floor, [16, 65]."""
    return 1.0 + 10.0 * torch.rand(16, 65, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.25, 2.0])
def test_spectral_convergence_of_a_gain_is_its_distance_from_one(gain: float):
    value = spectral_convergence(loud(), gain * loud())
    assert float(value) == pytest.approx(abs(1.0 - gain), rel=1e-12)


def test_spectral_convergence_is_one_ratio_over_the_whole_batch():
    target, estimate = loud(0), loud(1)
    squares = errors = 0.0
    for s, e in zip(target.flatten().tolist(), estimate.flatten().tolist(), strict=True):
        squares, errors = squares + s**2, errors + (s - e) ** 2
    value = float(spectral_convergence(target, estimate))
    assert value == pytest.approx(math.sqrt(errors / squares), rel=1e-12)


def test_frame_convergence_weighs_each_frame_by_its_own_level_down_to_30_db():
    norms = [1.0, 0.5, 0.001]
    target = torch.tensor([[norm, 0.0] for norm in norms], dtype=torch.float64)
    level = math.sqrt(sum(norm**2 for norm in norms) / 3)
    expected = sum(0.25 * norm / (norm + 0.03 * level) for norm in norms) / 3
    assert float(frame_convergence(target, 0.75 * target)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_log_l1_of_a_gain_is_its_logarithm(gain: float):
    value = log_l1(loud(), gain * loud(), floor=1e-12)
    assert float(value) == pytest.approx(math.log(2.0), rel=1e-9)


def test_log_l1_against_silence_is_the_level_above_the_floor():
    target = torch.full((4, 5), 3.0, dtype=torch.float64)
    value = float(log_l1(target, torch.zeros_like(target), floor=0.01))
    assert value == pytest.approx(math.log((3.0 + 0.01) / 0.01), rel=1e-12)


@pytest.mark.parametrize("gain", [0.5, 1.001, 2.0])
def test_itakura_saito_of_a_gain(gain: float):
    """r = S² / (g S)² = 1 / g²."""
    ratio = 1.0 / gain**2
    value = float(itakura_saito(loud(), gain * loud(), floor=1e-9))
    assert value == pytest.approx(ratio - math.log(ratio) - 1.0, rel=1e-7)


def test_itakura_saito_against_silence():
    target = torch.full((4, 5), 2.0, dtype=torch.float64)
    ratio = (4.0 + 1e-2) / 1e-2
    value = float(itakura_saito(target, torch.zeros_like(target), floor=0.1))
    assert value == pytest.approx(ratio - math.log(ratio) - 1.0, rel=1e-12)


def test_itakura_saito_keeps_its_digits_near_equality_in_single_precision():
    """For Ŝ = (1 + δ) S it tends to ½ (2δ)² = 2e-8, below the rounding of r ≈ 1."""
    target = torch.ones(4, 5)
    value = float(itakura_saito(target, target * (1 + 1e-4), floor=1e-9))
    assert value == pytest.approx(2e-8, rel=1e-2)


def test_frame_losses_of_a_constant_offset():
    frames = loud()
    assert float(l1(frames, frames - 0.3)) == pytest.approx(0.3)
    assert float(mse(frames, frames - 0.3)) == pytest.approx(0.09)


def test_log_density_of_unit_std_is_half_the_squared_error_and_a_constant():
    frames = loud()
    value = log_density(frames, Normal(frames + 0.4, torch.ones_like(frames)))
    assert float(value) == pytest.approx(0.08 + 0.5 * math.log(2.0 * math.pi))
    doubled = log_density(frames, Normal(frames, torch.full_like(frames, 2.0)))
    assert float(doubled) == pytest.approx(math.log(2.0) + 0.5 * math.log(2.0 * math.pi))


@pytest.mark.parametrize("name", MAGNITUDE_LOSSES)
@pytest.mark.parametrize("case", ["equal", "both silent", "silent target", "silent estimate"])
def test_magnitude_losses_stay_finite_at_silence_and_equality(name: str, case: str):
    target, estimate = loud().float(), loud().float()
    if case in ("both silent", "silent target"):
        target = torch.zeros_like(target)
    if case in ("both silent", "silent estimate"):
        estimate = torch.zeros_like(estimate)
    estimate.requires_grad_()
    value = RECONSTRUCTION[name].function(target, estimate)
    value.backward()
    assert bool(value.isfinite())
    assert estimate.grad is not None and bool(estimate.grad.isfinite().all())
    if case in ("equal", "both silent"):
        assert value.item() == 0.0
        assert float(estimate.grad.abs().max()) == 0.0


def test_gradient_of_spectral_convergence_on_a_silent_batch_is_bounded_by_the_floor():
    estimate = loud().requires_grad_()
    spectral_convergence(torch.zeros_like(estimate), estimate).backward()
    assert estimate.grad is not None
    bound = 1.0 / (MAGNITUDE_FLOOR * math.sqrt(estimate.numel()))
    assert float(estimate.grad.norm()) == pytest.approx(bound, rel=1e-9)


@pytest.mark.parametrize("name", MAGNITUDE_LOSSES)
def test_magnitude_losses_do_not_hear_the_volume(name: str):
    function = RECONSTRUCTION[name].function
    quiet = function(loud(0), loud(1), 1e-3)
    torch.testing.assert_close(function(7.0 * loud(0), 7.0 * loud(1), 7e-3), quiet)


def exponential(frames: Tensor) -> Tensor:
    return frames.exp()


def test_composition_weighs_each_loss_in_its_own_domain():
    frames = loud().log()
    estimate = Normal(frames + math.log(2.0), torch.ones_like(frames))  # magnitudes twice as large
    weights = {"spectral_convergence": 3.0, "l1": 0.5, "log_density": 2.0}
    total, values = ReconstructionLoss(weights, exponential)(frames, estimate)
    likelihood = 0.5 * math.log(2.0) ** 2 + 0.5 * math.log(2.0 * math.pi)
    assert list(values) == list(weights)
    assert float(values["spectral_convergence"]) == pytest.approx(1.0)
    assert float(values["l1"]) == pytest.approx(math.log(2.0))
    assert float(values["log_density"]) == pytest.approx(likelihood)
    assert float(total) == pytest.approx(3.0 + 0.5 * math.log(2.0) + 2.0 * likelihood)


def test_given_magnitudes_and_floor_are_the_ones_compared():
    frames = torch.zeros(2, 3)
    loss = ReconstructionLoss({"log_l1": 1.0}, exponential, floor=1.0)
    total, _ = loss(frames, frames, torch.full_like(frames, 7.0))
    assert float(total) == pytest.approx(math.log(8.0 / 2.0))


def test_zero_weight_measures_without_training():
    frames = loud().requires_grad_()
    loss = ReconstructionLoss({"l1": 0.0, "mse": 1.0})
    total, values = loss(torch.zeros_like(frames), frames)
    assert float(values["l1"]) == pytest.approx(frames.mean().item())
    assert not any(value.requires_grad for value in values.values())
    total.backward()
    assert frames.grad is not None
    torch.testing.assert_close(frames.grad, 2.0 * frames.detach() / frames.numel())


def test_zero_weight_keeps_a_broken_measure_out_of_the_total():
    loss = ReconstructionLoss({"log_l1": 0.0, "mse": 1.0}, to_magnitude=lambda x: x * math.nan)
    total, values = loss(torch.zeros(2, 3), torch.ones(2, 3))
    assert math.isnan(float(values["log_l1"]))
    assert float(total) == 1.0


def test_unknown_names_point_at_the_nearest_known_one():
    with pytest.raises(InputError, match=r"'log_L1': did you mean 'log_l1'\? .*itakura_saito"):
        ReconstructionLoss({"log_L1": 1.0})
    with pytest.raises(InputError, match=r"divergence loss 'kld': did you mean 'kl'\?"):
        Divergence("kld")


@pytest.mark.parametrize("weights", [{}, {"l1": 0.0}, {"l1": -1.0}, {"l1": math.nan}, {"l1": None}])
def test_weights_that_cannot_train_are_refused(weights: dict):
    with pytest.raises(InputError, match="weight"):
        ReconstructionLoss(weights)


def test_missing_magnitudes_std_or_floor_are_refused():
    with pytest.raises(ValueError, match="to_magnitude"):
        ReconstructionLoss({"log_l1": 1.0})
    with pytest.raises(InputError, match="floor"):
        ReconstructionLoss({"l1": 1.0}, floor=0.0)
    with pytest.raises(ValueError, match="Normal"):
        ReconstructionLoss({"log_density": 1.0})(torch.zeros(2, 3), torch.zeros(2, 3))


def posterior(batch: int = 64, width: int = 6) -> Normal:
    generator = torch.Generator().manual_seed(3)
    mean = torch.randn(batch, width, generator=generator).double()
    return Normal(mean, 0.05 + 2.0 * torch.rand(batch, width, generator=generator).double())


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
    with pytest.raises(InputError, match=f"divergence/{settings['name']}"):
        Divergence(**settings)


def test_mmd_of_a_single_sample_is_refused():
    with pytest.raises(InputError, match="batch_size"):
        mmd(torch.zeros(1, 4), torch.zeros(1, 4))


def test_every_registered_loss_is_named_after_its_function():
    assert all(term.function.__name__ == name for name, term in RECONSTRUCTION.items())
    assert all(function.__name__ == name for name, function in DIVERGENCES.items())


def test_beta_rises_in_a_straight_line_and_stays():
    beta = BetaSchedule(target=0.8, warmup=4, unit="epoch", start=0.2)
    rise = [beta(step=999, epoch=epoch) for epoch in range(7)]
    assert rise == pytest.approx([0.2, 0.35, 0.5, 0.65, 0.8, 0.8, 0.8])
    by_step = BetaSchedule(target=1.0, warmup=1000, unit="step")
    assert by_step(step=250, epoch=999) == pytest.approx(0.25)


def test_beta_without_warmup_is_its_target_at_once():
    assert BetaSchedule(target=0.5, warmup=0, start=0.1)(0, 0) == 0.5


@pytest.mark.parametrize("wrong", [{"target": -1.0}, {"warmup": -1}, {"unit": "hour"}])
def test_wrong_schedules_are_refused(wrong: dict):
    with pytest.raises(InputError, match=next(iter(wrong))):
        BetaSchedule(**wrong)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spectral_convergence", "log_l1"])
def test_magnitude_losses_cost_less_than_three_milliseconds(name: str):
    """Forward and backward on one batch [256, 1025]; the best of many, as others may be busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    target = 10.0 * torch.rand(256, 1025)
    estimate = (target * torch.rand(256, 1025)).requires_grad_()
    best = math.inf
    for _ in range(50):
        start = time.perf_counter()
        RECONSTRUCTION[name].function(target, estimate).backward()
        best = min(best, time.perf_counter() - start)
    torch.set_num_threads(threads)
    assert best < 3e-3
