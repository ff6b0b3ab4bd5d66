"""vschaos~ in a real Pd, held against the model in Python, sample by sample."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TINY
from exports import export_run
from filelock import FileLock
from omegaconf import OmegaConf
from pd.malformed import malformed_files
from pd.runner import BLOCK, Patch, play, run_pd, start_pd

from vschaos2.families.vae.build import build_model

ROOT = Path(__file__).parents[1]
HOP = 128  # of the tiny instrument
LENGTH = 24576
BUFFERS = (0, 512, 2048, 8192)
HEADERS = ("/usr/include", "/usr/include/pd", "/usr/local/include/pd")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def require(what: str, is_there: bool) -> None:
    """Skip where a tool is missing; fail where everything has been installed."""
    if is_there:
        return
    message = f"{what} is missing: run externals/install_tools.sh"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def build(folder: Path, *options: str, target: str = "all") -> Path:
    """The folder, with the external or its tests built in it, by one test process at a time."""
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        for command in (
            ["cmake", "-S", str(ROOT / "externals"), "-B", str(folder), *options],
            ["cmake", "--build", str(folder), f"-j{os.cpu_count()}", "--target", target],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return folder


@pytest.fixture(scope="session")
def compiler() -> None:
    for tool in ("cmake", "g++"):
        require(tool, shutil.which(tool) is not None)
    require("doctest", Path("/usr/include/doctest/doctest.h").exists())


def is_playable() -> bool:
    """Whether Pd is here, and what is needed to build for it."""
    return shutil.which("pd") is not None and any(Path(of, "m_pd.h").exists() for of in HEADERS)


@pytest.fixture(scope="session")
def library(compiler) -> Iterator[Path]:
    """The folder of the freshly built external, which plays everything by libtorch."""
    require("puredata", shutil.which("pd") is not None)
    require("m_pd.h", is_playable())
    folder = build(
        ROOT / "build/external-torch",
        "-DVSCHAOS_LIBTORCH=ON",
        f"-DPython3_EXECUTABLE={sys.executable}",
        target="vschaos_tilde",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VSCHAOS_PLAYER", "libtorch")
        yield folder


def noise(channels: int = 1, length: int = LENGTH) -> np.ndarray:
    generator = np.random.default_rng(0)
    return (0.2 * generator.standard_normal((channels, length))).astype(np.float32)


def hosted(
    path: Path,
    method: str,
    signals: np.ndarray,
    buffer: int,
    settings: tuple[tuple[int, str, object], ...] = (),
    voices: int = 1,
) -> np.ndarray:
    """What a host has to play: chunks through the model, one delay late.

    Args:
        path: of the model.
        method: of the model.
        signals: [voices · inlets, T].
        buffer: of the host, in samples.
        settings: (block, attribute, value), set with the chunk that is gathered in that block.
        voices: of one model.
    """
    model = torch.jit.load(str(path))
    model.get_methods()
    chunk = max(HOP, buffer // 2)
    delay = buffer or HOP - BLOCK
    _, in_ratio, outlets, out_ratio = getattr(model, f"{method}_params").tolist()
    length = signals.shape[1]
    output = np.zeros((voices * outlets, length + chunk + delay), np.float32)
    waiting = list(settings)
    for start in range(0, length - chunk + 1, chunk):
        while waiting and waiting[0][0] * BLOCK < start + chunk:
            _, name, value = waiting.pop(0)
            assert getattr(model, f"set_{name}")(value) == 0
        values = torch.from_numpy(signals[:, start : start + chunk]).reshape(voices, -1, chunk)
        with torch.inference_mode():
            result = getattr(model, method)(values[..., in_ratio - 1 :: in_ratio].contiguous())
        held = result.flatten(0, 1).repeat_interleave(out_ratio, -1)
        output[:, start + delay :][:, :chunk] = held
    return output[:, :length]


def assert_equal(actual: np.ndarray, expected: np.ndarray) -> None:
    assert np.abs(expected).max() > 1e-3  # not silence
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("sample_rate_hz", [44100, 48000])
@pytest.mark.parametrize("buffer", BUFFERS)
def test_forward_is_exact(library, exported_path, tmp_path, buffer, sample_rate_hz):
    signals = noise()
    box = f"vschaos~ {exported_path} forward {buffer}"
    played = play(
        tmp_path, library, [(box, 1)], signals, [(100, "xruns")], sample_rate_hz=sample_rate_hz
    )
    assert played.code == 0
    assert "info: xruns 0" in played.lines
    told = ((0, "sample_rate", sample_rate_hz),)
    assert_equal(played.signals, hosted(exported_path, "forward", signals, buffer, told))


def test_convolutions_are_exact(library, tiny_run, tmp_path):
    """They ask for memory in a way of their own."""
    config = OmegaConf.create(TINY)
    for part in ("encoder", "decoder"):
        kind = {"_target_": f"Conv{part.title()}", "channels": [16, 32, 64], "kernel_size": 9}
        OmegaConf.update(config, f"model.{part}", {**kind, "stride": 4}, merge=False)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
    path = export_run(tiny_run._replace(model=model), tmp_path, "conv", blocks=2)
    signals = noise()
    played = play(tmp_path, library, [(f"vschaos~ {path} forward 2048", 1)], signals)
    assert_equal(played.signals, hosted(path, "forward", signals, 2048))


@pytest.mark.parametrize("buffer", BUFFERS)
def test_encode_and_decode_are_exact(library, exported_path, tmp_path, buffer):
    signals = noise()
    chain = [
        (f"vschaos~ {exported_path.with_suffix('')} encode {buffer}", 4),
        (f"vschaos~ {exported_path} decode {buffer}", 1),
    ]
    latents = hosted(exported_path, "encode", signals, buffer)
    assert_equal(play(tmp_path, library, chain[:1], signals).signals, latents)
    played = play(tmp_path, library, chain, signals)
    assert_equal(played.signals, hosted(exported_path, "decode", latents, buffer))


@pytest.mark.parametrize("buffer", BUFFERS)
def test_messages_take_effect_at_their_time(library, exported_path, tmp_path, buffer):
    signals = noise()
    settings = ((37, "gain_db", -20.0), (101, "inversion", "eco"), (200, "gain_db", 3.5))
    messages = [(block, f"set {name} {value}") for block, name, value in settings]
    box = f"vschaos~ {exported_path} forward {buffer}"
    played = play(tmp_path, library, [(box, 1)], signals, messages)
    expected = hosted(exported_path, "forward", signals, buffer, settings)
    assert_equal(played.signals, expected)
    assert np.abs(expected - hosted(exported_path, "forward", signals, buffer)).max() > 0.01


def test_patches_for_nn_tilde_run_unchanged(library, exported_path, tmp_path):
    shutil.copy(exported_path, tmp_path / "beside.ts")  # found beside the patch
    signals = noise()
    for box in ("nn~ beside forward 512", "nn~ beside.ts forward 512"):
        played = play(tmp_path, library, [(box, 1)], signals, flags=())
        assert_equal(played.signals, hosted(exported_path, "forward", signals, 512))


def test_answers_and_errors(library, exported_path, tmp_path):
    messages = [
        *[(10, f"set gain_db {value}") for value in (-6, 900)],
        *[(10, text) for text in ("get gain_db", "get nothing", "set gain_db loud", "set delay 1")],
        *[(10, text) for text in ("latency", "bufsize 0", "latency", "method decode", "dump")],
        *[(20, text) for text in ("enable 0", "bufsize -1", "juggle", "set projection ica")],
        *[(30, text) for text in ("get projection", "reload", "load no/where")],
    ]
    box = f"vschaos~ {exported_path} forward 2048"
    lines = play(tmp_path, library, [(box, 1)], noise(), messages).lines
    infos = [line.removeprefix("info: ") for line in lines if line.startswith("info: ")]
    assert infos[:3] == ["gain_db -6", "latency 2432 2048 384", "latency 448 64 384"]
    assert "methods forward encode decode" in infos
    assert infos[-1] == "projection ica"
    errors = [line.split(f"{exported_path}: ")[-1] for line in lines if line.startswith("error")]
    assert errors[0] == "set gain_db: the model refuses this value: it takes -120 to 60"
    assert errors[1].startswith("get nothing: the model has no attribute nothing, but temperature")
    assert errors[2] == "set gain_db: needs a number, got loud"
    assert errors[3] == "set delay: needs 2 values, got 1"
    assert errors[4].startswith(
        "method: decode has 4 inlets and 1 outlets, this object has 1 and 1"
    )
    assert errors[5].startswith("bufsize: -1 is no number of samples")
    assert errors[6].startswith("no message 'juggle'")
    assert errors[7].endswith("no/where: no such file beside the patch or in the search path")
    assert len(errors) == 8


@pytest.mark.parametrize("flags", [("-batch",), ()])
def test_malformed_files_leave_pd_running(library, exported_path, tmp_path, flags):
    paths = malformed_files(exported_path, tmp_path)
    assert len(paths) >= 50
    patch = Patch()
    for path in paths:
        patch.box(f"vschaos~ {path} forward 512")
    start = patch.box("loadbang")
    patch.send(start, 0, "; pd dsp 1")
    patch.send(start, 3000, "still here", patch.box("print pd"))
    patch.send(start, 3100, "; pd quit")
    lines, code = run_pd(patch, tmp_path, library, "-lib", "vschaos~", *flags)
    assert code == 0
    assert "pd: still here" in lines
    for path in paths:
        errors = [line for line in lines if line.startswith("error") and f"/{path.name}:" in line]
        assert len(errors) == 1, (path.name, lines)


class Quick(torch.nn.Module):
    """A file that is loaded in no time, and whose memory would be missed."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("forward_params", torch.ones(4))
        self.register_buffer("heavy", torch.rand(100_000))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["forward"]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.heavy[:1]


