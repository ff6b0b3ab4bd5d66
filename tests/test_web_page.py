"""NAME.html: what is in it, what is refused, and how it plays in headless Chromium."""

import gzip
import json
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from chromium import Browser, program
from forked import run_forked
from small_hits import decaying_hits
from taught import USUAL, sound, taught
from test_small_engine_effects import effect
from web_engine import NO_NODE, ask_node, node, rounded_as_in_page

from vschaos2.errors import InputError
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.page import SCRIPTS, WEB, WORKLET, page
from vschaos2.export.playable import Playable
from vschaos2.export.write import export_playable

ROOT = Path(__file__).resolve().parents[1]
HOP = 256  # more than the 128 samples that browsers ask for at a time
LARGE = {
    **USUAL,
    "encoder": {"linear": True, "hidden_dim": 192},
    "decoder": {"linear": True, "hidden_dim": 192},
}
FAKE_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SILENT = -60

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
in_chromium = pytest.mark.skipif(
    program() is None, reason="chromium is missing: engine/web/install_tools.sh installs it"
)


@pytest.fixture(scope="module")
def instrument() -> Playable:
    return taught(LARGE, {"n_fft": 1024, "hop": HOP}, plays_itself=True)


@pytest.fixture(scope="module")
def folder(instrument, tmp_path_factory) -> Path:
    """Of an instrument's files, and a pedal's."""
    folder = tmp_path_factory.mktemp("pages")
    export_playable(instrument, {}, folder, "bells", blocks=3, with_page=True)
    export_playable(effect("lstm"), {}, folder, "pedal", blocks=3, with_page=True)
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("chromium"), FAKE_MICROPHONE) as opened:
        yield opened


@pytest.fixture
def bells(browser, folder) -> Browser:
    """The page of the instrument, just opened."""
    browser.size(1280, 900)
    browser.open(folder / "bells.html")
    return browser


@pytest.fixture
def playing(bells) -> Browser:
    """The same, once it sounds."""
    bells.click("#start")
    bells.wait("document.getElementById('start').textContent === 'Stop'")
    return bells


def part(text: str, name: str) -> str:
    """What an element of the page holds."""
    found = re.search(rf'id="{name}">(.*?)</script>', text, re.DOTALL)
    assert found
    return found[1]


def card_of(folder: Path, name: str) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return card


def test_all_of_it_is_in_one_file(folder):
    text = (folder / "bells.html").read_text(encoding="utf-8")
    wasm = gzip.decompress(b64decode(part(text, "wasm")))
    assert wasm == (WEB / "engine.wasm").read_bytes()
    for word in ("http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttp", "<link"):
        assert word not in text, word
    assert "{{" not in re.sub(r"\$\{\{", "", text)
    listed = {*WORKLET, *SCRIPTS, "page.html", "page.css", "engine.wasm", "engine.sha256"}
    assert listed == {path.name for path in WEB.iterdir()}


def test_it_shows_what_the_card_tells(folder):
    text = (folder / "bells.html").read_text(encoding="utf-8")
    about, card = json.loads(part(text, "about")), card_of(folder, "bells")
    assert [axis["rising"] for axis in about["axes"]] == [
        words.split(",")[0] for words in card["latent"]["rising"]
    ]
    assert about["places"] == card["latent"]["places"]
    assert about["rate"] == 44100 and set(about["methods"]) == {"forward", "decode", "prior"}
    shown = {row["name"] for row in card["attributes"] if row.get("shown", True)}
    readings = {row["name"] for row in card["attributes"] if row["kind"] == "reading"}
    assert {row["name"] for row in about["settings"]} == shown - readings
    late_ms = 1000.0 * (card["delay_samples"]["forward"] + HOP) / 44100
    assert about["delays"]["forward"] == pytest.approx(late_ms, abs=1.0)


def test_words_of_an_instrument_are_no_part_of_the_page(folder):
    card, content = card_of(folder, "bells"), (folder / "bells.ts").read_bytes()
    hostile = "</script><script>alert(1)</script><!--"
    card["latent"]["rising"][0] = hostile
    text = page("<b>&", card, content)
    assert "<title>&lt;b&gt;&amp;</title>" in text
    assert text.count("</script>") == (folder / "bells.html").read_text().count("</script>")
    assert json.loads(part(text, "about"))["axes"][0]["rising"] == hostile


