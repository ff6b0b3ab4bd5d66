"""How long the units of a recurrent network remember before it has learnt anything.

A gate that keeps 1 - 1/T of a unit at every step lets it remember for T steps. Gates that begin
half open make all memories two samples long, and what a circuit remembers for milliseconds lies far
from there. So the units begin with memories spread evenly on a logarithmic scale, from two samples
to 20 ms, and take in as little of what is new as they forget: gates, before their logistic
function, at log(T - 1) and its negative.

Source: Tallec & Ollivier (2018), "Can recurrent neural networks warp time?", who draw T at random.
"""

import math

import torch
from torch import nn

SHORTEST, LONGEST_S = 2.0, 0.02


@torch.no_grad()
def spread_memories(units: nn.LSTM | nn.GRU, rate_hz: int) -> None:
    """Let the units of every layer begin with memories from two samples to 20 ms.

    Args:
        units: gates in the order of PyTorch: input, forget, cell, output; or reset, update, new.
        rate_hz: steps a second.
    """
    size = units.hidden_size
    longest = max(SHORTEST, LONGEST_S * rate_hz)
    memory = torch.logspace(math.log10(SHORTEST), math.log10(longest), size)
    keeping = torch.log(memory - 1.0)
    gates = (-keeping, keeping) if isinstance(units, nn.LSTM) else (None, keeping)
    for layer in range(units.num_layers):
        inputs, states = (getattr(units, f"bias_{of}_l{layer}") for of in ("ih", "hh"))
        for number, gate in enumerate(gates):
            if gate is not None:
                here = slice(number * size, (number + 1) * size)
                inputs[here], states[here] = gate, 0.0
