"""A small host of LV2 plug-ins: what their Turtle says, ports, state, sound in any blocks."""

import ctypes
import re
from collections.abc import Sequence
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_size_t,
    c_uint32,
    c_void_p,
)
from pathlib import Path
from typing import Any

import numpy as np

LV2 = "http://lv2plug.in/ns/"
EVENT_BYTES = 4096


class Feature(Structure):
    _fields_ = [("uri", c_char_p), ("data", c_void_p)]


class Descriptor(Structure):
    _fields_ = [
        ("uri", c_char_p),
        (
            "instantiate",
            CFUNCTYPE(c_void_p, c_void_p, c_double, c_char_p, POINTER(POINTER(Feature))),
        ),
        ("connect", CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)),
        ("activate", CFUNCTYPE(None, c_void_p)),
        ("run", CFUNCTYPE(None, c_void_p, c_uint32)),
        ("deactivate", CFUNCTYPE(None, c_void_p)),
        ("cleanup", CFUNCTYPE(None, c_void_p)),
        ("extension", CFUNCTYPE(c_void_p, c_char_p)),
    ]


class Map(Structure):
    _fields_ = [("data", c_void_p), ("map", CFUNCTYPE(c_uint32, c_void_p, c_char_p))]


class Option(Structure):
    _fields_ = [
        ("context", c_int),
        ("subject", c_uint32),
        ("key", c_uint32),
        ("size", c_uint32),
        ("type", c_uint32),
        ("value", c_void_p),
    ]


class Schedule(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("schedule", CFUNCTYPE(c_int, c_void_p, c_uint32, c_void_p)),
    ]


STORE = CFUNCTYPE(c_int, c_void_p, c_uint32, c_void_p, c_size_t, c_uint32, c_uint32)
RETRIEVE = CFUNCTYPE(
    c_void_p, c_void_p, c_uint32, POINTER(c_size_t), POINTER(c_uint32), POINTER(c_uint32)
)


class State(Structure):
    _fields_ = [
        ("save", CFUNCTYPE(c_int, c_void_p, STORE, c_void_p, c_uint32, c_void_p)),
        ("restore", CFUNCTYPE(c_int, c_void_p, RETRIEVE, c_void_p, c_uint32, c_void_p)),
    ]


