"""Plug-ins of the small engine in hosts of LV2, CLAP and VST3: sound, notes, parameters, state."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from clap_host import ClapPlugin
from exports import few_blocks_timed
from lv2_host import Lv2Plugin
from small_engine import ROOT, Player, built
from taught import USUAL, taught
from test_small_engine_effects import effect

from vschaos2.errors import InputError
from vschaos2.export.exported_file import write_of_exported
from vschaos2.export.page import page
from vschaos2.export.plugin_about import plugin_about
from vschaos2.export.plugin_files import ID, carrying, check_plugins, kinds_of, plugin_files
from vschaos2.export.write import export_playable
from vschaos2.pitch_classes import PITCH_CLASSES

DPF = Path("/usr/share/dpf/distrho")
RATE = 44100
HOP = 256
FRAMES = 12000
BLOCKS = ([512], [64], [441], [1, 700, 3, 8192, 13])
DOWN, UP = 0x90, 0x80
OCTAVES = ["3", "4", "5"]
NOTED = {
    "conditioning": {
        "pitch": {"dim": 12, "target": ["decoder"], "embedding": "OneHot"},
        "octave": {"dim": 3, "target": ["decoder"], "embedding": "OneHot"},
    }
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.skipif(not DPF.is_dir(), reason="dpf-source is missing: plugins/install_tools.sh"),
    pytest.mark.skipif(
        shutil.which("cmake") is None or shutil.which("g++") is None,
        reason="cmake or g++ is missing: plugins/install_tools.sh",
    ),
]


@pytest.fixture(scope="module")
def plugins(engine_folder) -> Path:
    """The folder of plug-ins of any model."""
    library = f"-DVSCHAOS_ENGINE_LIBRARY={engine_folder / 'libvschaos_engine.a'}"
    return built(
        ROOT / "build/plugins-tests", "-DCMAKE_BUILD_TYPE=Quick", library, source="plugins"
    )


@pytest.fixture(scope="module")
def folder(plugins, tmp_path_factory) -> Path:
    """Of an instrument one whose label of pitch notes play, and a pedal."""
    folder = tmp_path_factory.mktemp("plugins")
    models = {
        "bells": taught(USUAL, {"n_fft": 1024, "hop": HOP}, plays_itself=True),
        "pedal": effect("lstm"),
    }
    noted = taught({**USUAL, **NOTED}, classes={"pitch": list(PITCH_CLASSES), "octave": OCTAVES})
    (folder / "noted.ts").write_bytes(noted.saved())
    with few_blocks_timed(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("vschaos2.export.plugin_files.BUILT", plugins)
        for name, playable in models.items():
            export_playable(playable, {}, folder, name, blocks=3, with_plugins=True)
    return folder


def noise(frames: int = FRAMES, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (0.1 * generator.standard_normal((2, frames))).astype(np.float32)


def silence(frames: int = FRAMES) -> np.ndarray:
    return np.zeros((2, frames), np.float32)


@pytest.fixture
def opened():
    """Opens plug-ins, and closes them again."""
    kept = []

    def opener(path: Path) -> ClapPlugin:
        kept.append(ClapPlugin(path))
        return kept[-1]

    yield opener
    for plugin in kept:
        plugin.close()


def through_engine(player: Player, sound: np.ndarray) -> np.ndarray:
    """Both channels by a voice each, as far as whole blocks go."""
    block = player.library.vschaos_engine_block_samples(player.handle)
    whole = sound.shape[1] // block * block
    rows = [player.play("forward", sound[i : i + 1, :whole], whole, voice=i)[:1] for i in (0, 1)]
    return np.concatenate(rows)


def test_sound_through_it_is_the_engines_in_any_blocks(engine, folder, opened):
    plugin, player = opened(folder / "bells effect.clap"), Player(engine, folder / "bells.ts", 2)
    sound = noise()
    due = through_engine(player, sound)
    for blocks in BLOCKS:
        plugin.activate(RATE)
        assert plugin.latency == HOP + player.delay("forward")
        made = plugin.play(sound, blocks)
        np.testing.assert_array_equal(made[:, HOP : due.shape[1]], due[:, :-HOP])
        assert not made[:, :HOP].any() and np.abs(due).max() > 0.01
        plugin.deactivate()
    assert plugin.text("status") == "plays" and plugin.restarts == 0


def test_a_pedal_at_its_own_rate_is_not_late(engine, folder, opened):
    plugin, player = opened(folder / "pedal.clap"), Player(engine, folder / "pedal.ts", 2)
    rate_hz = engine.vschaos_engine_sample_rate_hz(player.handle)
    sound = noise()
    due = through_engine(player, sound)
    for blocks in BLOCKS:
        plugin.activate(rate_hz)
        assert plugin.latency == player.delay("forward") == 0
        np.testing.assert_array_equal(plugin.play(sound, blocks), due)
        plugin.deactivate()
    player.reset()
    player.set("drive", 9.0)
    plugin.set("drive", 9.0)
    plugin.activate(rate_hz)
    plugin.play(silence(1), [1])
    plugin.deactivate()
    plugin.activate(rate_hz)  # as a host begins anew: what is set stays
    player.reset()
    made = plugin.play(sound[:, :2000], [512])
    np.testing.assert_array_equal(made, through_engine(player, sound[:, :2000]))


@pytest.mark.parametrize("rate_hz", [RATE, 48000, 96000, 11025])
def test_at_another_rate_a_tone_arrives_as_late_as_is_told(folder, opened, rate_hz):
    plugin = opened(folder / "pedal.clap")  # of 16 kHz
    tones = np.stack([np.sin(2 * np.pi * hz / rate_hz * np.arange(9000)) for hz in (440, 3000)])
    plugin.activate(rate_hz)
    plugin.set("bypass", 1.0)
    plugin.play(silence(4000), [512])
    made, late = plugin.play(tones, [100]), plugin.latency
    inside = slice(late + 1000, None)  # behind the beginning, which no filter keeps
    np.testing.assert_allclose(made[:, inside], tones[:, inside.start - late : -late], atol=2e-4)
    plugin.deactivate()
    made = []
    for blocks in BLOCKS:
        plugin.activate(rate_hz)
        made.append(plugin.play(noise(3000), blocks))
        plugin.deactivate()
    for others in made[1:]:
        np.testing.assert_array_equal(others, made[0])


def test_dry_and_wet_sound_meet(folder, opened):
    plugin, sound = opened(folder / "bells effect.clap"), noise()
    plugin.set("mix", 0.0)
    plugin.activate(RATE)
    plugin.play(silence(2048), [512])
    late = plugin.latency
    np.testing.assert_array_equal(plugin.play(sound, [512])[:, late:], sound[:, :-late])


def steady(player: Player, values: list[float], frames: int, hop: int) -> np.ndarray:
    """What axes and labels that stand still sound like from the beginning on."""
    return player.play(
        "decode", np.repeat(np.array(values, np.float32)[:, None], frames // hop, 1), hop
    )[0]


def first_place(folder: Path) -> list[float]:
    card = json.loads((folder / "bells.json").read_text(encoding="utf-8"))
    return list(card["latent"]["places"][0])


ECO = 3.0  # of the choices of inversion: no phase is refined, so blocks of any size are the same


@pytest.fixture
def bells(folder, opened) -> ClapPlugin:
    plugin = opened(folder / "bells.clap")
    plugin.activate(RATE)
    plugin.set("inversion", ECO)
    plugin.play(silence(HOP), [HOP])
    plugin.deactivate()
    return plugin


def test_a_drone_is_what_its_axes_sound_like(engine, folder, bells):
    player = Player(engine, folder / "bells.ts")
    assert bells.text("inversion") == "eco" and player.set("inversion", "eco")
    bells.set("drone", 1.0)
    bells.activate(RATE)
    bells.play(silence(1), [1])
    bells.deactivate()
    bells.activate(RATE)
    late = HOP + player.delay("decode")
    assert bells.latency == late
    made = bells.play(silence(), [441])
    due = steady(player, first_place(folder), FRAMES, HOP)
    rise = 1.0 - np.exp(-3.0 * np.arange(1, FRAMES - late + 1) / (0.01 * RATE))
    assert not made[:, :late].any()
    peak = np.abs(due).max()
    np.testing.assert_allclose(
        made[0, late : len(due)], rise[: len(due) - late] * due[late:], atol=2e-4 * peak
    )
    np.testing.assert_array_equal(made[0], made[1])


def test_notes_sound_exactly_as_late_as_is_told(bells):
    notes = [(1000, bytes([DOWN, 60, 100])), (6000, bytes([UP, 60, 0]))]
    made = []
    bells.set("release", 20.0)
    for blocks in BLOCKS:
        bells.activate(RATE)
        made.append(bells.play(silence(), blocks, notes))
        sounding = np.flatnonzero(made[-1][0])
        assert sounding[0] == 1000 + bells.latency
        ended = 6000 + bells.latency
        assert np.abs(made[-1][0, ended - 500 : ended]).max() > 0.01
        assert np.abs(made[-1][0, ended + 2 * 882 :]).max() < 1e-3
        assert sounding[-1] < ended + 4 * 882
        bells.deactivate()
    for others in made[1:]:
        np.testing.assert_array_equal(others, made[0])


def test_chords_are_sums_and_the_voices_are_counted(bells):
    def chord(*keys: int) -> np.ndarray:
        bells.activate(RATE)
        notes = [(0, bytes([DOWN, key, 127])) for key in keys]
        made = bells.play(silence(6000), [512], notes)[0]
        bells.deactivate()
        return made

    one, two = chord(60), chord(61)
    assert np.abs(one - two).max() > 0.01  # they recall presets
    np.testing.assert_allclose(chord(60, 61), one + two, atol=1e-6)
    bells.set("voices", 1.0)
    bells.activate(RATE)
    bells.play(silence(1), [1])
    bells.deactivate()
    np.testing.assert_allclose(chord(60, 61), two, atol=1e-6)  # the last one has the voice
    assert np.abs(chord(60) - one).max() == 0.0


def test_the_pedal_of_a_piano_holds_notes(bells):
    bells.set("release", 5.0)
    notes = [
        *[(0, bytes([DOWN, 60, 127])), (10, bytes([0xB0, 64, 127])), (20, bytes([UP, 60, 0]))],
        (6000, bytes([0xB0, 64, 0])),
    ]
    bells.activate(RATE)
    made = bells.play(silence(), [512], notes)[0]
    ended = 6000 + bells.latency
    assert np.abs(made[ended - 400 : ended]).max() > 0.01
    assert not made[ended + 2000 :].any()


def test_axes_move_the_sound_and_move_by_themselves(engine, folder, bells):
    player = Player(engine, folder / "bells.ts")
    player.set("inversion", "eco")
    axis = next(name for name in bells.parameters if name.startswith("axis 2"))
    values = first_place(folder)
    values[1] = 2.0
    bells.set("drone", 1.0)
    bells.set(axis, 2.0)
    bells.set("attack", 1.0)
    bells.activate(RATE)
    bells.play(silence(1), [1])
    bells.deactivate()
    bells.activate(RATE)
    made = bells.play(silence(), [512])[0]
    due = steady(player, values, FRAMES, HOP)
    late = bells.latency + 500  # and the rise
    np.testing.assert_allclose(made[late : len(due)], due[late:], atol=1e-4)
    bells.set("by itself", 1.0)
    bells.play(silence(1), [1])
    bells.deactivate()
    bells.activate(RATE)
    made = bells.play(silence(), [512])[0]
    player.reset()
    moved = player.play("prior", np.zeros((1, FRAMES // HOP), np.float32), HOP)
    due = player.play("decode", moved, HOP)[0]
    np.testing.assert_allclose(made[late : len(due)], due[late:], atol=1e-4)


def generic(plugins: Path, kind: str, folder: Path) -> Path:
    """A copy of its own: a library that is loaded already is not loaded from another place."""
    place = folder / f"{kind}.clap"
    if not place.exists():
        place.write_bytes((plugins / f"{kind}-clap.so").read_bytes())
    return place


def of_model(path: Path) -> bytes:
    """What a host that chose this file would have kept of a plug-in."""
    words = ["__dpf_state_begin__", "model", str(path), "__dpf_state_end__"]
    return b"".join(word.encode() + b"\0" for word in words) + b"\xfe\0"


def test_notes_command_pitch_and_octave(engine, folder, plugins, opened, tmp_path):
    plugin = opened(generic(plugins, "instrument", tmp_path))
    plugin.load(of_model(folder / "noted.ts"))
    plugin.set("attack", 1.0)
    plugin.activate(RATE)
    plugin.play(silence(1), [1])
    plugin.deactivate()
    player = Player(engine, folder / "noted.ts")
    for key, pitch, octave in ((69, 0, 2), (60, 3, 1), (66, 9, 1), (20, 11, 0), (127, 10, 2)):
        plugin.activate(RATE)
        made = plugin.play(silence(4000), [100], [(0, bytes([DOWN, key, 127]))])[0]
        late = plugin.latency + 500
        plugin.deactivate()
        player.play("decode", np.full((5, 1), -1.0, np.float32), 128)  # no inlet is empty
        player.reset()
        due = steady(player, [0.0, 0.0, 0.0, pitch, octave], 4000, 128)
        assert (
            np.abs(
                np.abs(np.fft.rfft(made[late : late + 1024]))
                - np.abs(np.fft.rfft(due[late : late + 1024]))
            ).max()
            < 1.0
        )


@pytest.fixture
def chosen(plugins, folder, opened, tmp_path) -> ClapPlugin:
    """An effect of any model, which plays the one of `own.ts`."""
    (tmp_path / "own.ts").write_bytes((folder / "bells.ts").read_bytes())
    plugin = opened(generic(plugins, "effect", tmp_path))
    assert plugin.text("status") == "no model"
    plugin.load(of_model(tmp_path / "own.ts"))
    return plugin


def test_a_model_of_a_file_is_kept_in_the_state(engine, folder, plugins, opened, tmp_path, chosen):
    chosen.set("knob 1", 0.9)  # of the knobs that it has, the first
    chosen.activate(RATE)
    assert chosen.text("status") == "plays"
    made = chosen.play(noise(), [512])
    kept = chosen.save()
    again = opened(generic(plugins, "effect", tmp_path))
    again.load(kept)
    assert again.value("knob 1") == pytest.approx(0.9)
    again.activate(RATE)
    np.testing.assert_array_equal(again.play(noise(), [512]), made)
    assert str(tmp_path / "own.ts").encode() in again.save()


def test_a_file_that_cannot_be_played_costs_one_line_and_the_sound(folder, chosen, tmp_path, capfd):
    for change in ("gone", "cut", "empty", "folder", "of another kind"):
        place = tmp_path / change
        if change == "folder":
            place.mkdir()
        elif change == "cut":
            place.write_bytes((tmp_path / "own.ts").read_bytes()[:-1000])
        elif change == "empty":
            place.write_bytes(b"")
        elif change == "of another kind":
            place.write_bytes(b"RIFF" * 1000)
        chosen.load(of_model(place))
        capfd.readouterr()
        chosen.activate(RATE)
        assert not chosen.play(noise(2000), [512]).any()
        assert chosen.text("status") == "cannot play the file" and chosen.latency == 0
        chosen.deactivate()
        chosen.load(of_model(tmp_path / "own.ts"))
        chosen.activate(RATE)
        assert chosen.play(noise(2000), [512]).any()
        chosen.deactivate()


def test_why_a_file_is_not_played_is_said(plugins, folder, opened, tmp_path, capfd):
    instrument = opened(generic(plugins, "instrument", tmp_path))
    for place, said in (
        (tmp_path / "gone.ts", "cannot be read"),
        (folder / "pedal.ts", "is an effect: load it into the effect, not the instrument"),
        (folder / "noted.ts", "plays in hosts of 4 to 768 kHz, not of 1000 Hz"),
    ):
        capfd.readouterr()
        instrument.load(of_model(place))
        instrument.activate(1000 if "1000 Hz" in said else RATE)
        instrument.deactivate()
        lines = capfd.readouterr().err.splitlines()
        assert len(lines) == 1 and lines[0].startswith(f"vschaos2: {place}: ") and said in lines[0]


def test_another_model_is_taken_up_while_it_plays(folder, chosen, engine):
    player = Player(engine, folder / "pedal.ts", 2)
    rate_hz = engine.vschaos_engine_sample_rate_hz(player.handle)
    chosen.activate(rate_hz)
    before = chosen.latency
    for _ in range(3):
        chosen.load(of_model(folder / "pedal.ts"))
        for _ in range(2000):
            chosen.play(silence(64), [64])
            if chosen.latency == 0:
                break
            time.sleep(0.005)
        assert chosen.latency == 0 and before > 0
        sound = noise(1000)
        player.reset()
        chosen.deactivate()
        chosen.activate(rate_hz)
        np.testing.assert_array_equal(chosen.play(sound, [128]), through_engine(player, sound))
    assert chosen.restarts >= 1  # a host is told of another latency


def test_the_audio_thread_allocates_nothing_while_models_come_and_go(plugins, folder):
    built(plugins, target="vschaos_plugin_stress", source="plugins")
    for name, kind in (("bells", "instrument"), ("bells", "effect"), ("pedal", "effect")):
        command = [plugins / "stress", folder / f"{name}.ts", kind, "0.5"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert ", 0 allocations, all finite" in done.stdout


def test_its_turtle_and_its_sound_in_lv2(engine, folder):
    plugin, player = Lv2Plugin(folder / "bells effect.lv2"), Player(engine, folder / "bells.ts", 2)
    assert f"<{plugin.uri}>" in plugin.text and ID.decode() not in plugin.text
    sound = noise()
    due = through_engine(player, sound)
    made = plugin.play(sound, [441])
    assert plugin.latency == HOP + player.delay("forward")
    np.testing.assert_array_equal(made[:, HOP : due.shape[1]], due[:, :-HOP])
    plugin.close()
    notes = [(500, bytes([DOWN, 60, 100]))]
    plugin = Lv2Plugin(folder / "bells.lv2")
    made = plugin.play(silence(), [441], notes)
    assert np.flatnonzero(made[0])[0] == 500 + plugin.latency
    assert list(plugin.names.values())[:6] == [
        *("Latency", "voices", "attack", "release", "drone", "by itself")
    ]
    plugin.close()


@pytest.mark.parametrize("kind", ["effect", "instrument"])
def test_a_plugin_that_has_lost_its_model_says_so(plugins, folder, tmp_path, capfd, kind):
    name = "bells effect.lv2" if kind == "effect" else "bells.lv2"
    bundle = tmp_path / name
    shutil.copytree(folder / name, bundle)
    place = bundle / "plugin.so"
    code = (plugins / f"{kind}-lv2.so").stat().st_size
    place.write_bytes(place.read_bytes()[: code + 5000])
    plugin = Lv2Plugin(bundle)
    assert not plugin.play(noise(2000), [512]).any()
    assert plugin.values["status"].value == 2.0  # cannot play
    plugin.close()
    lines = [line for line in capfd.readouterr().err.splitlines() if "assertion" not in line]
    assert lines == [f"{place}: carries its model no more: build it again from its model"]


def test_what_describes_a_bundle_is_called_wrongly_in_one_line(plugins, tmp_path):
    describe = plugins / "describe"
    (tmp_path / "plugin.so").write_bytes((plugins / "effect-lv2.so").read_bytes())
    (tmp_path / "text.so").write_bytes(b"no library")
    for words, said in (
        ((), "usage: "),
        (("plugin.so", "plugin.so"), "usage: "),
        (("gone.so",), "gone.so: cannot be read: No such file or directory"),
        (("text.so",), "text.so is no LV2 plug-in of this project: "),
    ):
        done = subprocess.run(
            [describe, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2 and done.stderr.startswith(said)
        assert len(done.stderr.splitlines()) == 1
    subprocess.run([describe, "plugin.so"], cwd=tmp_path, check=True)  # of its own folder
    assert (tmp_path / "manifest.ttl").is_file() and (tmp_path / "plugin.ttl").is_file()


def test_a_file_in_the_state_of_lv2(plugins, folder, tmp_path):
    bundle = tmp_path / "any.lv2"
    bundle.mkdir()
    (bundle / "plugin.so").write_bytes((plugins / "effect-lv2.so").read_bytes())
    subprocess.run([plugins / "describe", bundle / "plugin.so"], cwd=bundle, check=True)
    plugin = Lv2Plugin(bundle)
    key = f"{plugin.uri}#model"
    assert f"patch:writable <{key}>" in plugin.text  # a host can ask for a file
    plugin.restore({key: str(folder / "bells.ts").encode() + b"\0"})
    for _ in range(1000):
        made = plugin.play(noise(2048), [512])
        if plugin.latency > 0:
            break
        time.sleep(0.005)
    assert plugin.play(noise(2048), [512]).any() and made is not None
    assert plugin.save() == {key: str(folder / "bells.ts").encode() + b"\0"}
    plugin.close()


@pytest.mark.skipif(shutil.which("lv2info") is None, reason="lilv-utils: plugins/install_tools.sh")
def test_lilv_reads_the_bundles(folder, tmp_path, monkeypatch):
    for bundle in folder.glob("*.lv2"):
        shutil.copytree(bundle, tmp_path / bundle.name)
    monkeypatch.setenv("LV2_PATH", str(tmp_path))
    listed = subprocess.run(["lv2ls"], capture_output=True, text=True, check=True)
    uris = listed.stdout.split()
    assert len(uris) == len(set(uris)) == 3 and listed.stderr == ""
    for uri in uris:
        told = subprocess.run(["lv2info", uri], capture_output=True, text=True, check=True)
        assert told.stderr == ""
        if ":instrument:" in uri:
            names = re.findall(r"Name: +(.+)", told.stdout)
            card = json.loads((folder / "bells.json").read_text(encoding="utf-8"))
            rising = [words.split(",")[0] for words in card["latent"]["rising"]]
            for axis, words in enumerate(rising, 1):
                assert f"axis {axis} {words}".strip() in names


def test_vst3_in_pedalboard(engine, folder):
    pedalboard = pytest.importorskip("pedalboard")
    plugin = pedalboard.load_plugin(str(folder / "bells effect.vst3"))
    assert plugin.name == "bells effect"
    player, sound = Player(engine, folder / "bells.ts", 2), noise()
    due = through_engine(player, sound)
    late = HOP + player.delay("forward")
    for block in (64, 441, 512, 8192):  # it takes away what is told of the latency
        made = plugin.process(sound, RATE, buffer_size=block)
        end = due.shape[1] - late
        np.testing.assert_array_equal(made[:, :end], due[:, late - HOP : end + late - HOP])
    plugin.mix = 0.0
    plugin.process(silence(2000), RATE)
    np.testing.assert_array_equal(plugin.process(sound, RATE)[:, :9000], sound[:, :9000])
    instrument = pedalboard.load_plugin(str(folder / "bells.vst3"))
    assert instrument.is_instrument and "axis_1_darker" in instrument.parameters
    made = instrument([(bytes([DOWN, 60, 100]), 0.1)], duration=0.5, sample_rate=RATE)
    assert np.abs(made).max() > 0.01 and not made[:, : int(0.1 * RATE)].any()
    kept = plugin.raw_state
    again = pedalboard.load_plugin(str(folder / "bells effect.vst3"))
    again.raw_state = kept
    assert again.mix == 0.0


def test_parameters_are_called_after_what_they_set(folder):
    card = json.loads((folder / "bells.json").read_text(encoding="utf-8"))
    about = plugin_about("instrument", 'be"lls\\', card)
    assert about["name"] == "be'lls/"
    axes = [row for row in about["parameters"] if row["target"] == "axis"]
    assert [row["value"] for row in axes] == card["latent"]["places"][0]
    symbols = [row["symbol"] for row in about["parameters"]]
    assert len(set(symbols)) == len(symbols)
    assert all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", symbol) for symbol in symbols)
    assert "prior temperature" in {row["name"] for row in about["parameters"]}
    assert "prior temperature" not in {
        row["name"] for row in plugin_about("insert", "bells", card)["parameters"]
    }
    card["labels"] = {"commanded": [LABEL], "guessed": []}
    card["methods"]["decode"]["inlets"] += 1
    (label,) = [
        row for row in plugin_about("insert", "x", card)["parameters"] if row["target"] == "label"
    ]
    assert label["choices"] == ["heard", "A", "B"] and label["value"] == label["lowest"] == -1.0
    assert labels_of("instrument", card) == {"key": ["none", "A", "B"]}  # which hears nothing
    octave = {**LABEL, "task": "octave", "classes": OCTAVES}
    card["labels"]["commanded"] += [{**LABEL, "task": "pitch", "classes": PITCH_CLASSES}, octave]
    card["methods"]["decode"]["inlets"] += 2
    firsts = {task: words[0] for task, words in labels_of("instrument", card).items()}
    assert firsts == {"key": "none", "pitch": "by the notes", "octave": "by the notes"}
    assert {words[0] for words in labels_of("insert", card).values()} == {"heard"}
    assert kinds_of(card["methods"]) == ["instrument", "insert"]


def labels_of(kind: str, card: dict) -> dict[str, list[str]]:
    rows = plugin_about(kind, "x", card)["parameters"]
    return {row["name"]: row["choices"] for row in rows if row["target"] == "label"}


def test_a_unit_stands_in_a_name_once_and_a_seed_is_whole(folder):
    card = json.loads((folder / "bells.json").read_text(encoding="utf-8"))
    number = {"kind": "number", "value": 1.0, "lowest": 0.0, "highest": 2.0}
    named = {"echo_ms": "ms", "low_hz": "Hz", "low_ms": "ms", "sheen": "dB"}
    card["attributes"] += [{**number, "name": name, "unit": of} for name, of in named.items()]
    rows = plugin_about("instrument", "x", card)["parameters"]
    found = {row["symbol"]: row for row in rows if row["target"] == "control"}
    assert found["gain_db"]["name"] == "gain" and found["gain_db"]["unit"] == "dB"
    assert found["gain_db"]["control"] == "gain_db"
    assert found["echo_ms"]["name"] == "echo" and found["sheen"]["name"] == "sheen"
    # What would be alike without its unit keeps it.
    assert (found["low_hz"]["name"], found["low_ms"]["name"]) == ("low hz", "low ms")
    assert found["prior_seed"]["kind"] == "integer"
    assert found["prior_temperature"]["kind"] == "number"
    seed = re.search(
        r'\{"name": "prior_seed".+?\}', page("x", card, (folder / "bells.ts").read_bytes())
    )
    assert seed and json.loads(seed[0])["isWhole"] is True


LABEL = {
    "task": "key",
    "message": "set key",
    "classes": ["A", "B"],
    "plain": 0.0,
    "encode_inlet": None,
    "guessed_in": ["forward"],
}


def test_plugins_of_several_models_are_told_apart(folder, opened):
    first, second = opened(folder / "bells.clap"), opened(folder / "pedal.clap")
    other = opened(folder / "bells effect.clap")
    assert (first.name, second.name, other.name) == ("bells", "pedal", "bells effect")
    assert len({first.id, second.id, other.id}) == 3
    assert "drive" in second.parameters and "mix" in second.parameters


def test_what_carries_a_damaged_description_is_for_any_model(plugins, opened, tmp_path, capfd):
    code = (plugins / "effect-clap.so").read_bytes()
    about = {"name": "x", "parameters": [{"name": "odd"}], "places": []}
    for number, content in enumerate(
        (carrying(code, "insert", about, b"model"), code + bytes([255] * 16) + b"vschaos2")
    ):
        place = tmp_path / f"{number}.clap"
        place.write_bytes(content)
        assert opened(place).name == "vschaos effect"
        assert "build it again from its model" in capfd.readouterr().err


def test_what_no_plugin_can_be_made_of(plugins, folder, tmp_path):
    with pytest.raises(InputError, match="run make plugins first"):
        check_plugins(effect("lstm"), tmp_path)
    unknown = effect("lstm")
    unknown.for_engine = lambda: "a WaveNet"  # type: ignore[method-assign]
    with pytest.raises(InputError, match="knows nothing of a WaveNet: leave --daw out"):
        check_plugins(unknown, plugins)
    for file in plugins.glob("*.so"):
        (tmp_path / file.name).write_bytes(b"")
    card = json.loads((folder / "pedal.json").read_text(encoding="utf-8"))
    with pytest.raises(InputError, match="run make plugins again"):
        plugin_files("pedal", card, b"", tmp_path)


def test_of_a_file_that_was_exported_already(plugins, folder, tmp_path):
    for end in ("ts", "json"):
        shutil.copy(folder / f"pedal.{end}", tmp_path / f"pedal.{end}")
    write_plugins_of(tmp_path / "pedal.ts", tmp_path / "new", plugins)
    for path in (tmp_path / "new").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (folder / path.relative_to(tmp_path / "new")).read_bytes()
    assert len(list((tmp_path / "new").iterdir())) == 3
    card = json.loads((tmp_path / "pedal.json").read_text(encoding="utf-8"))
    for change, said in (
        ({"engine": None}, "was exported before plug-ins could play it"),
        ({"engine": {"plays": [], "knows_nothing_of": "hits"}}, "knows nothing of hits"),
        ({"attributes": 5}, "is no card"),
        ({"methods": ["forward"]}, "is no card"),
    ):
        (tmp_path / "pedal.json").write_text(json.dumps(card | change), encoding="utf-8")
        with pytest.raises(InputError, match=said):
            write_plugins_of(tmp_path / "pedal.ts", tmp_path / "other", plugins)
    (tmp_path / "pedal.json").unlink()
    with pytest.raises(InputError, match=r"pedal\.json: cannot be read: No such file"):
        write_plugins_of(tmp_path / "pedal.ts", tmp_path / "other", plugins)
    assert not (tmp_path / "other").exists()


def write_plugins_of(path: Path, folder: Path, built: Path, name: str | None = None) -> Path:
    return write_of_exported(path, folder, name, with_plugins=True, built=built)


def changed(content: bytes, change: str) -> bytes:
    if change == "cut":
        return content[:-1000]
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def test_a_file_is_compared_with_its_card(plugins, folder, tmp_path):
    for end in ("ts", "json"):
        shutil.copy(folder / f"pedal.{end}", tmp_path / f"pedal.{end}")
    path, card_place, out = tmp_path / "pedal.ts", tmp_path / "pedal.json", tmp_path / "out"
    whole, card = path.read_bytes(), json.loads(card_place.read_text(encoding="utf-8"))
    older = {key: value for key, value in card.items() if key != "sha256"}
    contents = {"swapped": (folder / "bells.ts").read_bytes()}
    contents |= {change: changed(whole, change) for change in ("cut", "flipped")}
    said = {"swapped": "plays otherwise than its card"}
    for change, content in contents.items():
        path.write_bytes(content)
        card_place.write_text(json.dumps(card), encoding="utf-8")
        with pytest.raises(InputError, match=r"is not the file that its card pedal\.json was made"):
            write_plugins_of(path, out, plugins)
        card_place.write_text(json.dumps(older), encoding="utf-8")
        with pytest.raises(InputError, match=said.get(change, "or a damaged one: export it again")):
            write_plugins_of(path, out, plugins)
    for words in ("[]", "5", "[" * 9000, "no card"):
        card_place.write_text(words, encoding="utf-8")
        with pytest.raises(InputError, match=r"pedal\.json: is no card"):
            write_plugins_of(path, out, plugins)
    assert not out.exists()
    path.write_bytes(whole)
    card_place.write_text(json.dumps(older), encoding="utf-8")
    assert write_plugins_of(path, out, plugins).read_bytes() == (folder / "pedal.clap").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes with names")
@pytest.mark.parametrize("end", ["ts", "json"])
def test_a_pipe_is_not_waited_for(plugins, folder, tmp_path, end):
    other = "json" if end == "ts" else "ts"
    shutil.copy(folder / f"pedal.{other}", tmp_path / f"pedal.{other}")
    os.mkfifo(tmp_path / f"pedal.{end}")
    with pytest.raises(InputError, match=rf"pedal\.{end}: is no plain file"):
        write_plugins_of(tmp_path / "pedal.ts", tmp_path / "out", plugins)
    (tmp_path / f"pedal.{end}").unlink()
    (tmp_path / f"pedal.{end}").symlink_to("/dev/zero")
    with pytest.raises(InputError, match=rf"pedal\.{end}: is no plain file"):
        write_plugins_of(tmp_path / "pedal.ts", tmp_path / "out", plugins)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_exported_already_is_told_what_can_be_made_of_it(folder, tmp_path):
    file = folder / "pedal.ts"
    found = subprocess.run(
        [sys.executable, "script.py", file, "--out", tmp_path], cwd=ROOT, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 2 and not any(tmp_path.iterdir())
    said = found.stderr.strip()
    assert said.endswith("add --daw for plug-ins of it, or --web for a page")
    assert "is exported already" in said and "\n" not in said


def test_a_name_does_not_take_the_place_of_anothers_effect(plugins, folder, tmp_path):
    for name in ("bells effect", "bells Effect"):
        with pytest.raises(InputError, match="would take the place of one: give another with -n"):
            write_plugins_of(folder / "pedal.ts", tmp_path / "out", plugins, name)
        with pytest.raises(InputError, match="would take the place of one: give another with -n"):
            export_playable(effect("lstm"), {}, tmp_path / "out", name, 3, with_plugins=True)
    assert not (tmp_path / "out").exists()


def test_what_is_refused_leaves_no_empty_folder(plugins, folder, tmp_path):
    for blocked in ("bells.clap", "bells effect.lv2/plugin.so", "bells.vst3/Contents/Resources"):
        out = tmp_path / blocked.replace("/", " ") / "out"
        if blocked.endswith("Resources"):
            (out / blocked).parent.mkdir(parents=True)
            (out / blocked).write_bytes(b"mine")
        else:
            (out / blocked).mkdir(parents=True)
        before = sorted(out.rglob("*"))
        with pytest.raises(InputError, match=r"a folder has this name|is a file, no folder"):
            write_plugins_of(folder / "bells.ts", out, plugins)
        assert sorted(out.rglob("*")) == before


def test_a_page_of_a_file_that_was_exported_already(plugins, folder, tmp_path):
    path = write_of_exported(folder / "bells.ts", tmp_path / "page", None, with_page=True)
    assert [each.name for each in path.parent.iterdir()] == ["bells.html"]
    card = json.loads((folder / "bells.json").read_text(encoding="utf-8"))
    content = (folder / "bells.ts").read_bytes()
    assert path.read_text(encoding="utf-8") == page("bells", card, content)
    path = write_of_exported(
        folder / "pedal.ts",
        *(tmp_path / "both", "drive"),
        with_page=True,
        with_plugins=True,
        built=plugins,
    )
    names = {"drive.html", "drive.clap", "drive.lv2", "drive.vst3"}
    assert {each.name for each in path.parent.iterdir()} == names


def test_what_is_compiled_in_may_be_given_on(plugins):
    """DPF and LV2 headers: ISC, in each of them. CLAP's have no words of their own: MIT."""
    lists = plugins.glob("CMakeFiles/*.dir/**/*.d")
    words = set(itertools.chain.from_iterable(path.read_text().split() for path in lists))
    used = {Path(word).resolve() for word in words if word.startswith("/usr/share/dpf/")}
    assert len(used) > 50
    for path in used:
        text = re.sub(r"[\s*]+", " ", path.read_text(encoding="utf-8", errors="replace"))
        if "clap" in path.parts:
            assert "General Public" not in text
        else:
            assert "Permission to use, copy, modify, and/or distribute this software" in text, path
    notice = (ROOT / "plugins/THIRD-PARTY.txt").read_text(encoding="utf-8")
    assert "Filipe Coelho" in notice and "Alexandre BIQUE" in notice and "David Robillard" in notice
