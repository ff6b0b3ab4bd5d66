"""The scripted effect: sound in, sound out, knobs that glide."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.export.nn_tilde import NnTildeModule
from vschaos2.families.effect.effect_model import EffectModel

GLIDE_MS = 20.0
GREATEST = 100.0  # times full scale: what is beyond, or no number, no device ever heard
WARM_UP_CALLS = 4  # TorchScript watches the first calls before it compiles
WARM_UP_SAMPLES = 64


class StreamingEffect(NnTildeModule):
    """An effect for nn~: `forward`, and `modulate` with an inlet for each knob.

        NAME OF A KNOB  in its own unit; what comes through its inlet of `modulate` is added
        NAME OF ANOTHER SETTING  of a chain: it stands there, whatever was learnt and knobs say
        release         any value, of a chain: all its settings go back to what was learnt
        mix             0 (the sound as it is) to 1 (the effect)
        input_db        -60 to 60: before the effect
        output_db       -120 to 60: behind the effect
        bypass          on: the sound as it is
        reset           any value: forget all that was heard; what was set stays
        delay           samples from input to output, read only

    Whatever is set is reached along a raised cosine of 20 ms.

    Args:
        model: the effect.
        shown: the knobs as controls, in the model's order.
        settings: what else the network can be set by, in its order.
    """

    knob_names: list[str]
    setting_names: list[str]
    learnt: list[float]
    glide_names: list[str]
    states: list[Tensor]
    origins: list[Tensor]
    since: list[int]

    def __init__(
        self, model: EffectModel, shown: Sequence[Control], settings: Sequence[Control] = ()
    ) -> None:
        super().__init__()
        self.model = model
        self.n_in, self.n_out = model.net.n_channels, model.net.n_outputs
        self.sample_rate_hz = model.rate_hz
        self.glide_samples = round(GLIDE_MS * model.rate_hz / 1000.0)
        self.is_warm = False
        self.greatest, self.warm_up_calls, self.warm_up_samples = (
            GREATEST, WARM_UP_CALLS, WARM_UP_SAMPLES,
        )  # fmt: skip
        self.knob_names = [control.name for control in shown]
        self.setting_names = [control.name for control in settings]
        self.learnt = [float(control.value) for control in settings]
        sides = ["left", "right"]
        ins = ["signal"] if self.n_in == 1 else sides
        outs = ["signal"] if self.n_out == 1 else sides
        self.register_method("forward", 1, 1, ins, outs)
        if shown:
            self.register_method("modulate", 1, 1, [*ins, *self.knob_names], outs)
        controls = [
            *shown,
            *settings,
            *([Control("release", "event", False)] if settings else []),
            Control("mix", "number", 1.0, 0.0, 1.0),
            Control("input_db", "number", 0.0, -60.0, 60.0, unit="dB", usual=(-24.0, 24.0)),
            Control("output_db", "number", 0.0, -120.0, 60.0, unit="dB", usual=(-60.0, 12.0)),
            Control("bypass", "switch", False),
            Control("reset", "event", False),
            Control("delay", "reading", (0,) * len(self.method_names)),
        ]
        for control in controls:
            self.register_control(control)
        self.delays: list[int] = [0] * len(self.method_names)
        self.glide_names = [*self.knob_names, "mix", "input_db", "output_db", "bypass"]
        # Of each method: what its network remembers, and where its glides began and how far they
        # are. The methods do not hear each other.
        self.goal = self.wanted()
        self.states = [model.begin(1) for _ in self.method_names]
        self.origins = [self.goal for _ in self.method_names]
        self.since = [self.glide_samples for _ in self.method_names]

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Names of the methods. The host asks on load: the time to compile them, too."""
        if not self.is_warm:
            self.is_warm = True
            with torch.no_grad():
                for _ in range(self.warm_up_calls):
                    self.forward(torch.zeros(1, self.n_in, self.warm_up_samples))
            self.forget()
        return self.method_names

    @torch.jit.export
    def get_delay(self) -> list[int]:
        """Samples from input to output, of every method."""
        return self.delays

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Forget, or begin to glide."""
        if name == "reset":
            self.forget()
            return
        if name == "release":
            for index, setting in enumerate(self.setting_names):
                self.control_values[setting] = self.learnt[index]
                self.model.net.release(index)
            return
        if name in self.setting_names:
            self.model.net.hold(self.setting_names.index(name), value)
            return
        for method in range(len(self.since)):
            self.origins[method] = self.values(method, 1)[0]
            self.since[method] = 0
        self.goal = self.wanted()

    def forget(self) -> None:
        """Begin anew, with everything where it was set."""
        self.goal = self.wanted()
        for method in range(len(self.since)):
            self.states[method] = self.model.begin(1)
            self.origins[method] = self.goal
            self.since[method] = self.glide_samples

    def wanted(self) -> Tensor:
        """What is set, in the order of `glide_names`, [n]."""
        return torch.tensor([self.control_values[name] for name in self.glide_names])

    def values(self, method: int, count: int) -> Tensor:
        """What a method hears of it in its next samples, [count, n]; [1, n] where it rests."""
        since = self.since[method]
        if since >= self.glide_samples:
            return self.goal[None]
        t = torch.arange(since + 1, since + count + 1)
        t = (t / float(self.glide_samples)).clamp(max=1.0)
        rise = (0.5 - 0.5 * torch.cos(math.pi * t)).unsqueeze(1)
        return self.origins[method] + rise * (self.goal - self.origins[method])

    def forward(self, x: Tensor) -> Tensor:
        """Sound through the effect: [B, C, N] → [B, O, N]."""
        return self.play(0, x, x[:, :0])

    @torch.jit.export
    def modulate(self, x: Tensor) -> Tensor:
        """Sound through the effect, signals added to its knobs: [B, C + K, N] → [B, O, N]."""
        return self.play(1, x[:, : self.n_in], x[:, self.n_in :])

    def play(self, method: int, sound: Tensor, added: Tensor) -> Tensor:
        """Sound [B, C, N] and what is added to the knobs, [B, K or 0, N]."""
        batch, _, count = sound.shape
        x = (
            torch.nan_to_num(sound, 0.0, 0.0, 0.0)
            .clamp(-self.greatest, self.greatest)
            .transpose(1, 2)
        )
        moving = self.values(method, count)
        self.since[method] = min(self.since[method] + count, self.glide_samples)
        n_knobs = len(self.knob_names)
        knobs = moving[None, :, :n_knobs].expand(batch, -1, n_knobs)
        if added.shape[1] > 0:
            more = torch.nan_to_num(added, 0.0, 0.0, 0.0).transpose(1, 2)
            knobs = torch.minimum(
                torch.maximum(knobs + more, self.model.lowest), self.model.highest
            )
        mix, bypass = moving[:, n_knobs : n_knobs + 1], moving[:, n_knobs + 3 : n_knobs + 4]
        before = 10.0 ** (moving[:, n_knobs + 1 : n_knobs + 2] / 20.0)
        after = 10.0 ** (moving[:, n_knobs + 2 : n_knobs + 3] / 20.0)
        state = self.states[method]
        if state.shape[0] != batch:
            state = self.model.begin(batch)
        wet, self.states[method] = self.model.forward(x * before, knobs, state)
        dry = x if self.n_in == self.n_out else x.mean(2, keepdim=True).expand_as(wet)
        made = after * torch.lerp(dry, wet, mix.expand_as(wet))
        return torch.lerp(made, dry, bypass.expand_as(wet)).transpose(1, 2)
