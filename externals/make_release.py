#!/usr/bin/env python3
"""Packs vschaos~ for Pd on Debian and Raspberry Pi OS, without libtorch.

    externals/install_tools.sh && externals/install_release_tools.sh     once
    python externals/make_release.py [--only amd64] [--out FOLDER]       or: make release

FOLDER (build/release) then holds `vschaos~/`, which goes into a folder of Pd's path, and the same
as `vschaos~[vVERSION](Linux-amd64-32)(Linux-arm64-32).dek`, which Pd's package manager, Deken,
opens. Each processor has a file of its own; Pd picks by the ending.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
NAME = "vschaos~"
MOST_BYTES = 1_000_000
# Debian's name of a processor → the compiler and what CMake is told.
PROCESSORS = {
    "amd64": ("g++", ""),
    "arm64": ("aarch64-linux-gnu-g++", f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'engine/aarch64.cmake'}"),
}
README = f"""{NAME} plays, in Pd 0.53 and newer, what vschaos2's script.py writes: instruments and
effects made of one's own recordings. It needs no other library.

Put this folder where Pd finds it, for instance into ~/Documents/Pd/externals. In a patch:

    [declare -lib {NAME} -path {NAME}]
    [{NAME} cello forward]

Patches that were written for nn~ play, too, once the library is loaded. Arguments and messages are
in externals/README.md of vschaos2. On amd64 a processor with AVX2 is needed (since 2013).
"""


def fail(why: str) -> NoReturn:
    """Say why, and end."""
    sys.stderr.write(f"{why}\n")
    sys.exit(2)


def version() -> str:
    """vschaos2's own."""
    text = (ROOT / "vschaos2/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "(.+?)"', text)
    assert found
    return found[1]


def library(processor: str) -> Path:
    """The external of a processor, built.

    Raises:
        SystemExit: with a line, if it cannot be.
    """
    compiler, option = PROCESSORS[processor]
    for tool in ("cmake", compiler):
        if shutil.which(tool) is None:
            script = "install_tools.sh" if processor == "amd64" else "install_release_tools.sh"
            fail(f"{tool} is missing: run externals/{script}")
    folder = ROOT / f"build/release-{processor}"
    sys.stdout.write(f"building for {processor}: a minute or some\n")
    sys.stdout.flush()
    for command in (
        ["cmake", "-S", str(ROOT / "externals"), "-B", str(folder), *([option] if option else [])],
        ["cmake", "--build", str(folder), f"-j{os.cpu_count()}", "--target", "vschaos_tilde"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            fail(f"{' '.join(command[:2])} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return folder / f"{NAME}.pd_linux"


def pack(out: Path, processors: list[str]) -> tuple[Path, Path]:
    """The folder and the package of these processors, made anew."""
    built = {processor: library(processor) for processor in processors}
    folder = out / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for processor, file in built.items():
        shutil.copy(file, folder / f"{NAME}.l_{processor}")
    shutil.copy(ROOT / "LICENSE", folder)
    (folder / "README.txt").write_text(README, encoding="utf-8")
    where = "".join(f"(Linux-{processor}-32)" for processor in processors)
    package = out / f"{NAME}[v{version()}]{where}.dek"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{NAME}/{file.name}")
    return folder, package


def main() -> None:
    """Build, pack and tell how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PROCESSORS, help="one processor instead of all")
    parser.add_argument("--out", type=Path, default=ROOT / "build/release")
    arguments = parser.parse_args()
    processors = [arguments.only] if arguments.only else list(PROCESSORS)
    folder, package = pack(arguments.out, processors)
    size = sum(file.stat().st_size for file in folder.iterdir())
    for file in (*sorted(folder.iterdir()), package):
        sys.stdout.write(f"{file}: {file.stat().st_size} bytes\n")
    if size >= MOST_BYTES:
        fail(f"{folder} has {size} bytes, {MOST_BYTES} are the most")


if __name__ == "__main__":
    main()
