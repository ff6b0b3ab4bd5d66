"""What the numbers of a model's weights stand for, so that models of one family share them.

Two models that differ in some of their sizes still share weights: those of the same bin, the same
latent dimension, the same class of the same task. A family may say, for every tensor of a model,
what each index along each axis is about; else tensors of one name and shape mean the same.
"""

from collections.abc import Hashable
from typing import NamedTuple

from torch import Tensor, nn

Axis = list[Hashable]


class Meaning(NamedTuple):
    """A tensor, and what it is about.

    Attributes:
        key: the same in two models if the tensors have the same place in the same kind of part.
        value: the tensor itself, not a copy.
        axes: what each index along each axis is about. An axis that only the weights themselves
            know, such as hidden units, has one meaning per index and size: it fits its like only.
    """

    key: Hashable
    value: Tensor
    axes: list[Axis]


def plain_meanings(model: nn.Module) -> dict[str, Meaning]:
    """Every tensor of a model's state by its name, meaning nothing but its place and its shape."""
    return {
        name: Meaning(name, value, [[("of", n, i) for i in range(n)] for n in value.shape])
        for name, value in model.state_dict().items()
    }
