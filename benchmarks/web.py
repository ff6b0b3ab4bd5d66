"""How much of real time the page of an instrument takes in Chromium, and how large it is.

    python script.py RUN -o FOLDER -n NAME --web
    python -m benchmarks.web FOLDER/NAME.html [--file FOLDER/NAME.ts] [--seconds 10] [--rounds 5]

It opens the page from the disk in headless Chromium and lets its audio worklet render offline, at
a block of its own a time as ever: each method, with each way to recover phases. Printed is the
median of rounds of the processor time of the page's process over the time that sounds: of the
first seconds, in which the browser compiles the engine as well as it can, and of those after; and
of the time that passed, whatever else the machine does. With --file NAME.ts the native engine plays
the same in the same run, at blocks of one hop: what that takes says how fast the machine is.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from chromium import Browser, program
from small_engine import Player, built, library

MOST_MB, MOST_OF_REAL_TIME = 4.0, 0.03
FIRST_SECONDS = 3.0
PLAYED = (
    ("forward", "keep_input"),
    ("decode", "eco"),
    ("decode", "live"),
    ("decode", "balanced"),
    ("decode", "hq"),
)
RENDERED = """(async () => {
  const rate = about.rate, length = Math.round(rate * (BEGIN + %f));
  const context = new OfflineAudioContext(1, length, rate);
  Object.assign(sound.state, %s);
  const node = await sound.nodeIn(context);
  const buffer = new AudioBuffer({ length, sampleRate: rate });
  const heard = buffer.getChannelData(0);
  for (let i = 0; i < length; ++i) heard[i] = 0.2 * Math.random() - 0.1;
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  window.rendered = { context, begun: context.suspend(BEGIN) };
})()"""


BEGIN = """(async () => {
  rendered.whole = rendered.context.startRendering();
  await rendered.begun;
})()"""
GO_ON = """(async () => {
  const begun = performance.now();
  await rendered.context.resume();
  await rendered.whole;
  return (performance.now() - begun) / 1000;
})()"""


def page_seconds(browser: Browser) -> float:
    """Processor time of the pages' processes so far."""
    told = browser.call("SystemInfo.getProcessInfo", of_browser=True)["processInfo"]
    return sum(float(each["cpuTime"]) for each in told if each["type"] == "renderer")


class Native:
    """The native engine's load, method by method."""

    def __init__(self, file: Path, seconds: float) -> None:
        self.player = Player(library(built(target="vschaos_engine_probes")), file)
        self.seconds = seconds

    def load(self, method: str, inversion: str) -> float:
        """Processor time of a method over the time that sounds."""
        player = self.player
        _, shape = player.methods[method]
        hop = player.library.vschaos_engine_block_samples(player.handle)
        rate_hz = player.library.vschaos_engine_sample_rate_hz(player.handle)
        if "inversion" in player.controls:
            player.set("inversion", inversion)
        blocks = round(self.seconds * rate_hz / hop)
        generator = np.random.default_rng(0)
        count = shape.in_channels, blocks * hop // shape.in_ratio
        given = generator.uniform(-0.1, 0.1, count).astype(np.float32)
        begun = time.process_time()
        player.play(method, given, hop)
        return (time.process_time() - begun) / (blocks * hop / rate_hz)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--file", type=Path, help="the .ts, for the native engine")
    parser.add_argument("--seconds", type=float, default=10.0, help="of sound in a round (10)")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if program() is None:
        parser.error("chromium is missing: engine/web/install_tools.sh installs it")
    seconds, rounds = arguments.seconds, range(arguments.rounds)
    size_mb = arguments.page.stat().st_size / 1e6
    verdict = "held" if size_mb <= MOST_MB else "missed"
    print(f"page: {size_mb:.2f} MB, at most {MOST_MB:g}: {verdict}")
    native = Native(arguments.file, seconds) if arguments.file else None
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        Browser(Path(profile)) as browser,
    ):
        browser.open(arguments.page)
        methods = browser.ask("Object.keys(about.methods)")
        settings = {row["name"] for row in browser.ask("about.settings")}
        print(
            "| method | first | median | bar | by the clock | native |\n|---|---|---|---|---|---|"
        )
        for method, inversion in PLAYED:
            if method not in methods or ("inversion" not in settings and inversion != "keep_input"):
                continue
            wish = {"inversion": inversion} if "inversion" in settings else {}
            code = RENDERED % (seconds, json.dumps({"method": method, "settings": wish}))
            code = code.replace("BEGIN", str(FIRST_SECONDS))
            first, spent, passed = [], [], []
            for _ in rounds:
                browser.ask(code)
                before = page_seconds(browser)
                browser.ask(BEGIN)
                begun = page_seconds(browser)
                passed.append(browser.ask(GO_ON) / seconds)
                first.append((begun - before) / FIRST_SECONDS)
                spent.append((page_seconds(browser) - begun) / seconds)
            median, clock = statistics.median(spent), statistics.median(passed)
            verdict = "held" if median <= MOST_OF_REAL_TIME else "missed"
            beside = ""
            if native:
                beside = f"{statistics.median(native.load(method, inversion) for _ in rounds):.4f}"
            row = [f"{method} {inversion}", f"{statistics.median(first):.4f}", f"{median:.4f}"]
            row += [f"{MOST_OF_REAL_TIME:g} {verdict}", f"{clock:.4f}", beside]
            print(
                f"| {' | '.join(row)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
