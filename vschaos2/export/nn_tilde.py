"""The contract of nn~: what a TorchScript file must offer to be played in Max and PureData.

nn~ finds a model's abilities by the names of its attributes. For each method m it reads

    m_params = [in_channels, in_ratio, out_channels, out_ratio]     a tensor
    m_input_labels, m_output_labels                                 lists of str, shown by Max

and for each attribute a (a value that a message can set)

    a_params                                    a tensor of one type code per value
    get_a() -> list or tuple, set_a(...) -> int         0: taken; anything else: refused

A ratio is the number of samples per value: a method with ratios 1 → 512 takes signals and returns
one value every 512 samples.
"""

import copy
import inspect
import warnings
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vschaos2.controls import Control

TYPE_CODES: dict[type, int] = {bool: 0, int: 1, float: 2, str: 3, Tensor: 4}
TYPES: dict[str, type] = {
    "number": float, "integer": int, "choice": str, "switch": bool, "event": bool, "text": str
}  # fmt: skip


class Ports(NamedTuple):
    """A method's channels, and samples per value of each, as `m_params` has them."""

    inlets: int
    in_ratio: int
    outlets: int
    out_ratio: int


class NnTildeModule(nn.Module):
    """A module that says of itself what nn~ asks. Subclasses register methods and controls.

    A method reads a number or an integer as `self.control_values[NAME]`, 1.0 or 0.0 of a switch,
    and a choice as `self.choice(NAME)`. Or `control_changed` tells of each change, and of each
    event. What the accessors of a "text" do, `get_text(name) -> list[str]` and
    `set_text(name, value) -> int` say, and of a "reading" `get_NAME`; these the subclass defines
    and exports.

    Attributes:
        controls: all that were registered, in order.
    """

    method_names: list[str]
    attribute_names: list[str]
    control_values: dict[str, float]
    control_ranges: dict[str, list[float]]
    control_choices: dict[str, list[str]]
    control_integers: dict[str, list[int]]

    def __init_subclass__(cls) -> None:
        """Hand the annotations on: TorchScript looks at those of the class itself only."""
        super().__init_subclass__()
        own = inspect.get_annotations(cls)
        assert cls.__base__ is not None
        cls.__annotations__ = {**cls.__base__.__annotations__, **own}

    def __init__(self) -> None:
        super().__init__()
        self.method_names, self.attribute_names = [], []
        self.control_values, self.control_ranges = {}, {}
        self.control_choices, self.control_integers = {}, {}
        self.controls: list[Control] = []

    def register_method(
        self,
        name: str,
        in_ratio: int,
        out_ratio: int,
        input_labels: list[str],
        output_labels: list[str],
    ) -> None:
        """Announce a method; channels are counted by their labels.

        Args:
            name: of a method that takes [B, in_channels, N / in_ratio] and returns
                [B, out_channels, N / out_ratio].
            in_ratio: samples per input value, a power of two.
            out_ratio: samples per output value, a power of two.
            input_labels: one per inlet.
            output_labels: one per outlet.

        Raises:
            ValueError: if a ratio is no power of two.
        """
        for ratio in (in_ratio, out_ratio):
            if ratio < 1 or ratio & (ratio - 1):
                raise ValueError(f"{name}: ratios must be powers of two, got {ratio}")
        shape = [len(input_labels), in_ratio, len(output_labels), out_ratio]
        self.register_buffer(f"{name}_params", torch.tensor(shape))
        setattr(self, f"{name}_input_labels", input_labels)
        setattr(self, f"{name}_output_labels", output_labels)
        self.method_names.append(name)

    def register_control(self, control: Control) -> None:
        """Announce an attribute, whose accessors `scripted` will write.

        Raises:
            ValueError: if its name is taken, a method of the class has the name of an accessor, or
                a reading or a text has no getter.
        """
        name, kind = control.name, control.kind
        if hasattr(self, f"{name}_params"):
            raise ValueError(f"control {name}: a method or a control has this name: rename one")
        getter = f"get_{name}" if kind == "reading" else "get_text"
        if kind in ("reading", "text") and not hasattr(self, getter):
            raise ValueError(f"{kind} {name} has no {getter}: define and export it")
        for accessor in (f"set_{name}", *([] if kind == "reading" else [f"get_{name}"])):
            if hasattr(self, accessor):
                raise ValueError(f"control {name}: {accessor} is defined already: rename one")
        if kind in ("number", "integer", "switch"):
            self.control_values[name] = float(control.value)
        if kind == "integer":
            self.control_integers[name] = [int(each) for each in control.choices]
        if kind == "number":
            assert control.lowest is not None and control.highest is not None
            self.control_ranges[name] = [float(control.lowest), float(control.highest)]
        if kind == "choice":
            self.control_values[name] = float(control.choices.index(control.value))
            self.control_choices[name] = [str(each) for each in control.choices]
        types = [type(v) for v in control.values] if kind == "reading" else [TYPES[kind]]
        codes = torch.tensor([TYPE_CODES[of] for of in types], dtype=torch.int64)
        self.register_buffer(f"{name}_params", codes)
        # Part of the type: modules of one type share accessors, which differ from kind to kind.
        setattr(self, f"{name}_is_{kind}", True)
        self.attribute_names.append(name)
        self.controls.append(control)

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Names of the methods."""
        return self.method_names

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Names of the attributes."""
        return self.attribute_names

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Called after a control has another value, and for each event; subclasses override it.

        Args:
            name: of the control.
            value: of a number or an integer; the index of a choice; 0 or 1 of a switch or an event.
        """

    @torch.jit.export
    def choice(self, name: str) -> str:
        """What is chosen."""
        return self.control_choices[name][int(self.control_values[name])]

    @torch.jit.export
    def get_number(self, name: str) -> list[float]:
        """The value of a number."""
        return [self.control_values[name]]

    @torch.jit.export
    def set_number(self, name: str, value: float) -> int:
        """Take a number within its range."""
        lowest, highest = self.control_ranges[name][0], self.control_ranges[name][1]
        if not (value >= lowest and value <= highest):  # nor NaN
            return 1
        return self.take(name, value)

    @torch.jit.export
    def get_integer(self, name: str) -> list[int]:
        """The value of an integer."""
        return [int(self.control_values[name])]

    @torch.jit.export
    def set_integer(self, name: str, value: int) -> int:
        """Take one of the whole numbers that there are to choose from."""
        if value not in self.control_integers[name]:
            return 1
        return self.take(name, float(value))

    @torch.jit.export
    def get_choice(self, name: str) -> list[str]:
        """The value of a choice."""
        return [self.choice(name)]

    @torch.jit.export
    def set_choice(self, name: str, value: str) -> int:
        """Take one of the choices."""
        choices = self.control_choices[name]
        if value not in choices:
            return 1
        return self.take(name, float(choices.index(value)))

    @torch.jit.export
    def get_switch(self, name: str) -> list[bool]:
        """Whether a switch is on."""
        return [self.control_values[name] != 0.0]

    @torch.jit.export
    def set_switch(self, name: str, value: bool) -> int:
        """Switch on or off."""
        return self.take(name, 1.0 if value else 0.0)

    @torch.jit.export
    def get_event(self, name: str) -> list[bool]:
        """Always false: an event is no state."""
        return [False]

    @torch.jit.export
    def set_event(self, name: str, value: bool) -> int:
        """Let it happen."""
        self.control_changed(name, 1.0 if value else 0.0)
        return 0

    def take(self, name: str, value: float) -> int:
        """What is set already is taken and interrupts nothing."""
        if value != self.control_values[name]:
            self.control_values[name] = value
            self.control_changed(name, value)
        return 0


def ports(module: nn.Module, method: str) -> Ports:
    """What a module, eager or scripted, declares of a method."""
    return Ports(*getattr(module, f"{method}_params").tolist())


def get_attribute(module: nn.Module, name: str) -> list[Any]:
    """The values of an attribute of a module, eager or scripted."""
    if hasattr(module, f"get_{name}"):
        return list(getattr(module, f"get_{name}")())
    return list(getattr(module, f"get_{_control(module, name).kind}")(name))


def set_attribute(module: nn.Module, name: str, *values: Any) -> int:
    """Set an attribute of a module, eager or scripted. 0: taken; anything else: refused."""
    if hasattr(module, f"set_{name}"):
        return int(getattr(module, f"set_{name}")(*values))
    kind = _control(module, name).kind
    return 1 if kind == "reading" else int(getattr(module, f"set_{kind}")(name, *values))


def _control(module: Any, name: str) -> Control:
    return next(control for control in module.controls if control.name == name)


def scripted(module: NnTildeModule) -> torch.jit.ScriptModule:
    """A module as TorchScript, with get_NAME and set_NAME of every control.

    Which there are is known only once the module is made, and TorchScript compiles no method that
    was not written somewhere.
    """
    with warnings.catch_warnings():
        # TorchScript is deprecated in torch, but it is what nn~ loads.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", message="The TorchScript type system")
        # What stands behind an interface must be scripted by itself before.
        twin = copy.copy(module)
        twin._modules = dict(module._modules)
        for name, kind in type(module).__annotations__.items():
            if hasattr(kind, "__torch_script_interface__"):
                child = torch.jit.script(module._modules[name])
                twin._modules[name] = child  # type: ignore[assignment]
        made = torch.jit.script(twin)
        for control in module.controls:
            # Modules of the same attributes share one type, with the methods that it got first.
            if not hasattr(made, f"set_{control.name}"):
                made.define(_accessors(control))
    return made


def _accessors(control: Control) -> str:
    """The source of a control's getter and setter."""
    name, kind = control.name, control.kind
    if kind == "reading":
        given = "".join(f", v{i}: {type(v).__name__}" for i, v in enumerate(control.values))
        return f"def set_{name}(self{given}) -> int:\n    return 1\n"
    of = TYPES[kind].__name__
    return (
        f'def get_{name}(self) -> List[{of}]:\n    return self.get_{kind}("{name}")\n'
        f"def set_{name}(self, value: {of}) -> int:\n"
        f'    return self.set_{kind}("{name}", value)\n'
    )
