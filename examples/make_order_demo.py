"""From nothing to a named chain that plays: what `make demo-order` runs.

    python examples/make_order_demo.py FOLDER [--seconds N]

Plays plucked strings through four chains of pedals; asks which they were, of the sound alone and
with the dry sound beside it; says whether the order matters on this sound; plays the named chain,
and finds its settings more exactly; and trains an estimator of its own on clean takes, which is
measured beside what guessing gives. Each step is a command that works as well on sounds of your
own.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import soundfile
from plucked_strings import strings
from shown_command import run

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vschaos2.chains.pedals import PEDALS
from vschaos2.chains.rack import Rack, Setup

RATE_HZ = 44_100
SECONDS = 8.0
CLEAN_TAKES = 16  # that the own estimator learns from, of as many seconds each
DRIVEN = {"drive_db": 26.0, "hardness": 6.0}
ECHOED = {"time_ms": 340.0, "feedback": 0.4, "level_db": -3.0}
CHAINS: dict[str, list[tuple[str, dict[str, float]]]] = {
    "a": [],
    "b": [("delay", ECHOED)],
    "c": [("distortion", DRIVEN), ("delay", ECHOED)],
    "d": [("delay", ECHOED), ("distortion", DRIVEN)],
}


def record(folder: Path) -> None:
    """The dry sound, dry.wav, what each chain makes of it, and clean takes of others."""
    for part in ("takes", "clean"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    dry, rack = strings(SECONDS, 5, RATE_HZ).astype(np.float32), Rack(RATE_HZ)
    soundfile.write(folder / "dry.wav", dry, RATE_HZ, subtype="PCM_24")
    for name, chain in CHAINS.items():
        setups = [Setup(PEDALS[pedal], PEDALS[pedal].usual(values)) for pedal, values in chain]
        wet = rack.play_all(setups, dry)
        wet = wet * (0.8 / float(np.abs(wet).max()))
        soundfile.write(folder / "takes" / f"{name}.wav", wet, RATE_HZ, subtype="PCM_24")
    for number in range(CLEAN_TAKES):
        take = strings(SECONDS, 100 + number, RATE_HZ)
        soundfile.write(folder / "clean" / f"{number:02d}.wav", take, RATE_HZ, subtype="PCM_24")


def main() -> None:
    """Build whatever of the demo is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=120, help="of training (%(default)s)")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    start = time.monotonic()
    runs, own = folder / "runs", folder / "runs" / "own"
    takes = [folder / "takes" / f"{name}.wav" for name in CHAINS]
    if not (folder / "order.png").exists():
        record(folder)
        print(f"takes: {folder / 'takes'} (one riff through four chains)", flush=True)
        run("analyse_chain.py", *takes)
        run("analyse_chain.py", "--swap", "distortion", "delay", "--dry", folder / "dry.wav")
        dry, wet, chain = folder / "dry.wav", takes[2], folder / "chain"
        run("analyse_chain.py", wet, "--dry", dry, "-o", chain)
        exact = runs / "exact"
        run("retrieve.py", dry, wet, "--start", chain, "--out", exact, "trainer.max_epochs=8")
        minutes, seconds = divmod(arguments.seconds, 60)
        run(
            *("train_model.py", "--config-name", "chain_order_six", "name=own", f"rundir={runs}"),
            *(f"data.dataset.root={folder / 'clean'}", "trainer.max_epochs=-1"),
            *("data.loader.first_examples=4000", "data.loader.fresh_examples=400"),
            f"trainer.max_time=00:00:{minutes:02d}:{seconds:02d}",
        )
        run("generate.py", "evaluate", own, "--out", folder / "evaluation")
        from order_picture import draw

        draw(folder, list(CHAINS), folder / "order.png")
    report(folder, time.monotonic() - start)


def report(folder: Path, seconds: float) -> None:
    """Say what there is, and what was measured."""
    found = json.loads((folder / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    scores = next(iter(found["sets"].values()))
    untouched = scores["by_length"]["0"]["of"] / scores["examples"]
    right, guessed = scores["order_given_set"], scores["order_given_set_chance"]
    exact = scores["class_exact"]
    played = " | ".join(
        f"{name}: {' → '.join(p for p, _ in chain) or 'nothing'}" for name, chain in CHAINS.items()
    )
    print(
        f"""
Done in {seconds / 60:.1f} minutes. In {folder}/:
  takes/                      a riff through four chains ({played})
  chain/                      what was named of c: c-chain.ts for nn~, its card and its patches,
                              the dry sound through it, and chain.yaml, where retrieval began
  runs/exact/                 its settings, as retrieval left them: settings.json
  runs/own/, evaluation/      an estimator that learnt from clean/, and how right it is
  order.png                   the takes, and what was said of each

The own estimator, of six effects and 389 chains that can be told apart:
  the right chain             {exact:.3f}  (who always says "no effect": {untouched:.3f})
  the right order of the set  {right:.3f}  (by chance: {guessed:.3f})"""
    )


if __name__ == "__main__":
    main()
