"""Checkpoints are read as they were written, or not at all."""

import os
import random
import zipfile
from pathlib import Path

import pytest
import torch
from resumed_trainings import assert_same

from vschaos2.errors import InputError
from vschaos2.runs.checkpoints import read_checkpoint, save_checkpoint


@pytest.fixture
def path(tmp_path) -> Path:
    content = {"state_dict": {"weight": torch.randn(3, 5), "bias": torch.zeros(4096)}, "step": 7}
    save_checkpoint(tmp_path / "last.ckpt", content)
    return tmp_path / "last.ckpt"


def test_no_bit_changes_unseen(path):
    whole, content = path.read_bytes(), read_checkpoint(path)
    chance = random.Random(0)
    refused = 0
    for _ in range(300):
        place, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        try:
            read = read_checkpoint(path)
        except InputError:
            refused += 1
        else:  # a bit of the padding between parts
            assert_same(read, content)
    assert refused > 200


def test_a_changed_weight_is_named_damage(path):
    content = bytearray(path.read_bytes())
    place = content.index(read_checkpoint(path)["state_dict"]["weight"].numpy().tobytes())
    content[place + 8] ^= 4
    path.write_bytes(bytes(content))
    torch.load(path, weights_only=True)  # torch itself would not notice
    with pytest.raises(InputError, match="is damaged: bits of it have changed"):
        read_checkpoint(path)


def test_parts_that_overlap_are_refused(path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.filelist.extend(archive.infolist() * 9)
        archive._didModify = True
    with pytest.raises(InputError, match="overlap"):
        read_checkpoint(path)


@pytest.mark.parametrize("in_memory", [True, False])
def test_names_that_are_no_text_are_read(path, in_memory: bool):
    odd = path.with_name(os.fsdecode(b"caf\xe9.ckpt"))
    path.rename(odd)
    assert read_checkpoint(odd, in_memory)["step"] == 7


def test_lists_that_hold_one_another_many_times_are_refused_at_once(path):
    content = read_checkpoint(path)
    nested: list = ["x"]
    for _ in range(60):
        nested = [nested, nested]
    torch.save({**content, "latents": nested}, path)
    for in_memory in (True, False):
        with pytest.raises(InputError, match="more values than a checkpoint has"):
            read_checkpoint(path, in_memory)


@pytest.mark.parametrize(
    "long", ["x" * 10**5, 1 << 10**5, b"x" * 10**5], ids=["text", "int", "bytes"]
)
def test_absurdly_long_values_are_refused(path, long):
    torch.save({**read_checkpoint(path), "classes": {"pitch": ["x" * 10**5]}}, path)
    with pytest.raises(InputError, match="absurdly long"):
        read_checkpoint(path)


class Hungry:
    """Asks for memory when it is loaded; torch lets it."""

    def __reduce__(self):
        return bytearray, (10**7,)


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_checkpoint_that_asks_for_memory_is_refused(path, in_memory: bool):
    torch.save({**read_checkpoint(path), "extra": Hungry()}, path)
    torch.load(path, weights_only=True)
    with pytest.raises(InputError, match=r"it asks for '\w+ bytearray'"):
        read_checkpoint(path, in_memory)


def with_two_directories(content: bytes) -> bytes:
    """A zip file whose end names its first directory, while another stands right before the end."""
    end = content.rfind(b"PK\5\6")
    directory = content[content.find(b"PK\1\2") : content.find(b"PK\6\6")]
    return content[: end - 76] + directory + content[end - 76 :]


def test_a_checkpoint_with_two_directories_is_refused(path):
    path.write_bytes(with_two_directories(path.read_bytes()))
    with pytest.raises(InputError, match="its directory is not where its end says"):
        read_checkpoint(path)


@pytest.mark.parametrize("cut", [1, 21, 22, 60, 97, 98, 99])
def test_a_checkpoint_that_is_cut_short_is_refused(path, cut: int):
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(InputError, match="cannot be read as a checkpoint"):
        read_checkpoint(path)
