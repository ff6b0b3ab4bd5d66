"""The ways from one instrument to another, by name, behind one call.

translator   what a net learnt of moments that are alike; hears the past, needs no level
bridge       up to a level of noise as the one, down again as the other
warm         noise of a level on what is heard, and down as the other: asks nothing of the source
affine       the shortest way between two Gaussians: what needs no training at all
"""

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.flows.noise_bridge import NoiseBridge
from vschaos2.flows.paths import MOST_SIGMA, STRAIGHT, level_of_sigma
from vschaos2.flows.solvers import METHODS as SOLVERS
from vschaos2.ranges import check_count, check_number

TRANSLATOR, BRIDGE, WARM, AFFINE = "translator", "bridge", "warm", "affine"
WAYS = (TRANSLATOR, BRIDGE, WARM, AFFINE)
USUAL_SIGMA = 1.2  # .55 of a straight path: the other's timbre, and the melody still
USUAL_STEPS, USUAL_GUIDANCE, MOST_GUIDANCE = 2, 0.2, 10.0
MOST_STEPS = 1000
FRAMES_AT_ONCE = 1024


class Way:
    """One of them, with its past.

    Args:
        model: the trained bridge.
        name: one of `WAYS`.
        level: how far up, as `flows.paths` counts; of bridge and warm.
        steps: on each side.
        solver: one of `flows.solvers.METHODS`.
        seed: of the noise of warm.
        guidance: how much further away from the other than it learnt each flow goes.

    Attributes:
        delay: frames that its results come late.

    Raises:
        InputError: for a way that the model did not learn, or a number out of range.
    """

    def __init__(
        self,
        model: BridgeModel,
        name: str,
        level: float | None = None,
        steps: int = USUAL_STEPS,
        solver: str = "midpoint",
        seed: int = 0,
        guidance: float = USUAL_GUIDANCE,
    ) -> None:
        check_way(model, name)
        self.model, self.name, self.seed = model, name, seed
        self.bridge: NoiseBridge | None = None
        self.delay = 0
        self.level = level_of_sigma(model.path, USUAL_SIGMA) if level is None else level
        if name in (BRIDGE, WARM):
            most = 1.0 if model.path == STRAIGHT else MOST_SIGMA
            check_number("--level", self.level, 0.0, most)
            check_count("--steps", steps, 1, MOST_STEPS)
            check_number("--guidance", guidance, 0.0, MOST_GUIDANCE)
            if solver not in SOLVERS:
                raise InputError(f"--solver must be {' or '.join(SOLVERS)}, got {solver!r}")
            assert model.flow is not None
            self.bridge = NoiseBridge(
                *(model.flow, model.path, self.level, steps, solver),
                is_warm=name == WARM,
                guidance=guidance,
            ).eval()
            self.delay = self.bridge.delay
        self.reset()

    def reset(self) -> None:
        """Forget all that was heard."""
        self.state: Tensor | None = None
        self.chance = torch.Generator().manual_seed(self.seed)

    @torch.no_grad()
    def whole(self, latents: Tensor, source: int, target: int) -> Tensor:
        """All latents of a sound, each at its own frame.

        What lies before and after them is taken for the mean of all instruments.

        Shape: [B, F, Z] → [B, F, Z].
        """
        self.reset()
        after = self.model.mean.expand(len(latents), self.delay, -1)
        blocks = torch.cat((latents, after), 1).split(FRAMES_AT_ONCE, 1)
        made = torch.cat([self(block, source, target) for block in blocks], 1)
        return made[:, self.delay :]

    @torch.no_grad()
    def __call__(self, latents: Tensor, source: int, target: int) -> Tensor:
        """Latents of one instrument as another's, after those of the call before.

        They come `delay` frames late.

        Shape: [B, F, Z] → [B, F, Z].
        """
        model, batch = self.model, len(latents)
        if self.name == TRANSLATOR:
            state = model.initial_state(batch) if self.state is None else self.state
            made, self.state = model.translate(latents, state, source, target)
            return made
        x = model.standardised(latents)
        if self.bridge is None:
            return model.latents_of(model.transported(x, source, target))
        if self.name == WARM:
            noise = torch.randn(x.shape, generator=self.chance)
            kept = 1.0 - self.level if model.path == STRAIGHT else 1.0
            x = kept * x + self.level * noise
        state = x.new_zeros(batch, self.bridge.state_size) if self.state is None else self.state
        ways = torch.zeros(batch, dtype=torch.long)
        made, self.state = self.bridge(x, state, ways + source, ways + target)
        return model.latents_of(made)


def check_way(model: BridgeModel, name: str) -> None:
    """See that a model knows a way.

    Raises:
        InputError: saying what it learnt.
    """
    known = ways_of(model)
    if name not in known:
        if name in WAYS:
            raise InputError(
                f"--method {name}: this run did not learn it (it has {', '.join(known)}): train "
                f"with model.{'translator' if name == TRANSLATOR else 'flow'}"
            )
        raise InputError(f"--method must be one of {', '.join(WAYS)}, got {name!r}")


def ways_of(model: BridgeModel) -> tuple[str, ...]:
    """The ways that a model knows, the usual one first."""
    learnt = ((TRANSLATOR,) if model.translator is not None else ()) + (
        (BRIDGE, WARM) if model.flow is not None else ()
    )
    return (*learnt, AFFINE)
