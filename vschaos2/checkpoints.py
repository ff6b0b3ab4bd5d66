"""Checkpoint files: written whole, read without executing anything, and refused if they lie.

A checkpoint may be damaged, edited, or a stranger's. What is read is checked before it is used:
tensors are finite and no larger than the file that holds them.
"""

import io
import math
import os
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
LARGEST = 1e12  # magnitude of a number in a checkpoint: weights and latents stay below a thousand


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
    """Look at the parts of a checkpoint, a zip file, of which torch checks no checksum.

    Raises:
        ValueError: for parts that torch never writes, or, if that is to be seen, with other bits.
        zipfile.BadZipFile: if it is none.
    """
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            raise ValueError("compressed: torch writes no such file")  # it may hide gigabytes
        if sum(part.file_size for part in parts) > os.fstat(file.fileno()).st_size:
            raise ValueError("its parts overlap: torch writes no such file")
        if is_thorough and (damaged := archive.testzip()) is not None:
            raise ValueError(f"{damaged} is damaged: bits of it have changed")
    file.seek(0)


def check_finite(path: Path, content: Any, name: str) -> None:
    """Look at every tensor of a checkpoint's part.

    Args:
        path: the checkpoint, for the message.
        content: a tensor, or dicts and lists of them.
        name: of the part.

    Raises:
        InputError: for a tensor with a number that is not finite, or absurdly large; or one that
            is larger than what the file stores of it (by strides of 0).
    """
    for where, tensor in _tensors(content, name):
        is_plain = tensor.layout == torch.strided and not tensor.is_complex()
        is_here = tensor.device.type == "cpu"
        is_honest = is_plain and is_here and tensor.numel() <= _stored(tensor)
        # NaN and infinity are not below any number.
        if not is_honest or not bool((tensor.double().abs() < LARGEST).all()):
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