class Lv2Plugin:
    """The one plug-in of a bundle.

    Attributes:
        names: of its controls, by symbol.
        text: its Turtle.
    """

    def __init__(self, bundle: Path, rate_hz: float = 44100.0) -> None:
        manifest = (bundle / "manifest.ttl").read_text(encoding="utf-8")
        (binary,) = re.findall(r"lv2:binary <(.+?)>", manifest)
        (description,) = re.findall(r"rdfs:seeAlso <(.+?)>", manifest)
        self.text = (bundle / description).read_text(encoding="utf-8")
        self.ports: dict[str, int] = {}
        self.names: dict[str, str] = {}
        for port in re.findall(r"\[\s+a (.+?)\n    \]", self.text, re.DOTALL):
            found = {key: _said(port, key) for key in ("symbol", "name", "index", "default")}
            self.ports[found["symbol"]] = int(found["index"])
            if "ControlPort" in port:
                self.names[found["symbol"]] = found["name"]
        self.numbers: dict[str, int] = {}
        self.library = ctypes.CDLL(str(bundle / binary))
        self.library.lv2_descriptor.restype = POINTER(Descriptor)
        self.table = self.library.lv2_descriptor(0).contents
        self.uri = self.table.uri.decode()
        self._offer()
        place = f"{bundle}/".encode()
        self.handle = self.table.instantiate(
            ctypes.addressof(self.table), rate_hz, place, self.features
        )
        assert self.handle
        self.values = {symbol: c_float(0.0) for symbol in self.names}
        for port in re.findall(r"\[\s+a (.+?)\n    \]", self.text, re.DOTALL):
            if "InputPort, lv2:ControlPort" in port:
                self.values[_said(port, "symbol")].value = float(_said(port, "default"))
        for symbol, value in self.values.items():
            self.table.connect(self.handle, self.ports[symbol], ctypes.addressof(value))
        self.events = [np.zeros(EVENT_BYTES // 4, np.uint32) for _ in range(2)]
        for buffer, symbol in zip(self.events, ("lv2_events_in", "lv2_events_out"), strict=True):
            if symbol in self.ports:
                self.table.connect(self.handle, self.ports[symbol], buffer.ctypes.data)
        self.table.activate(self.handle)

    def close(self) -> None:
        self.table.deactivate(self.handle)
        self.table.cleanup(self.handle)

    def _number(self, uri: str) -> int:
        return self.numbers.setdefault(uri, len(self.numbers) + 1)

    def _offer(self) -> None:
        """The features that the plug-in asks for."""
        number = CFUNCTYPE(c_uint32, c_void_p, c_char_p)(lambda _, uri: self._number(uri.decode()))
        self.map = Map(None, number)
        self.longest = c_int32(8192)
        self.options = (Option * 2)()
        key, kind = self._number(f"{LV2}ext/buf-size#maxBlockLength"), f"{LV2}ext/atom#Int"
        self.options[0] = Option(0, 0, key, 4, self._number(kind), ctypes.addressof(self.longest))
        self.schedule = Schedule(None, CFUNCTYPE(c_int, c_void_p, c_uint32, c_void_p)(lambda *_: 0))
        self.listed = [
            Feature(f"{LV2}ext/options#options".encode(), ctypes.addressof(self.options)),
            Feature(f"{LV2}ext/urid#map".encode(), ctypes.addressof(self.map)),
            Feature(f"{LV2}ext/worker#schedule".encode(), ctypes.addressof(self.schedule)),
        ]
        self.features = (POINTER(Feature) * 4)(*map(ctypes.pointer, self.listed))

    @property
    def latency(self) -> int:
        return int(self.values["lv2_latency"].value)

    def save(self) -> dict[str, bytes]:
        uris: dict[str, bytes] = {}

        def store(_: int, key: int, data: int, size: int, *__: int) -> int:
            name = next(uri for uri, number in self.numbers.items() if number == key)
            uris[name] = ctypes.string_at(data, size)
            return 0

        assert self._state.save(self.handle, STORE(store), None, 0, None) == 0
        return uris

    def restore(self, kept: dict[str, bytes]) -> None:
        held = {self._number(uri): ctypes.create_string_buffer(data) for uri, data in kept.items()}
        sizes = {self._number(uri): len(data) for uri, data in kept.items()}
        path = self._number(f"{LV2}ext/atom#Path")

        def retrieve(_: int, key: int, size: Any, kind: Any, flags: Any) -> int | None:
            if key not in held:
                return None
            size[0], kind[0], flags[0] = sizes[key], path, 0
            return ctypes.addressof(held[key])

        assert self._state.restore(self.handle, RETRIEVE(retrieve), None, 0, None) == 0

    @property
    def _state(self) -> Any:
        return State.from_address(self.table.extension(f"{LV2}ext/state#interface".encode()))

    def play(
        self, sound: np.ndarray, blocks: Sequence[int], notes: Sequence[tuple[int, bytes]] = ()
    ) -> np.ndarray:
        """Two channels, in blocks of these sizes in turn; notes at frames."""
        sound = np.ascontiguousarray(sound, dtype=np.float32)
        made = np.full_like(sound, np.nan)
        at, turn = 0, 0
        while at < sound.shape[1]:
            frames = min(blocks[turn % len(blocks)], sound.shape[1] - at)
            for side in range(2):
                for symbol, of in (("lv2_audio_in", sound), ("lv2_audio_out", made)):
                    port = self.ports.get(f"{symbol}_{side + 1}")
                    if port is not None:
                        self.table.connect(self.handle, port, of[side, at:].ctypes.data)
            self._write([(frame - at, data) for frame, data in notes if at <= frame < at + frames])
            self.table.run(self.handle, frames)
            at += frames
            turn += 1
        return made

    def _write(self, notes: list[tuple[int, bytes]]) -> None:
        """Events as the plug-in reads them: a sequence of atoms."""
        sequence, midi = self._number(f"{LV2}ext/atom#Sequence"), f"{LV2}ext/midi#MidiEvent"
        body = bytes(8)
        for frame, data in notes:
            body += frame.to_bytes(8, "little") + len(data).to_bytes(4, "little")
            body += self._number(midi).to_bytes(4, "little") + data + bytes(-len(data) % 8)
        whole = len(body).to_bytes(4, "little") + sequence.to_bytes(4, "little") + body
        self.events[0][: len(whole) // 4] = np.frombuffer(whole, np.uint32)
        room = (EVENT_BYTES - 8).to_bytes(4, "little") + bytes(4)
        self.events[1][:2] = np.frombuffer(room, np.uint32)


def _said(port: str, key: str) -> str:
    found = re.search(rf'lv2:{key} "?(.*?)"? ;', port)
    return found[1] if found else ""
