"""A chain of processors, written as a list: what it is set by, how it learns, how it plays.

    - gain
    - parametric_eq: {name: tone, peak1_gain_db: 3}
    - compressor: {controller: told, threshold_db: -20}

Each item is a kind of processor, alone or with a mapping: where its parameters begin, its
`controller` (see `controllers`; nearly always static if nothing is said), its `name`, whether it is
`enabled` (if not, it is left out), and what else its kind asks for. A parameter's full name is its
own; where two processors of the chain have one of that name, it follows their names, which are
their kinds, numbered where one comes twice: `gain2_gain_db`. A processor hears as many channels as
the one before it makes.
"""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.dsp.state import Stateful
from vschaos2.errors import InputError
from vschaos2.parts import parts
from vschaos2.processors import (  # noqa: F401 - which register their processors
    dynamics,
    filters,
    fir,
    gain,
    modulation,
    mono_space,
    phase_shift,
    shaping,
    space,
)
from vschaos2.processors.controllers import CONTROLLERS, Controller
from vschaos2.processors.glide import Glide
from vschaos2.processors.modulation import Swept
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.recursion import BLOCK

WHERE = "model.chain"
KIND = "processor"  # what a part is registered as
GIVEN = {"sample_rate", "channels"}  # to every kind, and said by no item


