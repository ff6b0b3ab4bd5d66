"""A one-pole filter, unknown to the package, becomes an instrument; broken ones do not."""

import json
import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.errors import InputError
from vschaos2.export.card import card_table
from vschaos2.export.nn_tilde import NnTildeModule, set_attribute
from vschaos2.export.playable import Playable, check_wishes
from vschaos2.export.trial import ExportError
from vschaos2.export.write import export_playable

RATE_HZ = 44100
FACTS = {"training": {"step": 3.0}, "run": "pole/version_0"}

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


class OnePole(NnTildeModule):
    """y[n] = y[n-1] + (1 - a)·(x[n] - y[n-1]), a = exp(-2π·cutoff/rate)."""

    past: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("past", torch.zeros(1, 1), persistent=False)
        self.register_method("forward", 1, 1, ["signal"], ["signal"])
        hz = ("cutoff_hz", "number", 1000.0, 20.0, 20000.0, "Hz", "exponential")
        self.register_control(Control(*hz))
        self.register_control(Control("reset", "event", False))
        self.register_control(Control("delay", "reading", 0))

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        if name == "reset":
            self.past = torch.zeros_like(self.past)

    @torch.jit.export
    def get_delay(self) -> list[int]:
        return [0]

    def forward(self, x: Tensor) -> Tensor:
        kept = math.exp(-2.0 * math.pi * self.control_values["cutoff_hz"] / 44100.0)
        past = self.past.expand(x.shape[0], 1) if self.past.shape[0] == 1 else self.past
        heard: list[Tensor] = []
        for sample in x.unbind(-1):
            past = past + (1.0 - kept) * (sample - past)
            heard.append(past)
        self.past = past
        return torch.stack(heard, -1)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    playable = Playable(OnePole(), RATE_HZ)
    return export_playable(playable, FACTS, tmp_path_factory.mktemp("pole"), "pole", blocks=2)


def test_it_is_exported_with_its_card(path):
    card = json.loads(path.with_suffix(".json").read_text())
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "pole.json",
        "pole.maxpat",
        "pole.pd",
        "pole.ts",
    ]
    assert card["methods"] == {
        "forward": {"inlets": 1, "in_ratio": 1, "outlets": 1, "out_ratio": 1}
    }
    assert card["attributes"] == [
        {
            **{"name": "cutoff_hz", "kind": "number", "value": 1000.0, "lowest": 20.0},
            **{"highest": 20000.0, "unit": "Hz", "curve": "exponential"},
        },
        {"name": "reset", "kind": "event", "value": False},
        {"name": "delay", "kind": "reading", "value": 0},
    ]
    assert (card["delay_samples"], card["delay_ms"]) == ({"forward": 0}, {"forward": 0.0})
    assert (card["sample_rate_hz"], card["block_samples"], card["parameters"]) == (RATE_HZ, 1, 0)
    assert list(card["load"]["forward"]) == ["512", "1024", "2048", "4096"]
    assert card["largest_deviation_from_offline"] <= 1e-5
    assert {key: card[key] for key in FACTS} == FACTS
    table = card_table("pole.ts", card).splitlines()
    assert table[0] == "pole.ts: 44100 Hz, 0.0 M weights"
    assert table[3].split()[:5] == ["forward", "1", "1", "0.0", "ms"]


@pytest.mark.parametrize("cutoff_hz", [20.0, 1000.0, 20000.0])
def test_the_file_plays_what_the_difference_equation_says(path, cutoff_hz):
    loaded = torch.jit.load(str(path))
    assert (loaded.get_methods(), loaded.get_cutoff_hz()) == (["forward"], [1000.0])
    assert loaded.set_cutoff_hz(cutoff_hz) == 0
    x = np.random.default_rng(0).standard_normal(200)
    kept = np.exp(-2 * np.pi * cutoff_hz / RATE_HZ)
    expected = lfilter([1 - kept], [1, -kept], x)
    blocks = torch.from_numpy(x).float()[None, None].split([1, 70, 129], -1)
    heard = torch.cat([loaded(block) for block in blocks], -1)[0, 0]
    np.testing.assert_allclose(heard.numpy(), expected, atol=1e-5)


class Sharing(OnePole):
    """Its second method goes on with the state of the first."""

    def __init__(self) -> None:
        super().__init__()
        self.register_method("again", 1, 2, ["signal"], ["signal"])

    @torch.jit.export
    def again(self, x: Tensor) -> Tensor:
        return self.forward(x)[..., ::2]


class Late(OnePole):
    @torch.jit.export
    def get_delay(self) -> list[int]:
        return [7]


