"""A turn of all phases by one angle.

No causal filter turns all phases alike and delays nothing. Two chains of all-passes whose phases
differ by 90° over the whole band come near: p is the sound through the one, q, which lags, through
the other, and

    y = cos φ p - sin φ q

is p turned by φ. At φ = 0 all magnitudes are those of the sound, its phases those of p.
"""

import math

import torch
from scipy.special import ellipj, ellipk
from torch import Tensor

from vschaos2.parts import part
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.processor import Ramped
from vschaos2.processors.recursion import block_matrices, cascade, cascade_blocks
from vschaos2.processors.svf import sections_response

SECTIONS = 12  # all-passes, half of them in each chain
LOWEST_HZ = 20.0  # from here to as far below half the sample rate the phases differ by 90°


@part("processor", "phase_shift")
class PhaseShift(Ramped):
    """A turn of -180° to 180°."""

    is_linear = True
    leading: Tensor
    lagging: Tensor

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        self.n_states = (SECTIONS, SECTIONS + 2)
        physical = (Parameter("phase_deg", "°", -180, 180, 0),)
        super().__init__(sample_rate, channels, physical, memory=channels * (2 * SECTIONS + 2))
        leading, lagging = quadrature(LOWEST_HZ / sample_rate)
        self.register_buffer("leading", leading, persistent=False)
        self.register_buffer("lagging", lagging, persistent=False)
        self.matrices = [block_matrices(each) for each in (leading, lagging)]
        self.sizes = [SECTIONS, SECTIONS + 2]

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        before = torch.split(memory.reshape(x.shape[0], self.channels, -1), self.sizes, 2)
        p, first = self._chain(x.double(), self.leading, 0, before[0])
        q, second = self._chain(x.double(), self.lagging, 1, before[1])
        angle = values * (math.pi / 180.0)
        y = torch.cos(angle) * p - torch.sin(angle) * q
        return y.to(x.dtype), torch.cat((first, second), 2).flatten(1)

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """Its response. Shape: [B, 1], [K] in Hz → complex [B, K]."""
        p, q = (
            sections_response(each, frequencies, self.sample_rate)
            for each in (self.leading, self.lagging)
        )
        angle = values.double() * (math.pi / 180.0)
        return torch.cos(angle) * p - torch.sin(angle) * q

    def _chain(self, x: Tensor, sections: Tensor, n: int, state: Tensor) -> tuple[Tensor, Tensor]:
        batch = x.shape[0]
        if not torch.jit.is_scripting():
            return cascade(x, sections.expand(batch, -1, -1), state)
        matrices = [m.expand(batch, m.shape[1], m.shape[2]) for m in self.matrices[n]]
        return cascade_blocks(x, matrices, state)


def quadrature(lowest: float) -> tuple[Tensor, Tensor]:
    """Two chains of all-passes whose phases differ by 90°.

    An elliptic half-band filter is the sum of two chains of all-passes in z² and a delay (R. A.
    Valenzuela, A. G. Constantinides, "Digital signal processing schemes for efficient interpolation
    and decimation", 1983). Turned by a quarter of the circle, z² → -z², its pass band becomes the
    positive frequencies: there the chains differ by 90°. With the modulus k that the edge of the
    band sets, and sn, cn, dn at 2 K c / (2 n + 1), the c-th coefficient of n is

        (1 - x) / (1 + x),   x = cn dn / (1 + k sn²).

    Args:
        lowest: frequency from which they do, in cycles per sample.

    Shape: → [1, M, 9], [1, M + 1, 9], sections as `recursion.cascade` wants them.
    """
    k = math.tan((1.0 - 4.0 * lowest) * math.pi / 4.0) ** 2
    quarter = ellipk(k * k)
    chains: tuple[list[list[float]], list[list[float]]] = ([], [])
    for c in range(1, SECTIONS + 1):
        sn, cn, dn, _ = ellipj(2.0 * quarter * c / (2 * SECTIONS + 1), k * k)
        x = cn * dn / (1.0 + k * sn * sn)
        a = float((1.0 - x) / (1.0 + x))
        # (a - z⁻²) / (1 - a z⁻²): of w = x + a w₋₂, y = a w - w₋₂.
        chains[1 - c % 2].append([0, a, 1, 0, 1, 0, 0, a * a - 1.0, a])
    delay = [0.0, 0, 0, 0, 1, 0, 1, 0, 0]
    both = (chains[0], [*chains[1], delay])
    leading, lagging = (torch.tensor([each], dtype=torch.float64) for each in both)
    return leading, lagging
