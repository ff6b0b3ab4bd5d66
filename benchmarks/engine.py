"""The small engine beside TorchScript: speed, exactness, loading and memory, on one file.

    make external && python -m benchmarks.engine FILE.ts [--sound SOUND] [--rounds 5]
    python -m benchmarks.engine --pedals [--rounds 5]

Of an instrument it prints, on one thread and in one run, medians of rounds of the processor time
of a block and their ratio, with the bars; what the engine's sound differs by; load, memory and size
on disk. The engine is built into build/engine first if it is not there.

Of an effect, or of pedals made for it, untrained, it prints the load of one core: the processor
time of a stretch of blocks over the time that it sounds; of hits the same with all voices sounding,
at each rate of a host.
"""

import argparse
import ctypes
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from small_engine import Player, built, library, relative, rows

from vschaos2.families.effect import grey  # noqa: F401 - it registers chains
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.playable import PlayableEffect
from vschaos2.nets import (  # noqa: F401 - they register
    audio_conv,
    audio_recurrent,
    state_space,
    wavenet,
)
from vschaos2.parts import parts

ROOT = Path(__file__).parents[1]
BLOCKS = (512, 1024, 2048)
# Method and inversion → how many times faster it has to be at each block.
BARS = {
    ("forward", "keep_input"): (6.0, 5.0, 3.5),
    ("encode", "keep_input"): (None, None, None),
    ("decode", "eco"): (9.0, 8.0, 5.0),
    ("decode", "balanced"): (5.0, 4.5, 3.5),
    ("translate", "eco"): (None, None, None),  # of bridges
}
TEXTURE = "texture"
AXES = ("decode", "translate")  # what is told axes
MEMORY = """
import ctypes, sys, time
sys.path.insert(0, "tests")
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6
if sys.argv[1] == "torch":
    import torch
    torch.set_num_threads(1)
    before, start = resident(), time.perf_counter()
    model = torch.jit.load(sys.argv[2])
    model.get_methods()
else:
    from small_engine import built, library, Player
    from pathlib import Path
    engine = library(Path("build/engine"))
    before, start = resident(), time.perf_counter()
    player = Player(engine, Path(sys.argv[2]))
print(1000 * (time.perf_counter() - start), resident() - before)
"""


