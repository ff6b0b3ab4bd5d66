"""Flows: closed forms of Gaussians, couplings, blocks that equal the whole."""

import math
from itertools import pairwise, permutations

import pytest
import torch
from torch import Tensor, nn

from vschaos2.flows.coupling import coupled
from vschaos2.flows.gaussian_transport import transport_matrix
from vschaos2.flows.matches import NONE, matches
from vschaos2.flows.noise_bridge import NoiseBridge
from vschaos2.flows.paths import (
    EDM,
    LEAST_SIGMA,
    PATHS,
    STRAIGHT,
    denoised,
    level_of_sigma,
    levels_between,
    mistakes,
    net_input,
    net_label,
    noisy,
    slope_at,
)
from vschaos2.flows.sequence_net import BOTH, SIDES, SequenceNet
from vschaos2.flows.translator import Translator


class GaussianNet(nn.Module):
    """What a net would say that knew its domains to be Gaussians of these deviations."""

    state_size, reach, delay, latent_dim, n_domains = 0, 0, 0, 2, 2

    def __init__(self, path: str, means: Tensor, deviations: Tensor) -> None:
        super().__init__()
        self.path, self.means, self.deviations = path, means, deviations

    def told_of(self, label: Tensor, domain: Tensor) -> Tensor:
        """Label and domain themselves."""
        return torch.stack((label, domain.float()), 1)

    def forward(self, heard: Tensor, told: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """E[noise - data | noisy] of a straight path; what is to be added to the data of an EDM."""
        label, domain = told[:, 0], told[:, 1].long()
        level = (label * 0.25 if self.path == STRAIGHT else (label * 4.0).exp())[:, None, None]
        mean, variance = self.means[domain][:, None], self.deviations[domain][:, None].square()
        keep = 1.0 - level if self.path == STRAIGHT else torch.ones_like(level)
        scale = (keep.square() + level.square()).sqrt()
        x = heard * scale
        total = keep.square() * variance + level.square()
        data = mean + keep * variance / total * (x - keep * mean)
        if self.path == STRAIGHT:
            noise = level / total * (x - keep * mean)
            return noise - data, state
        return (data - x / (level.square() + 1.0)) * (level.square() + 1.0).sqrt() / level, state


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["heun", "midpoint"])
def test_gaussians_are_carried_over_as_the_closed_form_says(path: str, method: str) -> None:
    """Through pure noise, one Gaussian becomes another as the shortest way has it."""
    means, deviations = (
        torch.tensor([[0.5, -1.0], [-0.2, 0.3]]),
        torch.tensor([[1.2, 0.5], [0.7, 0.9]]),
    )
    net = GaussianNet(path, means, deviations)
    level = 1.0 if path == STRAIGHT else 500.0
    x = means[0] + deviations[0] * torch.randn(1, 40, 2, generator=torch.Generator().manual_seed(0))
    ways = torch.zeros(1, dtype=torch.long)

    def missed(steps: int) -> float:
        bridge = NoiseBridge(net, path, level, steps, method)
        made, _ = bridge(x, torch.zeros(1, 0), ways, ways + 1)
        back, _ = bridge(made, torch.zeros(1, 0), ways + 1, ways)
        assert float((back - x).abs().max()) < 1.0
        return float((made - wanted).abs().max())

    matrix = transport_matrix(torch.diag(deviations[0] ** 2), torch.diag(deviations[1] ** 2))
    wanted = (x - means[0]) @ matrix + means[1]
    assert missed(64) < 0.02
    assert missed(64) < 0.3 * missed(24)  # of the second order


@pytest.mark.parametrize("path", PATHS)
def test_from_a_domain_to_itself_nothing_changes(path: str) -> None:
    """Up and down the same flow misses less with every step, and the cycle is its measure."""
    torch.manual_seed(1)
    net = SequenceNet(3, 2, hidden_dims=8, dilations=(1, 2)).eval()
    x, ways = torch.randn(2, 30, 3), torch.zeros(2, dtype=torch.long)

    def missed(steps: int) -> float:
        bridge = NoiseBridge(net, path, level_of_sigma(path, 1.0), steps, "heun")
        with torch.no_grad():
            made, _ = bridge(x, torch.zeros(2, bridge.state_size), ways, ways)
        return float((made - x).square().mean())

    assert missed(32) < 1e-6
    assert missed(32) < 0.05 * missed(4)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["heun", "midpoint"])
