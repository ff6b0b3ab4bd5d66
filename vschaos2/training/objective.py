"""What a training minimises, without the trainer.

batch ──loss──> one number to descend, and its terms by name
held-out batch ──held_out──> the same of the averaged model, and scores to be summed
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor, nn


class Moment(NamedTuple):
    """Where a training stands, counted from 0.

    Attributes:
        step: optimiser steps done.
        epoch: epochs done.
    """

    step: int
    epoch: int


class Losses(NamedTuple):
    """What an objective finds in one batch.

    Attributes:
        total: what is descended, or compared; a scalar.
        terms: its parts by name, logged under train/ or validation/.
        rates: what changes over a training, such as a weight; logged under its own name.
        scores: sums over the batch and how many they are of, [m, 2], in the order of
            `Objective.scores`; None for none.
    """

    total: Tensor
    terms: Mapping[str, Tensor]
    rates: Mapping[str, float] = {}
    scores: Tensor | None = None


class Objective:
    """What a model learns. Subclasses say at least `loss` and `held_out`.

    What is called `data` is the material of the model's own family (see `data.material`).

    Args:
        model: that learns.

    Attributes:
        scores: names of what is counted over a whole validation, such as "accuracy/pitch".
        averaged_model: the model whose weights are the running average, lent by the training; None
            outside of one.
        carried: where batches go on where the one before ended, what the model remembers of it,
            [B, S]; stored with a training, and given back where it is resumed.
    """

    scores: tuple[str, ...] = ()
    averaged_model: Any = None
    carried: Tensor | None = None

    def __init__(self, model: Any) -> None:
        self.model = model

    def loss(self, batch: Mapping[str, Any], moment: Moment) -> Losses:
        """The loss of a batch of training material."""
        raise NotImplementedError

    def held_out(self, model: Any, batch: Mapping[str, Any]) -> Losses:
        """The same of held-out material and the averaged model, without chance."""
        raise NotImplementedError

    def fit(self, data: Any) -> None:
        """Set what the model needs to know of its material, before a new training's first step.

        Raises:
            InputError: for material that nothing can be learnt from.
        """

    def calibrate(self, model: Any, data: Any) -> None:
        """Set what the averaged model is to know of its own errors, before each validation."""

    def apart(self, model: Any) -> list[nn.Parameter]:
        """Weights whose gradient is clipped apart from that of the rest."""
        return []

    def kept(self, model: Any, data: Any) -> dict[str, Any]:
        """Tensors and plain values to store beside the weights of the averaged model.

        Their names must not be those of what every checkpoint has, such as "summary".
        """
        return {}

    def stages(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """What a batch is on its way through the model, by name, to be shown."""
        return {"waveform": batch["waveform"]}
