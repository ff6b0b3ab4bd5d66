"""Compiled responses: those of plain formulae, written out here, and slopes by differences."""

import cmath
import math

import pytest
import torch

from vschaos2.processors.closed_forms import echo, room, sections, turns

RATE = 44_100.0
HZ = torch.tensor([0.0, 50.0, 997.0, 8_000.0, 20_000.0], dtype=torch.float64)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def drawn(*shape: int, least: float = 0.1, most: float = 0.9) -> torch.Tensor:
    return least + (most - least) * torch.rand(*shape, dtype=torch.float64)


def test_a_room_is_the_inverse_of_its_matrix():
    """s = (D⁻¹ - I + k 1 1ᵀ)⁻¹ b, solved at each frequency, and heard through c."""
    gain, a, b = drawn(1, 3), drawn(1, 3), torch.randn(1, 3, dtype=torch.float64)
    c = torch.randn(1, 2, 3, dtype=torch.float64)
    samples = (1, 31, 40, 57)
    found = room(gain, a, b, c, turns(HZ, RATE, samples))[0]
    for k, hz in enumerate(HZ.tolist()):
        z = [cmath.exp(-2j * math.pi * hz / RATE * m) for m in samples]
        d = torch.tensor(
            [float(gain[0, n] * a[0, n]) * z[n + 1] / (1.0 - (1.0 - float(a[0, n])) * z[0])
             for n in range(3)]
        )  # fmt: skip
        d = d.to(torch.complex128)
        matrix = torch.diag(1.0 / d - 1.0) + 2.0 / 3.0
        s = torch.linalg.solve(matrix, b[0].to(torch.complex128))
        torch.testing.assert_close(found[:, k], c[0].to(torch.complex128) @ s)


def test_echoes_are_a_geometric_series():
    """With weights on one sample alone, odd ones are E, f² E³, …, even ones f E², f³ E⁴, …"""
    a, f = drawn(1), drawn(1)
    weights = torch.tensor([[0.0, 1.0, 0.0, 0.0]], dtype=torch.float64)
    odd, even = echo(a, f, weights, turns(HZ, RATE, (1, 199)))[0]
    z = torch.exp(-2j * math.pi * HZ / RATE)
    once = z**200 * a / (1.0 - (1.0 - a) * z)
    torch.testing.assert_close(odd, sum(f ** (n - 1) * once**n for n in range(1, 800, 2)))
    torch.testing.assert_close(even, sum(f ** (n - 1) * once**n for n in range(2, 800, 2)))


def test_sections_in_series_are_multiplied():
    c = 0.4 * torch.randn(2, 3, 9, dtype=torch.float64)
    found = sections(c, turns(HZ, RATE, (1,))[0])
    z = torch.exp(2j * math.pi * HZ / RATE)
    for row in range(2):
        wanted = torch.ones_like(z)
        for m in range(3):
            at = c[row, m].to(torch.complex128)
            states = torch.linalg.solve(
                z[:, None, None] * torch.eye(2) - at[:4].reshape(2, 2), at[4:6, None]
            )
            wanted = wanted * (at[8] + (at[6:8] * states[..., 0]).sum(1))
        torch.testing.assert_close(found[row], wanted)


def test_slopes_are_those_of_differences():
    lines, echoes = turns(HZ, RATE, (1, 31, 40, 57)), turns(HZ, RATE, (1, 99, 120))
    given = (drawn(2, 3), drawn(2, 3), torch.randn(2, 3).double(), torch.randn(2, 2, 3).double())
    assert torch.autograd.gradcheck(
        lambda *x: room(*x, lines), [each.requires_grad_() for each in given]
    )
    given = (drawn(2), drawn(2), 0.3 * torch.randn(2, 4).double())
    assert torch.autograd.gradcheck(
        lambda *x: echo(*x, echoes), [each.requires_grad_() for each in given]
    )
    c = (0.4 * torch.randn(2, 3, 9)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: sections(x, lines[0]), (c,))