def test_guidance_moves_gaussians_away_from_each_other(path: str, method: str) -> None:
    """Of equal deviations they are as Gaussians of means further apart; there and back is home."""
    means, guidance = torch.tensor([[0.5, -1.0], [-0.2, 0.3]]), 0.4
    net = GaussianNet(path, means, torch.ones(2, 2))
    level = 1.0 if path == STRAIGHT else 500.0
    x = means[0] + torch.randn(1, 40, 2, generator=torch.Generator().manual_seed(0))
    ways, nothing = torch.zeros(1, dtype=torch.long), torch.zeros(1, 0)
    bridge = NoiseBridge(net, path, level, 128, method, guidance=guidance)
    made, _ = bridge(x, nothing, ways, ways + 1)
    wanted = x + (1.0 + 2.0 * guidance) * (means[1] - means[0])
    assert float((made - wanted).abs().max()) < 0.03
    back, _ = bridge(made, nothing, ways + 1, ways)
    assert float((back - x).abs().max()) < 0.03
    stayed, _ = bridge(x, nothing, ways, ways)
    plain, _ = NoiseBridge(net, path, level, 128, method)(x, nothing, ways, ways)
    assert torch.allclose(stayed, plain, atol=1e-4)


def test_transport_matrix() -> None:
    """It carries one covariance to the other, is symmetric, and identity between equals."""
    chance = torch.Generator().manual_seed(0)
    roots = torch.randn(2, 5, 5, generator=chance)
    a, b = roots @ roots.transpose(1, 2) + 0.1 * torch.eye(5)
    matrix = transport_matrix(a, b)
    assert torch.allclose(matrix.T @ a @ matrix, b, atol=1e-4)
    assert torch.allclose(matrix, matrix.T, atol=1e-5)
    assert torch.allclose(transport_matrix(a, a), torch.eye(5), atol=1e-5)


def test_matches_are_the_nearest_of_the_same_class() -> None:
    """Classes are never mixed; too few candidates are repeated; none is none."""
    kinds = torch.tensor([[0.0], [1.0], [5.0]])
    others = torch.tensor([[0.9], [0.1], [7.0], [4.0]])
    found = matches(
        torch.tensor([1, 1, 3]), kinds, torch.tensor([1, 1, 2, 1]), others, count=2, seed=0
    )
    assert found.tolist() == [[1, 0], [0, 1], [NONE, NONE]]
    single = matches(torch.tensor([2]), kinds[:1], torch.tensor([1, 1, 2, 1]), others, 3, 0)
    assert single.tolist() == [[2, 2, 2]]


@pytest.mark.parametrize("sizes", [[1] * 24, [5, 7, 12], [24]])
def test_blocks_equal_the_whole_bit_for_bit(sizes: list[int]) -> None:
    """Whatever the blocks, and in TorchScript as well."""
    torch.manual_seed(0)
    translator = Translator(4, 3, context=5, hidden_dims=16)
    nn.init.normal_(translator.output.weight)
    nets = [SequenceNet(4, 3, 16, dilations=(1, 2, 4), hears=sides) for sides in SIDES]
    bridges = [NoiseBridge(net, EDM, 2.0, 2, "midpoint") for net in nets]
    late = NoiseBridge(nets[1], STRAIGHT, 0.7, 1, "heun", guidance=0.3)
    guided = NoiseBridge(nets[0], STRAIGHT, 0.7, 2, "midpoint", guidance=0.3)
    x, ways = torch.randn(2, 24, 4), torch.tensor([0, 2])
    for module in (translator, *bridges, late, guided):
        scripted = torch.jit.script(module.eval())
        with torch.no_grad():
            state = torch.zeros(2, module.state_size)
            whole, last = module(x, state, ways, ways.flip(0))
            parts = []
            for part in x.split(sizes, 1):
                made, state = scripted(part, state, ways, ways.flip(0))
                parts.append(made)
        assert torch.equal(torch.cat(parts, 1), whole)
        assert torch.equal(state, last)


def test_nothing_is_heard_of_the_future() -> None:
    """An output depends on `reach` frames before its own and on none after."""
    torch.manual_seed(0)
    net = SequenceNet(2, 1, hidden_dims=8, dilations=(1, 2))
    x = torch.randn(1, 20, 2, requires_grad=True)
    told = net.told_of(torch.zeros(1), torch.zeros(1, dtype=torch.long))
    y, _ = net(x, told, torch.zeros(1, net.state_size))
    (gradient,) = torch.autograd.grad(y[0, 12].sum(), x)
    heard = gradient[0].abs().sum(1).nonzero()[:, 0]
    assert heard.max() == 12
    assert heard.min() == 12 - net.reach


