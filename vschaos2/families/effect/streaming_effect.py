"""The scripted effect: sound in, sound out, knobs that glide, at the rate of any host."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.controls import Control
from vschaos2.dsp.resampling import HostBridge, bridged_rates
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
        sample_rate     of the host, in Hz, one of `host_rates_hz`; any other is refused and
                        changes nothing
        reset           any value: forget all that was heard; what was set stays
        delay           samples from input to output, read only

    Whatever is set is reached along a raised cosine of 20 ms.

    A model is right at its own rate, where nothing stands before it or behind it. At the others it
    is handed sound and knobs at its own, and the dry sound waits as long as that takes.

    Args:
        model: the effect.
        shown: the knobs as controls, in the model's order.
        settings: what else the network can be set by, in its order.
        rate_hz: of the host at first; the model's own if None.
        first: further controls, which stand before all others; of a subclass that knows them.
    """

    at_once: Tensor
    host_rates_hz: list[int]
    pasts: list[Tensor]
    answers: list[Tensor]
    heard: list[int]

    knob_names: list[str]
    setting_names: list[str]
    learnt: list[float]
    glide_names: list[str]
    states: list[Tensor]
    origins: list[Tensor]
    since: list[int]

    def __init__(
        self,
        model: EffectModel,
        shown: Sequence[Control],
        settings: Sequence[Control] = (),
        rate_hz: int | None = None,
        first: Sequence[Control] = (),
    ) -> None:
        super().__init__()
        self.model = model
        self.n_in, self.n_out = model.net.n_channels, model.net.n_outputs
        self.sample_rate_hz = model.rate_hz if rate_hz is None else rate_hz
        self.host_rates_hz = sorted([model.rate_hz, *bridged_rates(model.rate_hz)])
        bridges: Any = nn.ModuleList(
            HostBridge(hz, model.rate_hz, model.net.block) for hz in bridged_rates(model.rate_hz)
        )
        self.bridges = bridges
        self.bridge, self.glide_ms = -1, GLIDE_MS  # the number of the bridge in use, if any
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
            *first,
            *shown,
            *settings,
            *([Control("release", "event", False, at_load=True)] if settings else []),
            Control("mix", "number", 1.0, 0.0, 1.0),
            Control("input_db", "number", 0.0, -60.0, 60.0, unit="dB", usual=(-24.0, 24.0)),
            Control("output_db", "number", 0.0, -120.0, 60.0, unit="dB", usual=(-60.0, 12.0)),
            Control("bypass", "switch", False),
            Control(
                "sample_rate",
                "integer",
                self.sample_rate_hz,
                choices=tuple(self.host_rates_hz),
                shown=False,
            ),
            Control("reset", "event", False),
            Control("delay", "reading", (0,) * len(self.method_names)),
        ]
        for control in controls:
            self.register_control(control)
        self.delays: list[int] = [0] * len(self.method_names)
        self.glide_names = [*self.knob_names, "mix", "input_db", "output_db", "bypass"]
        # What glides in the network itself need not glide twice.
        is_own = [model.net.glides] * len(self.knob_names) + [False] * 4
        self.register_buffer("at_once", torch.tensor(is_own), persistent=False)
        # Of each method: what its network remembers; where its glides began and how far they are;
        # of a bridge, samples at the host's rate and the model's, and how many it heard. The
        # methods do not hear each other.
        self.goal = self.wanted()
        self.states = [model.begin(1) for _ in self.method_names]
        self.origins = [self.goal for _ in self.method_names]
        self.since = [self.glide_samples for _ in self.method_names]
        self.pasts = [torch.zeros(1, 0, 0) for _ in self.method_names]
        self.answers = [torch.zeros(1, 0, 0) for _ in self.method_names]
        self.heard = [0 for _ in self.method_names]
        self.set_rate(self.sample_rate_hz)

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Names of the methods. The host asks on load: the time to compile them, too."""
        if not self.is_warm:
            self.is_warm = True
            with torch.no_grad():
                for rate_hz in self.host_rates_hz:
                    self.set_rate(rate_hz)
                    for _ in range(self.warm_up_calls):
                        self.forward(torch.zeros(1, self.n_in, self.warm_up_samples))
            self.set_rate(int(self.control_values["sample_rate"]))
        return self.method_names

    @torch.jit.export
    def get_delay(self) -> list[int]:
        """Samples from input to output, of every method, at the rate of the host."""
        return self.delays

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Forget, or begin to glide."""
        self.changed(name, value)

    def changed(self, name: str, value: float) -> None:
        """What `control_changed` does of all that every effect has."""
        if name == "reset":
            self.forget()
            return
        if name == "sample_rate":
            self.set_rate(int(value))
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

    def take(self, name: str, value: float) -> int:
        """What is shown of a setting is what was learnt: to set it there holds it, too."""
        if value != self.control_values[name] or name in self.setting_names:
            self.control_values[name] = value
            self.control_changed(name, value)
        return 0

    def set_rate(self, rate_hz: int) -> None:
        """Begin anew at a host's rate, one of `host_rates_hz`."""
        self.bridge, delay = -1, 0
        for number, bridge in enumerate(self.bridges):
            if bridge.rate_hz == rate_hz:
                self.bridge, delay = number, bridge.delay_samples
        self.delays = [delay for _ in self.method_names]
        self.glide_samples = int(self.glide_ms * rate_hz / 1000.0 + 0.5)
        self.forget()

    def forget(self) -> None:
        """Begin anew, with everything where it was set."""
        self.goal = self.wanted()
        for method in range(len(self.since)):
            self.states[method] = self.model.begin(1)
            self.heard[method] = 0
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
        moved = self.origins[method] + rise * (self.goal - self.origins[method])
        return torch.where(self.at_once, self.goal, moved)

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
        if self.states[method].shape[0] != batch:
            self.states[method] = self.model.begin(batch)
            self.heard[method] = 0
        dry = x
        if self.n_in != self.n_out:
            dry = x.mean(2, keepdim=True).expand(-1, -1, self.n_out)
        sound = x * before
        if self.bridge >= 0:
            sound, knobs, dry = self.inward(method, sound, knobs, dry)
        wet = sound.new_zeros(batch, 0, self.n_out)
        if sound.shape[1] > 0:
            wet, self.states[method] = self.model.forward(sound, knobs, self.states[method])
        if self.bridge >= 0:
            wet = self.outward(method, wet, count)
        made = after * torch.lerp(dry, wet, mix.expand_as(wet))
        return torch.lerp(made, dry, bypass.expand_as(wet)).transpose(1, 2)

    def inward(
        self, method: int, x: Tensor, knobs: Tensor, dry: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Sound and knobs at the model's rate, as many samples as are due, and the late dry sound.

        Shape: x [B, N, C], knobs [B, 1 or N, K], dry [B, N, O] → [B, J, C], [B, 1 or J, K],
            [B, N, O].
        """
        batch, count, n_in = x.shape
        together = torch.cat((x, knobs.expand(batch, count, knobs.shape[2]), dry), 2)
        before, end = self.heard[method], n_in + knobs.shape[2]
        for number, bridge in enumerate(self.bridges):
            if number == self.bridge:
                size, delay = bridge.heard_size, bridge.delay_samples
                if before == 0:
                    self.pasts[method] = x.new_zeros(batch, size, together.shape[2])
                    self.answers[method] = x.new_zeros(batch, bridge.made_size, self.n_out)
                past = torch.cat((self.pasts[method], together), 1)
                self.pasts[method] = past[:, count:].clone()
                first = bridge.due(before)
                due, origin = bridge.due(before + count) - first, before - size
                x = bridge.inward(past[:, :, :n_in], origin, first, due)
                knobs = bridge.inward.between(past[:, :, n_in:end], origin, first, due)
                dry = past[:, size - delay : size - delay + count, end:]
        if knobs.shape[1] > 0 and not bool((knobs != knobs[:, :1]).any()):
            knobs = knobs[:, :1]  # a network need not work out what rests
        return x, knobs, dry

    def outward(self, method: int, y: Tensor, count: int) -> Tensor:
        """The next samples at the host's rate, of what the model made: [B, J, O] → [B, N, O]."""
        made, before = torch.cat((self.answers[method], y), 1), self.heard[method]
        self.answers[method] = made[:, y.shape[1] :].clone()
        self.heard[method] = before + count
        for number, bridge in enumerate(self.bridges):
            if number == self.bridge:
                origin = bridge.due(before) - bridge.made_size
                y = bridge.outward(made, origin, before - bridge.delay_samples, count)
        return y
