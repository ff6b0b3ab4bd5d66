import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import torch
from vschaos2.training.allocator import keep_freed_memory

def step():  # what is freed last lies at the end of the heap, and is the first to go back
    blocks = [torch.ones(n * 2**18) for n in range(1, 9)]

KEEP
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(keep: str) -> int:
    """Page faults of twenty steps of 36 MB each, in a process of their own."""
    program = PROGRAM.replace("KEEP", keep)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a matter of glibc")
def test_memory_that_is_kept_comes_back_without_page_faults():
    assert page_faults("keep_freed_memory()") < 0.2 * page_faults("")
