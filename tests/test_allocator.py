import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
from pathlib import Path
import torch
from vschaos2.training.allocator import keep_freed_memory

def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

KEEP
before = resident_bytes()
block = torch.ones(6 * 2**20)
del block
print(resident_bytes() - before)
"""


def kept_bytes(keep: str) -> int:
    """What a process keeps of a block of 24 MB that it made and freed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("KEEP", keep)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a matter of glibc")
def test_freed_memory_stays_with_the_process():
    assert kept_bytes("keep_freed_memory()") > 20e6
    assert kept_bytes("") < 4e6
