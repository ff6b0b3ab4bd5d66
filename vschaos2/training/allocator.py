"""Memory that is asked for again and again stays with the process."""

import ctypes
import platform

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
LARGEST_KEPT_BYTES = 1 << 25  # the highest that glibc takes as M_MMAP_THRESHOLD
KEPT_BYTES = 1 << 28


def keep_freed_memory() -> None:
    """Let glibc keep what a training step frees: the next one wants it again.

    Otherwise some megabytes go back to the system after every step, and some thousand pages come
    back empty, one page fault each: 2 of 25 ms. Up to 256 MB are kept so. Elsewhere than on Linux
    nothing is done.

    Source: mallopt(3).
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)
    libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
