"""The small engine (engine/), built and called from Python."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock

ROOT = Path(__file__).parents[1]
FLOATS = ctypes.POINTER(ctypes.c_float)


def built(
    folder: Path = ROOT / "build/engine", *options: str, target: str = "all", source: str = "engine"
) -> Path:
    """The folder, with what is in a source folder built in it, by one test process at a time."""
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        for command in (
            ["cmake", "-S", str(ROOT / source), "-B", str(folder), *options],
            ["cmake", "--build", str(folder), f"-j{os.cpu_count()}", "--target", target],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return folder


def is_buildable() -> bool:
    return shutil.which("cmake") is not None and shutil.which("g++") is not None


class MethodShape(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("in_channels", ctypes.c_int),
        ("in_ratio", ctypes.c_int),
        ("out_channels", ctypes.c_int),
        ("out_ratio", ctypes.c_int),
    ]


def library(folder: Path) -> ctypes.CDLL:
    """The engine and its probes, with types."""
    found = ctypes.CDLL(str(folder / "libvschaos_engine_probes.so"))
    pointer, integer, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    signatures = {
        "open": (pointer, [text, integer, text, integer]),
        "close": (None, [pointer]),
        "get_method": (integer, [pointer, integer, ctypes.POINTER(MethodShape)]),
        "label": (text, [pointer, integer, integer, integer]),
        "sample_rate_hz": (integer, [pointer]),
        "block_samples": (integer, [pointer]),
        "process": (
            integer,
            [pointer, integer, integer, ctypes.POINTER(FLOATS), ctypes.POINTER(FLOATS), integer],
        ),
        "control": (text, [pointer, integer]),
        "set_number": (integer, [pointer, text, ctypes.c_double]),
        "set_word": (integer, [pointer, text, text]),
        "get": (
            text,
            [pointer, text, ctypes.POINTER(ctypes.c_double), integer, ctypes.POINTER(integer)],
        ),
        "reset": (None, [pointer]),
        "delay_samples": (integer, [pointer, integer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(found, f"vschaos_engine_{name}")
        function.restype, function.argtypes = result, arguments
    return found


def floats(array: np.ndarray) -> "ctypes._Pointer[ctypes.c_float]":
    assert array.dtype == np.float32 and array.flags.c_contiguous
    return array.ctypes.data_as(FLOATS)


def rows(array: np.ndarray) -> "ctypes.Array[ctypes._Pointer[ctypes.c_float]]":
    return (FLOATS * len(array))(*(floats(row) for row in array))


class RefusedError(Exception):
    """The engine does not play a file."""


class Player:
    """An opened instrument.

    Attributes:
        methods: name → its index, channels and ratios.
        controls: their names.
    """

    def __init__(self, of: ctypes.CDLL, path: Path, voices: int = 1) -> None:
        self.library = of
        why = ctypes.create_string_buffer(512)
        self.handle = of.vschaos_engine_open(str(path).encode(), voices, why, len(why))
        if not self.handle:
            raise RefusedError(why.value.decode())
        self.methods: dict[str, tuple[int, MethodShape]] = {}
        shape = MethodShape()
        while of.vschaos_engine_get_method(self.handle, len(self.methods), ctypes.byref(shape)):
            kept = MethodShape.from_buffer_copy(shape)
            self.methods[kept.name.decode()] = (len(self.methods), kept)
        self.controls: list[str] = []
        while name := of.vschaos_engine_control(self.handle, len(self.controls)):
            self.controls.append(name.decode())

    def __del__(self) -> None:
        if self.handle:
            self.library.vschaos_engine_close(self.handle)

    def play(self, method: str, values: np.ndarray, block: int, voice: int = 0) -> np.ndarray:
        """Channels of values, in blocks of so many samples."""
        index, shape = self.methods[method]
        made = []
        step = block // shape.in_ratio
        for start in range(0, values.shape[1], step):
            part = np.ascontiguousarray(values[:, start : start + step], dtype=np.float32)
            samples = part.shape[1] * shape.in_ratio
            out = np.full((shape.out_channels, samples // shape.out_ratio), np.nan, np.float32)
            done = self.library.vschaos_engine_process(
                self.handle, index, voice, rows(part), rows(out), samples
            )
            assert done == 1
            made.append(out)
        return np.concatenate(made, 1)

    def set(self, name: str, value: str | float) -> bool:
        if isinstance(value, str):
            taken = self.library.vschaos_engine_set_word(self.handle, name.encode(), value.encode())
        else:
            taken = self.library.vschaos_engine_set_number(self.handle, name.encode(), value)
        return bool(taken)

    def get(self, name: str) -> str | list[float] | None:
        numbers, count = (ctypes.c_double * 8)(), ctypes.c_int()
        word = self.library.vschaos_engine_get(
            self.handle, name.encode(), numbers, 8, ctypes.byref(count)
        )
        if word is not None:
            return str(word.decode())
        return list(numbers[: count.value]) or None

    def delay(self, method: str) -> int:
        return int(self.library.vschaos_engine_delay_samples(self.handle, self.methods[method][0]))

    def reset(self) -> None:
        self.library.vschaos_engine_reset(self.handle)


def relative(actual: np.ndarray, due: np.ndarray) -> float:
    """The largest deviation, of the peak."""
    return float(np.abs(actual - due).max() / np.abs(due).max())


def labels_of(player: Player, method: str, outlets: bool) -> Sequence[str]:
    index, shape = player.methods[method]
    count = shape.out_channels if outlets else shape.in_channels
    label_of = player.library.vschaos_engine_label
    return [label_of(player.handle, index, outlets, i).decode() for i in range(count)]


def ran(folder: Path, program: str, *words: object) -> str:
    """What a program of the engine's own tests prints, which has to end well."""
    command = [folder / program, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
