"""Instruments that are none, in a real Pd: sound goes on, and Pd ends when it is told to."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.hardness.flipped_bits import flip
from benchmarks.hardness.material import Material
from benchmarks.hardness.trial import Verdict, fresh

LIBRARY = Path(__file__).resolve().parents[2] / "build" / "external"
FLIPPED = 6
QUIT_MS, PATIENCE_S = 3000, 30.0
FAULTS = (
    *("never returns", "never loads", "throws", "throws at once", "is too long", "is not finite"),
    *("is of another type", "eats memory", "has a thousand inlets"),
)


class Faulty(torch.nn.Module):
    """An instrument that keeps the contract but in one point."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault
        inlets = 10**9 if fault == "has a thousand inlets" else 1
        self.register_buffer("forward_params", torch.tensor([float(inlets), 1.0, 1.0, 1.0]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """The names of the methods, if the fault is not in here."""
        if self.fault == "throws at once":
            raise RuntimeError("not today")
        while self.fault == "never loads":
            pass
        return ["forward"]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sound as it comes, if the fault is not in here."""
        if self.fault == "throws":
            raise RuntimeError("not in this state")
        while self.fault == "never returns":
            pass
        if self.fault == "is too long":
            return torch.cat((x, x), -1)
        if self.fault == "is not finite":
            return x * float("nan")
        if self.fault == "is of another type":
            return x.to(torch.int64)
        if self.fault == "eats memory":
            return torch.zeros(10_000_000_000_000)
        return x


def trials(material: Material, chance: random.Random) -> Iterator[Verdict]:
    """Every fault, files with flipped bits, and files that are no plain files."""
    if shutil.which("pd") is None or not any(LIBRARY.glob("vschaos~.*")):
        print("    hostile models: not tried: externals/install_tools.sh && make external")
        return
    with fresh(material.place) as place:
        for fault in FAULTS:
            torch.jit.script(Faulty(fault)).save(str(place / "model.ts"))
            yield Verdict(f"forward {fault}", played(place))
        for _ in range(FLIPPED):
            for suffix in (".ts", ".json"):
                shutil.copy(material.instrument.with_suffix(suffix), place / f"model{suffix}")
            count = chance.choice((1, 100))
            flip(place / "model.ts", count, chance)
            refused = "model.json" in (told := console(place)) or "cannot" in told
            lost = played(place) or (None if refused else f"plays without a word: {told[-200:]}")
            yield Verdict(f"{count} bits of an instrument", lost)
        (place / "model.json").unlink()
        for what, make in (("a pipe", os.mkfifo), ("a folder", os.mkdir)):
            (place / "model.ts").unlink()
            make(place / "model.ts")
            yield Verdict(f"an instrument that is {what}", played(place))


def pd(place: Path) -> subprocess.Popen[str]:
    """Pd by the clock, with the model in place, told to quit after some seconds."""
    (place / "patch.pd").write_text(
        "#N canvas 0 0 450 300 10;\n"
        "#X obj 10 10 osc~ 440;\n#X obj 10 40 vschaos~ model forward 512;\n"
        "#X obj 10 70 loadbang;\n#X msg 10 100 \\; pd dsp 1;\n"
        f"#X obj 90 100 delay {QUIT_MS};\n#X msg 90 130 \\; pd quit;\n"
        "#X connect 0 0 1 0;\n#X connect 2 0 3 0;\n#X connect 2 0 4 0;\n#X connect 4 0 5 0;\n"
    )
    return subprocess.Popen(
        [
            *("pd", "-nogui", "-noprefs", "-stderr", "-nosound", "-nrt", "-path", str(LIBRARY)),
            *("-path", str(place), "-lib", "vschaos~", "-open", str(place / "patch.pd")),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def console(place: Path) -> str:
    """What Pd says."""
    process = pd(place)
    try:
        return process.communicate(timeout=PATIENCE_S)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        return ""


def played(place: Path) -> str | None:
    """What is wrong with how Pd ends, if anything."""
    begin = time.monotonic()
    process = pd(place)
    try:
        text = process.communicate(timeout=PATIENCE_S)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"Pd does not end within {PATIENCE_S:.0f} s"
    if process.returncode != 0:
        return f"Pd ends with {process.returncode} after {time.monotonic() - begin:.0f} s"
    return f"{len(text)} letters on the console" if len(text) > 20_000 else None