def looping(path: Path, cycles: int) -> Patch:
    """A patch that makes an object, plays it once its model is there, and deletes it; and counts.

    Nothing of it goes by the clock: where a machine is busy, loads do not pile up.
    """
    patch = Patch()
    patch.boxes.append("#N canvas 0 0 450 300 inner 0;\n#X restore 10 10 pd inner")
    make = patch.box(
        f"; pd-inner obj 10 10 osc~ 440; pd-inner obj 10 40 vschaos~ {path} forward 512; "
        "pd-inner obj 10 70 throw~ nowhere; pd-inner obj 10 100 r ask; pd-inner obj 10 130 s told; "
        "pd-inner connect 0 0 1 0; pd-inner connect 1 0 2 0; pd-inner connect 3 0 1 0; "
        "pd-inner connect 1 1 4 0",
        "msg",
    )
    patch.box("r ask")  # while there is no object, nobody hears it, and Pd would complain
    start, poll, ask = (
        patch.box("loadbang"),
        patch.box("metro 15"),
        patch.box("; ask bang", "msg"),
    )
    patch.send(start, 0, "; pd dsp 1")
    patch.connect(start, make)
    patch.connect(start, poll)
    patch.connect(poll, ask)
    told, loaded, is_there = patch.box("r told"), patch.box("route loaded"), patch.box("sel 1")
    played, order = patch.box("delay 10"), patch.box("t b b")
    for one, other in ((told, loaded), (loaded, is_there), (is_there, played), (played, order)):
        patch.connect(one, other)
    patch.connect(order, patch.box("; pd-inner clear", "msg"), 1)
    count, more, split = patch.box("f"), patch.box("+ 1"), patch.box(f"moses {cycles}")
    for one, other, inlet in ((order, count, 0), (count, more, 0), (more, count, 1)):
        patch.connect(one, other, 0, inlet)
    patch.connect(more, patch.box("print cycle"))
    patch.connect(more, split)
    again = patch.box("delay 5")
    patch.connect(split, again)
    patch.connect(again, make)
    patch.connect(split, patch.box("; pd quit", "msg"), 1)
    return patch


