"""A small host of CLAP plug-ins: parameters, state, notes, sound in blocks of any sizes.

It offers a plug-in no extension at all, as a host may.
"""

import ctypes
from collections.abc import Iterator, Sequence
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int16,
    c_int32,
    c_int64,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from typing import Any

import numpy as np

PARAMETER, MIDI = 5, 10  # kinds of events
CHANNELS = 2


class Version(Structure):
    _fields_ = [("major", c_uint32), ("minor", c_uint32), ("revision", c_uint32)]


class Descriptor(Structure):
    _fields_ = [
        ("version_of_clap", Version),
        *((name, c_char_p) for name in ("id", "name", "vendor", "url", "manual", "support")),
        ("version", c_char_p),
        ("description", c_char_p),
        ("features", POINTER(c_char_p)),
    ]


class HostTable(Structure):
    _fields_ = [
        ("version_of_clap", Version),
        ("data", c_void_p),
        *((name, c_char_p) for name in ("name", "vendor", "url", "version")),
        ("get_extension", CFUNCTYPE(c_void_p, c_void_p, c_char_p)),
        ("request_restart", CFUNCTYPE(None, c_void_p)),
        ("request_process", CFUNCTYPE(None, c_void_p)),
        ("request_callback", CFUNCTYPE(None, c_void_p)),
    ]


class EventHeader(Structure):
    _fields_ = [
        ("size", c_uint32),
        ("time", c_uint32),
        ("space", c_uint16),
        ("type", c_uint16),
        ("flags", c_uint32),
    ]


class ParameterEvent(Structure):
    _fields_ = [
        ("header", EventHeader),
        ("id", c_uint32),
        ("cookie", c_void_p),
        ("note", c_int32),
        ("port", c_int16),
        ("channel", c_int16),
        ("key", c_int16),
        ("value", c_double),
    ]


class MidiEvent(Structure):
    _fields_ = [("header", EventHeader), ("port", c_uint16), ("data", c_uint8 * 3)]


class InputEvents(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("size", CFUNCTYPE(c_uint32, c_void_p)),
        ("get", CFUNCTYPE(c_void_p, c_void_p, c_uint32)),
    ]


class OutputEvents(Structure):
    _fields_ = [("data", c_void_p), ("push", CFUNCTYPE(c_bool, c_void_p, c_void_p))]


class Buffer(Structure):
    _fields_ = [
        ("data32", POINTER(POINTER(c_float))),
        ("data64", c_void_p),
        ("channels", c_uint32),
        ("latency", c_uint32),
        ("constant", c_uint64),
    ]


class Process(Structure):
    _fields_ = [
        ("time", c_int64),
        ("frames", c_uint32),
        ("transport", c_void_p),
        ("inputs", POINTER(Buffer)),
        ("outputs", POINTER(Buffer)),
        ("input_count", c_uint32),
        ("output_count", c_uint32),
        ("events_in", POINTER(InputEvents)),
        ("events_out", POINTER(OutputEvents)),
    ]


class PluginTable(Structure):
    _fields_ = [
        ("descriptor", POINTER(Descriptor)),
        ("data", c_void_p),
        ("init", CFUNCTYPE(c_bool, c_void_p)),
        ("destroy", CFUNCTYPE(None, c_void_p)),
        ("activate", CFUNCTYPE(c_bool, c_void_p, c_double, c_uint32, c_uint32)),
        ("deactivate", CFUNCTYPE(None, c_void_p)),
        ("start", CFUNCTYPE(c_bool, c_void_p)),
        ("stop", CFUNCTYPE(None, c_void_p)),
        ("reset", CFUNCTYPE(None, c_void_p)),
        ("process", CFUNCTYPE(c_int32, c_void_p, POINTER(Process))),
        ("get_extension", CFUNCTYPE(c_void_p, c_void_p, c_char_p)),
        ("on_main_thread", CFUNCTYPE(None, c_void_p)),
    ]


