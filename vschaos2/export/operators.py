"""The operators that hosts are known to load, and the check that a file uses no other.

nn~'s releases ship libtorch 2.5, where one operator that it does not know takes the whole host
down without a reason. So the exporter looks first.
"""

import torch

# Taken to load in libtorch 2.5. The transforms, convolutions, norms, activations and recurrent
# layers were tried there; the small change of a graph (list, len, round_, remainder_, …) was added
# as exports met it, being old, and was not tried. To add one, check that its schema in torch 2.5's
# native_functions.yaml has every argument that the exported graph passes.
_NAMES = """
    Bool Float Int IntImplicit ScalarImplicit __and__ __contains__ __getitem__ __is__
    __isnot__ __not__ __or__ _set_item abs add add_ addmm amax amin angle any append arange
    as_tensor bitwise_and bitwise_not bitwise_or cat chunk clamp clamp_ clamp_max clamp_max_
    clamp_min clamp_min_ clone complex contiguous conv1d conv_transpose1d copy_ cos cummax
    cummin cumsum detach device dim div div_ embedding empty_like eq exp exp_ expand
    expand_as expm1 fft_irfft fft_rfft fill_ flatten flip floor floor_divide floordiv format
    full full_like gather ge group_norm gru gt imag index index_select isfinite item keys
    layer_norm le len lerp linear list log log10 log1p logical_and logical_not logical_or
    logical_or_ lstm lt masked_fill masked_fill_ matmul max maximum mean min minimum mm mul
    mul_ nan_to_num nan_to_num_ narrow ne neg new_empty new_full new_ones new_zeros norm
    numel ones ones_like pad permute polar pow rand rand_like randn randn_like real
    reciprocal relu remainder remainder_ repeat reshape roll round round_ rsqrt rsub scatter
    scatter_ select sgn sigmoid sign silu silu_ sin size slice softmax softplus sort split
    sqrt square squeeze stack str sub sub_ sum tanh tensor to transpose unbind unfold
    unsqueeze values view view_as_complex view_as_real warn where zero_ zeros zeros_like
"""
KNOWN_OPERATORS = frozenset(f"aten::{name}" for name in _NAMES.split())


class UnknownOperatorError(RuntimeError):
    """A graph uses an operator that older hosts may not have."""


def operators(module: torch.jit.ScriptModule) -> dict[str, str]:
    """Every operator of every method of a scripted module → the innermost module that uses it."""
    found: dict[str, str] = {}
    for name, part in reversed(list(module.named_modules())):
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
