"""How much of real time the page of an instrument takes in Chromium, and how large it is.

    python script.py RUN -o FOLDER -n NAME --web
    python -m benchmarks.web FOLDER/NAME.html [--seconds 10] [--rounds 5]

It opens the page from the disk in headless Chromium and lets its audio worklet render offline, at
a block of its own a time as ever: each method, with each way to recover phases. Printed are the
median and the largest of rounds of the time that passed over the time that sounds, whatever else
the machine does; a first round, which compiles, is told by itself.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from chromium import Browser, program

MOST_MB, MOST_OF_REAL_TIME = 4.0, 0.03
PLAYED = (
    ("forward", "keep_input"),
    ("decode", "eco"),
    ("decode", "live"),
    ("decode", "balanced"),
    ("decode", "hq"),
)
RENDERED = """(async () => {
  const rate = about.rate, length = Math.round(rate * %f);
  const context = new OfflineAudioContext(1, length, rate);
  Object.assign(sound.state, %s);
  const node = await sound.nodeIn(context);
  const buffer = new AudioBuffer({ length, sampleRate: rate });
  const heard = buffer.getChannelData(0);
  for (let i = 0; i < length; ++i) heard[i] = 0.2 * Math.random() - 0.1;
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  const begun = performance.now();
  await context.startRendering();
  return (performance.now() - begun) / 1000;
})()"""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0, help="of sound in a round (10)")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if program() is None:
        parser.error("chromium is missing: engine/web/install_tools.sh installs it")
    size_mb = arguments.page.stat().st_size / 1e6
    print(
        f"page: {size_mb:.2f} MB, at most {MOST_MB:g}: {'held' if size_mb <= MOST_MB else 'missed'}"
    )
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        Browser(Path(profile)) as browser,
    ):
        browser.open(arguments.page)
        methods = browser.ask("Object.keys(about.methods)")
        settings = {row["name"] for row in browser.ask("about.settings")}
        print("| method | first | median | largest | of real time at most |\n|---|---|---|---|---|")
        for method, inversion in PLAYED:
            if method not in methods or ("inversion" not in settings and inversion != "keep_input"):
                continue
            state = {
                "method": method,
                "settings": {"inversion": inversion} if "inversion" in settings else {},
            }
            code = RENDERED % (arguments.seconds, json.dumps(state))
            spent = [browser.ask(code) / arguments.seconds for _ in range(arguments.rounds + 1)]
            median = statistics.median(spent[1:])
            verdict = "held" if median <= MOST_OF_REAL_TIME else "missed"
            print(
                f"| {method} {inversion} | {spent[0]:.4f} | {median:.4f} | {max(spent[1:]):.4f} "
                f"| {MOST_OF_REAL_TIME:g} {verdict} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