def resident_mb(process: subprocess.Popen) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_objects_come_and_go_while_pd_plays(library, tmp_path):
    """With one heap for all threads, as several grow by how a busy machine shares them out."""
    torch.jit.script(Quick()).save(str(tmp_path / "quick.ts"))
    patch = looping(tmp_path / "quick.ts", cycles=120)
    process = start_pd(patch, tmp_path, library, "-lib", "vschaos~", MALLOC_ARENA_MAX="1")
    resident, lines = {}, []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("cycle: "):
            resident[int(float(line.split()[1]))] = resident_mb(process)
    assert process.wait(timeout=300) == 0, lines
    assert not [line for line in lines if "error" in line]
    assert resident[119] - resident[40] < 3.0  # below 40 kB an object, of the 400 that it has


def loading_ms(path: Path) -> float:
    """How long this machine takes to load a model and to compile its methods."""
    start = time.perf_counter()
    torch.jit.load(str(path)).get_methods()
    return 1000 * (time.perf_counter() - start)


def test_making_an_object_does_not_wait_for_its_model(library, exported_path, tmp_path):
    patch = Patch()
    start, watch = patch.box("loadbang"), patch.box("realtime")
    patch.connect(watch, patch.box("print elapsed"))
    patch.boxes.append("#N canvas 0 0 450 300 inner 0;\n#X restore 10 10 pd inner")
    for step in range(5):
        delay, order = patch.box(f"delay {300 + 500 * step}"), patch.box("t b b b")
        make = patch.box(f"; pd-inner obj 10 40 vschaos~ {exported_path} forward 2048", "msg")
        patch.connect(start, delay)
        patch.connect(delay, order)
        patch.connect(order, watch, 2, 0)
        patch.connect(order, make, 1)
        patch.connect(order, watch, 0, 1)
    patch.send(start, 3000, "; pd quit")
    lines, _ = run_pd(patch, tmp_path, library, "-lib", "vschaos~")
    elapsed_ms = [float(line.split()[1]) for line in lines if line.startswith("elapsed: ")]
    assert len(elapsed_ms) == 5
    assert min(elapsed_ms) < 0.5 * min(loading_ms(exported_path) for _ in range(3))


