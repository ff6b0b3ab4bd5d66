"""The contract of nn~: what a TorchScript file must offer to be played in Max and PureData.

nn~ finds a model's abilities by the names of its attributes. For each method m it reads

    m_params = [in_channels, in_ratio, out_channels, out_ratio]     a tensor
    m_input_labels, m_output_labels                                 lists of str, shown by Max

and for each attribute a (a value that a message can set)

    a_params                                    a tensor of one type code per value
    get_a() -> list or tuple, set_a(...) -> int         0: taken; anything else: refused

A ratio is the number of samples per value: a method with ratios 1 → 512 takes signals and returns
one value every 512 samples. The exporter also refuses operators that older hosts do not know:
nn~'s releases ship libtorch 2.5, where one unknown operator takes the whole host down.
"""

import torch
from torch import Tensor, nn

TYPE_CODES: dict[type, int] = {bool: 0, int: 1, float: 2, str: 3, Tensor: 4}

# Operators that libtorch 2.5 loads and computes alike (to 2e-6). To add one, check that its schema
# in torch 2.5's native_functions.yaml has every argument that the exported graph passes.
KNOWN_OPERATORS = frozenset(
    f"aten::{name}"
    for name in """
    Bool Float Int IntImplicit ScalarImplicit __and__ __contains__ __getitem__ __is__ __isnot__
    __not__ __or__ _set_item abs add add_ addmm amax amin angle any append arange as_tensor bitwise_and
    bitwise_not bitwise_or bool cat chunk clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_
    clone complex contiguous conv1d conv_transpose1d copy_ cos cumsum cummax cummin detach device
    dim div div_ embedding empty_like eq exp exp_ expand expand_as expm1 fft_irfft fft_rfft fill_ flatten
    flip float floor floor_divide floordiv format full full_like gather ge group_norm gt gru
    imag index index_select isfinite item keys layer_norm le len lerp linear list log log10 log1p
    logical_and logical_not logical_or logical_or_ lstm lt masked_fill masked_fill_ matmul max maximum mean
    min minimum mm mul mul_ nan_to_num nan_to_num_ narrow ne neg new_empty new_full new_ones
    new_zeros norm numel ones ones_like permute polar pow rand rand_like randn randn_like real
    reciprocal relu remainder remainder_ repeat reshape roll round round_ rsqrt rsub scatter scatter_ select sgn
    sigmoid sign silu silu_ sin size slice softmax softplus sort split sqrt square squeeze stack str
    sub sub_ sum tanh tensor to transpose unbind unfold unsqueeze values view view_as_complex
    view_as_real warn where zero_ zeros zeros_like
    """.split()
)


class UnknownOperatorError(RuntimeError):
    """A graph uses an operator that older hosts may not have."""


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
        codes = torch.tensor([TYPE_CODES[kind] for kind in types], dtype=torch.int64)
        self.register_buffer(f"{name}_params", codes)
        self.attribute_names.append(name)


def operators(module: torch.jit.ScriptModule) -> dict[str, str]:
    """Every operator of every method of a scripted module → the first module that uses it."""
    found: dict[str, str] = {}
    for name, part in module.named_modules():
        for method in (part._c._get_method(n) for n in part._c._method_names()):
            graph = method.graph.copy()
            torch._C._jit_pass_inline(graph)
            nodes = list(graph.nodes())
            while nodes:
                node = nodes.pop()
                for block in node.blocks():
                    nodes.extend(block.nodes())
                if not node.kind().startswith("prim::"):
                    found.setdefault(node.kind(), f"{name or 'the model'}.{method.name}")
    return found


def check_operators(module: torch.jit.ScriptModule) -> None:
    """Raise UnknownOperatorError if a graph uses an operator outside `KNOWN_OPERATORS`."""
    for operator, place in sorted(operators(module).items()):
        if operator not in KNOWN_OPERATORS:
            raise UnknownOperatorError(
                f"operator {operator} in {place} is not known to load in the hosts' libtorch 2.5: "
                "express it by others, or add it to KNOWN_OPERATORS once it is checked there"
            )
