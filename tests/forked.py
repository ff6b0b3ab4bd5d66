"""Programs started without the seconds that an import of torch and its company takes.

A server imports all of the package once; each program is a fork of it, which times few blocks of
what it exports. What a cold start needs is held elsewhere: by the tests that start Python anew.
"""

import atexit
import io
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@cache
def server() -> subprocess.Popen[str]:
    """The process that forks: one for all the tests of a worker, gone with it."""
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    atexit.register(process.kill)
    return process


def run_forked(
    program: str | Path,
    arguments: list[str],
    folder: Path,
    timeout: float = 300.0,
    **environment: str | Path,
) -> subprocess.CompletedProcess[str]:
    """Run a program of this repository in a folder, as `subprocess.run` would.

    Args:
        program: its file.
        arguments: the words behind it.
        folder: where it runs.
        timeout: in seconds, after which it is killed; its code is -9 then.
        **environment: variables that it finds beside the usual ones.
    """
    wanted = {"program": str(program), "arguments": arguments, "folder": str(folder)}
    told = {name: str(value) for name, value in environment.items()}
    process = server()
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps({**wanted, "timeout": timeout, "environment": told}) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, "the server of forked programs has ended"
    return subprocess.CompletedProcess([program, *arguments], **json.loads(answer))


def serve() -> None:
    """Import everything, then fork for each line of wishes until there are no more."""
    sys.modules["onnxruntime"] = stand_in("onnxruntime")  # it would start a thread
    for library in ("pytorch_lightning", "torch.utils.tensorboard", "matplotlib.pyplot"):
        import_module(library)
    from exports import few_blocks_timed

    for module in walk_packages([str(ROOT / "vschaos2")], "vschaos2."):
        sys.modules["onnxruntime"] = None  # type: ignore[assignment] # nobody keeps the stand-in
        with suppress(ImportError):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    del sys.modules["onnxruntime"]
    tasks = Path("/proc/self/task")  # a thread would not live on in a fork
    alone = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
    assert alone == 1, f"{alone} threads run: what they hold, a fork would wait for"
    with few_blocks_timed():
        for line in sys.stdin:
            sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
            sys.stdout.flush()


def stand_in(name: str) -> ModuleType:
    """A module of this name, for what imports it and does nothing with it at first."""
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    module.InferenceSession = object  # type: ignore[attr-defined]
    return module


def answer(wanted: dict[str, Any]) -> dict[str, Any]:
    """Fork, run, wait; → returncode, stdout and stderr."""
    files = {name: os.memfd_create(name) for name in ("stdout", "stderr")}
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(files["stdout"], 1)
        os.dup2(files["stderr"], 2)
        os._exit(code_of(wanted))
    end = time.monotonic() + wanted["timeout"]
    status = None
    while status is None:
        done, waited = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(waited)
        elif time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            end = float("inf")
        else:
            time.sleep(0.02)
    said = {}
    for name, file in files.items():
        os.lseek(file, 0, os.SEEK_SET)
        with os.fdopen(file, encoding="utf-8", errors="replace") as text:
            said[name] = text.read()
    return {"returncode": status, **said}


def code_of(wanted: dict[str, Any]) -> int:
    """Be the program; → the code it exits with."""
    os.chdir(wanted["folder"])
    os.environ.update(wanted["environment"])
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), line_buffering=True)
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), line_buffering=True)
    sys.argv = [wanted["program"], *wanted["arguments"]]
    sys.path[0] = str(Path(wanted["program"]).parent)
    code = 0
    try:
        runpy.run_path(wanted["program"], run_name="__main__")
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        if isinstance(exit_.code, str):
            sys.stderr.write(f"{exit_.code}\n")
    except Exception:  # noqa: BLE001 - told as Python would tell it
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve()
