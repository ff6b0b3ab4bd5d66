"""What a file says of itself to the small engine (engine/), which plays it without libtorch.

A `.ts` is a zip archive in which tensors lie as they are. Beside them goes a small JSON,
`engine.json`: family, methods, controls, settings, and where which tensor lies. Players that know
nothing of it never look at it.
"""

import io
import json
import math
import pickle
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from vschaos2.export.nn_tilde import NnTildeModule, get_attribute, ports
from vschaos2.export.trial import ExportError

VERSION = 1
FILE = "engine.json"

# A tensor of the file by its name, or one row of it.
Source = str | tuple[str, int]


class EngineProgram(NamedTuple):
    """What the small engine plays an instrument from.

    Attributes:
        family: whose program plays it.
        sample_rate_hz: what it is made for.
        block_samples: every block is a multiple of it.
        settings: plain values that this program asks for.
        tensors: the program's name of each tensor → where it comes from.
        choices: controls of which the engine takes some values only, and which.
    """

    family: str
    sample_rate_hz: int
    block_samples: int
    settings: Mapping[str, Any]
    tensors: Mapping[str, Source]
    choices: Mapping[str, list[Any]]


class Record(NamedTuple):
    """Where a tensor lies.

    Attributes:
        name: of the record in the archive.
        offset: of its first number, counted in numbers.
        shape: of the tensor.
        is_plain: float32, one row behind the other.
    """

    name: str
    offset: int
    shape: tuple[int, ...]
    is_plain: bool


def saved(instrument: torch.jit.ScriptModule, eager: NnTildeModule, program: Any) -> bytes:
    """An instrument as a file that the small engine knows, too.

    Args:
        instrument: `eager`, scripted.
        eager: the module.
        program: `EngineProgram`, or what the engine knows nothing of, in words.

    Raises:
        ExportError: if a tensor does not lie in the file as the engine would read it.
    """
    about: dict[str, Any] = {"version": VERSION}
    if isinstance(program, str):
        about["cannot"] = program
    else:
        about |= _described(instrument.save_to_buffer(), eager, program)
    extra = {FILE: json.dumps(about, allow_nan=False)}
    content = instrument.save_to_buffer(_extra_files=extra)
    return bytes(content)


def description(content: bytes) -> dict[str, Any]:
    """What a file says to the small engine; nothing if it says nothing."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith(f"/extra/{FILE}"):
                return dict(json.loads(archive.read(name)))
    return {}


def card_lines(content: bytes) -> dict[str, Any]:
    """Whether the small engine plays a file: lines of its card."""
    about = description(content)
    if "cannot" in about:
        return {"engine": {"plays": [], "knows_nothing_of": about["cannot"]}}
    return {"engine": {"plays": list(about.get("methods", {}))}}


def engine_line(card: Mapping[str, Any]) -> str:
    """The same as a line for a terminal, indented by two spaces."""
    told = card["engine"]
    if told["plays"]:
        return f"  without libtorch, in the small engine: {', '.join(told['plays'])}"
    return f"  not in the small engine, which knows nothing of {told['knows_nothing_of']}"


def _described(content: bytes, eager: NnTildeModule, program: EngineProgram) -> dict[str, Any]:
    records = tensor_records(content)
    controls = []
    for control in eager.controls:
        row = control.row(get_attribute(eager, control.name))
        if control.name in program.choices:
            row["choices"] = program.choices[control.name]
        controls.append(row)
    methods = {
        name: {
            **ports(eager, name)._asdict(),
            "input_labels": getattr(eager, f"{name}_input_labels"),
            "output_labels": getattr(eager, f"{name}_output_labels"),
        }
        for name in eager.method_names
    }
    return {
        "family": program.family,
        "sample_rate_hz": program.sample_rate_hz,
        "block_samples": program.block_samples,
        "methods": methods,
        "controls": controls,
        "settings": dict(program.settings),
        "tensors": {name: _placed(records, of) for name, of in program.tensors.items()},
    }


def _placed(records: Mapping[str, Record], source: Source) -> dict[str, Any]:
    name, index = (source, None) if isinstance(source, str) else source
    record = records.get(name)
    if record is None or not record.is_plain:
        raise ExportError(f"{name}: does not lie in the file as the small engine reads it")
    shape, offset = record.shape, record.offset
    if index is not None:
        shape = shape[1:]
        offset += index * math.prod(shape)
    return {"record": record.name, "offset": offset, "shape": list(shape)}


class _Bag:
    """Whatever a pickle makes: nothing of it is run, its state is kept."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    """The tree of a TorchScript file's attributes, every class taken for a bag of them."""

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a class or a function."""
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _record
        return _Bag if name != "FloatStorage" else "float32"

    def persistent_load(self, key: Any) -> Any:
        """A storage: what of, and in which record."""
        _, kind, number, *_ = key
        return kind, f"data/{number}"


def _record(
    storage: Any, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> Record:
    kind, name = storage
    plain = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    lies_plainly = all(s == p for s, p, n in zip(stride, plain, shape, strict=True) if n != 1)
    return Record(name, offset, tuple(shape), kind == "float32" and lies_plainly)


def tensor_records(content: bytes) -> dict[str, Record]:
    """Where every tensor of a TorchScript file lies, by the names of its modules and its own."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/data.pkl") and n.count("/") == 1)
        top = _Reader(io.BytesIO(archive.read(name))).load()
    found: dict[str, Record] = {}
    waiting = [("", top)]
    while waiting:
        prefix, bag = waiting.pop()
        for key, value in bag.state.items() if isinstance(bag.state, dict) else ():
            if isinstance(value, Record):
                found[prefix + key] = value
            elif isinstance(value, _Bag):
                waiting.append((f"{prefix}{key}.", value))
    return found
