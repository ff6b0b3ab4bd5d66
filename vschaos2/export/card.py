"""The card: what an exported instrument costs and how it behaves, measured when it is made."""

import hashlib
import math
import platform
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import torch

from vschaos2.export.checks import (
    check_file,
    check_silence,
    measure_delays,
    measure_recovery,
    opened,
)
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.projection import LatentAxes
from vschaos2.families.vae.response import measure_response
from vschaos2.labels.ports import LabelPorts
from vschaos2.runs.folder import Run
from vschaos2.terminal import printable

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
EMPTY_INLET = (
    "an inlet that has said nothing but 0 counts as empty, like one with nothing connected: its "
    "label is guessed, or as set, as at any value below 0; 0 is class 0 once anything else has come"
)
SAFE_LOAD = 0.7  # a block whose slowest calls take less of its duration than this is safe


def measure_card(
    content: bytes,
    core: InstrumentCore,
    run: Run,
    axes: LatentAxes,
    blocks: int = BLOCKS,
    ports: LabelPorts | None = None,
) -> dict[str, Any]:
    """Everything there is to say about an exported file.

    Args:
        content: of the file.
        core: the eager model it was made from.
        run: the training it comes from.
        axes: the axes shown at first.
        blocks: calls to time for each method and block size.
        ports: what the file shows of labels.

    Raises:
        ExportError: if the file fails a check.
    """
    deviations = check_file(content, core)
    check_silence(content, core)
    delays = measure_delays(content, core)
    recovery = measure_recovery(content, core)
    transform = core.transform
    loads = measure_load(content, core, blocks)
    shown = core.latent_dims
    ports = ports or LabelPorts()
    inlets, heard, guesses = len(ports.inlets), len(ports.encode_inlets), len(ports.outlets)
    hop = core.hop
    words, places = measure_response(core, run.kept.latents, axes, ports.plain)
    return {
        "sample_rate_hz": transform.sample_rate_hz,
        "methods": {
            "forward": _method(1 + inlets, 1, 1 + guesses, 1),
            "encode": _method(1 + heard, 1, shown + guesses, hop),
            "decode": _method(shown + inlets, hop, 1, 1),
        },
        "n_fft": transform.n_fft,
        "hop": core.hop,
        "delay_samples": delays,
        "delay_ms": {
            name: round(1000.0 * samples / transform.sample_rate_hz, 2)
            for name, samples in delays.items()
        },
        "load": loads,
        "load_counts": LOAD_COUNTS,
        "smallest_safe_buffer": safe_buffer(loads, transform.sample_rate_hz),
        "largest_deviation_from_offline": max(deviations.values()),
        "phase_recovery": recovery,
        "latent": {
            "explained": [round(float(v), 4) for v in axes.explained[:shown]],
            "lowest": [round(float(v), 3) for v in axes.lowest[:shown]],
            "highest": [round(float(v), 3) for v in axes.highest[:shown]],
            "rising": words,
            "places": places,
        },
        "labels": _labels(opened(content), ports, core),
        "attributes": told_attributes(opened(content)),
        "training": {
            key: round(value, 5) if math.isfinite(value) else None
            for key, value in run.summary.items()
        },
        "parameters": sum(p.numel() for p in core.parameters()),
        "run": printable(f"{run.folder.parent.name}/{run.folder.name}"),
        "torch": torch.__version__,
        "machine": f"{platform.system()} {platform.machine()}, one thread",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _method(inlets: int, in_ratio: int, outlets: int, out_ratio: int) -> dict[str, int]:
    return {"inlets": inlets, "outlets": outlets, "in_ratio": in_ratio, "out_ratio": out_ratio}


def _labels(
    loaded: torch.jit.ScriptModule, ports: LabelPorts, core: InstrumentCore
) -> dict[str, Any]:
    """What can be commanded, at which inlets (from 1) and by which message, and what is guessed."""
    commanded = [
        {
            "task": task,
            "message": f"set {attribute}",
            "classes": (list(names) or list(range(dim))) if is_categorical else None,
            "name": inlet,
            "plain": plain,
            "forward_inlet": 2 + i,
            "encode_inlet": 2 + sum(ports.on_encoder[:i]) if ports.on_encoder[i] else None,
            "decode_inlet": 1 + loaded.latent_dims + i,
            "guessed_in": [
                method
                for method, columns in (
                    ("forward", core.labels.frame_source),
                    ("decode", core.labels.latent_source),
                )
                if columns[i] >= 0
            ],
        }
        for i, (task, attribute, names, dim, is_categorical, inlet, plain) in enumerate(
            zip(
                ports.tasks, loaded.label_names, ports.class_names, ports.dims,
                ports.categorical, ports.inlets, ports.plain, strict=True,
            )
        )
    ]  # fmt: skip
    guessed = [
        {"name": name, "forward_outlet": 2 + i, "encode_outlet": 1 + loaded.latent_dims + i}
        for i, name in enumerate(ports.outlets)
    ]
    return {"empty_inlet": EMPTY_INLET, "commanded": commanded, "guessed": guessed}


def told_attributes(loaded: torch.jit.ScriptModule) -> list[dict[str, Any]]:
    """What messages can set besides labels: names, kinds, first values and limits.

    Kinds are "number", "choice", "switch", "event" (any value does the same) and "reading" (it
    cannot be set).
    """
    choices = {
        "inversion": loaded.modes,
        "projection": loaded.projections,
        "limiter": loaded.limiters,
    }
    limits = {
        "temperature": (0.0, loaded.greatest_temperature),
        "gain_db": (loaded.least_gain_db, loaded.greatest_gain_db),
    }
    kinds = {"reset": "event", "latent_dims": "reading", "delay": "reading"}
    told = []
    for name in loaded.get_attributes():
        if name in loaded.label_names:
            continue
        code = int(getattr(loaded, f"{name}_params")[0])
        kind = "choice" if name in choices else "switch" if code == 0 else "number"
        row: dict[str, Any] = {"name": name, "kind": kinds.get(name, kind)}
        value = getattr(loaded, f"get_{name}")()
        row["value"] = value[0] if len(value) == 1 else list(value)
        if name in choices:
            row["choices"] = list(choices[name])
        if name in limits:
            row["lowest"], row["highest"] = limits[name]
        told.append(row)
    return told


def measure_load(
    file: Path | bytes, core: InstrumentCore, blocks: int = BLOCKS
) -> dict[str, dict[str, dict[str, float]]]:
    """Cost of each method at each block size of at least a hop, on one thread.

    Returns:
        method → block size in samples → "real_time_factor" (median processor time over the
        block's duration), "slowest_ms" (99.9th percentile of the processor time of a block) and
        "slowest_with_other_work_ms" (the same of the time that passed).
    """
    loaded = opened(file)
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
                    inlets = int(getattr(loaded, f"{name}_params")[0])
                    block = 0.1 * torch.randn(1, 1, size)
                    if name == "decode":
                        block = torch.randn(1, core.latent_dims, size // core.hop)
                    # Labels are guessed: this costs most.
                    labels = inlets - block.shape[1]
                    block = torch.cat((block, torch.full((1, labels, block.shape[2]), -1.0)), 1)
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
        limit_ms = SAFE_LOAD * 1000.0 * size / sample_rate_hz
        if blocks and all(block["slowest_ms"] <= limit_ms for block in blocks):
            return size
    return None


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
    # A number stays beside its words: a line breaks at no no-break space.
    rising = [
        f"{axis} {words}".replace(" ", "\N{NO-BREAK SPACE}")
        for axis, words in enumerate(card["latent"]["rising"], 1)
    ]
    told = f"axes, as they rise: {' · '.join(rising)}"
    wrapped = textwrap.wrap(told, 96, initial_indent="  ", subsequent_indent="    ")
    lines += [line.replace("\N{NO-BREAK SPACE}", " ") for line in wrapped]
    labels = card["labels"]
    lines += [
        f"  label {task['name']}: inlet {task['forward_inlet']} of forward, "
        f"{task['decode_inlet']} of decode; {task['message']}"
        for task in labels["commanded"]
    ]
    lines += [
        f"  guess {guess['name']}: outlet {guess['forward_outlet']} of forward, "
        f"{guess['encode_outlet']} of encode"
        for guess in labels["guessed"]
    ]
    buffer = card["smallest_safe_buffer"]
    lines += [
        f"  smallest safe buffer: {buffer or 'none on this machine'} (other work does not count)",
        f"  blocks equal the whole to {card['largest_deviation_from_offline']:.0e} of the peak, "
        "but for recovered phases",
    ]
    for method, alike in card["phase_recovery"].items():
        differ = f"differ with the block, mean spectra by {alike['mean_difference']:.1%}"
        lines.append(
            f"  {method}'s recovered phases "
            f"{differ if alike['difference'] else 'are the same in any block'}; spectra miss the "
            f"model's by {alike['model_error_whole']:.1%} whole, "
            f"{alike['model_error_in_blocks']:.1%} in blocks of one hop"
        )
    return "\n".join(lines)
