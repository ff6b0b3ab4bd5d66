"""The signal path of a bridge: that of its VAE, carried over from one instrument to another.

    encode     sound ─> analysis ─> transposition ─> encoder ─> player's axes
    translate  player's axes ─> as another instrument's ─> player's axes
    decode     player's axes ─> decoder ─> phase recovery ─> sound
    forward    sound ─> analysis ─> transposition ─> encoder ─> as another's ─> decoder ─> level
               ─> recovery ─> sound

How much is carried over is `amount`: at 0 everything is as the VAE has it, bit for bit. What is
carried over is as loud, frame by frame, as what is heard: translated latents know of loudness only
what pairs of recordings taught, and would lose dynamics.
"""

import torch
from torch import Tensor

from vschaos2.dsp.state import State
from vschaos2.dsp.transposition import transposed
from vschaos2.families.bridge.glide import Glide
from vschaos2.families.bridge.level import as_loud
from vschaos2.families.bridge.live_way import LiveWay
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.projection import LatentAxes
from vschaos2.nets.layers import padded_rows


class BridgeCore(InstrumentCore):
    """A trained bridge as four streaming methods.

    Args:
        way: how latents are carried over.
        axes: the player's axes for every name in `PROJECTIONS`.
        latent_dims: number of axes shown; the others stay at the mean of the training data.
        source: number of the instrument that is heard.
        target: number of the one that is played.
        mode: phase of `forward`, and of `decode` unless that is "keep_input".
        texture: as `InstrumentCore`.
        rate_hz: as `InstrumentCore`.
    """

    def __init__(
        self,
        way: LiveWay,
        axes: dict[str, LatentAxes],
        latent_dims: int,
        source: int,
        target: int,
        mode: str = "live",
        texture: float | None = None,
        rate_hz: int | None = None,
    ) -> None:
        super().__init__(
            *(way.model.vae, axes, latent_dims, mode, mode),
            is_hosted=True,
            texture=texture,
            rate_hz=rate_hz,
        )
        self.way = way
        self.source, self.target = source, target
        self.dynamics, self.semitones = 1.0, 0.0
        self.forward_amount, self.translate_amount = Glide(1.0), Glide(1.0)
        self.forward_past, self.translate_past = State(way.state_size), State(way.state_size)

    @torch.jit.export
    def set_amount(self, amount: float) -> None:
        """How much is carried over, 0 to 1, reached within a few frames."""
        self.forward_amount.goal = amount
        self.translate_amount.goal = amount

    @torch.jit.export
    def set_dynamics(self, dynamics: float) -> None:
        """Whose loudness is played: from the target's own (0) to that of what is heard (1)."""
        self.dynamics = dynamics

    @torch.jit.export
    def set_transpose(self, semitones: float) -> None:
        """How much higher what arrives is heard."""
        self.semitones = semitones

    @torch.jit.export
    def set_way(self, source: int, target: int) -> None:
        """From which instrument to which, by their numbers."""
        self.source, self.target = source, target

    @torch.jit.export
    def translate(self, axes: Tensor) -> Tensor:
        """The player's axes of one instrument as another's.

        Shape: [B, latent_dims, F] → [B, latent_dims, F].
        """
        batch, dims, count = axes.shape
        played = self.within_limits(axes)
        latent = self.latent_at(padded_rows(played))[: batch * count]
        past = self.translate_past.recall(batch)
        heard = latent.reshape(batch, count, -1)
        moved, past = self.gone(heard, past)
        self.translate_past.keep(past)
        there = self.axes_of(padded_rows(moved.reshape(batch * count, -1)))[: batch * count, :dims]
        amount = self.translate_amount(count)[None, :, None]
        given = played.reshape(batch, count, dims)
        mixed = torch.lerp(given, there.reshape(batch, count, dims), amount.expand_as(given))
        return mixed.transpose(1, 2)

    def frames_of(self, magnitude: Tensor) -> Tensor:
        """What the model hears of magnitudes, transposed: [N, K] → [N, features]."""
        return self.transform.to_frames(transposed(magnitude, self.semitones))

    def gone(self, heard: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Latents at the other end of the way, [B, F, Z], and the state after them.

        A few frames at a time, so that their numbers do not depend on the block they come in; see
        `FramePath`.
        """
        rows = heard.shape[0] * self.way.rows_per_frame
        if rows * heard.shape[1] <= self.most_rows:
            moved, past = self.way(heard, past, self.source, self.target)
            return moved, past
        made: list[Tensor] = []
        for few in heard.split(max(1, self.most_rows // rows), 1):
            moved, past = self.way(few, past, self.source, self.target)
            made.append(moved)
        return torch.cat(made, 1), past

    def carried(self, latent: Tensor, batch: int) -> Tensor:
        """What `forward` decodes: latents as another instrument's, [B·F, Z] → [B·F, Z]."""
        past = self.forward_past.recall(batch)
        heard = latent.reshape(batch, len(latent) // batch, latent.shape[1])
        moved, past = self.gone(heard, past)
        self.forward_past.keep(past)
        amount = self.forward_amount(heard.shape[1])
        if self.forward_amount.is_even and self.forward_amount.reached == 1.0:
            return moved.reshape(latent.shape)
        weight = amount[None, :, None].expand_as(heard)
        return torch.lerp(heard, moved, weight).reshape(latent.shape)

    def levelled(self, magnitude: Tensor, given: Tensor) -> Tensor:
        """What is carried over is as loud as what is heard: [B, F, K], [B, F, K] → [B, F, K]."""
        part = self.forward_amount.last
        if self.dynamics != 1.0:
            part = part * self.dynamics
        return as_loud(magnitude, given, part)
