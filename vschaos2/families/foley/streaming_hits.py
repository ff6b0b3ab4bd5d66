"""The scripted instrument of hits: method and controls around `Striking`."""

import math

import torch
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.export.nn_tilde import NnTildeModule
from vschaos2.export.output_level import OutputLevel
from vschaos2.families.foley.hit_model import HitModel
from vschaos2.families.foley.striking import FARTHEST, Striking
from vschaos2.families.foley.voices import VOICES
from vschaos2.labels.empty_inlets import EmptyInlets
from vschaos2.labels.ports import LabelPort, attribute_name
from vschaos2.patches.controls import words_of
from vschaos2.terminal import printable

AXES = 4  # of the hits' principal components, that a player moves
MOST_SEED = 65_535.0
OWN = (
    *("velocity", "variation", "seed", "free", "polyphony", "choke", "gain_db", "limiter"),
    *("sample_rate", "reset", "latency", "hit"),
)  # names that no label may have
WARM_UP_CALLS = 4  # TorchScript watches the first calls before it compiles
WARM_UP_SAMPLES = 2048


class StreamingHits(NnTildeModule):
    """Hits for nn~: `hit`, struck by a signal that rises through a half.

        velocity     0 to 1, where its inlet says nothing
        NAME OF A LABEL  a word for its class, where its inlet says nothing
        axis1 …      -8 to 8 deviations: along the hits' principal components, added to the inlet's
        variation    0 (always the same hit) to 1 (each another one)
        seed         a whole number from 0 to 65535: another one, other hits
        free         on: hits are drawn by chance; off: after a reset the same ones come again
        polyphony    voices that may sound at once, 1 to 8
        choke        on: a hit silences those before
        gain_db      -120 to 60, reached over the next block
        limiter      on: sound bends at full scale (`soft_clip`)
        sample_rate  of the host, in Hz, one of `host_rates_hz`; any other is refused and changes
                     nothing. Hits are in tune, and begin at their triggers, at all of them
        reset        any value: silence, and the first hit again; what was set stays
        latency      samples from a trigger to its hit: 0, read only

    Args:
        model: that draws hits.
        rate_hz: of the host at first; the model's own if None.

    Raises:
        ValueError: for a rate at which hits cannot be played.
    """

    axis_names: list[str]
    host_rates_hz: list[int]
    label_names: list[str]

    def __init__(self, model: HitModel, rate_hz: int | None = None) -> None:
        super().__init__()
        axes = min(AXES, model.components)
        self.striking = Striking(model, axes)
        self.host_rates_hz = list(self.striking.voices.rates_hz)
        rate_hz = model.sample_rate_hz if rate_hz is None else rate_hz
        if rate_hz not in self.host_rates_hz:
            known = ", ".join(map(str, self.host_rates_hz))
            raise ValueError(
                f"rate must be one of {known} for hits of {model.sample_rate_hz} Hz, got {rate_hz}"
            )
        self.level = OutputLevel()
        self.level.is_limited = True
        self.n_labels, self.n_inlets = len(model.labels), 2 + len(model.labels) + axes
        self.empty = EmptyInlets(1 + self.n_labels, True)
        self.is_warm = False
        self.warm_up_calls, self.warm_up_samples = WARM_UP_CALLS, WARM_UP_SAMPLES
        ports = [
            LabelPort(printable(name), len(classes), tuple(map(printable, classes)), ("hit",))
            for name, classes in model.labels.items()
        ]
        labels = [port.inlet("hit") for port in ports]
        shown = [f"axis {number}" for number in range(1, axes + 1)]
        velocity = "velocity 0 … 1; empty or -1: as set"
        self.register_method("hit", 1, 1, ["trigger", velocity, *labels, *shown], ["signal"])
        self.axis_names = [f"axis{number}" for number in range(1, axes + 1)]
        taken = [entry.removeprefix("get_") for entry in dir(self)]
        taken += [entry.removesuffix("_params") for entry, _ in self.named_buffers()]
        taken += [*OWN, *self.axis_names]
        self.label_names = []
        for port in ports:
            self.label_names.append(attribute_name(port.task, [*taken, *self.label_names]))
        chosen = [
            Control(
                name, "choice", (words := words_of(port.classes, "class"))[0], choices=(*words,)
            )
            for name, port in zip(self.label_names, ports, strict=True)
        ]
        controls = [
            *chosen,
            Control("velocity", "number", 1.0, 0.0, 1.0),
            *(
                Control(name, "number", 0.0, -FARTHEST, FARTHEST, usual=(-2.0, 2.0))
                for name in self.axis_names
            ),
            Control("variation", "number", 1.0, 0.0, 1.0),
            Control("seed", "number", 0.0, 0.0, MOST_SEED, usual=(0.0, 100.0)),
            Control("free", "switch", False, note="hits by chance"),
            Control("polyphony", "integer", VOICES, choices=tuple(range(1, VOICES + 1))),
            Control("choke", "switch", False, note="a hit silences those before"),
            Control("gain_db", "number", 0.0, -120.0, 60.0, unit="dB", usual=(-60.0, 12.0)),
            Control("limiter", "switch", True, shown=False),
            Control(
                "sample_rate", "integer", rate_hz, choices=tuple(self.host_rates_hz), shown=False
            ),
            Control("reset", "event", False),
            Control("latency", "reading", 0),
        ]
        for control in controls:
            self.register_control(control)
        self.striking.set_rate(rate_hz)

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Names of the methods. The host asks on load: the time to compile them, too."""
        if not self.is_warm:
            self.is_warm = True
            with torch.no_grad():
                for rate_hz in self.host_rates_hz:
                    self.striking.set_rate(rate_hz)
                    for _ in range(self.warm_up_calls):
                        block = torch.zeros(1, self.n_inlets, self.warm_up_samples)
                        block[:, 0, :: self.warm_up_samples // 4] = 1.0
                        self.play(block)
            self.striking.set_rate(int(self.control_values["sample_rate"]))
            self.reset()
        return self.method_names

    @torch.jit.export
    def reset(self) -> None:
        """Silence, and the first hit again; what was set stays."""
        self.striking.reset()
        self.level.forget()

    @torch.jit.export
    def get_latency(self) -> list[int]:
        """Samples from a trigger to the beginning of its hit."""
        return [0]

    @torch.jit.export
    def hit(self, x: Tensor) -> Tensor:
        """Trigger, velocity, labels and axes into the sound of hits: [B, inlets, N] → [B, 1, N]."""
        told = 2 + self.n_labels
        commands = torch.nan_to_num(x[:, 1:told], -1.0, -1.0, -1.0)
        x = torch.cat((x[:, :1], self.empty(commands), x[:, told:]), 1)
        return self.play(x)

    def play(self, x: Tensor) -> Tensor:
        """The same, with no empty inlets."""
        return self.level(self.striking(x)).unsqueeze(1)

    def forward(self, x: Tensor) -> Tensor:
        """`hit`."""
        return self.hit(x)

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Tell what strikes."""
        if name == "velocity":
            self.striking.velocity = value
        elif name == "variation":
            self.striking.variation = value
        elif name == "seed":
            self.striking.seed = int(value)
        elif name == "free":
            self.striking.is_free = value != 0.0
        elif name == "polyphony":
            self.striking.polyphony = int(value)
        elif name == "choke":
            self.striking.is_choked = value != 0.0
        elif name == "gain_db":
            self.level.gain = math.pow(10.0, value / 20.0)
        elif name == "limiter":
            self.level.is_limited = value != 0.0
        elif name == "sample_rate":
            self.striking.set_rate(int(value))
            self.reset()
        elif name == "reset":
            self.reset()
        elif name in self.label_names:
            self.striking.classes[self.label_names.index(name)] = value
        elif name in self.axis_names:
            self.striking.offsets[self.axis_names.index(name)] = value
