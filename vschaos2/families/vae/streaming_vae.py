"""The scripted instrument: methods, attributes and warm-up around an `InstrumentCore`."""

import math

import torch
from torch import Tensor

from vschaos2.export.nn_tilde import NnTildeModule
from vschaos2.families.vae.core_interface import Core
from vschaos2.families.vae.instrument_core import KEEP_INPUT, known_modes
from vschaos2.families.vae.projection import PROJECTIONS
from vschaos2.labels.inlets import LabelTexts
from vschaos2.labels.ports import LabelPorts, attribute_name

LEAST_GAIN_DB, GREATEST_GAIN_DB = -120.0, 60.0
GREATEST_TEMPERATURE = 10.0
WARM_UP_CALLS = 4  # TorchScript watches the first calls before it compiles
WARM_UP_SAMPLES = 2048
LIMITERS = ("off", "decode", "all")
NO_LABELS = LabelPorts()


class StreamingVAE(NnTildeModule):
    """An instrument for nn~: `forward`, `encode`, `decode`, and what a player can set.

    Attributes, each with a getter and a setter (0: taken, 1: refused and nothing changed). What is
    set already is taken and interrupts nothing:

        temperature     0 to 10: 0 plays means
        inversion       default | keep_input | random | eco | balanced | live | hq
        projection      none | pca | ica
        gain_db         -120 to 60
        limiter         off | decode | all: which methods' sound bends at full scale (`soft_clip`)
        reset           any value: forget all that was heard
        latent_dims     number of latent axes, read only
        delay           samples of forward and of decode, read only
        NAME OF A TASK  its class, by name or index, or its value, where nobody commands it

    Args:
        core: a scripted `InstrumentCore`.
        hop: samples per latent frame.
        latent_dims: number of axes shown.
        sample_rate_hz: what the model was trained at.
        latent_ranges: lowest and highest coordinate of the training data on each axis shown,
            [latent_dims, 2]; kept in the file for whoever lays out a patch.
        projection: the axes shown at first.
        forward_mode: what "default" means for `forward`.
        decode_mode: what "default" means for `decode`.
        ports: what the core knows of labels.
    """

    core: Core
    label_values: list[float]
    label_names: list[str]

    def __init__(
        self,
        core: torch.jit.ScriptModule,
        hop: int,
        latent_dims: int,
        sample_rate_hz: int,
        latent_ranges: Tensor,
        projection: str = "pca",
        forward_mode: str = KEEP_INPUT,
        decode_mode: str = "balanced",
        ports: LabelPorts = NO_LABELS,
    ) -> None:
        super().__init__()
        self.core = core  # type: ignore[assignment]
        self.hop = hop
        self.latent_dims = latent_dims
        self.sample_rate_hz = sample_rate_hz
        self.forward_mode = forward_mode
        self.decode_mode = decode_mode
        self.modes: list[str] = ["default", *known_modes()]
        self.projections: list[str] = list(PROJECTIONS)
        self.temperature = 0.0
        self.inversion = "default"
        self.projection = projection
        self.gain_db = 0.0
        self.limiters: list[str] = list(LIMITERS)
        self.limiter = "decode"
        self.is_warm = False
        self.least_gain_db, self.greatest_gain_db = LEAST_GAIN_DB, GREATEST_GAIN_DB
        self.greatest_temperature = GREATEST_TEMPERATURE
        self.warm_up_calls = WARM_UP_CALLS
        self.warm_up_frames: list[int] = sorted({1, max(1, WARM_UP_SAMPLES // hop)})
        self.core.set_projection(PROJECTIONS.index(projection))
        self.core.set_limits(False, True)
        self.register_buffer("latent_ranges", latent_ranges)
        axes = [f"axis {i}" for i in range(1, latent_dims + 1)]
        self.register_method("forward", 1, 1, ["signal", *ports.inlets], ["signal", *ports.outlets])
        self.register_method(
            "encode", 1, hop, ["signal", *ports.encode_inlets], [*axes, *ports.outlets]
        )
        self.register_method("decode", hop, 1, [*axes, *ports.decode_inlets], ["signal"])
        self.register_attribute("temperature", float)
        self.register_attribute("inversion", str)
        self.register_attribute("projection", str)
        self.register_attribute("gain_db", float)
        self.register_attribute("limiter", str)
        self.register_attribute("reset", bool)
        self.register_attribute("latent_dims", int)
        self.register_attribute("delay", int, int)
        self.texts = LabelTexts(ports.dims, ports.categorical, ports.class_names)
        self.label_values: list[float] = [0.0 for _ in ports.tasks]
        self.label_names: list[str] = []
        for task in ports.tasks:
            taken = [entry.removeprefix("get_") for entry in dir(self)]
            taken += [entry.removesuffix("_params") for entry, _ in self.named_buffers()]
            self.label_names.append(attribute_name(task, taken))
            self.register_text_attribute(self.label_names[-1])
        self.label_inlets: list[int] = [len(ports.inlets), len(ports.encode_inlets)]

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Names of the methods. The host asks on load: the time to compile them, too."""
        if not self.is_warm:
            self.is_warm = True
            self.warm_up()
        return self.method_names

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Names of the attributes."""
        return self.attribute_names

    @torch.jit.export
    def warm_up(self) -> None:
        """Run every method on silence until TorchScript has compiled it, then reset."""
        with torch.no_grad():
            for count in self.warm_up_frames:
                for _ in range(self.warm_up_calls):
                    samples = count * self.hop
                    self.core.forward(torch.zeros(1, 1 + self.label_inlets[0], samples))
                    self.core.encode(torch.zeros(1, 1 + self.label_inlets[1], samples))
                    inlets = self.latent_dims + self.label_inlets[0]
                    self.core.decode(torch.zeros(1, inlets, count))
        self.core.reset()

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
    def get_temperature(self) -> list[float]:
        """Factor on the noise."""
        return [self.temperature]

    @torch.jit.export
    def set_temperature(self, value: float) -> int:
        """From 0 to 10."""
        if not (value >= 0.0 and value <= self.greatest_temperature):
            return 1
        self.temperature = value
        self.core.set_temperature(value)
        return 0

    @torch.jit.export
    def get_inversion(self) -> list[str]:
        """How phases are made."""
        return [self.inversion]

    @torch.jit.export
    def set_inversion(self, value: str) -> int:
        """`default`, or a mode for both methods; decode has no input whose phase it could keep."""
        if value not in self.modes:
            return 1
        if value == self.inversion:
            return 0
        self.inversion = value
        forward_mode = self.forward_mode if value == "default" else value
        has_none = value == "default" or value == "keep_input"
        self.core.set_modes(forward_mode, self.decode_mode if has_none else value)
        return 0

    @torch.jit.export
    def get_projection(self) -> list[str]:
        """Which latent axes are shown."""
        return [self.projection]

    @torch.jit.export
    def set_projection(self, value: str) -> int:
        """`none`, `pca` or `ica`."""
        if value not in self.projections:
            return 1
        self.projection = value
        self.core.set_projection(self.projections.index(value))
        return 0

    @torch.jit.export
    def get_gain_db(self) -> list[float]:
        """Gain of the output in dB."""
        return [self.gain_db]

    @torch.jit.export
    def set_gain_db(self, value: float) -> int:
        """From -120 to 60; reached over the next block."""
        if not (value >= self.least_gain_db and value <= self.greatest_gain_db):
            return 1
        self.gain_db = value
        self.core.set_gain(math.pow(10.0, value / 20.0))
        return 0

    @torch.jit.export
    def get_limiter(self) -> list[str]:
        """Which methods are limited."""
        return [self.limiter]

    @torch.jit.export
    def set_limiter(self, value: str) -> int:
        """`off`, `decode` or `all`: decode has no input that would say what level to expect."""
        if value not in self.limiters:
            return 1
        self.limiter = value
        self.core.set_limits(value == "all", value != "off")
        return 0

    @torch.jit.export
    def get_reset(self) -> list[bool]:
        """Always false: a reset is an event, not a state."""
        return [False]

    @torch.jit.export
    def set_reset(self, value: bool) -> int:
        """Forget all that was heard, whatever the value."""
        self.core.reset()
        return 0

    @torch.jit.export
    def get_latent_dims(self) -> list[int]:
        """Number of latent axes."""
        return [self.latent_dims]

    @torch.jit.export
    def set_latent_dims(self, value: int) -> int:
        """Refused: inlets and outlets are fixed at export."""
        return 1

    @torch.jit.export
    def get_delay(self) -> list[int]:
        """Samples from input to output of `forward`, and from a frame to its sound of `decode`."""
        return [self.core.forward_delay(), self.core.decode_delay()]

    @torch.jit.export
    def set_delay(self, forward_samples: int, decode_samples: int) -> int:
        """Refused: a delay follows from the inversion."""
        return 1

    @torch.jit.export
    def get_text(self, task: int) -> list[str]:
        """The class or the value that a label was set to."""
        return [self.texts.text(task, self.label_values[task])]

    @torch.jit.export
    def set_text(self, task: int, value: str) -> int:
        """A class by name or index, or a number."""
        label = self.texts(task, value)
        if not math.isfinite(label):
            return 1
        self.label_values[task] = label
        self.core.set_label(task, label)
        return 0
