"""Units begin with memories that are spread, each as long as its gate says."""

import numpy as np
import pytest
import torch
from torch import nn

from vschaos2.nets.memories import spread_memories

RATE = 8_000


def alone(units: nn.LSTM | nn.GRU) -> nn.LSTM | nn.GRU:
    """Units that hear neither each other nor the sound: what is left is their memory."""
    for name, weight in units.named_parameters():
        if "weight" in name:
            weight.data.zero_()
    return units


@torch.no_grad()
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_unit_falls_to_a_part_of_e_within_its_memory(kind):
    units = alone(kind(1, 5, 2, batch_first=True))
    spread_memories(units, RATE)
    for of in ("ih", "hh"):
        for layer in range(2):  # nothing new is taken in
            getattr(units, f"bias_{of}_l{layer}")[10:15] = 0.0
    state, kept = torch.ones(2, 1, 5), []
    for _ in range(RATE // 50):
        heard = (torch.zeros_like(state), state) if kind is nn.LSTM else state
        _, after = units(torch.zeros(1, 1, 1), heard)
        state = after[1] if kind is nn.LSTM else after
        kept.append(state[:, 0].numpy())
    memory = np.geomspace(2.0, 0.02 * RATE, 5)
    due = (1.0 - 1.0 / memory) ** np.arange(1, RATE // 50 + 1)[:, None]
    for layer in range(2):
        np.testing.assert_allclose(np.stack(kept)[:, layer], due, atol=1e-4)


@torch.no_grad()
def test_what_is_new_is_taken_in_as_slowly_as_it_is_forgotten():
    units = nn.LSTM(1, 4)
    spread_memories(units, RATE)
    gates = torch.sigmoid(units.bias_ih_l0 + units.bias_hh_l0)
    torch.testing.assert_close(gates[:4], 1.0 - gates[4:8])