def labelled(folder: Path) -> str:
    """The page of the same instrument, whose card tells of labels."""
    card, content = card_of(folder, "bells"), (folder / "bells.ts").read_bytes()
    row = {"guessed_in": ["forward", "decode"], "encode_inlet": None, "plain": 0}
    pitch = {**row, "task": "pitch", "message": "set pitch", "classes": [str(i) for i in range(12)]}
    octave = {**row, "task": "octave", "message": "set octave", "classes": ["3", "4", "5"]}
    octave |= {"guessed_in": []}
    card["labels"] = {"commanded": [pitch, octave], "guessed": []}
    card["methods"]["decode"]["inlets"] += 2
    card["methods"]["forward"]["inlets"] += 2
    return page("bells", card, content)


def test_notes_command_labels_where_they_can(folder):
    about = json.loads(part(labelled(folder), "about"))
    assert about["notes"] == {
        "pitch": 0, "classes": list(range(12)), "octave": 1, "lowestOctave": 3, "octaves": 3,
    }  # fmt: skip
    assert [label["first"] for label in about["labels"]] == [-1, 0]
    assert [label["guess"] for label in about["labels"]] == ["guess", ""]


def test_what_no_page_plays_is_refused_before_anything_is_written(instrument, tmp_path):
    instrument.for_engine = lambda: "labels"  # type: ignore[method-assign]
    try:
        with pytest.raises(InputError, match=r"--web: .* knows nothing of labels: leave --web out"):
            export_playable(instrument, {}, tmp_path / "new", "bells", blocks=3, with_page=True)
    finally:
        del instrument.for_engine
    with pytest.raises(InputError, match=r"--web: .* forward and decode, and this has hit alone"):
        export_playable(decaying_hits(), {}, tmp_path / "new", "knock", blocks=3, with_page=True)
    with pytest.raises(InputError, match=r"--daw: .* decode and forward, and this has hit alone"):
        export_playable(decaying_hits(), {}, tmp_path / "new", "knock", blocks=3, with_plugins=True)
    assert not (tmp_path / "new").exists()


def test_the_program_writes_it_or_says_why_not(tiny_run_folder, tmp_path):
    def script(*words: str | Path):
        return run_forked(ROOT / "script.py", [*map(str, words), "-o", str(tmp_path / "out")], ROOT)

    for words, said in (
        (("detector", "--web"), "--web: the detector is no run, and takes --rate only"),
        ((tiny_run_folder, "--web", "--nam"), "--nam and --web: .* give one"),
    ):
        done = script(*words)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1 and re.search(said, done.stderr), done.stderr
        assert not (tmp_path / "out").exists()
    done = script(ROOT / "tests/runs_of_0_1/labelled", "--web", "-n", "told")
    assert done.returncode == 0, done.stderr
    assert {"told.ts", "told.json", "told.html"} <= {p.name for p in (tmp_path / "out").iterdir()}
    done = script(tmp_path / "out/told.ts", "--web", "-n", "again")  # of the file and its card
    assert done.returncode == 0 and done.stdout == f"exported: {tmp_path}/out/again.html\n"
    (tmp_path / "out/told.ts").write_bytes(b"another")
    done = script(tmp_path / "out/told.ts", "--web", "-n", "other")
    assert done.returncode == 2 and not (tmp_path / "out/other.html").exists()
    assert done.stderr.endswith(
        ": is not the file that its card told.json was made for: export it again\n"
    )


RUN = """
const fs = require("fs");
(0, eval)(fs.readFileSync(process.argv[1], "utf8") + ";globalThis.made = " + process.argv[2]);
console.log(JSON.stringify(made));
"""


@pytest.mark.skipif(node() is None, reason=NO_NODE)
def test_axes_glide_and_walk():
    glide = """(() => { const m = new Motion([0, 4], [[0, 0]], [[0]]); m.glide([2, 0], 0.5);
      const seen = []; for (let i = 0; i < 6; ++i) { m.step(0.125); seen.push([...m.now]); }
      m.put(1, 7); m.step(1); return [...seen, [...m.now]]; })()"""
    made = ask_node("-e", RUN, WEB / "motion.js", glide)
    assert made == [[0.5, 3], [1, 2], [1.5, 1], [2, 0], [2, 0], [2, 0], [2, 7]]
    walk = """(() => { const m = new Motion([0], [[0], [1], [3]], [[1], [2], [1]], () => 0);
      m.walkSeconds = 2; m.walk(true); const seen = [];
      for (let i = 1; i <= 800; ++i) { m.step(0.01); if (i % 200 === 0) seen.push(m.now[0]); }
      m.walk(false); m.step(5); return [...seen, m.now[0]]; })()"""
    made = ask_node("-e", RUN, WEB / "motion.js", walk)
    due, place = [], 0.0
    for stop in (1.0, 3.0, 1.0, 3.0):  # to a twentieth of the way, in three time constants
        place += (1.0 - np.exp(-3.0)) * (stop - place)
        due.append(place)
    assert made == pytest.approx([*due, due[-1]], abs=0.05)