class Dividing(OnePole):
    """0/0 in silence."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x / x


class Deaf(OnePole):
    @torch.jit.export
    def set_number(self, name: str, value: float) -> int:
        return 0 if value > 0.0 else 1


class Boundless(OnePole):
    @torch.jit.export
    def set_number(self, name: str, value: float) -> int:
        self.control_values[name] = value
        return 0


class Remembering(OnePole):
    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        pass


class Centred(OnePole):
    """Its sound depends on where blocks end."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(-1, keepdim=True)


class Deafening(OnePole):
    def forward(self, x: Tensor) -> Tensor:
        return 1e6 * x


class Short(OnePole):
    def forward(self, x: Tensor) -> Tensor:
        return x[..., 1:]


class Choosy(OnePole):
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], 1, -1, 64).flatten(2)


@pytest.mark.parametrize(
    "broken, message",
    [
        (Sharing, r"^forward, beside the other methods: deviates from the model by \d"),
        (Late, r"^forward: its delay is 0 samples, but it says 7$"),
        (Dividing, r"^forward: silence gives values that are not finite$"),
        (Deaf, r"^cutoff_hz: after setting 20\.0, which was answered by 0, it is \[1000\.0\]$"),
        (Boundless, r"^cutoff_hz: takes \[19\.0\], which is out of its range$"),
        (Remembering, r"^forward, after a reset: deviates from the model by \d"),
        (Centred, r"^forward, blocks of 64 samples: deviates from the model by \d"),
        (Deafening, r"^forward: the model plays what is not finite, or beyond 1e\+04 times"),
        (Short, r"^forward: returns \[1, 1, 3071\] values where"),
        (Choosy, r"^forward: fails on a block of shape \[1, 1, 37\] \("),
    ],
)
def test_what_does_not_do_as_it_says_is_not_written(broken, message, tmp_path):
    block = 2 if broken is Sharing else 1
    with pytest.raises(ExportError, match=message) as told:
        export_playable(Playable(broken(), RATE_HZ, block), FACTS, tmp_path, "broken", blocks=1)
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_it_is_scripted_in_silence(path):
    """What was played before leaves no trace in the file."""
    eager = OnePole()
    assert set_attribute(eager, "cutoff_hz", 20.0) == 0
    eager(torch.ones(1, 1, 64))
    again = Playable(eager, RATE_HZ).script()
    assert float(again.past.abs().max()) == 0.0


def test_blocks_must_hold_whole_values_of_every_method():
    with pytest.raises(ValueError, match=r"again: block_samples must be a multiple .*, got 1"):
        Playable(Sharing(), RATE_HZ)


@pytest.mark.parametrize("rate_hz, block", [(RATE_HZ, 0), (RATE_HZ, -64), (0, 64)])
def test_blocks_and_rates_are_positive(rate_hz, block):
    with pytest.raises(ValueError, match=rf"must be 1 or more, got {block} and {rate_hz}"):
        Playable(OnePole(), rate_hz, block)


@pytest.mark.parametrize("name", ["forward", "reset"])
def test_names_of_methods_and_controls_are_taken_once(name):
    with pytest.raises(ValueError, match=f"control {name}: a method or a control has this name"):
        OnePole().register_control(Control(name, "switch", False))


def test_an_instrument_without_reset_is_one_line(tmp_path):
    eager = OnePole()
    eager.attribute_names.remove("reset")
    with pytest.raises(ExportError, match="reset: there is no such event"):
        export_playable(Playable(eager, RATE_HZ), FACTS, tmp_path, "broken", blocks=1)
    assert list(tmp_path.iterdir()) == []


def test_options_of_other_families_are_refused_in_one_line():
    check_wishes({"confidence": True}, ("projection", "confidence"), "vae")
    with pytest.raises(
        InputError, match=r"^--latent-dims: .* family pole .*takes --projection\): leave it out$"
    ):
        check_wishes({"latent_dims": 3}, ("projection",), "pole")


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"name": "cut off"}, "a name is a letter, then"),
        ({"kind": "knob"}, "kind must be one of number, .* got 'knob'"),
        ({"curve": "round"}, "curve must be one of linear, exponential, got 'round'"),
        ({"lowest": 2.0, "highest": 2.0}, "needs finite lowest < highest, got 2.0, 2.0"),
        ({"highest": math.inf}, "needs finite lowest < highest, got 0.0, inf"),
        ({"value": math.nan}, "must begin within 0.0 … 2.0, got nan"),
        ({"curve": "exponential"}, "needs lowest above 0, got 0.0"),
        ({"kind": "choice", "choices": ("a", "b")}, r"one of its choices \(a, b\), got 1.0"),
    ],
)
def test_controls_that_cannot_be_are_refused(wrong, message):
    sound = {"name": "cut", "kind": "number", "value": 1.0, "lowest": 0.0, "highest": 2.0}
    Control(**sound)
    with pytest.raises(ValueError, match=message):
        Control(**{**sound, **wrong})