@pytest.mark.parametrize("at_ms", [0, 20, 40, 80, 150, 1000])
def test_quitting_at_any_time_is_clean(library, exported_path, tmp_path, at_ms):
    patch = Patch()
    for buffer in (0, 512, 2048):
        source = patch.box("noise~")
        box = patch.box(f"vschaos~ {exported_path} forward {buffer}")
        patch.connect(source, box)
    start = patch.box("loadbang")
    patch.send(start, 0, "; pd dsp 1")
    patch.send(start, at_ms, "; pd quit")
    lines, code = run_pd(patch, tmp_path, library, "-lib", "vschaos~")
    assert code == 0, lines


def test_no_block_is_late_in_real_time(library, exported_path, tmp_path):
    patch = Patch()
    box = patch.box(f"vschaos~ {exported_path} forward 2048")
    patch.connect(patch.box("noise~"), box)
    patch.connect(box, patch.box("print info"), 1)
    start = patch.box("loadbang")
    patch.send(start, 0, "; pd dsp 1")
    for step in range(20):  # settings, models and methods change meanwhile
        patch.send(start, 1000 + 100 * step, f"set gain_db {-step}", box)
    patch.send(start, 1500, "reload", box)
    patch.send(start, 6000, "xruns", box)
    patch.send(start, 6100, "; pd quit")
    # By the clock, with the priority of sound: what else the machine does is no reason to be late.
    lines, code = run_pd(patch, tmp_path, library, "-rt", "-lib", "vschaos~")
    assert code == 0
    assert "info: xruns 0" in lines


@pytest.mark.parametrize("sanitizer", ["", "address", "thread"])
def test_core(compiler, sanitizer):
    folder = ROOT / "build" / "-".join(filter(None, ("external-core", sanitizer)))
    build(folder, "-DVSCHAOS_EXTERNAL=OFF", f"-DVSCHAOS_SANITIZE={sanitizer}")
    done = subprocess.run(
        [str(folder / "core_tests")], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "0 failed" in done.stdout
