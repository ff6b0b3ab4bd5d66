"""Checks of any Max patch, read as JSON: cords, the ports of every box, what overlaps."""

import itertools
import json
import re
from collections.abc import Iterator

# Inlets and outlets of each class, as Max makes them; None: they depend on the arguments.
KNOWN: dict[str, tuple[int | None, int | None]] = {
    "message": (2, 1),
    "dspstate~": (1, 4),
    "comment": (1, 0),
    "panel": (1, 0),
    "toggle": (1, 1),
    "button": (1, 1),
    "number": (1, 2),
    "flonum": (1, 2),
    "slider": (1, 1),
    "umenu": (1, 3),
    "preset": (1, 5),
    "meter~": (1, 1),
    "ezdac~": (2, 0),
    "live.dial": (1, 2),
    "textedit": (1, 4),
    "route": (2, None),
    "live.gain~": (1, 4),  # of one channel
    "inlet": (0, 1),
    "outlet": (1, 0),
    "r": (0, 1),
    "s": (1, 0),
    "loadmess": (1, 1),
    "sig~": (1, 1),
    "click~": (1, 1),
    "key": (0, 4),
    "*~": (2, 1),
    "+~": (2, 1),
    "-~": (2, 1),
    "clip~": (3, 1),
    "tanh~": (1, 1),
    "*": (2, 1),
    "-": (2, 1),
    "noise~": (1, 1),
    "adc~": (1, None),
    "sfplay~": (2, None),
    "selector~": (None, 1),
    "snapshot~": (2, 1),
    "edge~": (1, 2),
    "sah~": (2, 1),
    "prepend": (1, 1),
    "expr": (None, 1),
    "split": (3, 2),
    "metro": (2, 1),
    "random": (2, 1),
    "scale": (6, 1),
    "pack": (None, 1),
    "sel": (1, None),
    "unpack": (1, None),
    "line": (3, 3),
    "coll": (1, 4),
    "gate": (2, 1),
    "==": (2, 1),
    "/": (2, 1),
    "%": (2, 1),
    "notein": (1, 3),
    "ctlin": (1, 3),
    "stripnote": (2, 2),
    "udpreceive": (1, 1),
    "line~": (2, 2),
    "send~": (1, 0),
    "receive~": (1, 1),
    "sfrecord~": (1, 1),
    "i": (2, 1),
    "t": (1, None),
    "+": (2, 1),
    "zl": (2, 2),
    "p": (None, None),
    "nn~": (None, None),
    "mc.nn~": (None, None),
    "mc.pack~": (None, 1),
    "mc.unpack~": (1, None),
    "poly": (2, 3),  # of two arguments: what steals has no outlet for what it cannot hold
    "pipe": (None, None),
    "delay": (2, 1),
}


def class_of(box: dict) -> str:
    return box["text"].split()[0] if box["maxclass"] == "newobj" else box["maxclass"]


def expected_ports(box: dict) -> tuple[int, int]:
    """Inlets and outlets of a box by its class and arguments; KeyError for an unknown class."""
    name = class_of(box)
    inlets, outlets = KNOWN[name]
    words = box.get("text", "").split()
    if name == "adc~":
        outlets = max(1, len(words) - 1)
    elif name == "sfplay~":
        outlets = int(words[1]) + 1
    elif name == "selector~":
        inlets = int(words[1]) + 1
    elif name == "pack":
        inlets = len(words) - 1
    elif name in ("sel", "route"):  # one of these, or none of them
        outlets = len(words)
    elif name in ("unpack", "t"):
        outlets = len(words) - 1
    elif name == "p":
        kinds = [inner["box"]["maxclass"] for inner in box["patcher"]["boxes"]]
        inlets, outlets = max(1, kinds.count("inlet")), kinds.count("outlet")
    elif name == "expr":
        inlets = max(map(int, re.findall(r"\$[fi](\d)", box["text"])))
    elif name == "mc.pack~":
        inlets = int(words[1])
    elif name == "mc.unpack~":
        outlets = int(words[1])
    elif name == "pipe":  # the last is a time
        inlets, outlets = len(words) - 1, len(words) - 2
    elif name in ("nn~", "mc.nn~"):
        inlets, outlets = box["numinlets"], box["numoutlets"]
    assert inlets is not None and outlets is not None
    return inlets, outlets


def patchers(text: str) -> Iterator[dict]:
    """A patch and all within it."""
    waiting = [json.loads(text)["patcher"]]
    while waiting:
        patcher = waiting.pop()
        yield patcher
        waiting += [box["box"]["patcher"] for box in patcher["boxes"] if "patcher" in box["box"]]


def check_maxpat(text: str, channels: dict[str, tuple[int, int]] | None = None) -> list[str]:
    """What is wrong with a patch; nothing, if it is sound.

    Args:
        text: the file's contents.
        channels: inlets and outlets of each method that an nn~ may name.
    """
    faults = []
    for patcher in patchers(text):
        boxes = {entry["box"]["id"]: entry["box"] for entry in patcher["boxes"]}
        if len(boxes) != len(patcher["boxes"]):
            faults.append("two boxes have one id")
        for box in boxes.values():
            ports = (box["numinlets"], box["numoutlets"])
            if ports != expected_ports(box):
                faults.append(f"{class_of(box)} has {expected_ports(box)} ports, not {ports}")
            if len(box.get("outlettype", [])) != box["numoutlets"]:
                faults.append(f"{class_of(box)}: types of {box['numoutlets']} outlets")
            if class_of(box) in ("nn~", "mc.nn~") and channels is not None:
                method = box["text"].split()[2]
                if channels.get(method) != ports:
                    faults.append(f"nn~ {method} has {channels.get(method)}, not {ports}")
        for entry in patcher["lines"]:
            line = entry["patchline"]
            (source, outlet), (target, inlet) = line["source"], line["destination"]
            if source not in boxes or target not in boxes:
                faults.append(f"a cord from {source} to {target}: no such box")
            elif not 0 <= outlet < boxes[source]["numoutlets"]:
                faults.append(f"{class_of(boxes[source])} has no outlet {outlet}")
            elif not 0 <= inlet < boxes[target]["numinlets"]:
                faults.append(f"{class_of(boxes[target])} has no inlet {inlet}")
        for key in ("patching_rect", "presentation_rect"):
            faults += _overlaps(patcher, [box for box in boxes.values() if key in box], key)
    return faults


def _overlaps(patcher: dict, boxes: list[dict], key: str) -> list[str]:
    faults = []
    width, height = patcher["rect"][2:]
    for box in boxes:
        x, y, w, h = box[key]
        if x < 0 or y < 0 or x + w > width or y + h > height:
            faults.append(f"{box.get('text', box['maxclass'])} at {box[key]} leaves the window")
    fronts = [box for box in boxes if box["maxclass"] != "panel"]
    panels = [box for box in boxes if box["maxclass"] == "panel"]
    for group in (fronts, panels):
        for one, other in itertools.combinations(group, 2):
            (x, y, w, h), (a, b, c, d) = one[key], other[key]
            if x < a + c and a < x + w and y < b + d and b < y + h:
                names = [box.get("text", box["maxclass"]) for box in (one, other)]
                faults.append(f"{names[0]} {one[key]} overlaps {names[1]} {other[key]}")
    return faults
