"""What a host can play: the Python twin of externals/core/instrument.h."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.export.for_engine import EngineProgram, saved
from vschaos2.export.nn_tilde import NnTildeModule, Ports, ports, scripted, set_attribute
from vschaos2.export.operators import check_operators
from vschaos2.export.trial import ExportError


class Playable:
    """An instrument before it is a file, and what is to be proved of the file.

    Methods, their channels and ratios, and what can be set stand in the nn~ contract of `eager`; a
    family adds what no contract says by overriding what follows. Of `eager` the checks demand an
    event `reset`. Where it has a reading `delay`, that holds the samples of delay of each method
    that returns sound, in the order of the methods.

    Args:
        eager: the code that is scripted, in Python, with a state of its own.
        sample_rate_hz: what it is made for.
        block_samples: every block of a host is a multiple of this, and so of every ratio.

    Attributes:
        exact: for each method the settings under which blocks must equal the whole.
        passing: for each method the settings under which an impulse peaks as late as `delay` says,
            where it does not under those of `exact`.
        short_blocks: at which blocks the card tells the load beside the usual ones, in samples.
        together: for each method how many of its first outlets are judged by their common peak;
            the others by their own. 1 where nothing is said.
    """

    exact: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    passing: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    short_blocks: ClassVar[tuple[int, ...]] = ()

    def __init__(self, eager: NnTildeModule, sample_rate_hz: int, block_samples: int = 1) -> None:
        self.eager = eager
        self.sample_rate_hz = sample_rate_hz
        self.block_samples = block_samples
        self.together: dict[str, int] = {}
        if block_samples < 1 or sample_rate_hz < 1:
            raise ValueError(
                f"block_samples and sample_rate_hz must be 1 or more, got {block_samples} and "
                f"{sample_rate_hz}"
            )
        for name, (_, in_ratio, _, out_ratio) in self.methods.items():
            if block_samples % in_ratio or block_samples % out_ratio:
                raise ValueError(
                    f"{name}: block_samples must be a multiple of its ratios {in_ratio} and "
                    f"{out_ratio}, got {block_samples}"
                )

    @property
    def methods(self) -> dict[str, Ports]:
        """What can be called, with channels and ratios."""
        return {name: ports(self.eager, name) for name in self.eager.method_names}

    @property
    def sounding(self) -> list[str]:
        """The methods that return sound."""
        return [name for name, of in self.methods.items() if of.out_ratio == 1]

    def reset(self) -> None:
        """Forget all that was heard.

        Raises:
            ExportError: if it has no event `reset`.
        """
        if "reset" not in self.eager.attribute_names:
            raise ExportError(
                "reset: there is no such event: register Control('reset', 'event', …)"
            )
        set_attribute(self.eager, "reset", True)

    def script(self) -> torch.jit.ScriptModule:
        """The same as TorchScript, in silence: a file holds the state that it was saved in.

        Raises:
            ExportError: if it has no event `reset`.
        """
        self.reset()
        return scripted(self.eager.eval())

    def for_engine(self) -> EngineProgram | str:
        """What the small engine plays it from, or what that engine knows nothing of, in words."""
        return "instruments of its kind"

    def saved(self) -> bytes:
        """The file: TorchScript, and what the small engine asks for.

        Raises:
            ExportError: if it has no event `reset`.
            UnknownOperatorError: for an operator that hosts may not know.
        """
        instrument = self.script()
        check_operators(instrument)
        # Into memory: libtorch, when a disk is full, ends the program from within.
        return saved(instrument, self.eager, self.for_engine())

    def example(self, method: str, samples: int, generator: torch.Generator) -> Tensor:
        """Something to play: noise at -20 dB.

        Args:
            method: which.
            samples: of sound, a multiple of `block_samples`.
            generator: the source of all randomness.

        Shape: → [1, inlets, samples / in_ratio].
        """
        inlets, in_ratio, _, _ = self.methods[method]
        return 0.1 * torch.randn(1, inlets, samples // in_ratio, generator=generator)

    def prove(self, content: bytes) -> None:
        """Prove of the file what the family promises beyond the contract.

        Raises:
            ExportError: naming method and figure, if it does not hold.
        """

    def lines(self, content: bytes) -> dict[str, Any]:
        """The family's own lines of the card, in plain values."""
        return {}

    @staticmethod
    def table(card: Mapping[str, Any]) -> list[str]:
        """These as lines for a terminal, each indented by two spaces."""
        return []


def check_wishes(wishes: Mapping[str, Any], known: Collection[str], family: str) -> None:
    """Refuse an option of the exporting program that a family does not take.

    Raises:
        InputError: naming it and those that it takes.
    """
    for name in wishes:
        if name not in known:
            flags = ", ".join(f"--{of.replace('_', '-')}" for of in known) or "none"
            raise InputError(
                f"--{name.replace('_', '-')}: a run of the family {family} takes no such option "
                f"(of these it takes {flags}): leave it out"
            )