def inputs(method: str, model: torch.jit.ScriptModule, samples: int) -> np.ndarray:
    """A block of a method, [channels, values]."""
    channels, ratio = (int(n) for n in getattr(model, f"{method}_params")[:2])
    generator = np.random.default_rng(0)
    scale = 1.0 if method in AXES else 0.1
    return (scale * generator.standard_normal((channels, samples // ratio))).astype(np.float32)


def microseconds(call: object, count: int) -> float:
    """Median processor time of a call."""
    spent = []
    for _ in range(count):
        start = time.thread_time()
        call()  # type: ignore[operator]
        spent.append(time.thread_time() - start)
    return 1e6 * statistics.median(spent)


def speeds(model: torch.jit.ScriptModule, player: Player, rounds: int, calls: int) -> None:
    """The table of speeds: torch and engine in turns, so that both meet the same machine."""
    print("| method, block | torch µs | engine µs | ratio | bar | |")
    print("|---|---|---|---|---|---|")
    for (method, inversion), bars in BARS.items():
        if method not in player.methods:
            continue
        model.set_inversion(inversion)
        player.set("inversion", inversion)
        for block, bar in zip(BLOCKS, bars, strict=True):
            given = inputs(method, model, block)
            tensor, of = torch.from_numpy(given)[None], getattr(model, method)
            pairs = []
            with torch.inference_mode():
                for _ in range(8):
                    of(tensor)
                for _ in range(rounds):
                    slow = microseconds(lambda: of(tensor), calls)  # noqa: B023
                    quick = microseconds(Call(player, method, given, block), calls)
                    pairs.append((slow, quick))
            slow, quick = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            verdict = "" if bar is None else "held" if ratio >= bar else "missed"
            print(
                f"| {method} {inversion}, {block} | {slow:.0f} | {quick:.0f} | {ratio:.1f} "
                f"| {bar or ''} | {verdict} |",
                flush=True,
            )


class Call:
    """One call of the engine, everything made ready before."""

    def __init__(self, player: Player, method: str, given: np.ndarray, block: int) -> None:
        index, shape = player.methods[method]
        self.out = np.zeros((shape.out_channels, block // shape.out_ratio), np.float32)
        given = np.ascontiguousarray(given)
        self.given, self.process = given, player.library.vschaos_engine_process
        self.arguments = (player.handle, index, 0, rows(given), rows(self.out), block)

    def __call__(self) -> None:
        """Play the block."""
        self.process(*self.arguments)


HIT_BLOCKS = (64, 512)
VOICES = 8  # that hits sound in
EFFECT_BLOCKS = (64, 256, 1024)
LSTM_BAR = 0.02  # of a core, of 32 units at blocks of 64
DILATIONS = [2**n for n in range(10)]
WAVE = {"kernels": [3] * 10, "dilations": DILATIONS, "activations": ["Tanh"] * 10}
WAVES = [  # as .nam files of the usual size have them
    {"channels": 16, "head_channels": 8, **WAVE},
    {"channels": 8, "head_channels": 1, "head_bias": True, **WAVE},
]
PEDALS: dict[str, tuple[str, dict[str, Any]]] = {
    "LSTM of 32 units": ("LSTM", {"hidden_dims": 32}),
    "GRU of 32 units": ("GRU", {"hidden_dims": 32}),
    "TCN": ("TCN", {}),
    "GCN": ("GCN", {}),
    "SSM": ("SSM", {}),
    "delay and reverb": ("Chain", {"processors": ["ping_pong", "fdn_reverb"]}),
    "chain of twelve": (
        "Chain",
        {
            "processors": [
                *("expander", "compressor", "tanh", "parametric_eq", {"fir": {"taps": 1024}}),
                *("phaser", "chorus", "flanger", "tremolo", "phase_shift", "echo", "room"),
            ]
        },
    ),
    "WaveNet of a .nam": ("WaveNet", {"arrays": WAVES}),
}


def pedal(kind: str, options: dict[str, Any]) -> bytes:
    """An effect of one knob at 44.1 kHz, untrained, as a file."""
    torch.manual_seed(0)
    is_stereo = "ping_pong" in options.get("processors", ())
    net = parts("effect_net")[kind](1, 1, 1 + is_stereo, 44100, **options)
    model = EffectModel(net, [Knob("drive", 0.0, 10.0, 4.0)], 44100)
    return PlayableEffect(model.eval().requires_grad_(False), {}).saved()


def load(call: Callable[[], object], block: int, rate_hz: int, rounds: int) -> float:
    """Processor time over sound time, the median of rounds of a second of sound each."""
    found, count = [], rate_hz // block
    for _ in range(max(8, count // 20)):
        call()
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(count):
            call()
        found.append((time.process_time() - start) / (count * block / rate_hz))
    return statistics.median(found)


def loads(name: str, path: Path, engine: ctypes.CDLL, rounds: int, bar: float | None) -> None:
    """Rows of the table of effects, and how far the engine's sound is from torch's."""
    model, player = torch.jit.load(str(path)), Player(engine, path)
    model.get_methods()
    rate_hz = int(player.library.vschaos_engine_sample_rate_hz(player.handle))
    for block in EFFECT_BLOCKS:
        given = inputs("forward", model, block)
        tensor = torch.from_numpy(given)[None]
        with torch.inference_mode():
            slow = load(lambda: model.forward(tensor), block, rate_hz, rounds)  # noqa: B023
            quick = load(Call(player, "forward", given, block), block, rate_hz, rounds)
        verdict = ""
        if bar is not None and block == EFFECT_BLOCKS[0]:
            verdict = f"{bar:.0%} {'held' if quick <= bar else 'missed'}"
        print(
            f"| {name}, {block} | {slow:.1%} | {quick:.2%} | {slow / quick:.1f} | {verdict} |",
            flush=True,
        )
    noise = inputs("forward", model, rate_hz // 64 * 64)
    player.reset()
    model.set_reset(True)
    with torch.inference_mode():
        due = model.forward(torch.from_numpy(noise)[None])[0].numpy()
    made = player.play("forward", noise, 64)
    print(f"| {name}: a second of noise differs by {relative(made, due):.1e} | | | | |", flush=True)


def effects(path: Path | None, engine: ctypes.CDLL, rounds: int) -> None:
    """The table of an effect's loads, or of pedals'."""
    print("| effect, block | torch | engine | ratio | bar |")
    print("|---|---|---|---|---|")
    if path is not None:
        loads(path.stem, path, engine, rounds, None)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, (kind, options) in PEDALS.items():
            file = Path(folder) / "pedal.ts"
            file.write_bytes(pedal(kind, options))
            loads(name, file, engine, rounds, LSTM_BAR if kind == "LSTM" else None)


def hits(path: Path, engine: ctypes.CDLL, rounds: int) -> None:
    """Rows of a table: the load of all voices, and how far the engine's hits are from torch's."""
    model, player = torch.jit.load(str(path)), Player(engine, path)
    model.get_methods()
    seconds = json.loads(path.with_suffix(".json").read_text())["hits"]["seconds"]
    inlets = int(model.hit_params[0])
    print("| rate, block | torch | engine | ratio | of the peak |\n|---|---|---|---|---|")
    for rate_hz in model.host_rates_hz:
        model.set_sample_rate(rate_hz)
        player.set("sample_rate", rate_hz)
        apart = int(seconds * rate_hz) // VOICES
        given = np.zeros((1, inlets, rounds * rate_hz), np.float32)
        given[0, 0, ::apart] = 1.0
        for block in HIT_BLOCKS:
            parts = torch.from_numpy(given).split(block, 2)
            player.reset()
            model.set_reset(True)
            start = time.process_time()
            with torch.inference_mode():
                due = torch.cat([model.hit(part) for part in parts], 2)[0].numpy()
            slow = time.process_time() - start
            calls = [Call(player, "hit", part[0].numpy(), part.shape[2]) for part in parts]
            start = time.process_time()
            for call in calls:
                call()
            quick = time.process_time() - start
            made = np.concatenate([call.out for call in calls], 1)
            print(
                f"| {rate_hz}, {block} | {slow / rounds:.1%} | {quick / rounds:.2%} "
                f"| {slow / quick:.1f} | {relative(made, due):.1e} |",
                flush=True,
            )


def exactness(model: torch.jit.ScriptModule, player: Player, sound: np.ndarray) -> None:
    """How far the engine's sound is from torch's, of the peak."""
    hop = int(model.encode_params[3])
    sound = sound[:, : sound.shape[1] // (4 * hop) * 4 * hop]

    def both(method: str, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        model.set_reset(True)
        player.reset()
        step = 4 * hop // int(getattr(model, f"{method}_params")[1])
        with torch.inference_mode():
            parts = torch.from_numpy(given)[None].split(step, -1)
            due = torch.cat([getattr(model, method)(part) for part in parts], -1)[0].numpy()
        return player.play(method, given, 4 * hop), due

    def spectra(signal: np.ndarray) -> np.ndarray:
        frames = np.lib.stride_tricks.sliding_window_view(signal, 2048)[::512]
        return np.abs(np.fft.rfft(frames * np.hanning(2048)))

    model.set_limiter("off")
    player.set("limiter", "off")
    latents = both("encode", sound)[1]
    for amount in (0.0, 1.0) if TEXTURE in player.controls else (None,):
        if amount is not None:
            model.set_texture(amount)
            player.set(TEXTURE, amount)
        for method, inversion in BARS:
            if method not in player.methods:
                continue
            model.set_inversion(inversion)
            player.set("inversion", inversion)
            made, due = both(method, latents if method in AXES else sound)
            begun = player.delay(method) + 8 * hop if method == "decode" else made.shape[1]
            line = f"{method} {inversion}, texture {amount}: {relative(made, due):.1e} of the peak"
            if method == "decode":
                first = np.abs(made - due)[:, :begun].max() / np.abs(due).max()
                wanted = spectra(due[0])
                apart = np.linalg.norm(spectra(made[0]) - wanted) / np.linalg.norm(wanted)
                line += f", first 8 hops {first:.1e}, spectra {apart:.1e}"
            print(line, flush=True)


def costs(path: Path) -> None:
    """Loading, memory and size on disk."""
    for kind in ("torch", "engine"):
        found = []
        for _ in range(3):
            command = [sys.executable, "-W", "ignore", "-c", MEMORY, kind, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
            found.append([float(word) for word in done.stdout.split()])
        load_ms, grown = (statistics.median(side) for side in zip(*found, strict=True))
        print(f"{kind}: ready after {load_ms:.0f} ms, memory grows by {grown:.0f} MB")
    external = ROOT / "build/external/vschaos~.pd_linux"
    if external.exists():
        size = external.stat().st_size / 1000
        print(f"{external.name} without libtorch: {size:.0f} kB (bar 400)")
    libtorch = Path(torch.__file__).parent / "lib/libtorch_cpu.so"
    if libtorch.exists():
        print(f"libtorch_cpu.so: {libtorch.stat().st_size / 1e6:.0f} MB")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", help="an instrument, an effect, or hits")
    parser.add_argument("--pedals", action="store_true", help="effects made for it, and no file")
    parser.add_argument("--sound", type=Path, help="played through it for exactness, at most 8 s")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=100, help="of each in a round")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    engine: ctypes.CDLL = library(built(target="vschaos_engine_probes"))
    if arguments.pedals == (arguments.file is not None):
        parser.error("give one FILE.ts, or --pedals")
    if arguments.pedals:
        effects(None, engine, arguments.rounds)
        return
    model = torch.jit.load(str(arguments.file))
    if "hit" in model.get_methods():
        hits(arguments.file, engine, arguments.rounds)
        return
    if "encode" not in model.get_methods():
        effects(arguments.file, engine, arguments.rounds)
        return
    model.get_methods()
    player = Player(engine, arguments.file)
    speeds(model, player, arguments.rounds, arguments.calls)
    if arguments.sound:
        import soundfile

        sound, rate_hz = soundfile.read(arguments.sound, dtype="float32", always_2d=True)
        exactness(model, player, np.ascontiguousarray(sound[: 8 * rate_hz, :1].T))
    costs(arguments.file)


if __name__ == "__main__":
    main()
