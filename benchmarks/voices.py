"""What several voices cost in Pd: through one model as a batch, and through as many models.

    make external
    python -m benchmarks.voices FILE.ts [--method decode] [--buffer 2048] [--seconds 30]

Noise goes into every inlet. Pd renders as fast as it can, and its processor time, all threads
together, is told per second of sound: the least of three long runs less the least of three short
ones, so that loading does not count; as percent of one core.

Then, for every inversion, how far four voices of a batch, on random walks of their own, are from
what each of them plays alone: samples relative to the peak, and magnitudes of spectra in the mean.
"""

import argparse
import resource
import tempfile
from pathlib import Path

import torch

from tests.pd.runner import Patch, run_pd
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.objectives.measures import spectral_convergence

VOICES = (1, 2, 4, 8)
SHORT_S = 2.0
RUNS = 3
BATCH, FRAMES = 4, 400


def playing(
    path: Path, method: str, buffer: int, voices: int, objects: int, seconds: float
) -> Patch:
    """A patch that plays objects of so many voices for a while."""
    inlets = int(getattr(torch.jit.load(str(path)), f"{method}_params")[0])
    patch = Patch()
    noise = patch.box("noise~")
    for _ in range(objects):
        box = patch.box(f"vschaos~ {path} {method} {buffer} {voices}")
        for inlet in range(inlets * voices):
            patch.connect(noise, box, 0, inlet)
    start = patch.box("loadbang")
    patch.send(start, 0, "; pd dsp 1")
    patch.send(start, 1000 * seconds, "; pd quit")
    return patch


def processor_seconds(patch: Patch, library: Path) -> float:
    """Processor time of Pd with a patch, all of its threads."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        lines, code = run_pd(patch, Path(folder), library, "-lib", "vschaos~", "-batch")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code or any(line.startswith("error") for line in lines):
        raise SystemExit("Pd did not play: " + "; ".join(lines[-3:]))
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def from_alone(path: Path, mode: str) -> tuple[float, float]:
    """The largest deviation of samples, and of spectra, of a voice of a batch from itself alone."""
    model = torch.jit.load(str(path))
    model.get_methods()
    model.set_inversion(mode)
    generator = torch.Generator().manual_seed(0)
    axes, inlets = int(model.get_latent_dims()[0]), int(model.decode_params[0])
    steps = 1.2 * torch.randn(BATCH, axes, FRAMES // 17 + 2, generator=generator)
    walks = torch.nn.functional.interpolate(steps, size=FRAMES, mode="linear")
    # Labels, where there are any, are guessed or as they were set.
    rest = torch.full((BATCH, inlets - axes, FRAMES), -1.0)
    values = torch.cat((walks, rest), 1)

    def played(some: torch.Tensor) -> torch.Tensor:
        model.set_reset(True)
        return torch.cat([model.decode(block) for block in some.split(4, -1)], -1)[:, 0]

    of_samples, of_spectra = 0.0, 0.0
    for voice, together in enumerate(played(values)):
        alone = played(values[voice : voice + 1])[0]
        apart = (together - alone).abs().max() / alone.abs().max()
        of_samples = max(of_samples, float(apart))
        of_spectra = max(of_spectra, spectral_convergence(alone, together))
    return of_samples, of_spectra


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--method", default="decode")
    parser.add_argument("--buffer", type=int, default=2048)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--library", type=Path, default=Path("build/external"))
    arguments = parser.parse_args()
    path, library = arguments.file.resolve(), arguments.library.resolve()

    def percent(voices: int, objects: int) -> float:
        patches = [
            playing(path, arguments.method, arguments.buffer, voices, objects, seconds)
            for seconds in (SHORT_S, SHORT_S + arguments.seconds)
        ]
        short_s, long_s = (
            min(processor_seconds(patch, library) for _ in range(RUNS)) for patch in patches
        )
        return 100.0 * (long_s - short_s) / arguments.seconds

    print(f"{path.name}, {arguments.method}, buffer {arguments.buffer}: percent of one core\n")
    print("| voices | one object | as many objects |\n|---|---|---|")
    for voices in VOICES:
        print(f"| {voices} | {percent(voices, 1):.1f} | {percent(1, voices):.1f} |", flush=True)
    if arguments.method != "decode":
        return
    print("\n| inversion | samples | spectra |\n|---|---|---|")
    with torch.inference_mode():
        for mode in MODES:
            samples, magnitudes = from_alone(path, mode)
            print(f"| {mode} | {samples:.0e} | {magnitudes:.0e} |", flush=True)


if __name__ == "__main__":
    main()
