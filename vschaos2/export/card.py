"""The card: what an exported instrument costs and how it behaves, measured when it is made."""

import hashlib
import math
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from vschaos2.export.checks import check_file, declared_delays
from vschaos2.export.for_engine import card_lines, engine_line
from vschaos2.export.nn_tilde import get_attribute
from vschaos2.export.playable import Playable
from vschaos2.export.trial import opened
from vschaos2.patches.figures import in_time

BLOCK_SIZES = (512, 1024, 2048, 4096)
BLOCKS = 1000  # enough for a 99.9th percentile
# What other work on the machine takes does not count: a thread that waits its turn spends none of
# its own time. Windows counts that time in steps of 15 ms, far too coarse.
_counted_seconds = time.perf_counter if sys.platform == "win32" else time.thread_time
LOAD_COUNTS = (
    "all time, other work on the machine, too"
    if sys.platform == "win32"
    else "processor time; slowest_with_other_work_ms is by the clock, other work included"
)


def measure_card(
    content: bytes, playable: Playable, run_facts: Mapping[str, Any], blocks: int = BLOCKS
) -> dict[str, Any]:
    """Everything there is to say about an exported file.

    Args:
        content: of the file.
        playable: what it was made from.
        run_facts: what is known of the training it comes from.
        blocks: calls to time for each method and block size.

    Raises:
        ExportError: if the file fails a check.
    """
    deviations = check_file(content, playable)
    playable.prove(content)
    loads = measure_load(content, playable, blocks)
    rate_hz = playable.sample_rate_hz
    loaded = opened(content)
    delays = declared_delays(loaded, playable)
    return {
        "sample_rate_hz": rate_hz,
        "block_samples": playable.block_samples,
        "methods": {name: of._asdict() for name, of in playable.methods.items()},
        "delay_samples": delays,
        "delay_ms": {name: round(1000.0 * n / rate_hz, 2) for name, n in delays.items()},
        "load": loads,
        "load_counts": LOAD_COUNTS,
        "smallest_safe_buffer": safe_buffer(loads, rate_hz),
        "largest_deviation_from_offline": max(deviations.values()),
        **card_lines(content),
        **playable.lines(content),
        "attributes": told_attributes(loaded, playable),
        **run_facts,
        "parameters": sum(p.numel() for p in playable.eager.parameters()),
        "torch": torch.__version__,
        "machine": f"{platform.system()} {platform.machine()}, one thread",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def told_attributes(loaded: torch.jit.ScriptModule, playable: Playable) -> list[dict[str, Any]]:
    """What messages can set or ask, as the file has it; of texts the family's own lines tell."""
    return [
        control.row(get_attribute(loaded, control.name))
        for control in playable.eager.controls
        if control.kind != "text"
    ]


def measure_load(
    content: bytes, playable: Playable, blocks: int = BLOCKS
) -> dict[str, dict[str, dict[str, float]]]:
    """Cost of each method at each block size that it can be called with, on one thread.

    Returns:
        method → block size in samples → "real_time_factor" (median processor time over the
        block's duration), "slowest_ms" (99.9th percentile of the processor time of a block) and
        "slowest_with_other_work_ms" (the same of the time that passed).
    """
    loaded = opened(content)
    loaded.get_methods()
    sample_rate_hz = playable.sample_rate_hz
    generator = torch.Generator().manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    loads: dict[str, dict[str, dict[str, float]]] = {}
    try:
        with torch.inference_mode():
            for name in playable.methods:
                loads[name] = {}
                method = getattr(loaded, name)
                sizes = (*playable.short_blocks, *BLOCK_SIZES)
                for size in (n for n in sizes if n % playable.block_samples == 0):
                    block = playable.example(name, size, generator)
                    seconds = []
                    for _ in range(blocks + 8):
                        start, counted_start = time.perf_counter(), _counted_seconds()
                        method(block)
                        counted = _counted_seconds() - counted_start
                        seconds.append((counted, time.perf_counter() - start))
                    steady, passed = torch.tensor(seconds[8:], dtype=torch.float64).T
                    loads[name][str(size)] = {
                        "real_time_factor": round(
                            float(steady.median()) * sample_rate_hz / size, 4
                        ),
                        "slowest_ms": round(1000.0 * float(steady.quantile(0.999)), 3),
                        "slowest_with_other_work_ms": round(
                            1000.0 * float(passed.quantile(0.999)), 3
                        ),
                    }
    finally:
        torch.set_num_threads(threads)
    return loads


def safe_buffer(loads: dict[str, dict[str, dict[str, float]]], sample_rate_hz: int) -> int | None:
    """The smallest block size at which no method comes near its time, or None.

    Args:
        loads: of `measure_load`.
        sample_rate_hz: of the model.
    """
    for size in BLOCK_SIZES:
        blocks = [sizes[str(size)] for sizes in loads.values() if str(size) in sizes]
        slowest_ms = max((block["slowest_ms"] for block in blocks), default=math.inf)
        if in_time(slowest_ms, size, sample_rate_hz):
            return size
    return None


def card_table(name: str, card: Mapping[str, Any], lines: Sequence[str] = ()) -> str:
    """A card as a short table for a terminal.

    Args:
        name: of the file.
        card: of `measure_card`.
        lines: what its family adds.
    """
    sizes = list(next(iter(card["load"].values())))
    hop = f", hop {card['block_samples']}" if card["block_samples"] > 1 else ""
    buffer = card["smallest_safe_buffer"]
    table = [
        f"{name}: {card['sample_rate_hz']} Hz{hop}, {card['parameters'] / 1e6:.1f} M weights",
        f"  {'method':8} {'in':>3} {'out':>4} {'delay':>9}   load of one core at a block of",
        f"  {'':8} {'':3} {'':4} {'':9} " + "".join(f"{size:>8}" for size in sizes),
    ]
    for method, ports in card["methods"].items():
        delay = f"{card['delay_ms'][method]:.1f} ms" if method in card["delay_ms"] else "–"
        loads = "".join(
            f"{100 * card['load'][method][size]['real_time_factor']:7.1f}%" for size in sizes
        )
        table.append(f"  {method:8} {ports['inlets']:>3} {ports['outlets']:>4} {delay:>9} {loads}")
    table += [
        f"  smallest safe buffer: {buffer or 'none on this machine'} (other work does not count)",
        f"  blocks equal the whole to {card['largest_deviation_from_offline']:.0e} of the peak",
    ]
    return "\n".join([*table, *lines, engine_line(card)])
