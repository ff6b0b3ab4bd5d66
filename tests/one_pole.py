"""A family of its own in one file: a one-pole low-pass that learns its coefficient."""

from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.controls import Control
from vschaos2.data.module import windows
from vschaos2.export.nn_tilde import NnTildeModule
from vschaos2.export.playable import Playable, check_wishes
from vschaos2.families.registry import register
from vschaos2.nets.build import built
from vschaos2.training.family import Family
from vschaos2.training.objective import Losses, Objective


def low_pass(x: Tensor, coefficient: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """y[n] = y[n-1] + a (x[n] - y[n-1]): [B, T], [], [B] → [B, T], [B]."""
    y = []
    for sample in x.unbind(1):
        state = state + coefficient * (sample - state)
        y.append(state)
    return torch.stack(y, 1), state


class OnePole(nn.Module):
    def __init__(self, start: float = 0.9) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.tensor([start]))


class Imitate(Objective):
    def __init__(self, model: OnePole, target: float) -> None:
        super().__init__(model)
        self.target = torch.tensor(target)

    def held_out(self, model: Any, batch: Any) -> Losses:
        x = batch["waveform"][:, :64]
        found = low_pass(x, model.coefficient, x[:, 0])[0] - low_pass(x, self.target, x[:, 0])[0]
        return Losses(found.square().mean(), {"squares": found.square().mean()})

    def loss(self, batch: Any, moment: Any) -> Losses:
        return self.held_out(self.model, batch)


class Player(NnTildeModule):
    def __init__(self, model: OnePole) -> None:
        super().__init__()
        self.coefficient, self.state = float(model.coefficient), torch.zeros(1)
        self.register_method("forward", 1, 1, ["signal"], ["signal"])
        self.register_control(Control("mix", "number", 1.0, 0.0, 1.0))
        self.register_control(Control("reset", "event", False))

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        if name == "reset":
            self.state = torch.zeros(1)

    def forward(self, x: Tensor) -> Tensor:
        start = self.state if len(self.state) == len(x) else torch.zeros(len(x))
        y, self.state = low_pass(x[:, 0], torch.tensor(self.coefficient), start)
        return torch.lerp(x[:, 0], y, self.control_values["mix"]).unsqueeze(1)


def playable(run: Any, wishes: Any) -> Playable:
    check_wishes(wishes, (), "one_pole")
    return Playable(Player(run.model), 44_100)


FAMILY = register(Family(
    name="one_pole",
    build=lambda config: built(OnePole, config),
    material=lambda config, model: windows(config, frame_samples=512, hop=256),
    objective=lambda config, model: Imitate(model, config.training.target),
    playable=playable,
    keys=("training.target",),
))  # fmt: skip
