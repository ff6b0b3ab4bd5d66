"""One way from instrument to instrument, in blocks: what a host plays of a bridge."""

import torch
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.ways import (
    AFFINE,
    BRIDGE,
    MOST_GUIDANCE,
    TRANSLATOR,
    USUAL_GUIDANCE,
    USUAL_SIGMA,
    USUAL_STEPS,
    ways_of,
)
from vschaos2.flows.noise_bridge import NoiseBridge
from vschaos2.flows.paths import LEAST_SIGMA, MOST_SIGMA, level_of_sigma
from vschaos2.ranges import check_count, check_number

MOST_STEPS = 16
LIVE_WAYS = (TRANSLATOR, BRIDGE, AFFINE)  # noise on what is heard makes no performance


class LiveWay(nn.Module):
    """A model's way of translating, with the numbers that belong to it.

    Args:
        model: the trained bridge.
        noise: the way through noise; None for the one that `BridgeModel.translate` goes.
        is_learnt: without noise, whether a translator is asked, or the affine map is all.

    Attributes:
        state_size: numbers carried from block to block, S.
        rows_per_frame: of all that is worked out together.
        name: one of `LIVE_WAYS`.

    Shape: latents [B, F, Z], state [B, S] → latents [B, F, Z], state [B, S]. Blocks joined equal
        the whole, bit for bit. From an instrument to itself latents stay as they are.
    """

    def __init__(
        self, model: BridgeModel, noise: NoiseBridge | None = None, is_learnt: bool = True
    ) -> None:
        super().__init__()
        self.model, self.noise = model, noise
        self.is_learnt = is_learnt and model.translator is not None
        self.name = TRANSLATOR if self.is_learnt else AFFINE
        self.state_size = model.state_size if self.is_learnt else 0
        self.rows_per_frame = 1
        if noise is not None:
            self.state_size = noise.state_size
            self.rows_per_frame = noise.rows_per_frame
            self.name = BRIDGE

    def forward(
        self, latents: Tensor, state: Tensor, source: int, target: int
    ) -> tuple[Tensor, Tensor]:
        """Latents of one instrument as another's, and the state after them."""
        if self.noise is None and self.is_learnt:
            moved, state = self.model.translate(latents, state, source, target)
            return moved, state
        x = self.model.standardised(latents)
        if self.noise is None:
            made = self.model.transported(x, source, target)
        else:
            ways = torch.zeros(len(x), dtype=torch.long, device=x.device)
            made, state = self.noise(x, state, ways + source, ways + target)
        return (latents if source == target else self.model.latents_of(made)), state


def live_way(
    model: BridgeModel,
    method: str | None,
    sigma: float | None,
    steps: int | None,
    guidance: float | None = None,
) -> LiveWay:
    """The way that is asked for.

    Args:
        model: the trained bridge.
        method: one of `LIVE_WAYS`; None for the first of them that it learnt.
        sigma: of "bridge", how far up into the noise, in deviations of the latents (1.2).
        steps: of "bridge", on each side (2).
        guidance: of "bridge", how much further away from the other each flow goes (.2).

    Raises:
        InputError: for a way that it did not learn, or numbers that do not belong to it.
    """
    known = [way for way in ways_of(model) if way in LIVE_WAYS]
    chosen = known[0] if method is None else method
    if chosen not in known:
        raise InputError(
            f"--method {chosen}: is none that this run can play live (it has {', '.join(known)})"
        )
    if chosen != BRIDGE:
        for name, value in (("sigma", sigma), ("steps", steps), ("guidance", guidance)):
            if value is not None:
                raise InputError(f"--{name}: belongs to --method bridge, not to {chosen}")
        return LiveWay(model, is_learnt=chosen == TRANSLATOR)
    sigma = USUAL_SIGMA if sigma is None else sigma
    steps = USUAL_STEPS if steps is None else steps
    guidance = USUAL_GUIDANCE if guidance is None else guidance
    check_number("--guidance", guidance, 0.0, MOST_GUIDANCE)
    check_number("--sigma", sigma, LEAST_SIGMA, MOST_SIGMA)
    check_count("--steps", steps, 1, MOST_STEPS)
    assert model.flow is not None
    if model.flow.delay:
        raise InputError(
            "--method bridge: the flow of this run hears what is yet to come, and cannot be played "
            "live: train with model.flow.hears=past"
        )
    level = level_of_sigma(model.path, sigma)
    noise = NoiseBridge(model.flow, model.path, level, steps, "midpoint", guidance=guidance)
    return LiveWay(model, noise)
