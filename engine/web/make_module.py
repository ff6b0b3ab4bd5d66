#!/usr/bin/env python3
"""Builds the engine of web pages, vschaos2/export/web/engine.wasm, and says from which sources.

    engine/web/install_tools.sh          once: Debian's clang-19 for WebAssembly
    python engine/web/make_module.py     or: make web-engine
    python engine/web/make_module.py --check

The module is kept in the package, so that nobody needs these tools to make a page. Beside it,
engine.sha256 says of which sources it is, and by which compiler; --check compares the sources.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[1]
ROOT = ENGINE.parent
KEPT = ROOT / "vschaos2/export/web/engine.wasm"
FACTS = KEPT.with_suffix(".sha256")
FOLDER = ROOT / "build/engine-web"
TOOL = "clang++-19"


def sources() -> list[Path]:
    """All that the module is built from, in one order."""
    found = [ENGINE / "CMakeLists.txt"]
    for pattern in ("*.h", "*.cc", "*.cmake"):
        found += ENGINE.rglob(pattern)
    tests = ENGINE / "tests"
    return sorted(path for path in found if tests not in path.parents)


def digest_of_sources() -> str:
    """A hash of their names and contents."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.relative_to(ENGINE).as_posix()}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def facts() -> str:
    """What is written beside the module."""
    module = hashlib.sha256(KEPT.read_bytes()).hexdigest()
    return f"sources {digest_of_sources()}\nmodule {module}\n"


def compiler() -> str:
    """What the compiler calls itself."""
    command = [TOOL, "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0]


def build(folder: Path = FOLDER) -> Path:
    """The module, built in a folder.

    Raises:
        SystemExit: with a line, if it cannot be.
    """
    for tool, package in ((TOOL, "clang-19"), ("cmake", "cmake")):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: run engine/web/install_tools.sh ({package})")
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={ENGINE / 'web/wasm32.cmake'}"
    for command in (
        ["cmake", "-S", str(ENGINE), "-B", str(folder), toolchain],
        ["cmake", "--build", str(folder), f"-j{os.cpu_count()}", "--target", "vschaos_engine_web"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command[:2])} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return folder / "engine.wasm"


def main() -> None:
    """Build and keep it, or check what is kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only whether what is kept is current")
    if parser.parse_args().check:
        if not FACTS.read_text(encoding="utf-8").startswith(facts()):
            sys.exit(f"{KEPT.relative_to(ROOT)} is of other sources: run {Path(__file__).name}")
        return
    KEPT.write_bytes(build().read_bytes())
    FACTS.write_text(f"{facts()}compiler {compiler()}\n", encoding="utf-8")
    sys.stdout.write(f"{KEPT.relative_to(ROOT)}: {KEPT.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