class Factory(Structure):
    _fields_ = [
        ("count", CFUNCTYPE(c_uint32, c_void_p)),
        ("describe", CFUNCTYPE(POINTER(Descriptor), c_void_p, c_uint32)),
        ("create", CFUNCTYPE(c_void_p, c_void_p, POINTER(HostTable), c_char_p)),
    ]


class Entry(Structure):
    _fields_ = [
        ("version", Version),
        ("init", CFUNCTYPE(c_bool, c_char_p)),
        ("deinit", CFUNCTYPE(None)),
        ("get_factory", CFUNCTYPE(c_void_p, c_char_p)),
    ]


class ParameterInfo(Structure):
    _fields_ = [
        ("id", c_uint32),
        ("flags", c_uint32),
        ("cookie", c_void_p),
        ("name", c_char * 256),
        ("module", c_char * 1024),
        ("lowest", c_double),
        ("highest", c_double),
        ("first", c_double),
    ]


class Parameters(Structure):
    _fields_ = [
        ("count", CFUNCTYPE(c_uint32, c_void_p)),
        ("info", CFUNCTYPE(c_bool, c_void_p, c_uint32, POINTER(ParameterInfo))),
        ("value", CFUNCTYPE(c_bool, c_void_p, c_uint32, POINTER(c_double))),
        ("text", CFUNCTYPE(c_bool, c_void_p, c_uint32, c_double, c_char_p, c_uint32)),
    ]


class Stream(Structure):
    _fields_ = [("data", c_void_p), ("move", CFUNCTYPE(c_int64, c_void_p, c_void_p, c_uint64))]


class State(Structure):
    _fields_ = [
        ("save", CFUNCTYPE(c_bool, c_void_p, POINTER(Stream))),
        ("load", CFUNCTYPE(c_bool, c_void_p, POINTER(Stream))),
    ]


class Latency(Structure):
    _fields_ = [("get", CFUNCTYPE(c_uint32, c_void_p))]


def structure(kind: type[Structure], address: int) -> Any:
    assert address
    return kind.from_address(address)


