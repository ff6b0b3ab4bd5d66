"""The transform on blocks: state, reset, delay.

The maths is `gabor.py`'s; what stands here is only what must be remembered from one block to the
next. A block is any multiple of the hop, from one hop up, and the blocks joined equal the whole
bit for bit, since every frame is computed from the same samples by the same operations.
"""

import torch
from torch import Tensor

from vschaos2.dsp.framing import dual_window, gaussian_window
from vschaos2.dsp.gabor import analyse, synthesise
from vschaos2.dsp.state import State, Stateful

INPUT_LIMIT = 1e4  # 80 dB above full scale: louder input is a fault of the host


class StreamingAnalysis(Stateful):
    """Blocks of samples to Gabor coefficients: one frame per hop.

    Frame f of the stream ends with the newest sample of hop f, so nothing is waited for. Before
    the first block the signal is taken as zero.

    Args:
        n_fft: window length in samples.
        hop: hop in samples, a divisor of n_fft.

    Shape: [B, F·hop] → complex [B, F, K].
    """

    window: Tensor

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.hop = hop
        self.input_limit = INPUT_LIMIT
        self.register_buffer("window", gaussian_window(n_fft).float(), persistent=False)
        self.history = State(n_fft - hop)  # the newest samples

    def forward(self, block: Tensor) -> Tensor:
        """Coefficients of the frames that end in this block.

        NaN and infinities count as silence, so that one bad block from the host cannot stay in
        the history.
        """
        clean = torch.nan_to_num(block, 0.0, 0.0, 0.0).clamp(-self.input_limit, self.input_limit)
        joined = torch.cat((self.history.recall(block.shape[0]), clean), -1)
        self.history.keep(joined[:, block.shape[1] :].clone())
        return analyse(joined, self.window, self.hop)


class StreamingSynthesis(Stateful):
    """Gabor coefficients to samples: one hop per frame.

    What leaves is the analysed signal, n_fft - hop samples late: a sample is complete once the
    last frame that covers it has arrived.

    Args:
        n_fft: window length in samples.
        hop: hop in samples, a divisor of n_fft.

    Shape: complex [B, F, K] → [B, F·hop].
    """

    dual: Tensor

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.hop = hop
        self.delay_samples = n_fft - hop
        dual = dual_window(gaussian_window(n_fft), hop)
        self.register_buffer("dual", dual.float(), persistent=False)
        self.tail = State(n_fft - hop)  # samples that wait for frames to come

    def forward(self, coefficients: Tensor) -> Tensor:
        """The samples that this block of frames completes."""
        batch, count = coefficients.shape[0], coefficients.shape[1]
        total = synthesise(coefficients, self.dual, self.hop)
        total[:, : self.n_fft - self.hop] += self.tail.recall(batch)
        self.tail.keep(total[:, count * self.hop :].clone())
        return total[:, : count * self.hop]