@pytest.mark.skipif(node() is None, reason=NO_NODE)
def test_what_is_recorded_is_a_wav_file(tmp_path):
    made = ask_node(
        *("-e", RUN, WEB / "record.js"),
        "[...new Uint8Array(wav([[[0, 0.5, -0.25], [1, 2, -1]], [[0.125], [-3]]], 32000))]",
    )
    (tmp_path / "made.wav").write_bytes(bytes(made))
    read, rate = soundfile.read(tmp_path / "made.wav", dtype="float64")
    assert rate == 32000
    due = np.array([[0, 1], [0.5, 1], [-0.25, -1], [0.125, -1]])
    assert np.abs(read - due).max() < 2e-7


def floats_of(browser: Browser, expression: str) -> np.ndarray:
    """A Float32Array of the page."""
    text = browser.ask(
        f"(async () => {{ const x = new Uint8Array((await {expression}).buffer); let s = '';"
        "for (const b of x) s += String.fromCharCode(b); return btoa(s); })()"
    )
    return np.frombuffer(b64decode(text), np.float32)


OFFLINE = """(async () => {
  const bytes = Uint8Array.from(atob("%s"), (c) => c.charCodeAt(0));
  const heard = new Float32Array(bytes.buffer), rate = about.rate;
  const context = new OfflineAudioContext(1, heard.length, rate);
  Object.assign(sound.state, %s);
  const node = await sound.nodeIn(context);
  const buffer = new AudioBuffer({ length: heard.length, sampleRate: rate });
  buffer.copyToChannel(heard, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
})()"""


def offline(browser: Browser, heard: np.ndarray, **state: Any) -> np.ndarray:
    """What the page's instrument makes of a sound, or of nothing for as long."""
    letters = b64encode(heard.astype("<f4").tobytes()).decode()
    return floats_of(browser, OFFLINE % (letters, json.dumps(state)))


