"""A collection of chains as an instrument: presets by name, a morph, axes as sliders."""

import json
import math
import re
import sys

import pytest
import soundfile
import torch
from retrieved_runs import SMALL, drawn, write_run
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.trial import opened
from vschaos2.patches import patch_files
from vschaos2.processors.chain import Chain
from vschaos2.processors.parameter import Ranges
from vschaos2.programs import generate
from vschaos2.retrieval.effect_map import map_effects
from vschaos2.retrieval.playable_collection import playable_collection, words
from vschaos2.retrieval.preset_folder import Presets, read_presets, write_presets
from vschaos2.retrieval.presets import collect
from vschaos2.retrieval.tries import Limits

RATE, BLOCK = 44_100, 64
ITEMS = ["peak", "compressor", {"space": {"reverb_eq": False}}]

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve presets of a small chain."""
    place = tmp_path_factory.mktemp("presets")
    rows = drawn(12)
    chain = Chain(ITEMS, RATE)
    values = torch.tensor([list(each.values()) for each in rows], dtype=torch.float64)
    raw = Ranges(chain.physical).raw(values[..., None])[..., 0]
    info = {
        "sample_rate_hz": RATE,
        "model": {"net": {"_target_": "Chain", "processors": ITEMS}, "channels_in": 1},
    }
    tracks = (*(f"Song {n} (live)" for n in range(11)), "12")
    write_presets(place, Presets(tracks, chain.physical, raw, values, info))
    return place


@pytest.fixture(scope="module")
def instrument(folder):
    return playable_collection(folder, {"latent_dims": 3.0})


def through_chain(raw: Tensor, sound: Tensor) -> Tensor:
    """A sound behind the plain chain at raw settings: [P], [T] → [2, T]."""
    chain = Chain(ITEMS, RATE)
    values = Ranges(chain.physical)(raw[:, None])[:, 0].tolist()
    chain.load_preset({p.name: v for p, v in zip(chain.physical, values, strict=True)})
    with torch.no_grad():
        return chain(sound[None, None], torch.zeros(1, 0, 1), chain.begin(1))[0][0]


def played(instrument, sound: Tensor, **settings) -> Tensor:
    """A sound through the instrument at settings, from silence: [T] → [2, T]."""
    eager = instrument.eager
    before = {name: eager.control_values[name] for name in settings}
    for name, value in settings.items():
        assert set_attribute(eager, name, value) == 0
    set_attribute(eager, "reset", True)
    with torch.inference_mode():
        made = eager.forward(sound[None, None])[0]
    for name, value in before.items():
        choices = eager.control_choices.get(name)
        set_attribute(eager, name, choices[int(value)] if choices else value)
    set_attribute(eager, "reset", True)
    return made


def noise(samples: int = 8192) -> Tensor:
    return 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(0))


def close(made: Tensor, wanted: Tensor) -> bool:
    return float((made - wanted).abs().max()) <= 1e-5 * float(wanted.abs().max())


def test_a_preset_sounds_as_its_chain(folder, instrument):
    presets, sound = read_presets(folder), noise()
    for name, row in (("Song_3_live", 3), ("track_12", 11)):
        wanted = through_chain(presets.raw[row], sound)
        assert close(played(instrument, sound, preset=name), wanted)
    mean = map_effects(presets).prior.mean
    assert close(played(instrument, sound), through_chain(mean, sound))


def test_a_morph_goes_straight_from_one_to_the_other(folder, instrument):
    raw, sound = read_presets(folder).raw, noise()
    wanted = through_chain(0.75 * raw[2] + 0.25 * raw[5], sound)
    settings = {"preset": "Song_2_live", "towards": "Song_5_live", "morph": 0.25}
    assert close(played(instrument, sound, **settings), wanted)
    settings["morph"] = 1.0
    assert close(played(instrument, sound, **settings), through_chain(raw[5], sound))


def test_a_slider_goes_so_many_deviations_along_its_axis(folder, instrument):
    found, sound = map_effects(read_presets(folder)), noise()
    steps = (found.directions * found.deviations[:, None])[:3]
    wanted = through_chain(found.presets.raw[4] + 3.0 * steps[0] - 1.5 * steps[2], sound)
    made = played(instrument, sound, preset="Song_4_live", axis1=3.0, axis3=-1.5)
    assert close(made, wanted)


def test_axes_are_inlets_too(instrument):
    sound, eager = noise(), instrument.eager
    added = torch.zeros(3, len(sound))
    added[0] = 1.5
    wanted = played(instrument, sound, axis1=1.5)
    with torch.inference_mode():
        made = eager.modulate(torch.cat((sound[None], added))[None])[0]
    assert close(made, wanted)


def test_a_jump_from_preset_to_preset_does_not_click(instrument):
    """Under a low sine, what is above 4 kHz stays 80 dB down while everything moves."""
    time = torch.arange(RATE // 64 * 64) / RATE
    sine = 0.2 * torch.sin(2.0 * math.pi * 110.0 * time)
    eager = instrument.eager
    set_attribute(eager, "reset", True)
    made = []
    with torch.inference_mode():
        for number, block in enumerate(sine.split(4096)):
            if number == 6:
                set_attribute(eager, "preset", "Song_7_live")
                set_attribute(eager, "axis1", -3.0)
            made.append(eager.forward(block[None, None])[0])
    for name, value in (("preset", "mean"), ("axis1", 0.0), ("reset", True)):
        set_attribute(eager, name, value)
    around = torch.cat(made, 1)[0, 5 * 4096 : 9 * 4096].double()
    power = torch.fft.rfft(around * torch.hann_window(len(around), dtype=torch.float64)).abs() ** 2
    above = round(4000.0 * len(around) / RATE)
    assert 10.0 * math.log10(float(power[above:].sum() / power.sum())) < -80.0


def test_the_file_plays_in_blocks_what_it_plays_whole(instrument, tmp_path):
    """The rest is proved of every file that is exported; here between two presets, off the axes."""
    content = instrument.script().save_to_buffer()
    loaded, sound = opened(content), noise()
    settings = {"preset": "Song_1_live", "towards": "track_12", "morph": 0.5, "axis2": 2.0}
    wanted = played(instrument, sound, **settings)
    for name, value in settings.items():
        assert set_attribute(loaded, name, value) == 0
    assert set_attribute(loaded, "preset", "nobody") != 0
    for size in (8192, 64, 1024):
        set_attribute(loaded, "reset", True)
        with torch.inference_mode():
            made = [loaded.forward(piece[None, None])[0] for piece in sound.split(size)]
        assert close(torch.cat(made, 1), wanted)


def test_patches_show_presets_and_axes_in_panels_of_their_own(instrument):
    controls = {each.name: each for each in instrument.eager.controls}
    assert controls["preset"].choices[:2] == ("mean", "Song_0_live")
    assert {controls[name].group for name in ("preset", "towards", "morph")} == {"presets"}
    assert controls["axis1"].group == "axes" and " up" in controls["axis1"].note
    methods = {name: of._asdict() for name, of in instrument.methods.items()}
    rows = [each.row(each.values) for each in controls.values()]
    card = {"sample_rate_hz": RATE, "methods": methods, "attributes": rows}
    patches = patch_files("voices", card)
    for text in patches.values():
        assert "Song_3_live" in text and controls["axis2"].note.split(",")[0] in text
    assert "set preset Song_3_live" in patches["voices.pd"]


def test_many_presets_are_chosen_by_number_and_named(instrument):
    names = [f"song_{n}" for n in range(40)]
    row = {"name": "preset", "kind": "choice", "value": names[0], "choices": names}
    methods = {"forward": instrument.methods["forward"]._asdict()}
    card = {"sample_rate_hz": RATE, "methods": methods, "attributes": [row]}
    text = patch_files("voices", card)["voices.pd"]
    assert "nbx 5 18 0 39" in text
    assert r"song_6 \; song_7 \; song_8" in text
    assert {"list prepend set preset", "text get voices-set-preset-words"} <= set(
        re.findall(r"#X obj \d+ \d+ ((?:list prepend|text get) [^;,]+)", text)
    )


def test_names_become_words_of_their_own():
    found = words(["a b", "a_b", "12", "mean", "…", "Ärger", "x" * 90])
    assert found == ["a_b", "a_b_2", "track_12", "mean_2", "track", "Ärger", "x" * 48]


@pytest.mark.parametrize(
    ("wishes", "count"), [({}, None), ({"latent_dims": 2.0}, 2), ({"latent_dims": 0.5}, 1)]
)
def test_sliders_are_as_many_as_are_wished(folder, wishes, count):
    found = map_effects(read_presets(folder))
    axes = len(playable_collection(folder, wishes).model.knobs)
    if count is None:
        count = min(8, 1 + int((found.explained.cumsum(0) < 0.95).sum()))
    assert axes == count


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"latent_dims": 40.0}, "--latent-dims must be a whole number from 1 to 11"),
        ({"latent_dims": 0.0}, "a part of the variance between 0 and 1"),
        ({"latent_dims": 2.5}, "--latent-dims must be a whole number"),
        ({"rate": 22050}, "--rate 22050: chains of 44100 Hz play at"),
        ({"texture": 0.5}, "takes no such option"),
    ],
)
def test_wishes_that_cannot_be_are_refused(folder, wishes, message):
    with pytest.raises(InputError) as raised:
        playable_collection(folder, wishes)
    assert message in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("damage", ["model", "processors", "other", "knobs", "range"])
def test_a_collection_of_a_strange_chain_is_refused(folder, tmp_path, damage):
    for each in folder.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    info = json.loads((tmp_path / "info.json").read_text())
    if damage == "model":
        info["model"] = {"net": 3}
    elif damage == "processors":
        info["model"]["net"]["processors"] = ["os.system"]
    elif damage == "other":
        info["model"]["net"]["processors"] = ["peak", "pan"]
    elif damage == "knobs":
        info["model"]["net"]["processors"][0] = {"peak": {"controller": "following"}}
    else:
        info["most"][0] = 12_345.0
    (tmp_path / "info.json").write_text(json.dumps(info))
    with pytest.raises(InputError) as raised:
        playable_collection(tmp_path, {})
    assert "info.json" in str(raised.value) and "\n" not in str(raised.value)


def test_runs_become_an_instrument(tmp_path):
    """From the runs that a retrieval leaves, by way of the folder of presets."""
    for number, preset in enumerate(drawn(4)):
        write_run(tmp_path / "runs", f"take {number}", preset, chain=SMALL)
    found = collect(tmp_path / "runs", Limits())
    (tmp_path / "out").mkdir()
    write_presets(tmp_path / "out", found)
    instrument, sound = playable_collection(tmp_path / "out", {}), noise()
    wanted = through_chain(found.raw[2], sound)
    assert close(played(instrument, sound, preset="take_2"), wanted)


def test_files_go_through_a_collection_at_a_preset(folder, tmp_path, monkeypatch, capsys):
    sound = noise(RATE // 4 // BLOCK * BLOCK)
    soundfile.write(tmp_path / "voice.wav", sound.numpy(), RATE, subtype="FLOAT")
    words = ["generate.py", "process", folder, "--files", tmp_path / "voice.wav"]
    more = ["--set", "preset", "Song_6_live", "--out", tmp_path / "listen"]
    monkeypatch.setattr(sys, "argv", [*map(str, [*words, *more])])
    generate.main()
    made, _ = soundfile.read(tmp_path / "listen" / "processed" / "voice.wav", dtype="float32")
    wanted = through_chain(read_presets(folder).raw[6], sound)
    assert close(torch.from_numpy(made.T), wanted)
    monkeypatch.setattr(sys, "argv", [*map(str, [*words, "-v", 3])])
    with pytest.raises(InputError, match=r"--version: .* holds presets"):
        generate.main()
