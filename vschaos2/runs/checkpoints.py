"""Checkpoint files: written whole, read without executing anything, and refused if they lie.

A checkpoint may be damaged, edited, or a stranger's. What is read is checked before it is used:
tensors are finite and no larger than the file that holds them.
"""

import io
import math
import os
import pickletools
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.files import open_plain, whole_file

# What values raise that stand where others belong.
MISFITS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
LARGEST = 1e12  # magnitude of a number in a checkpoint
LARGEST_WEIGHT = 1e6  # weights and latents stay below a thousand
MOST_VALUES = 2**18  # in a checkpoint; ours have a few thousand
LONGEST = 2**14  # letters of a text, bits of a number
# What the pickle of a checkpoint may name: how tensors are put together, and ordered dicts.
NAMES = (
    r"torch (\w+Storage|Size|\w*float\w*|int\d+|device)|collections OrderedDict|"
    r"torch\._utils (_rebuild_tensor_v2|_rebuild_parameter)"
)


def save_checkpoint(path: Path, checkpoint: dict[str, Any]) -> None:
    """Write a checkpoint so that the file is always whole.

    Raises:
        InputError: if it cannot be written: the disk may be full.
    """
    content = io.BytesIO()  # torch's own writer aborts the process if the disk is full
    torch.save(checkpoint, content)
    with whole_file(path) as file:
        file.write(content.getbuffer())


def read_checkpoint(path: Path, in_memory: bool = True) -> dict[str, Any]:
    """The tensors and plain values of a checkpoint.

    Args:
        path: the file.
        in_memory: read the tensors, and see that no bit of the file has changed; else they stay
            in the file until they are used, which is quick where only plain values are wanted.

    Raises:
        InputError: if it is damaged, or holds anything that would have to be executed.
    """
    try:
        with open_plain(path) as file:
            _check_archive(file, in_memory)
            # libtorch opens no path that is not UTF-8.
            source: Any = file if in_memory or not str(path).isprintable() else path
            checkpoint = torch.load(
                source, map_location="cpu", weights_only=True, mmap=source is path
            )
        _check_size(checkpoint)
    except Exception as error:  # a damaged zip fails in many ways
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: cannot be read as a checkpoint ({reason[:120]}): use another version, or "
            "train again"
        ) from error
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("state_dict"), dict):
        raise InputError(f"{path}: holds no model: use another version, or train again")
    return checkpoint


def _check_archive(file: IO[bytes], is_thorough: bool) -> None:
    """Look at the parts of a checkpoint, a zip file, before torch does.

    torch looks at no checksum, and lets a pickle ask for any amount of memory.

    Raises:
        ValueError: for what torch never writes, or, if that is to be seen, for changed bits.
        zipfile.BadZipFile: if it is no zip file.
    """
    _check_end(file)
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            raise ValueError("compressed: torch writes no such file")  # it may hide gigabytes
        if sum(part.file_size for part in parts) > os.fstat(file.fileno()).st_size:
            raise ValueError("its parts overlap: torch writes no such file")
        if is_thorough and (damaged := archive.testzip()) is not None:
            raise ValueError(f"{damaged} is damaged: bits of it have changed")
        for part in parts:
            if part.filename.endswith("data.pkl"):
                _check_pickle(archive.read(part))
    file.seek(0)


def _check_end(file: IO[bytes]) -> None:
    """See that a zip file has one directory, right before its end, which every reader finds.

    The last 22 bytes are the end record: its signature, and at 12, 16 and 20 the directory's
    length and place and the length of a comment. Before it there may be the two records of the
    64-bit form, 20 and 56 bytes long; place and length there are at 40 and 48 of the latter.
    """
    end = os.fstat(file.fileno()).st_size - 22
    file.seek(max(end - 76, 0))
    tail = file.read()
    record = tail[-22:]
    if end < 0 or record[:4] != b"PK\5\6" or record[20:] != b"\0\0":
        raise ValueError("no zip file, or cut short")
    length, place = struct.unpack("<II", record[12:20])
    if tail[-42:-38] == b"PK\6\7":
        if tail[-98:-94] != b"PK\6\6":
            raise ValueError("its end is not one that torch writes")
        length64, place64 = struct.unpack("<QQ", tail[-58:-42])
        if (length, place) != (min(length64, 2**32 - 1), min(place64, 2**32 - 1)):
            raise ValueError("its end says two things")
        length, place, end = length64, place64, end - 76
    if place + length != end:
        raise ValueError("its directory is not where its end says")


def _check_pickle(text: bytes) -> None:
    """See that a pickle asks for tensors and plain values only.

    Raises:
        ValueError: for the name of anything else.
    """
    for code, argument, _ in pickletools.genops(text):
        if "GLOBAL" in code.name and not re.fullmatch(NAMES, str(argument)):
            raise ValueError(f"it asks for {str(argument)[:60]!r}: torch writes no such checkpoint")


def _check_size(content: Any) -> None:
    """See that there are no more values than in a checkpoint, counted as often as they are met.

    Lists that hold one another many times over would keep whoever walks them for years.

    Raises:
        ValueError: for more values, or longer texts.
    """
    waiting, count = [content], 0
    while waiting:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set):
            waiting += value
        elif isinstance(value, str | bytes | int) and not isinstance(value, bool):
            size = len(value) if isinstance(value, str | bytes) else value.bit_length()
            if size > LONGEST:
                raise ValueError("it holds an absurdly long text or number")
        if count > MOST_VALUES or len(waiting) > MOST_VALUES:
            raise ValueError("it holds more values than a checkpoint has")


def check_finite(path: Path, content: Any, name: str, largest: float = LARGEST_WEIGHT) -> None:
    """Look at every tensor of a checkpoint's part.

    Args:
        path: the checkpoint, for the message.
        content: a tensor, or dicts and lists of them.
        name: of the part.
        largest: magnitude that a number may have.

    Raises:
        InputError: for a tensor with a number that is not finite, or absurdly large; or one that
            is larger than what the file stores of it (by strides of 0).
    """
    for where, tensor in _tensors(content, name):
        is_plain = tensor.layout == torch.strided and not tensor.is_complex()
        is_here = tensor.device.type == "cpu"
        is_honest = is_plain and is_here and tensor.numel() <= _stored(tensor)
        # NaN and infinity are not below any number.
        if not is_honest or not bool((tensor.double().abs() < largest).all()):
            raise InputError(
                f"{path}: {where} is not finite, as in a training that diverged: use another "
                "version, or train again with a lower training.optimiser.learning_rate"
            )


def number(value: Any, least: float = -math.inf) -> float:
    """A plain number of a checkpoint; where it must not be less than `least`, a finite one.

    Raises:
        ValueError, OverflowError: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r:.60} is no number")
    if least > -math.inf and not least <= value <= LARGEST:
        raise ValueError(f"{value!r:.60} is out of range")
    return float(value)


def _stored(tensor: Tensor) -> int:
    """How many numbers of a tensor its memory has room for."""
    return tensor.untyped_storage().nbytes() // tensor.element_size()


def _tensors(node: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(node, Tensor):
        yield name, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _tensors(value, f"{name}.{key}")
    elif isinstance(node, list | tuple):
        for index, value in enumerate(node):
            yield from _tensors(value, f"{name}[{index}]")
