"""The scripted instrument: methods, controls and warm-up around an `InstrumentCore`."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.export.nn_tilde import NnTildeModule
from vschaos2.families.vae.core_interface import Core
from vschaos2.families.vae.instrument_core import (
    HOTTEST,
    KEEP_INPUT,
    MOST_SEED,
    InstrumentCore,
    known_modes,
)
from vschaos2.families.vae.projection import PROJECTIONS
from vschaos2.labels.inlets import LabelTexts
from vschaos2.labels.ports import LabelPorts, attribute_name

WARM_UP_CALLS = 4  # TorchScript watches the first calls before it compiles
WARM_UP_SAMPLES = 2048
NO_LABELS = LabelPorts()


class StreamingVAE(NnTildeModule):
    """An instrument for nn~: `forward`, `encode`, `decode`, and what a player can set.

    What is set already is taken and interrupts nothing:

        temperature     0 to 10: 0 plays means
        prior_temperature   0 to 10: of `prior`, where its inlet is empty; 1 as recorded
        prior_seed      a whole number from 0 to 65535: another one, another performance
        inversion       default | keep_input | random | eco | balanced | live | hq
        projection      none | pca | ica
        texture         0 to 1: part of the noise that is played as noise; not in every instrument
        gain_db         -120 to 60, reached over the next block
        limiter         off | decode | all: which methods' sound bends at full scale (`soft_clip`)
        sample_rate     of the host, in Hz, one of `host_rates_hz`; any other is refused and
                        changes nothing
        reset           any value: forget all that was heard
        latent_dims     number of latent axes, read only
        delay           samples from input to output of `forward`, and from a frame to its sound of
                        `decode`, read only
        NAME OF A TASK  its class, by name or index, or its value, where nobody commands it

    `inversion` serves both methods; `decode` has no input whose phase it could keep. The limiter
    is on for `decode` at first, which has no input that would say what level to expect.

    Args:
        core: the signal path; how it is set is what "default" means.
        latent_ranges: lowest and highest coordinate of the training data on each axis shown,
            [latent_dims, 2]; kept in the file for whoever lays out a patch.
        ports: what the core knows of labels.
        leading: what else a player can set, before all that.
    """

    core: Core
    host_rates_hz: list[int]
    label_values: list[float]
    label_names: list[str]

    def __init__(
        self,
        core: InstrumentCore,
        latent_ranges: Tensor,
        ports: LabelPorts = NO_LABELS,
        leading: Sequence[Control] = (),
    ) -> None:
        super().__init__()
        self.core = core  # type: ignore[assignment]
        self.hop = core.hop
        self.latent_dims = core.latent_dims
        self.sample_rate_hz = core.host.rate_hz
        self.host_rates_hz = list(core.host.rates_hz)
        self.forward_mode = KEEP_INPUT if core.keep_input else core.forward_inversion.mode
        self.decode_mode = core.decode_inversion.mode
        self.is_warm, self.has_prior = False, core.has_prior
        self.warm_up_calls = WARM_UP_CALLS
        self.warm_up_frames: list[int] = sorted({1, max(1, WARM_UP_SAMPLES // core.hop)})
        core.set_limits(False, True)
        self.register_buffer("latent_ranges", latent_ranges)
        axes = [f"axis {i}" for i in range(1, core.latent_dims + 1)]
        heard, guesses = ports.inlets("encode"), ports.outlets
        self.register_method(
            "forward", 1, 1, ["signal", *ports.inlets("forward")], ["signal", *guesses]
        )
        self.register_method("encode", 1, core.hop, ["signal", *heard], [*axes, *guesses])
        self.register_method("decode", core.hop, 1, [*axes, *ports.inlets("decode")], ["signal"])
        if core.has_prior:
            self.register_method("prior", core.hop, core.hop, ["temperature"], axes)
        modes, limiters = ("default", *known_modes()), ("off", "decode", "all")
        delays = (core.forward_delay(), core.decode_delay())
        controls = [
            Control("temperature", "number", 0.0, 0.0, 10.0, usual=(0.0, 2.0)),
            Control("inversion", "choice", "default", choices=modes),
            Control("projection", "choice", PROJECTIONS[core.projection], choices=PROJECTIONS),
            Control("gain_db", "number", 0.0, -120.0, 60.0, unit="dB", usual=(-60.0, 12.0)),
            Control("limiter", "choice", "decode", choices=limiters, shown=False),
            Control(
                "sample_rate",
                "integer",
                self.sample_rate_hz,
                choices=tuple(self.host_rates_hz),
                shown=False,
            ),
            Control("reset", "event", False),
            Control("latent_dims", "reading", core.latent_dims),
            Control("delay", "reading", delays),
        ]
        if core.has_texture:
            controls.insert(3, Control("texture", "number", core.texture, 0.0, 1.0))
        if core.has_prior:
            controls[1:1] = [
                Control("prior_temperature", "number", 1.0, 0.0, HOTTEST, usual=(0.0, 2.0)),
                Control("prior_seed", "number", 0.0, 0.0, MOST_SEED, usual=(0.0, 100.0)),
            ]
        for control in (*leading, *controls):
            self.register_control(control)
        self.texts = LabelTexts(
            [label.dim for label in ports.labels], [label.classes for label in ports.labels]
        )
        self.label_values = [0.0 for _ in ports.labels]
        self.label_names = []
        for label in ports.labels:
            taken = [entry.removeprefix("get_") for entry in dir(self)]
            taken += [entry.removesuffix("_params") for entry, _ in self.named_buffers()]
            self.label_names.append(attribute_name(label.task, taken))
            first = self.texts.text(len(self.label_names) - 1, 0.0)
            self.register_control(Control(self.label_names[-1], "text", first))
        self.label_inlets: list[int] = [len(ports.labels), len(heard)]

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Names of the methods. The host asks on load: the time to compile them, too."""
        if not self.is_warm:
            self.is_warm = True
            self.warm_up()
        return self.method_names

    @torch.jit.export
    def warm_up(self) -> None:
        """Run every method on silence at every rate until TorchScript has compiled it; reset."""
        with torch.no_grad():
            for rate_hz in self.host_rates_hz:
                self.core.set_rate(rate_hz)
                for count in self.warm_up_frames:
                    for _ in range(self.warm_up_calls):
                        self.play_more(count)
                        samples = count * self.hop
                        self.core.forward(torch.zeros(1, 1 + self.label_inlets[0], samples))
                        self.core.encode(torch.zeros(1, 1 + self.label_inlets[1], samples))
                        inlets = self.latent_dims + self.label_inlets[0]
                        self.core.decode(torch.zeros(1, inlets, count))
                        if self.has_prior:
                            self.core.prior(torch.zeros(1, 1, count))
        self.core.set_rate(int(self.control_values["sample_rate"]))
        self.core.reset()

    def play_more(self, count: int) -> None:
        """Run further methods on so many frames of silence."""

    def forward(self, x: Tensor) -> Tensor:
        """Sound, and labels, through the model: [B, inlets, N] → [B, outlets, N].

        N is a multiple of the hop; the first channel is the sound.
        """
        return self.core.forward(x)

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Latent axes of sound: [B, inlets, N] → [B, latent_dims + guesses, N / hop]."""
        return self.core.encode(x)

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Sound of latent axes: [B, latent_dims + labels, N / hop] → [B, 1, N]."""
        return self.core.decode(x)

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Tell the core."""
        self.tell(name, value)

    def tell(self, name: str, value: float) -> None:
        """Tell the core of a control of every instrument."""
        if name == "temperature":
            self.core.set_temperature(value)
        elif name == "prior_temperature":
            self.core.set_prior_temperature(value)
        elif name == "prior_seed":
            self.core.set_prior_seed(int(value))
        elif name == "inversion":
            mode = self.choice(name)
            forward_mode = self.forward_mode if mode == "default" else mode
            has_none = mode == "default" or mode == "keep_input"
            self.core.set_modes(forward_mode, self.decode_mode if has_none else mode)
        elif name == "projection":
            self.core.set_projection(int(value))
        elif name == "texture":
            self.core.set_texture(value)
        elif name == "gain_db":
            self.core.set_gain(math.pow(10.0, value / 20.0))
        elif name == "sample_rate":
            self.core.set_rate(int(value))
        elif name == "limiter":
            limited = self.choice(name)
            self.core.set_limits(limited == "all", limited != "off")
        elif name == "reset":
            self.core.reset()

    @torch.jit.export
    def get_latent_dims(self) -> list[int]:
        """Number of latent axes; inlets and outlets are fixed at export."""
        return [self.latent_dims]

    @torch.jit.export
    def get_delay(self) -> list[int]:
        """Samples of `forward` and `decode`; they follow from the inversion."""
        return [self.core.forward_delay(), self.core.decode_delay()]

    @torch.jit.export
    def get_text(self, name: str) -> list[str]:
        """The class or the value that a label was set to."""
        task = self.label_names.index(name)
        return [self.texts.text(task, self.label_values[task])]

    @torch.jit.export
    def set_text(self, name: str, value: str) -> int:
        """A class by name or index, or a number."""
        task = self.label_names.index(name)
        label = self.texts(task, value)
        if not math.isfinite(label):
            return 1
        self.label_values[task] = label
        self.core.set_label(task, label)
        return 0


class SelfPlayingVAE(StreamingVAE):
    """The same with a method `prior`: the axes as they move by themselves, to be wired to `decode`.

    Args:
        core: a signal path that has a prior.
        latent_ranges: as `StreamingVAE`.
        ports: as `StreamingVAE`.
    """

    @torch.jit.export
    def prior(self, x: Tensor) -> Tensor:
        """Latent axes at a temperature: [B, 1, N / hop] → [B, latent_dims, N / hop]."""
        return self.core.prior(x)
