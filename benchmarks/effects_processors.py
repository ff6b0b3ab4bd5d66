"""What processors cost to play and to train, and what a grey box of them learns of a device.

    PYTHONPATH=examples python -m benchmarks.effects_processors [PART ...]

Parts are load, whole_chain, click, training, compressor, modulation; all of them if none is named.
Devices and dry sounds are made by code (examples/devices.py, examples/plucked_strings.py); what is
scored was held out: other strings. Times are processor time of one thread; a load is the median of
five runs, in percent of a core.
"""

import argparse
import math
import statistics
import time

import devices
import numpy as np
import plucked_strings
import torch
from scipy import signal
from torch import Tensor

from vschaos2.processors.chain import Chain
from vschaos2.processors.filters import Filter
from vschaos2.processors.processor import Processor
from vschaos2.processors.recursion import BLOCK

RATE = 44_100
SIX = (
    ("low_shelf", "a", 20.0, 400.0, 20.0),
    ("peak", "b", 20.0, 400.0, 30.0),
    ("peak", "c", 20.0, 400.0, 60.0),
    ("peak", "d", 20.0, 4_000.0, 500.0),
    ("peak", "e", 20.0, 9_000.0, 3_000.0),
    ("high_shelf", "f", 20.0, 9_000.0, 8_000.0),
)


def esr(y: Tensor, wanted: Tensor) -> float:
    """Energy of the error, of the energy that was wanted."""
    return float((y - wanted).square().sum() / wanted.square().sum())


