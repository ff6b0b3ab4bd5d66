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

import torch
from torch import Tensor, nn

TYPE_CODES: dict[type, int] = {bool: 0, int: 1, float: 2, str: 3, Tensor: 4}


class NnTildeModule(nn.Module):
    """A module that says of itself what nn~ asks. Subclasses register methods and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.method_names: list[str] = []
        self.attribute_names: list[str] = []

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

    def register_attribute(self, name: str, *types: type) -> None:
        """Announce an attribute of these value types, with get_NAME and set_NAME defined."""
        for accessor in (f"get_{name}", f"set_{name}"):
            if not hasattr(self, accessor):
                raise ValueError(f"attribute {name} has no {accessor}: define and export it")
        self._announce(name, types)

    def register_text_attribute(self, name: str) -> None:
        """Announce an attribute whose accessors `define_text_attributes` will write."""
        self._announce(name, (str,))

    def _announce(self, name: str, types: tuple[type, ...]) -> None:
        codes = torch.tensor([TYPE_CODES[kind] for kind in types], dtype=torch.int64)
        self.register_buffer(f"{name}_params", codes)
        self.attribute_names.append(name)


def define_text_attributes(scripted: torch.jit.ScriptModule, names: list[str]) -> None:
    """Give a scripted module get_NAME and set_NAME for every name.

    How many there are is known only once a model is, and TorchScript compiles no method that was
    not written somewhere. They call get_text(index) -> list[str] and set_text(index, value) -> int,
    which the module defines for all.
    """
    for index, name in enumerate(names):
        # Modules of the same attributes share one type, with the methods that it got first.
        if not hasattr(scripted, f"get_{name}"):
            scripted.define(
                f"def get_{name}(self) -> List[str]:\n    return self.get_text({index})\n"
                f"def set_{name}(self, value: str) -> int:\n"
                f"    return self.set_text({index}, value)\n"
            )
