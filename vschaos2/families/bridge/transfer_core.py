"""The signal path of files through a bridge, block by block, every channel by itself.

sound ─> analysis ─> transposition ─> encoder ─> a way ─> decoder ─> level ─> recovered phase

A way that hears what is yet to come has gone over all of a sound before the first of it is played:
latents are few beside samples, and can be kept.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.transposition import transposed
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.level import as_loud
from vschaos2.families.bridge.ways import Way
from vschaos2.families.vae.projection import PROJECTIONS, own_axes
from vschaos2.families.vae.signal_path import BLOCK_FRAMES, OFFLINE, OfflineCore

Samples = npt.NDArray[np.float32]


class TransferCore(OfflineCore):
    """A VAE's signal path, in which latents of one instrument become another's.

    What leaves is as loud, frame by frame, as what arrived: latents that were carried over know of
    loudness only what their way has kept.

    Args:
        bridge: the trained model.
        way: that is gone.
        source: number of the instrument that is heard.
        target: number of the one that is played.
        semitones: that what is heard is raised by, first of all.
        inversion: phase recovery, one of `dsp.inversion_modes.MODES` or "offline".
    """

    def __init__(
        self,
        bridge: BridgeModel,
        way: Way,
        source: int,
        target: int,
        semitones: float,
        inversion: str,
    ) -> None:
        vae = bridge.vae
        mode = inversion if inversion in MODES else "eco"
        axes = dict.fromkeys(PROJECTIONS, own_axes(vae.latent_dim))
        super().__init__(
            *(vae, axes, vae.latent_dim, mode, "eco"), for_files=True, texture=vae.texture
        )
        if inversion == OFFLINE:
            self.forward_inversion.configure_offline()
        self.way, self.source, self.target, self.semitones = way, source, target, semitones
        self.ahead: Tensor | None = None
        self.eval()

    def forget(self) -> None:
        """What its way has heard, too."""
        self.way.reset()

    def sample(self, magnitude: Tensor) -> Tensor:
        """Latents of magnitudes, raised: [N, K] → [N, Z]."""
        return super().sample(transposed(magnitude, self.semitones))

    def carried(self, latent: Tensor, batch: int) -> Tensor:
        """What is decoded: latents as another instrument's, [B·F, Z] → [B·F, Z]."""
        heard = latent.reshape(batch, len(latent) // batch, latent.shape[1])
        if self.ahead is None:
            return self.way(heard, self.source, self.target).reshape(latent.shape)
        here, self.ahead = self.ahead.tensor_split([heard.shape[1]], 1)
        return here.reshape(latent.shape)

    def levelled(self, magnitude: Tensor, given: Tensor) -> Tensor:
        """What is played, as loud as what was heard: [B, F, K], [B, F, K] → [B, F, K]."""
        return as_loud(magnitude, given, magnitude.new_ones(magnitude.shape[1]))

    @torch.inference_mode()
    def through(self, opened: Callable[[], Iterator[Samples]]) -> Iterator[Samples]:
        """A sound without the delay, with its tail, in blocks [T, C].

        Args:
            opened: begins to read the sound, in blocks [T, C]; called twice where the way hears
                what is yet to come.
        """
        self.ahead = None
        if self.way.delay:
            self.reset()
            latents = [self._latents(part) for part in self._parts(opened())]
            if latents:
                self.ahead = self.way.whole(torch.cat(latents, 1), self.source, self.target)
        self.reset()
        skip = self.forward_delay()
        for part in self._parts(opened()):
            made = self.forward(part)[:, 0].numpy().T
            yield made[skip:]
            skip = max(0, skip - len(made))

    def _latents(self, part: Tensor) -> Tensor:
        magnitude = self.forward_analysis(part[:, 0]).abs()
        batch, count, bins = magnitude.shape
        return self.sample(magnitude.reshape(batch * count, bins)).reshape(batch, count, -1)

    def _parts(self, blocks: Iterator[Samples]) -> Iterator[Tensor]:
        """A sound, and the silence that pushes its last samples out: parts [C, 1, T]."""
        unit = BLOCK_FRAMES * self.hop
        held: Samples | None = None
        for block in blocks:
            held = block if held is None else np.concatenate((held, block))
            while len(held) > unit:
                yield _channels_first(held[:unit])
                held = held[unit:]
        if held is None:
            return
        missing = -(len(held) + self.forward_delay()) % self.hop
        held = np.pad(held, ((0, self.forward_delay() + missing), (0, 0)))
        for first in range(0, len(held), unit):
            yield _channels_first(held[first : first + unit])


def _channels_first(block: Samples) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(block.T))[:, None]