@in_chromium
def test_its_sound_is_that_of_torch(instrument, folder, bells):
    heard = sound(0.4, seed=1)
    still = torch.tensor([[0.5], [-0.4], [0.8]]).expand(-1, heard.shape[1] // HOP)
    plain: dict[str, Any] = {"texture": 0.0, "limiter": "off"}

    def due(method: str, values: torch.Tensor, inversion: str) -> np.ndarray:
        for name, value in {**plain, "inversion": inversion}.items():
            assert set_attribute(instrument.eager, name, value) == 0
        instrument.reset()
        with torch.inference_mode():
            made: np.ndarray = getattr(instrument.eager, method)(values[None])[0, 0].numpy()
        return made

    kept = {name: tensor.clone() for name, tensor in instrument.eager.state_dict().items()}
    exact = due("forward", heard, "keep_input")
    rounded_as_in_page(instrument, (folder / "bells.ts").read_bytes())
    forward, decode = due("forward", heard, "keep_input"), due("decode", still, "eco")
    instrument.eager.load_state_dict(kept)
    settings = {**plain, "inversion": "keep_input"}
    made = offline(bells, heard[0].numpy(), method="forward", settings=settings)
    assert not made[:HOP].any()
    for wanted, most in ((forward, 1e-5), (exact, 1e-3)):
        assert np.abs(made[HOP:] - wanted[:-HOP]).max() < most * np.abs(wanted).max()
    settings["inversion"] = "eco"
    axes = still[:, 0].tolist()
    silence = np.zeros(heard.shape[1], np.float32)
    made = offline(bells, silence, method="decode", settings=settings, axes=axes)
    assert np.abs(made - decode).max() < 1e-3 * np.abs(decode).max()


@in_chromium
def test_labels_are_chosen_by_name(browser, tmp_path):
    key = {"dim": 3, "target": ["decoder"], "embedding": "OneHot"}
    guess = {"dim": 3, "input": "latent", "args": {"target_dist": "Categorical"}}
    options = {**USUAL, "conditioning": {"key": key}, "prediction": {"key": guess}}
    told = taught(options, classes={"key": ["do", "re", "mi"]})
    export_playable(told, {}, tmp_path, "told", blocks=3, with_page=True)
    browser.open(tmp_path / "told.html")
    names = browser.ask(
        "[...document.querySelectorAll('#labels option')].map((each) => each.textContent)"
    )
    assert names[1:] == ["do", "re", "mi"]
    for name, value in (("inversion", "random"), ("limiter", "off"), ("texture", 0.0)):
        assert set_attribute(told.eager, name, value) == 0
    state = {"settings": {"inversion": "random", "limiter": "off", "texture": 0.0}}
    state |= {"method": "decode", "axes": [0.5, -0.4, 0.8]}
    for label in (-1.0, 1.0, 2.0):  # -1: as it is guessed
        told.reset()
        given = torch.tensor([[0.5], [-0.4], [0.8], [label]]).expand(-1, 40)
        with torch.inference_mode():
            due = told.eager.decode(given[None])[0, 0].numpy()
        made = offline(browser, np.zeros(len(due), np.float32), labels=[label], **state)
        assert np.abs(made - due).max() < 1e-4 * np.abs(due).max()


@in_chromium
def test_an_effect_has_a_page_too(folder, browser):
    browser.open(folder / "pedal.html")
    names = browser.ask("[...document.querySelectorAll('.slider label')].map((l) => l.textContent)")
    assert "drive" in names and "mix" in names
    assert browser.ask("document.querySelector('#axes, #keys, #moves')") is None
    pedal = effect("lstm")
    heard = 0.2 * torch.randn(1, 4096, generator=torch.Generator().manual_seed(1))
    assert set_attribute(pedal.eager, "drive", 9.0) == 0
    pedal.reset()
    with torch.inference_mode():
        due = pedal.eager.forward(heard[None])[0, 0].numpy()
    made = offline(browser, heard[0].numpy(), method="forward", settings={"drive": 9.0})
    assert np.abs(made - due).max() < 1e-5 * np.abs(due).max()


def level(browser: Browser) -> int:
    """What the meter says, in dB."""
    return int(browser.ask("document.getElementById('meter').getAttribute('aria-valuenow')"))


def louder_than(decibels: float) -> str:
    return f"document.getElementById('meter').getAttribute('aria-valuenow') > {decibels}"


LABEL = "[...document.querySelectorAll('label')].find((l) => l.textContent === '%s')"


def error_line(browser: Browser) -> str:
    return str(browser.ask("document.getElementById('error').textContent"))


def shown(browser: Browser) -> list[float]:
    """What the sliders of the axes say."""
    found = browser.ask(
        "[...document.querySelectorAll('#axes .slider output')].map((o) => Number(o.textContent))"
    )
    return [float(value) for value in found]


AXES_AT = (
    "[...document.querySelectorAll('#axes .slider output')].every((o, i) =>"
    " Math.abs(Number(o.textContent) - about.places[%d][i]) < 0.011)"
)


@in_chromium
def test_axes_by_slider_pad_preset_and_key(playing):
    playing.wait(louder_than(SILENT))
    playing.ask("document.querySelector('#axes .sliders input').focus()")
    before = shown(playing)
    for _ in range(3):
        playing.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight", code="ArrowRight",
                     windowsVirtualKeyCode=39)  # fmt: skip
    slider = "Number(document.querySelectorAll('#axes .slider output')[%d].textContent)"
    playing.wait(f"{slider % 0} > {before[0]}")
    assert shown(playing)[1:] == before[1:]
    x, y = playing.place(".pad")
    width = playing.ask("document.querySelector('.pad').clientWidth")
    playing.mouse("mousePressed", x, y)
    playing.mouse("mouseMoved", x + width, y - width)
    playing.mouse("mouseReleased", x + width, y - width)
    ends = playing.ask("about.axes.map((axis) => [axis.lowest, axis.highest])")
    for axis in (0, 1):
        playing.wait(f"Math.abs({slider % axis} - {ends[axis][1]}) < 0.011")
    playing.click(".presets button:nth-child(3)")
    playing.wait(AXES_AT % 2)
    playing.key("d")  # E, note 64
    playing.wait(AXES_AT % (64 % len(playing.ask("about.places"))))
    assert error_line(playing) == ""