def load_of(processor: Processor, block: int) -> float:
    """Percent of a core that it takes in TorchScript, at its defaults."""
    run = torch.jit.script(processor)
    values = torch.tensor([[[p.default] for p in processor.physical]], dtype=torch.float64)
    values = values.reshape(1, len(processor.physical), 1)
    sound, state = 0.1 * torch.randn(1, 1, RATE), torch.zeros(1, processor.state_size).double()
    shares = []
    with torch.inference_mode():
        for _ in range(6):
            began = time.process_time()
            for n in range(RATE // block):
                _, state = run(sound[..., n * block : (n + 1) * block], values, state)
            shares.append((time.process_time() - began) * 100.0 * RATE / (RATE // block * block))
    return statistics.median(shares[1:])


def load() -> None:
    """Of every kind, at three blocks."""
    from vschaos2.parts import parts

    print("load, % of a core, at blocks of 64 / 512 / 2048")
    made = {"six biquads": Filter(RATE, 1, SIX)}
    made |= {kind: make(RATE) for kind, make in parts("processor").items()}
    for kind, processor in made.items():
        shares = [load_of(processor, block) for block in (64, 512, 2048)]
        print(f"  {kind:14}", " / ".join(f"{share:.2f}" for share in shares), flush=True)


def whole_chain() -> None:
    """Of a voice's whole chain: its load, its stream against the whole, and what a step costs."""
    items = ["channel_eq", "expander", "compressor", "space"]
    whole = Chain(items, RATE).requires_grad_(False)
    whole.load_preset({"echo_db": -9.0, "reverb_db": -9.0, "compressor_threshold_db": -30.0})
    whole.settle()
    still = torch.zeros(1, 0, 1)
    run = torch.jit.script(whole)
    for block in (64, 512, 2048):
        sound, state, shares = 0.1 * torch.randn(1, 1, RATE), whole.begin(1), []
        with torch.inference_mode():
            for _ in range(6):
                began = time.process_time()
                for n in range(RATE // block):
                    _, state = run(sound[..., n * block : (n + 1) * block], still, state)
                took = time.process_time() - began
                shares.append(took * 100.0 * RATE / (RATE // block * block))
        print(f"chain at blocks of {block}: {statistics.median(shares[1:]):.2f} % of a core")
    dry = torch.from_numpy(plucked_strings.strings(10.0, 5)).float()[None, None]
    dry = dry[..., : dry.shape[2] // 4096 * 4096]
    with torch.inference_mode():
        offline, _ = whole(dry, still, whole.begin(1))
        for block in (64, 512, 4096):
            state, made = whole.begin(1), []
            for x in dry.split(block, 2):
                y, state = run(x, still, state)
                made.append(y)
            error = (torch.cat(made, 2) - offline).abs().max() / offline.abs().max()
            print(f"chain streamed at {block} against the whole: {float(error):.1e} of the peak")
    learning, times = Chain(items, RATE), []
    for _ in range(7):
        began = time.process_time()
        learning(dry, still, learning.begin(1))[0].square().mean().backward()
        times.append(time.process_time() - began)
    print(f"chain, 10 s forwards and backwards: {statistics.median(times[2:]):.2f} s")


def click() -> None:
    """Of a peak of 12 dB that jumps from 200 to 5000 Hz under a sine of 110 Hz."""
    for q in (0.8, 10.0):
        peak = Filter(RATE, 1, (("peak", "own", 20.0, 19_000.0, 200.0),))
        blocks = RATE // BLOCK
        t = torch.arange(blocks * BLOCK, dtype=torch.float64) / RATE
        hz = torch.where(torch.arange(blocks) < blocks // 2, 200.0, 5_000.0)
        values = torch.stack((hz, torch.full_like(hz, 12.0), torch.full_like(hz, q)))[None]
        x = 0.5 * torch.sin(2 * math.pi * 110.0 * t)
        y, _ = peak(x[None, None], values, torch.zeros(1, peak.state_size))
        high = signal.butter(8, 1_000, "high", fs=RATE, output="sos")
        heard = np.abs(signal.sosfilt(high, y[0, 0].numpy())[RATE // 4 : -RATE // 8]).max()
        print(f"click of a moved peak of Q {q}: {20 * math.log10(heard / 0.5):.1f} dB")


def training() -> None:
    """Steps per second of processor time, each of 8 s of sound forwards and backwards."""
    x, still = 0.1 * torch.randn(1, 1, 8 * RATE // BLOCK * BLOCK), torch.zeros(1, 0, 1)
    for items in (["compressor"], ["parametric_eq"], ["phaser"], ["chorus"]):
        chain, times = Chain(items, RATE), []
        for _ in range(12):
            began = time.process_time()
            chain(x, still, chain.begin(1))[0].square().mean().backward()
            times.append(time.process_time() - began)
        print(f"training {items}: {1.0 / statistics.median(times[2:]):.0f} steps of 8 s per second")


def fit(
    chain: Chain, dry: Tensor, wet: Tensor, budget_s: float, window_s: float, rate: float
) -> int:
    """Adam on windows of a recording, over a budget of processor time; the number of steps."""
    size, warm = round(window_s * RATE) // BLOCK * BLOCK, RATE // 2 // BLOCK * BLOCK
    optimiser = torch.optim.Adam(chain.parameters(), rate, betas=(0.9, 0.98))
    draw, still = torch.Generator().manual_seed(0), torch.zeros(1, 0, 1)
    began, steps, floor = time.process_time(), 0, 0.01 * float(wet.square().mean())
    while (done := (time.process_time() - began) / budget_s) < 1.0:
        optimiser.param_groups[0]["lr"] = rate * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)
        at = int(torch.randint(0, len(dry) - size, (1,), generator=draw))
        start = torch.tensor([at / RATE], dtype=torch.float64)
        y, _ = chain(dry[None, None, at : at + size], still, chain.begin(1, start))
        wanted = wet[at + warm : at + size]
        error = y[0, 0, warm:] - wanted
        # Half of it hears each fifth of a second in proportion to its own level.
        parts = [e[: len(e) // 8_820 * 8_820].reshape(-1, 8_820) for e in (error, wanted)]
        errors, powers = (each.square().mean(1) for each in parts)
        loss = 0.5 * error.square().mean() / (wanted.square().mean() + floor)
        loss = loss + 0.5 * (errors / (powers + floor)).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(chain.parameters(), 2.0)
        optimiser.step()
        steps += 1
    return steps


def heard(sound: np.ndarray) -> Tensor:
    """As a tensor of whole sub-blocks."""
    return torch.tensor(sound[: len(sound) // BLOCK * BLOCK], dtype=torch.float32)


def through(chain: Chain, dry: Tensor) -> Tensor:
    """A sound, from its beginning."""
    with torch.inference_mode():
        return chain(dry[None, None], torch.zeros(1, 0, 1), chain.begin(1))[0][0, 0]


def compressor() -> None:
    """A compressor whose cell remembers, by one whose cell does not."""
    dry, other = plucked_strings.dry_sounds(95.0, 1), plucked_strings.strings(12.0, 77)
    wet, wanted = (heard(devices.opto_compressor(each, RATE)) for each in (dry, other))
    for paths, budget_s in ((1, 30.0), (1, 60.0), (2, 60.0)):
        chain = Chain([{"compressor": {"paths": paths}}], RATE)
        steps = fit(chain, heard(dry), wet, budget_s, 8.0, 0.06)
        error = esr(through(chain, heard(other)), wanted)
        said = {name: round(value, 2) for name, value in chain.preset().items()}
        print(
            f"compressor, {paths} path(s), {budget_s:.0f} s, {steps} steps: ESR {error:.4f} {said}"
        )


def modulation() -> None:
    """A phaser and a chorus, by what comes later in the recording, where the oscillator runs on."""
    dry = plucked_strings.strings(32.0, 1)
    for name, device, rate_hz in (
        ("phaser", devices.phaser, 0.7),
        ("phaser", devices.phaser, 0.23),
        ("chorus", devices.chorus, 0.9),
        ("chorus", devices.chorus, 0.23),
    ):
        wet, x = heard(device(dry, RATE, rate_hz=rate_hz)), heard(dry)
        learnt = 20 * RATE // BLOCK * BLOCK
        began = time.process_time()
        chain = Chain([name], RATE)
        guessed = chain.processors[0].guess(x[:learnt], wet[:learnt])
        chain.load_preset(guessed)
        steps = fit(chain, x[:learnt], wet[:learnt], 40.0, 3.0, 0.03)
        took, y = time.process_time() - began, through(chain, x)
        said = chain.preset()
        period = said["lfo_period_s"] * rate_hz - 1.0
        print(
            f"{name} at {rate_hz} Hz, {took:.0f} s, {steps} steps: ESR held out "
            f"{esr(y[learnt:], wet[learnt:]):.4f} (dry sound {esr(x[learnt:], wet[learnt:]):.3f}), "
            f"period {100 * period:+.3f} %, { ({k: round(v, 3) for k, v in said.items()}) }",
            flush=True,
        )


PARTS = {
    each.__name__: each for each in (load, whole_chain, click, training, compressor, modulation)
}


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for name in parser.parse_args().parts or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