class Chain(Stateful):
    """Processors in series, each with its controller.

    Args:
        items: as above.
        sample_rate: in Hz.
        channels: of the sound that enters, C.
        n_knobs: that are told to those who hear them, K.
        where: the key of the items, for messages.

    Attributes:
        names: of the processors.
        physical: every parameter under its full name, P in all.
        state_size: numbers that are carried from block to block, S.
        outputs: channels of the sound that leaves, O.

    Raises:
        InputError: for an item that names no processor, or says what its processor does not have.
    """

    held: Tensor
    held_values: Tensor

    def __init__(
        self,
        items: list[Any],
        sample_rate: float,
        channels: int = 1,
        n_knobs: int = 0,
        where: str = WHERE,
    ) -> None:
        super().__init__()
        if not isinstance(items, list) or not items:
            raise InputError(
                f"{where} must be a list of processors, got {items!r}: give one, as in [gain]"
            )
        read = [(f"{where}[{n}]", *_read(f"{where}[{n}]", item)) for n, item in enumerate(items)]
        asked = [each for each in read if _is_enabled(each[0], each[2])]
        if not asked:
            raise InputError(f"{where}: none of its processors is enabled: enable one")
        built, self.outputs = [], channels
        for each in asked:
            built.append(_build(*each, sample_rate, self.outputs, n_knobs))
            self.outputs = built[-1][0].outputs
        self.names = _names(asked)
        self.processors = nn.ModuleList(processor for processor, _ in built)
        self.controllers = nn.ModuleList(controller for _, controller in built)
        self.physical = _full_names(self.names, [processor.physical for processor, _ in built])
        self.counts = [len(processor.physical) for processor, _ in built]
        total = len(self.physical)
        self.n_knobs, self.block = n_knobs, BLOCK
        self.glide = Glide(n_knobs + 2 * total, sample_rate)
        self.sizes = [self.glide.state_size]
        for processor, controller in built:
            self.sizes += [controller.state_size, processor.state_size]
        self.state_size = sum(self.sizes)
        for name in ("held", "held_values"):
            self.register_buffer(name, torch.zeros(total, dtype=torch.float64), persistent=False)

    def begin(self, batch: int, start_s: Tensor | None = None) -> Tensor:
        """The state before the first sound.

        Args:
            batch: B.
            start_s: where in their recordings windows begin, [B] in s, for what oscillates there;
                at the beginning if None.

        Shape: → [B, S], float64.
        """
        state = torch.zeros(batch, self.state_size, dtype=torch.float64, device=self.held.device)
        if start_s is not None:
            parts = state.split(self.sizes, 1)
            for n, processor in enumerate(self.processors):
                if isinstance(processor, Swept):
                    parts[2 + 2 * n].copy_(processor.begin(start_s))
        return state

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound after the chain, and its state.

        Args:
            x: sound, T a multiple of 64.
            knobs: 0 to 1, for all of it (N = 1) or for each sub-block of 64 samples.
            state: as `begin` or the block before gave it.

        Shape: x [B, C, T], knobs [B, K, N], state [B, S] → y [B, O, T], state [B, S].
        """
        before = torch.split(state.double(), self.sizes, 1)
        blocks = x.shape[2] // self.block
        holds = torch.cat((self.held, self.held * self.held_values))[None, :, None]
        moved = torch.cat((knobs.double(), holds.expand(x.shape[0], -1, knobs.shape[2])), 1)
        moved, gliding = self.glide(moved, blocks, before[0])
        knobs, holds = moved[:, : self.n_knobs], moved[:, self.n_knobs :]
        is_held = bool((holds[:, : len(self.held)] != 0.0).any())
        after = [gliding]
        at = 0
        for n, (processor, controller) in enumerate(
            zip(self.processors, self.controllers)  # noqa: B905 - not in TorchScript
        ):
            values, following = controller(x, knobs, before[1 + 2 * n])
            if is_held:
                share = holds[:, at : at + self.counts[n]]
                start = len(self.held) + at
                values = (1.0 - share) * values + holds[:, start : start + self.counts[n]]
            x, own = processor.in_parts(x, values, before[2 + 2 * n])  # type: ignore[operator]
            after.append(following)
            for each in own:
                after.append(each)
            at += self.counts[n]
        return x, torch.cat(after, 1)

    def settle(self) -> None:
        """Fix what nothing moves any more, before it is exported: it need not be worked out again.

        What is `static` becomes `fixed`, at the values that it has.
        """
        for controller in self.controllers:
            controller.settle()  # type: ignore[operator]

    @torch.jit.export
    def hold(self, index: int, value: float) -> None:
        """Let a parameter stand at a value, in its unit, whatever its controller says.

        Args:
            index: its place in `physical`.
            value: within its range.
        """
        number = torch.arange(len(self.held), device=self.held.device)
        self.held = torch.where(number == index, 1.0, self.held)
        self.held_values = torch.where(number == index, value, self.held_values)

    @torch.jit.export
    def release(self, index: int) -> None:
        """Give a parameter back to its controller.

        Args:
            index: its place in `physical`.
        """
        number = torch.arange(len(self.held), device=self.held.device)
        self.held = torch.where(number == index, 0.0, self.held)

    def preset(self, knobs: Tensor | None = None) -> dict[str, float]:
        """The value of every parameter, by full name; held ones as they are held.

        Args:
            knobs: [K], for those who hear them; all in the middle if None.
        """
        middle = self._knobs(knobs)
        with torch.no_grad():
            values = torch.cat([each.rest(middle) for each in self.controllers])  # type: ignore[operator]
        values = torch.where(self.held > 0.0, self.held_values, values)
        return {p.name: float(v) for p, v in zip(self.physical, values, strict=True)}

    def load_preset(self, preset: dict[str, float], knobs: Tensor | None = None) -> None:
        """Let the chain begin, or go on to learn, at the values of a preset.

        Args:
            preset: full name → value; a name that is left out stays as it is.
            knobs: [K], where those who hear them give these values; all in the middle if None.

        Raises:
            InputError: for a name that the chain does not have, or a value outside its range.
        """
        known = {each.name: each for each in self.physical}
        for name, value in preset.items():
            if name not in known:
                could = ", ".join(known)
                raise InputError(f"no parameter of the chain is called {name}: use one of {could}")
            known[name].check(f"{name} of a preset", value)
        middle = self._knobs(knobs)
        wanted = {**self.preset(middle), **preset}
        values = torch.tensor([wanted[name] for name in known], dtype=torch.float64)
        for controller, own in zip(self.controllers, values.split(self.counts), strict=True):
            controller.begin_at(own, middle)  # type: ignore[operator]

    def response(self, frequencies: Tensor, knobs: Tensor | None = None) -> Tensor:
        """What its linear processors together do to steady sines, at rest, alike in all channels.

        Shape: [K] in Hz → complex128 [K], or [2, K] of a chain that makes stereo.
        """
        whole = torch.ones(len(frequencies), dtype=torch.complex128)
        middle = self._knobs(knobs)
        for processor, controller in zip(self.processors, self.controllers, strict=True):
            if processor.is_linear:
                values = controller.rest(middle)[None]  # type: ignore[operator]
                whole = whole * processor.response(values, frequencies)[0]  # type: ignore[operator]
        return whole

    def _knobs(self, knobs: Tensor | None) -> Tensor:
        return torch.full((self.n_knobs,), 0.5) if knobs is None else knobs


def _read(where: str, item: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(item, dict) and len(item) == 1:
        kind, said = next(iter(item.items()))
    else:
        kind, said = item, {}
    known = parts(KIND)
    if not isinstance(kind, str) or kind not in known:
        raise InputError(
            f"{where} must be a processor, got {kind!r}: use one of {', '.join(known)}"
        )
    said = {} if said is None else said
    if not isinstance(said, dict):
        raise InputError(
            f"{where}.{kind} must be a mapping, got {said!r}: as in {{controller: fixed}}"
        )
    return kind, dict(said)


def _is_enabled(where: str, said: dict[str, Any]) -> bool:
    found = said.pop("enabled", True)
    if not isinstance(found, bool):
        raise InputError(f"{where}.enabled must be true or false, got {found!r}")
    return found


def _build(
    where: str, kind: str, said: dict[str, Any], sample_rate: float, channels: int, n_knobs: int
) -> tuple[Any, Controller]:
    make = parts(KIND)[kind]
    takes = set(inspect.signature(make).parameters) - GIVEN
    options = {key: value for key, value in said.items() if key in takes}
    processor = make(sample_rate, channels, **options)
    known = {each.name: each for each in processor.physical}
    controller = said.get("controller", processor.controller)
    if controller not in CONTROLLERS:
        raise InputError(
            f"{where}.controller must be one of {', '.join(CONTROLLERS)}, got {controller!r}"
        )
    for key in said.keys() - takes - {"controller", "name"} - known.keys():
        could = ", ".join(["controller", "enabled", "name", *sorted(takes), *known])
        raise InputError(f"{where}: {kind} has no {key}: use one of {could}")
    values = [p.check(f"{where}.{n}", said.get(n, p.default)) for n, p in known.items()]
    return processor, Controller(controller, processor.physical, values, n_knobs)


def _names(asked: list[tuple[str, str, dict[str, Any]]]) -> list[str]:
    kinds = [kind for _, kind, _ in asked]
    names: list[str] = []
    for n, (where, kind, said) in enumerate(asked):
        number = str(kinds[: n + 1].count(kind)) if kinds.count(kind) > 1 else ""
        name = said.get("name", kind + number)
        if not isinstance(name, str) or not name.isidentifier() or name in names:
            raise InputError(f"{where}.name must be a word of its own, got {name!r}: give another")
        names.append(name)
    return names


def _full_names(names: list[str], physical: list[tuple[Parameter, ...]]) -> tuple[Parameter, ...]:
    short = [each.name for some in physical for each in some]
    return tuple(
        each if short.count(each.name) == 1 else each._replace(name=f"{name}_{each.name}")
        for name, some in zip(names, physical, strict=True)
        for each in some
    )