@in_chromium
def test_axes_move_without_a_hand(playing):
    for switch in ("Walk from sound to sound", "Play by itself, as the recordings move"):
        playing.ask(f"{LABEL % switch}.click()")
        before = shown(playing)
        playing.wait(
            f"[...document.querySelectorAll('#axes .slider output')].some((o, i) => "
            f"Math.abs(Number(o.textContent) - {json.dumps(before)}[i]) > 0.05)"
        )
    boxes = playing.ask(
        "[...document.querySelectorAll('#moves input[type=checkbox]')].map((b) => b.checked)"
    )
    assert boxes == [False, True]  # one of them at a time
    playing.click(".presets button:nth-child(2)")  # a hand has the last word
    playing.wait(AXES_AT % 1)
    assert not playing.ask(
        "[...document.querySelectorAll('#moves input[type=checkbox]')].some((b) => b.checked)"
    )


@in_chromium
def test_keys_command_labels(folder, browser, tmp_path):
    (tmp_path / "labelled.html").write_text(labelled(folder), encoding="utf-8")
    browser.open(tmp_path / "labelled.html")
    chosen = (
        "[...document.querySelectorAll('#labels select')].map((s) => s.selectedOptions[0].text)"
    )
    assert browser.ask(chosen) == ["guess", "3"]
    browser.key("d")  # E4, the eighth from A on; A3 opens octave 4
    assert browser.ask(chosen) == ["7", "4"]
    browser.key("h")  # A4
    assert browser.ask(chosen) == ["0", "5"]
    assert browser.ask("document.getElementById('keys').textContent").count("play labels") == 1
    assert error_line(browser) == ""


@in_chromium
def test_keys_gate_the_sound(playing):
    playing.ask(f"{LABEL % 'Sound only while a key is held'}.click()")
    playing.wait("document.getElementById('meter').getAttribute('aria-valuenow') == -60")
    playing.key("g", "keyDown")
    playing.wait(louder_than(SILENT + 1))
    assert playing.ask("document.querySelectorAll('.key.is-down').length") == 1
    playing.key("g", "keyUp")
    playing.wait("document.getElementById('meter').getAttribute('aria-valuenow') == -60")
    playing.ask(
        "navigator.requestMIDIAccess = async () =>"
        " (window.midi = { inputs: new Map([[1, { name: 'a piano' }]]) })"
    )
    playing.click("#keys .row button")
    playing.wait("document.querySelector('#keys [role=status]').textContent === 'a piano'")
    playing.ask("midi.inputs.get(1).onmidimessage({ data: [0x93, 62, 100] })")
    playing.wait(louder_than(SILENT + 1))
    playing.wait(AXES_AT % (62 % len(playing.ask("about.places"))))
    playing.ask("midi.inputs.get(1).onmidimessage({ data: [0x93, 62, 0] })")
    playing.wait("document.getElementById('meter').getAttribute('aria-valuenow') == -60")


@in_chromium
def test_settings_volume_and_stop(playing):
    playing.wait(louder_than(SILENT + 20))
    turn = """((name, value) => {
      const labels = [...document.querySelectorAll('label')];
      const { htmlFor } = labels.find((label) => label.textContent.startsWith(name));
      const input = document.getElementById(htmlFor);
      input.value = value;
      input.dispatchEvent(new Event(input.tagName === 'SELECT' ? 'change' : 'input'));
      return document.querySelector(`output[for="${htmlFor}"]`)?.textContent;
    })"""
    assert playing.ask(f"{turn}('prior seed', 0.333)") == "33"  # of 100, a whole number
    before = level(playing)
    playing.ask(f"{turn}('Volume', -48)")
    playing.wait(f"!({louder_than(before - 30)})")
    playing.ask(f"{turn}('Volume', 0)")
    playing.ask(f"{turn}('gain', 0)")  # the least of its usual range
    playing.wait(f"!({louder_than(before - 30)})")
    for mode in range(7):
        playing.ask(f"{turn}('inversion', {mode})")
    playing.ask(f"{turn}('gain', 1)")
    playing.wait(louder_than(before - 30))
    playing.click("#start")
    playing.wait("sound.context.state === 'suspended'")
    assert playing.ask("document.getElementById('start').textContent") == "Start"
    assert error_line(playing) == ""