class ClapPlugin:
    """The one plug-in of a file."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))
        entry = Entry.in_dll(self.library, "clap_entry")
        assert entry.init(str(path).encode())
        factory = structure(Factory, entry.get_factory(b"clap.plugin-factory"))
        place = ctypes.addressof(factory)
        assert factory.count(place) == 1
        told = factory.describe(place, 0).contents
        self.id, self.name = told.id.decode(), told.name.decode()
        self.restarts = 0
        self.host = HostTable(
            Version(1, 1, 0),
            None,
            *(b"tests", b"", b"", b""),
            CFUNCTYPE(c_void_p, c_void_p, c_char_p)(lambda *_: None),
            CFUNCTYPE(None, c_void_p)(self._restart),
            CFUNCTYPE(None, c_void_p)(lambda _: None),
            CFUNCTYPE(None, c_void_p)(lambda _: None),
        )
        self.plugin = factory.create(place, ctypes.byref(self.host), told.id)
        self.table = structure(PluginTable, self.plugin)
        assert self.table.init(self.plugin)
        self.of_parameters = structure(Parameters, self._extension(b"clap.params"))
        self.of_state = structure(State, self._extension(b"clap.state"))
        self.is_active = False
        self.changes: list[tuple[int, float]] = []

    def close(self) -> None:
        if self.is_active:
            self.deactivate()
        self.table.destroy(self.plugin)

    def _restart(self, _: int) -> None:
        self.restarts += 1

    def _extension(self, name: bytes) -> Any:
        return self.table.get_extension(self.plugin, name)

    def activate(self, rate_hz: float = 44100.0, longest: int = 8192) -> None:
        assert self.table.activate(self.plugin, rate_hz, 1, longest)
        assert self.table.start(self.plugin)
        self.is_active = True

    def deactivate(self) -> None:
        self.table.stop(self.plugin)
        self.table.deactivate(self.plugin)
        self.is_active = False

    @property
    def latency(self) -> int:
        table = structure(Latency, self._extension(b"clap.latency"))
        return int(table.get(self.plugin))

    @property
    def parameters(self) -> dict[str, ParameterInfo]:
        return {info.name.decode(): info for info in self._infos()}

    def _infos(self) -> Iterator[ParameterInfo]:
        for index in range(self.of_parameters.count(self.plugin)):
            info = ParameterInfo()
            assert self.of_parameters.info(self.plugin, index, ctypes.byref(info))
            yield info

    def value(self, name: str) -> float:
        value = c_double()
        place = self.parameters[name].id
        assert self.of_parameters.value(self.plugin, place, ctypes.byref(value))
        return value.value

    def text(self, name: str, value: float | None = None) -> str:
        shown = ctypes.create_string_buffer(256)
        value = self.value(name) if value is None else value
        place = self.parameters[name].id
        assert self.of_parameters.text(self.plugin, place, value, shown, 256)
        return shown.value.decode()

    def set(self, name: str, value: float) -> None:
        """With the next block."""
        self.changes.append((self.parameters[name].id, value))

    def save(self) -> bytes:
        kept = bytearray()

        def write(_: int, data: int, size: int) -> int:
            kept.extend(ctypes.string_at(data, size))
            return size

        stream = Stream(None, CFUNCTYPE(c_int64, c_void_p, c_void_p, c_uint64)(write))
        assert self.of_state.save(self.plugin, ctypes.byref(stream))
        return bytes(kept)

    def load(self, kept: bytes) -> None:
        at = 0

        def read(_: int, data: int, size: int) -> int:
            nonlocal at
            part = kept[at : at + size]
            ctypes.memmove(data, part, len(part))
            at += len(part)
            return len(part)

        stream = Stream(None, CFUNCTYPE(c_int64, c_void_p, c_void_p, c_uint64)(read))
        assert self.of_state.load(self.plugin, ctypes.byref(stream))

    def play(
        self,
        sound: np.ndarray,
        blocks: Sequence[int],
        notes: Sequence[tuple[int, bytes]] = (),
        inputs: int = CHANNELS,
    ) -> np.ndarray:
        """Two channels, in blocks of these sizes in turn; notes at frames. Played in place."""
        sound = np.ascontiguousarray(sound, dtype=np.float32).copy()
        at, turn = 0, 0
        while at < sound.shape[1]:
            frames = min(blocks[turn % len(blocks)], sound.shape[1] - at)
            heard = [(frame - at, data) for frame, data in notes if at <= frame < at + frames]
            self._block(sound[:, at : at + frames], heard, inputs)
            at += frames
            turn += 1
        return sound

    def _block(self, part: np.ndarray, notes: list[tuple[int, bytes]], inputs: int) -> None:
        frames = part.shape[1]
        pointers = (POINTER(c_float) * CHANNELS)(
            *(row.ctypes.data_as(POINTER(c_float)) for row in part)
        )
        buffer = Buffer(pointers, None, CHANNELS, 0, 0)
        events: list[Structure] = []
        for place, value in self.changes:
            header = EventHeader(ctypes.sizeof(ParameterEvent), 0, 0, PARAMETER, 0)
            events.append(ParameterEvent(header, place, None, -1, -1, -1, -1, value))
        self.changes = []
        for frame, data in notes:
            header = EventHeader(ctypes.sizeof(MidiEvent), frame, 0, MIDI, 0)
            events.append(MidiEvent(header, 0, (c_uint8 * 3)(*data)))
        given = InputEvents(
            None,
            CFUNCTYPE(c_uint32, c_void_p)(lambda _: len(events)),
            CFUNCTYPE(c_void_p, c_void_p, c_uint32)(lambda _, i: ctypes.addressof(events[i])),
        )
        taken = OutputEvents(None, CFUNCTYPE(c_bool, c_void_p, c_void_p)(lambda *_: True))
        process = Process(-1, frames, None)
        process.inputs = ctypes.pointer(buffer) if inputs else None
        process.input_count = 1 if inputs else 0
        process.outputs, process.output_count = ctypes.pointer(buffer), 1
        process.events_in, process.events_out = ctypes.pointer(given), ctypes.pointer(taken)
        assert self.table.process(self.plugin, ctypes.byref(process)) == 1
