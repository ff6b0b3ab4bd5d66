import math

import pytest
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.nets.distributions import Normal
from vschaos2.objectives.losses import (
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


def certain(mean: Tensor) -> Normal:
    return Normal(mean, torch.ones_like(mean))


def exponential(frames: Tensor) -> Tensor:
    return frames.exp()


def test_composition_weighs_each_loss_in_its_own_domain():
    frames = loud().log()
    estimate = Normal(frames + math.log(2.0), torch.ones_like(frames))  # magnitudes twice as large
    weights = {"spectral_convergence": 3.0, "l1": 0.5, "log_density": 2.0}
    total, values = ReconstructionLoss(weights, exponential)(frames, estimate, loud())
    likelihood = 0.5 * math.log(2.0) ** 2 + 0.5 * math.log(2.0 * math.pi)
    assert list(values) == list(weights)
    assert float(values["spectral_convergence"]) == pytest.approx(1.0)
    assert float(values["l1"]) == pytest.approx(math.log(2.0))
    assert float(values["log_density"]) == pytest.approx(likelihood)
    assert float(total) == pytest.approx(3.0 + 0.5 * math.log(2.0) + 2.0 * likelihood)


def test_given_magnitudes_are_compared_above_the_floor():
    frames = torch.zeros(2, 3)
    loss = ReconstructionLoss({"log_l1": 1.0}, lambda x: x)
    total, _ = loss(frames, certain(frames), torch.full_like(frames, 7.0 * MAGNITUDE_FLOOR))
    assert float(total) == pytest.approx(math.log(8.0))


def test_zero_weight_measures_without_training():
    frames = loud().requires_grad_()
    loss = ReconstructionLoss({"l1": 0.0, "mse": 1.0}, exponential)
    total, values = loss(torch.zeros_like(frames), certain(frames), frames)
    assert float(values["l1"]) == pytest.approx(frames.mean().item())
    assert not any(value.requires_grad for value in values.values())
    total.backward()
    assert frames.grad is not None
    torch.testing.assert_close(frames.grad, 2.0 * frames.detach() / frames.numel())


def test_zero_weight_keeps_a_broken_measure_out_of_the_total():
    loss = ReconstructionLoss({"log_l1": 0.0, "mse": 1.0}, to_magnitude=lambda x: x * math.nan)
    total, values = loss(torch.zeros(2, 3), certain(torch.ones(2, 3)), torch.ones(2, 3))
    assert math.isnan(float(values["log_l1"]))
    assert float(total) == 1.0


def test_unknown_names_point_at_the_nearest_known_one():
    with pytest.raises(InputError, match=r"'log_L1': did you mean 'log_l1'\? .*itakura_saito"):
        ReconstructionLoss({"log_L1": 1.0}, exponential)


@pytest.mark.parametrize("weights", [{}, {"l1": 0.0}, {"l1": -1.0}, {"l1": math.nan}, {"l1": None}])
def test_weights_that_cannot_train_are_refused(weights: dict):
    with pytest.raises(InputError, match=r"weight|training\.losses\.l1 must be"):
        ReconstructionLoss(weights, exponential)


def test_every_registered_loss_is_named_after_its_function():
    assert all(term.function.__name__ == name for name, term in RECONSTRUCTION.items())
