"""The card: what an exported instrument costs and how it behaves, measured when it is made."""

import hashlib
import json
import platform
import time
from pathlib import Path
from typing import Any

import torch

from vschaos2.export.checks import check_file, check_silence, measure_delays
from vschaos2.export.instrument_core import InstrumentCore
from vschaos2.models.projection import LatentAxes
from vschaos2.runs import Run

BLOCK_SIZES = (512, 1024, 2048, 4096)
BLOCKS = 1000  # enough for a 99.9th percentile
SAFE_LOAD = 0.7  # a block whose slowest calls take less of its duration than this is safe


def measure_card(
    path: Path, core: InstrumentCore, run: Run, axes: LatentAxes, blocks: int = BLOCKS
) -> dict[str, Any]:
    """Everything there is to say about an exported file.

    Args:
        path: the file, complete.
        core: the eager model it was made from.
        run: the training it comes from.
        axes: the axes shown at first.
        blocks: calls to time for each method and block size.

    Raises:
        ExportError: if the file fails a check.
    """
    deviations = check_file(path, core)
    check_silence(path, core)
    delays = measure_delays(path, core)
    transform = core.transform
    loads = measure_load(path, core, blocks)
    shown = core.latent_dims
    return {
        "sample_rate_hz": transform.sample_rate_hz,
        "methods": {
            "forward": {"inlets": 1, "outlets": 1, "in_ratio": 1, "out_ratio": 1},
            "encode": {"inlets": 1, "outlets": shown, "in_ratio": 1, "out_ratio": core.hop},
            "decode": {"inlets": shown, "outlets": 1, "in_ratio": core.hop, "out_ratio": 1},
        },
        "n_fft": transform.n_fft,
        "hop": core.hop,
        "delay_samples": delays,
        "delay_ms": {
            name: round(1000.0 * samples / transform.sample_rate_hz, 2)
            for name, samples in delays.items()
        },
        "load": loads,
        "smallest_safe_buffer": safe_buffer(loads, transform.sample_rate_hz),
        "largest_deviation_from_offline": max(deviations.values()),
        "latent": {
            "explained": [round(float(v), 4) for v in axes.explained[:shown]],
            "lowest": [round(float(v), 3) for v in axes.lowest[:shown]],
            "highest": [round(float(v), 3) for v in axes.highest[:shown]],
        },
        "training": {key: round(value, 5) for key, value in run.summary.items()},
        "parameters": sum(p.numel() for p in core.parameters()),
        "run": run.folder.parent.name + "/" + run.folder.name,
        "torch": torch.__version__,
        "machine": f"{platform.system()} {platform.machine()}, one thread",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def measure_load(
    path: Path, core: InstrumentCore, blocks: int = BLOCKS
) -> dict[str, dict[str, dict[str, float]]]:
    """Cost of each method at each block size of at least a hop, on one thread.

    Returns:
        method → block size in samples → "real_time_factor" (median processing time over the
        block's duration) and "slowest_ms" (99.9th percentile of the time of a block).
    """
    loaded = torch.jit.load(str(path))
    loaded.get_methods()
    sample_rate_hz = core.transform.sample_rate_hz
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    loads: dict[str, dict[str, dict[str, float]]] = {}
    try:
        with torch.inference_mode():
            for name in ("forward", "encode", "decode"):
                loads[name] = {}
                method = getattr(loaded, name)
                for size in (size for size in BLOCK_SIZES if size % core.hop == 0):
                    block = 0.1 * torch.randn(1, 1, size)
                    if name == "decode":
                        block = torch.randn(1, core.latent_dims, size // core.hop)
                    seconds = []
                    for _ in range(blocks + 8):
                        start = time.perf_counter()
                        method(block)
                        seconds.append(time.perf_counter() - start)
                    steady = torch.tensor(seconds[8:], dtype=torch.float64)
                    loads[name][str(size)] = {
                        "real_time_factor": round(
                            float(steady.median()) * sample_rate_hz / size, 4
                        ),
                        "slowest_ms": round(1000.0 * float(steady.quantile(0.999)), 3),
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
        limit_ms = SAFE_LOAD * 1000.0 * size / sample_rate_hz
        if blocks and all(block["slowest_ms"] <= limit_ms for block in blocks):
            return size
    return None


def write_card(path: Path, card: dict[str, Any]) -> None:
    """Write a card as JSON, whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def card_table(name: str, card: dict[str, Any]) -> str:
    """A card as a short table for a terminal."""
    sizes = list(card["load"]["forward"])
    lines = [
        f"{name}: {card['sample_rate_hz']} Hz, hop {card['hop']}, "
        f"{card['parameters'] / 1e6:.1f} M weights",
        f"  {'method':8} {'in':>3} {'out':>4} {'delay':>9}   load of one core at a block of",
        f"  {'':8} {'':3} {'':4} {'':9} " + "".join(f"{size:>8}" for size in sizes),
    ]
    for method, ports in card["methods"].items():
        delay = f"{card['delay_ms'][method]:.1f} ms" if method in card["delay_ms"] else "–"
        loads = "".join(
            f"{100 * card['load'][method][size]['real_time_factor']:7.1f}%" for size in sizes
        )
        lines.append(f"  {method:8} {ports['inlets']:>3} {ports['outlets']:>4} {delay:>9} {loads}")
    buffer = card["smallest_safe_buffer"]
    lines.append(
        f"  smallest safe buffer: {buffer or 'none on this machine'}; blocks equal the whole to "
        f"{card['largest_deviation_from_offline']:.0e} of the peak"
    )
    return "\n".join(lines)