@in_chromium
def test_what_is_heard_is_recorded(playing, tmp_path):
    playing.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    playing.wait(louder_than(SILENT + 20))
    playing.click("#record")
    playing.ask("new Promise((done) => setTimeout(done, 700))")
    assert playing.ask("document.getElementById('record').textContent") == "Stop recording"
    playing.click("#record")
    for _ in range(100):
        if (tmp_path / "bells.wav").exists():
            break
        playing.ask("new Promise((done) => setTimeout(done, 50))")
    heard, rate = soundfile.read(tmp_path / "bells.wav")
    assert rate == 44100 and heard.ndim == 1 and len(heard) > 4410
    assert 0.0 < np.abs(heard).max() <= 1.0


@in_chromium
def test_microphone_and_files_go_through_it(playing, tmp_path):
    choose = "document.querySelector('input[value=%s]').click()"
    playing.ask(choose % "microphone")
    playing.wait("sound.source instanceof MediaStreamAudioSourceNode")
    playing.wait(louder_than(SILENT))
    soundfile.write(tmp_path / "notes.wav", sound(0.5, seed=2)[0].numpy(), 44100)
    (tmp_path / "words.txt").write_text("no sound")
    root = playing.call("DOM.getDocument")["root"]["nodeId"]
    file = playing.call("DOM.querySelector", nodeId=root, selector="input[type=file]")["nodeId"]
    playing.ask(choose % "file")
    playing.call("DOM.setFileInputFiles", nodeId=file, files=[str(tmp_path / "notes.wav")])
    playing.wait("sound.source instanceof AudioBufferSourceNode")
    playing.wait(louder_than(SILENT + 20))
    assert error_line(playing) == ""
    playing.call("DOM.setFileInputFiles", nodeId=file, files=[str(tmp_path / "words.txt")])
    playing.wait("!document.getElementById('error').hidden")
    assert error_line(playing).startswith("words.txt is no sound that this browser can read")
    playing.ask(choose % "axes")
    playing.wait("document.getElementById('error').hidden")


@in_chromium
def test_an_error_is_one_plain_line(folder, browser, tmp_path):
    text = (folder / "bells.html").read_text(encoding="utf-8")
    broken = b64encode(gzip.compress(b"hello" * 100)).decode()
    (tmp_path / "broken.html").write_text(text.replace(part(text, "model"), broken))
    browser.open(tmp_path / "broken.html")
    browser.click("#start")
    browser.wait("!document.getElementById('error').hidden")
    assert error_line(browser) == "This page cannot play: the instrument is no TorchScript file"


# Of every element with words: what it is, and how its letters stand out (WCAG 2.1, 1.4.3).
CONTRASTS = """(() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((digits) => {
      const v = digits / 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return /, 0\\)$/.test(colour) && element.parentElement ? ground(element.parentElement) : colour;
  };
  const hasWords = (element) => element.checkVisibility() &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  return [...document.querySelectorAll('body *')].filter(hasWords).map((element) => {
    const both = [getComputedStyle(element).color, ground(element)].map(luminance);
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    return [element.outerHTML.slice(0, 60), ratio];
  });
})()"""


@in_chromium
def test_everything_has_a_name_and_can_be_read(bells):
    nodes = bells.call("Accessibility.getFullAXTree")["nodes"]
    asked = {"slider", "button", "checkbox", "combobox", "radio", "meter", "application"}
    named = [
        (each["role"]["value"], each.get("name", {}).get("value"))
        for each in nodes
        if each.get("role", {}).get("value") in asked and not each["ignored"]
    ]
    assert asked <= {role for role, _ in named}
    assert all(name for _, name in named), named
    contrasts = bells.ask(CONTRASTS)
    assert len(contrasts) > 30
    assert min(ratio for _, ratio in contrasts) >= 4.5, min(contrasts, key=lambda row: row[1])
    assert bells.ask("document.documentElement.lang") == "en"
    bells.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab",
               windowsVirtualKeyCode=9)  # fmt: skip
    assert bells.ask("document.activeElement.id") == "start"


@in_chromium
@pytest.mark.parametrize("width", [320, 390, 768])
def test_it_is_as_wide_as_a_phone(bells, width):
    bells.size(width, 800)
    assert bells.ask("document.documentElement.scrollWidth") == width
    beyond = bells.ask(
        "[...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() &&"
        " e.getBoundingClientRect().right > innerWidth + 0.5).map((e) => e.outerHTML.slice(0, 60))"
    )
    assert beyond == []