@pytest.mark.parametrize("method", ["heun", "midpoint"])
@pytest.mark.parametrize("path", PATHS)
def test_what_hears_both_sides_comes_late_and_at_its_own_frame(path: str, method: str) -> None:
    """In a stream each evaluation waits for the net; at once, all of a sound is moved together."""
    torch.manual_seed(0)
    net = SequenceNet(3, 2, hidden_dims=8, dilations=(1, 2), hears=BOTH).eval()
    assert net.delay == 3
    level = level_of_sigma(path, 1.0)
    bridge = NoiseBridge(net, path, level, 2, method).eval()
    assert bridge.delay == 8 * net.delay
    x, ways = torch.randn(1, 90, 3), torch.zeros(1, dtype=torch.long)

    def slope(y: Tensor, at: float, domain: int) -> Tensor:
        of = slope_at(path, at)
        told = net.told_of(net_label(path, torch.tensor([at])), ways + domain)
        heard = nn.functional.pad(y * of.heard, (0, 0, 0, net.delay))
        said, _ = net(heard, told, torch.zeros(1, net.state_size))
        return y * of.kept + said[:, net.delay :] * of.said

    levels, wanted = levels_between(path, level, 2), x
    with torch.no_grad():
        for domain, side in ((0, levels), (1, levels[::-1])):
            for here, there in pairwise(side):
                span, first = there - here, slope(wanted, here, domain)
                if method == "heun":
                    other = slope(wanted + span * first, there, domain)
                    wanted = wanted + 0.5 * span * (first + other)
                else:
                    middle = wanted + 0.5 * span * first
                    wanted = wanted + span * slope(middle, 0.5 * (here + there), domain)
        after = nn.functional.pad(x, (0, 0, 0, bridge.delay))
        made, _ = bridge(after, torch.zeros(1, bridge.state_size), ways, ways + 1)
    # At its ends a sound has neighbours that no stream can know as nothing.
    inner = slice(bridge.delay, 90 - bridge.delay)
    assert torch.allclose(made[:, bridge.delay :][:, inner], wanted[:, inner], atol=1e-5)


@pytest.mark.parametrize("frames", [12, 5, 1])
def test_coupled_noise_lies_nearer_and_is_the_same_noise(frames: int) -> None:
    """Of all orders of pieces within a domain it is the best; nothing but the order changes."""
    x, noise = torch.randn(2, 6, 12, 3, generator=torch.Generator().manual_seed(0))
    domain = torch.tensor([0, 1, 0, 1, 0, 1])
    found = coupled(x, noise, domain, frames)
    assert float((x - found).square().sum()) < 0.95 * float((x - noise).square().sum())
    whole = 12 // frames * frames
    for value in (0, 1):
        pieces = [
            {tuple(row) for row in of[domain == value, :whole].reshape(-1, frames * 3).tolist()}
            for of in (noise, found)
        ]
        assert pieces[0] == pieces[1]
    assert torch.equal(found[:, whole:], noise[:, whole:])


def test_coupled_noise_is_in_the_best_order_there_is() -> None:
    """Against all orders of four windows."""
    x, noise = torch.randn(2, 4, 5, 2, generator=torch.Generator().manual_seed(1))
    found = coupled(x, noise, torch.zeros(4, dtype=torch.long), 5)
    costs = [float((x - noise[list(order)]).square().sum()) for order in permutations(range(4))]
    assert float((x - found).square().sum()) == pytest.approx(min(costs), rel=1e-6)


def test_a_translator_adds_nothing_before_it_learns() -> None:
    """So an untrained bridge is the shortest way of Gaussians."""
    translator = Translator(4, 2)
    made, _ = translator(
        torch.randn(1, 9, 4), torch.zeros(1, translator.state_size), *torch.zeros(2, 1).long()
    )
    assert not made.any()


def sigma_of_level(path: str, level: float) -> float:
    """The inverse of `level_of_sigma`; infinity at the end of a straight path."""
    if path == EDM:
        return level
    return level / (1.0 - level) if level < 1.0 else math.inf


@pytest.mark.parametrize("path", PATHS)
def test_levels(path: str) -> None:
    """They begin at the data, end at the level, and go the same way back."""
    level = level_of_sigma(path, 2.3)
    assert sigma_of_level(path, level) == pytest.approx(2.3)
    levels = levels_between(path, level, 5)
    assert len(levels) == 6
    assert levels[0] == pytest.approx(0.0 if path == STRAIGHT else LEAST_SIGMA)
    assert levels[-1] == pytest.approx(level)
    assert levels == sorted(levels)
    assert math.isinf(sigma_of_level(STRAIGHT, 1.0))


@pytest.mark.parametrize("path", PATHS)
def test_a_net_that_knows_the_noise_misses_nothing(path: str) -> None:
    """What is minimised is 0 for the truth, and what is heard of unit noise and data is unit."""
    chance = torch.Generator().manual_seed(0)
    x, noise = torch.randn(2, 200, 500, 4, generator=chance)
    level = torch.full((200,), level_of_sigma(path, 0.7))
    mixed = noisy(path, x, noise, level)
    assert float(net_input(path, mixed, level).std()) == pytest.approx(1.0, abs=0.01)
    truth = noise - x
    if path == EDM:
        part = 0.7**2 + 1.0
        truth = (x - mixed / part) * math.sqrt(part) / 0.7
        assert torch.allclose(denoised(mixed, level, truth), x, atol=1e-4)
    assert float(mistakes(path, x, noise, level, truth).max()) < 1e-6
    slope = slope_at(path, float(level[0]))
    assert torch.allclose(net_input(path, mixed, level), mixed * slope.heard, atol=1e-5)
    expected = noise - x if path == STRAIGHT else noise
    assert torch.allclose(mixed * slope.kept + truth * slope.said, expected, atol=1e-3)
