"""Draws docs/images/web_page.png: the page of an instrument, playing in headless Chromium.

    python script.py RUN -o FOLDER -n NAME --web
    python3 -m docs.draw_web_page FOLDER/NAME.html [OUT.png]

The picture in docs/ is of the instrument that `make demo` makes.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from chromium import Browser  # noqa: E402 - once tests/ can be found

PICTURE = ROOT / "docs/images/web_page.png"
WIDTH, SECONDS, COLOURS = 1200, 2.0, 96


def draw(page: Path, out: Path) -> None:
    """Open a page, let it walk for a moment, and keep what it looks like."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        Browser(Path(profile)) as browser,
    ):
        browser.size(WIDTH, 900)
        browser.open(page)
        browser.click("#start")
        browser.wait("document.getElementById('start').textContent === 'Stop'")
        browser.click("#moves .switch label")
        browser.ask("scrollTo(0, 0); document.activeElement.blur();")
        browser.size(WIDTH, browser.ask("document.documentElement.scrollHeight"))
        browser.ask(f"new Promise((done) => setTimeout(done, {1000 * SECONDS}))")
        browser.picture(out)
    with Image.open(out) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(out, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else PICTURE)
