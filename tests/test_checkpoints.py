"""Checkpoints are read as they were written, or not at all."""

import os
import random
import zipfile
from pathlib import Path

import pytest
import torch
from resumed_trainings import assert_same

from vschaos2.checkpoints import read_checkpoint, save_checkpoint
from vschaos2.errors import InputError


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
