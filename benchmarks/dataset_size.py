"""How many latents and which window folders of recordings ask for, and what finding out takes.

    python -m benchmarks.dataset_size FOLDER … [--config dgt_mid] [key=value …]

Prints a row for each folder: what linear models leave, the latents that are advised, attacks and
what precedes them, the window that is advised, and the seconds that it took, without decoding.
"""

import argparse
import time
from pathlib import Path

from vschaos2.api import compose
from vschaos2.data.cache import open_cache
from vschaos2.data.stretches import split
from vschaos2.families.vae.build import build_transform
from vschaos2.inspection.dataset import hearing_of, use_of
from vschaos2.inspection.size import size_of


def main() -> None:
    """Measure every folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="+", help="folders, and key=value")
    parser.add_argument("--config", default="dgt_mid")
    arguments = parser.parse_intermixed_args()
    overrides = [word for word in arguments.words if "=" in word]
    print("| set | sound | 8 | 16 | 32 | 64 | latents | attacks | pre-echo | window | took |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for root in (Path(word) for word in arguments.words if "=" not in word):
        config = compose(arguments.config, f"data.dataset.root={root}", *overrides)
        use, hearing = use_of(config), hearing_of(config, build_transform(config))
        cache = open_cache(root, use.sample_rate_hz)
        sides = split(cache, use.validation_fraction, use.seed, use.frame_samples, use.stretches)
        begun = time.perf_counter()
        size = size_of(cache, sides, hearing)
        took_s = time.perf_counter() - begun
        sound_s = sum(file.length for file in cache.files) / cache.sample_rate_hz
        if size is None:
            print(f"| {root.name} | {sound_s:.0f} s | silent |")
            continue
        left = " | ".join(f"{value:.3f}" for value in size.convergence.values())
        echoes = ", ".join(f"{n}: {db:+.1f} dB" for n, db in size.pre_echo_db.items())
        print(
            f"| {root.name} | {sound_s:.0f} s | {left} | {size.latent_dim} | "
            f"{size.attacks_per_second:.1f}/s | {echoes} | {size.n_fft} | {took_s:.1f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
