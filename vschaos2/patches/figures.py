"""The line below an instrument's name: its rate, its delay, and what it asks of a machine."""

from collections.abc import Mapping, Sequence
from typing import Any

LARGEST_BUFFER = 4096  # samples; where no buffer was measured to be safe
PD_BLOCK = 64  # samples
SAFE_LOAD = 0.7  # a block whose slowest calls take less of its duration than this is safe


def figures(card: Mapping[str, Any], voices: int = 1) -> str:
    """Rate, axes, delays and load, as far as the card knows them.

    Delay and load are told of the methods that give sound: one value every sample.
    """
    rate, loads = card["sample_rate_hz"], card.get("load", {})
    buffer = buffer_of(card, voices)
    sounding = [name for name, ports in card["methods"].items() if ports["out_ratio"] == 1]
    delays = [
        f"{name} {card['delay_ms'][name]:.0f} ms"
        for name in sounding
        if name in card.get("delay_ms", {})
    ]
    load = [
        f"{100.0 * voices * _load(loads[name], buffer):.0f} %" for name in sounding if name in loads
    ]
    block = card.get("block_samples", card.get("hop", 1))
    in_nn, in_vschaos = (1000.0 * delay / rate for delay in host_delays(buffer, block))
    told = [in_words(card.get("host_rates_hz", [rate]))]
    if "latent" in card:
        told.append(f"{len(card['latent']['lowest'])} axes")
    waits_ms = [1000.0 * n / int(hz) for hz, n in card.get("delay_samples_at_hz", {}).items()]
    if max(waits_ms, default=0.0) > 0.0:
        own = card["trained_at_hz"]
        told[0] = f"{own} Hz, or resampled, {max(waits_ms):.1f} ms later"
        delays = [f"{card['delay_ms'][name]:.0f} ms" for name in sounding[:1]]
    if delays:
        told.append(f"delay of {', of '.join(delays)}")
    told.append(f"at a buffer of {buffer} nn~ adds {in_nn:.0f} ms, vschaos~ {in_vschaos:.0f} ms")
    if load:
        most = "" if voices == 1 else f" at most, by {voices} voices"
        told.append(f"load of one core {' and '.join(load)}{most}")
    return " · ".join(told)


def in_words(rates_hz: Sequence[int]) -> str:
    """Rates of which one may be chosen; of many, in kHz."""
    if len(rates_hz) < 3:
        return f"{' or '.join(map(str, rates_hz))} Hz"
    *most, last = (f"{hz / 1000:g}" for hz in rates_hz)
    return f"{', '.join(most)} or {last} kHz"


def decode_in_nn_ms(card: Mapping[str, Any], voices: int = 1) -> float:
    """From a value at an inlet of `decode` to its sound, in nn~."""
    in_nn, _ = host_delays(buffer_of(card, voices), card.get("block_samples", card.get("hop", 1)))
    own_ms: float = card.get("delay_ms", {}).get("decode", 0.0)
    return own_ms + 1000.0 * in_nn / card["sample_rate_hz"]


def buffer_of(card: Mapping[str, Any], voices: int = 1) -> int:
    """The buffer that patches ask their host for, in samples.

    For voices of `decode` it is one at which so many separate calls would be safe; a batch of them
    takes less.
    """
    least: int = card.get("smallest_safe_buffer") or LARGEST_BUFFER
    if voices == 1:
        return least
    blocks = {int(size): block for size, block in card.get("load", {}).get("decode", {}).items()}
    for size in sorted(size for size in blocks if size >= least):
        slowest_ms = voices * blocks[size].get("slowest_ms", 0.0)
        if in_time(slowest_ms, size, card["sample_rate_hz"]):
            return size
    return LARGEST_BUFFER if blocks else least


def in_time(slowest_ms: float, block: int, sample_rate_hz: int) -> bool:
    """Whether calls that take so long at most are safely within the duration of a block."""
    return slowest_ms <= SAFE_LOAD * 1000.0 * block / sample_rate_hz


def host_delays(buffer: int, block: int) -> tuple[int, int]:
    """Samples that nn~ and vschaos~ add to the model's own delay.

    nn~ gathers a buffer N and computes it while the next is gathered: what came with the first
    block of 64 is heard 2N - 64 later. vschaos~ works in halves of the buffer; where that is a
    single block of the model it cannot, and does as nn~.

    Args:
        buffer: of the host, in samples.
        block: of the model: it computes any multiple of so many samples.
    """
    in_nn = 2 * buffer - PD_BLOCK
    return in_nn, buffer if buffer >= 2 * block else in_nn


def _load(sizes: Mapping[str, Mapping[str, float]], buffer: int) -> float:
    """Of the block that is as long as the buffer, or else of the longest measured."""
    size = str(buffer) if str(buffer) in sizes else max(sizes, key=int)
    return sizes[size]["real_time_factor"]
