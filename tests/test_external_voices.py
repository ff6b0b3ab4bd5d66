# ruff: noqa: F811 (fixtures of another file)
"""Several voices through one model of vschaos~ in a real Pd."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pd.runner import BLOCK, Patch, play, run_pd
from test_external import BUFFERS, LENGTH, assert_equal, compiler, hosted, library, noise  # noqa: F401
from torch import Tensor

VOICES = 3
LATENTS = 4

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def voice(signals: np.ndarray, number: int) -> np.ndarray:
    """The rows of one voice."""
    count = len(signals) // VOICES
    return signals[number * count :][:count]


@pytest.mark.parametrize("buffer", BUFFERS)
def test_voices_are_exact(library, exported_path, tmp_path, buffer):
    signals = noise(VOICES * LATENTS)
    box = f"vschaos~ {exported_path} decode {buffer} {VOICES}"
    messages = [(37, "set gain_db -20"), (101, "reset"), (200, "xruns")]
    settings = ((37, "gain_db", -20.0), (101, "reset", True))
    played = play(tmp_path, library, [(box, VOICES)], signals, messages)
    assert "info: xruns 0" in played.lines
    assert_equal(played.signals, hosted(exported_path, "decode", signals, buffer, settings, VOICES))


def test_every_voice_sounds_as_if_alone(library, exported_path, tmp_path):
    """In `eco` phases follow nothing but the voice's own magnitudes, to the last digits."""
    signals = noise(VOICES * LATENTS)
    settings = ((0, "inversion", "eco"),)
    box = f"vschaos~ {exported_path} decode 2048 {VOICES}"
    played = play(tmp_path, library, [(box, VOICES)], signals, [(0, "set inversion eco")])
    for number in range(VOICES):
        alone = hosted(exported_path, "decode", voice(signals, number), 2048, settings)
        np.testing.assert_allclose(
            played.signals[number], alone[0], rtol=0, atol=1e-5 * np.abs(alone).max()
        )
    assert np.abs(played.signals[0] - played.signals[1]).max() > 0.01


def test_outlets_go_by_voices(library, exported_path, tmp_path):
    signals = noise(VOICES)
    box = f"vschaos~ {exported_path} encode 512 {VOICES}"
    played = play(tmp_path, library, [(box, VOICES * LATENTS)], signals)
    for number in range(VOICES):
        alone = hosted(exported_path, "encode", voice(signals, number), 512)
        assert_equal(voice(played.signals, number), alone)


def test_what_is_no_number_stays_in_its_voice(library, exported_path, tmp_path):
    signals = noise(VOICES)
    box = f"vschaos~ {exported_path} forward 512 {VOICES}"
    clean = play(tmp_path, library, [(box, VOICES)], signals).signals
    signals[1, 5000:5100] = np.nan
    broken = play(tmp_path, library, [(box, VOICES)], signals).signals
    np.testing.assert_array_equal(broken[[0, 2]], clean[[0, 2]])
    assert np.isfinite(broken).all()
    assert np.abs(broken[1] - clean[1]).max() > 1e-3


def test_answers_with_voices(library, exported_path, tmp_path):
    messages = [(10, text) for text in ("latency", "dump", "method decode", "method encode")]
    messages.append((20, "get gain_db"))
    box = f"vschaos~ {exported_path} forward 2048 {VOICES}"
    lines = play(tmp_path, library, [(box, VOICES)], noise(VOICES), messages).lines
    infos = [line.removeprefix("info: ") for line in lines if line.startswith("info: ")]
    assert infos[0] == "latency 2432 2048 384"
    assert {"voices 3", "dim 1 1"} <= set(infos)
    assert infos[-1] == "gain_db 0"
    errors = [line for line in lines if line.startswith("error")]
    assert [line.split(": create")[0].split(".ts: ")[1] for line in errors] == [
        "method: decode has 4 inlets and 1 outlets, this object has 1 and 1",
        "method: encode has 1 inlets and 4 outlets, this object has 1 and 1",
    ]


def test_a_new_buffer_and_rest_are_those_of_all_voices(library, exported_path, tmp_path):
    messages = [(64, "bufsize 512"), (65, "latency"), (256, "enable 0")]
    box = f"vschaos~ {exported_path} forward 2048 {VOICES}"
    played = play(tmp_path, library, [(box, VOICES)], noise(VOICES), messages)
    assert "info: latency 896 512 384" in played.lines
    heard, rests = played.signals[:, 128 * BLOCK : 256 * BLOCK], played.signals[:, 258 * BLOCK :]
    assert np.abs(heard).max(1).min() > 0.01
    assert not rests.any()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("512 0", "cannot be made (0 voices: give a number from 1 to 64)"),
        ("512 65", "cannot be made (65 voices: give a number from 1 to 64)"),
        ("512 2.5", "2.5: after BUFFER comes VOICES, a whole number, and no other"),
        ("512 2 7", "7: after BUFFER comes VOICES, a whole number, and no other"),
    ],
)
def test_nonsense_is_refused_in_one_line(library, exported_path, tmp_path, arguments, complaint):
    patch = Patch()
    patch.box(f"vschaos~ {exported_path} forward {arguments}")
    patch.send(patch.box("loadbang"), 0, "; pd quit")
    lines, code = run_pd(patch, tmp_path, library, "-lib", "vschaos~")
    assert code == 0
    assert [line for line in lines if "vschaos~: " in line] == [f"error: vschaos~: {complaint}"]


class OneVoice(torch.nn.Module):
    """A file of another maker that knows a batch of one only."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("forward_params", torch.ones(4))
        self.register_buffer("encode_params", torch.ones(4))
        self.register_buffer("past", torch.zeros(1, 1, 1))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["forward", "encode"]

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        self.past[:] = x[..., -1:]
        return x + self.past

    def forward(self, x: Tensor) -> Tensor:
        return x[:1]


def test_files_for_one_voice_are_told_so(library, tmp_path):
    path = tmp_path / "one_voice.ts"
    torch.jit.script(OneVoice()).save(str(path))
    for method, complaint in (
        ("forward", "returns 256 values where 768 are due with 3 voices"),
        ("encode", "with 3 voices"),
    ):
        box = f"vschaos~ {path} {method} 512 {VOICES}"
        played = play(tmp_path, library, [(box, VOICES)], noise(VOICES, 4096))
        errors = [line for line in played.lines if line.startswith("error")]
        assert len(errors) == 1, played.lines
        assert f"{path}: {method}: " in errors[0] and errors[0].endswith(complaint)
        assert not played.signals.any()
        alone = play(tmp_path, library, [(f"vschaos~ {path} {method} 512", 1)], noise(1, 4096))
        assert alone.signals.any()


def test_another_model_has_as_many_voices(library, exported_path, tmp_path):
    (tmp_path / "other.ts").write_bytes(Path(exported_path).read_bytes())
    signals = noise(VOICES)
    box = f"vschaos~ {exported_path} forward 512 {VOICES}"
    played = play(tmp_path, library, [(box, VOICES)], signals, [(128, "load other")])
    assert not [line for line in played.lines if line.startswith("error")]
    first = hosted(exported_path, "forward", signals, 512, voices=VOICES)
    begin = 128 * 64
    second = hosted(exported_path, "forward", signals[:, begin:], 512, voices=VOICES)
    np.testing.assert_array_equal(played.signals[:, :begin], first[:, :begin])
    assert_equal(played.signals[:, begin + 1024 :], second[:, 1024:])
    assert played.signals.shape == (VOICES, LENGTH)
