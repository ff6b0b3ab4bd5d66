"""A collection of chains for nn~: sound in, sound out, presets by name, axes as sliders."""

from collections.abc import Sequence

import torch

from vschaos2.controls import Control
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.streaming_effect import StreamingEffect


class StreamingCollection(StreamingEffect):
    """An effect that is set by presets and along axes.

        preset          where it stands: the mean of all, or one of them by name
        towards         another one
        morph           0 (preset) to 1 (towards)
        axis1, axis2 …  -3 to 3 deviations from there; `modulate` has an inlet for each

    The rest as `StreamingEffect` has it.

    Args:
        model: of a `CollectionNet`.
        shown: the axes as controls.
        presets: their names, in the order of the net's.
        rate_hz: of the host at first; the model's own if None.
    """

    choosers: list[str]

    def __init__(
        self,
        model: EffectModel,
        shown: Sequence[Control],
        presets: Sequence[str],
        rate_hz: int | None = None,
    ) -> None:
        choices = tuple(presets)
        first = [
            Control("preset", "choice", presets[0], choices=choices, group="presets"),
            Control("towards", "choice", presets[-1], choices=choices, group="presets"),
            Control("morph", "number", 0.0, 0.0, 1.0, group="presets"),
        ]
        super().__init__(model, shown, (), rate_hz, first)
        self.choosers = [control.name for control in first]

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Stand elsewhere, or what every effect does."""
        if name in self.choosers:
            values = self.control_values
            at, end, morph = int(values["preset"]), int(values["towards"]), values["morph"]
            self.model.net.choose(at, end, morph)  # type: ignore[operator]
        else:
            self.changed(name, value)
