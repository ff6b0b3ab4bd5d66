# ruff: noqa: F811 (fixtures of another file)
"""Patches of voices: notes allotted in a real Pd, and what the voices play."""

from pathlib import Path

import numpy as np
import pytest
from maxpat_check import check_maxpat, patchers
from pd.reader import read_patch
from pd.runner import BLOCK, Patch, Played, record
from pd.sines import AMPLITUDE, AXES, HOP, hertz, write_sines
from test_external import compiler, library  # noqa: F401
from test_patches import assert_laid_out, made_card, ports

from vschaos2.patches import patch_files
from vschaos2.patches.controls import Controls
from vschaos2.patches.voices import VOICES, chord, common, has_voices, offsets, voiced

BUFFER = 512
RATE_HZ = 44100
NOTE = 57  # A3: 220 Hz
SECOND = RATE_HZ // BLOCK * BLOCK

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def test_notes_command_pitch_and_octave_and_all_else_is_common():
    assert [label.task for label in common(voiced("cello", made_card(4, 3))).labels] == [
        "instrument"
    ]
    shared = common(voiced("cello", made_card(4)))
    assert shared.labels == () and not np.any(shared.places)  # a note says the place
    card = made_card(4, 2)
    np.testing.assert_array_equal(common(voiced("cello", card)).places, card["latent"]["places"])


def test_the_chord_lies_within_one_octave_of_those_that_are_known():
    notes = np.array(chord(voiced("cello", made_card(4, 2))))  # of 0 to 8, octave 4 begins at A3
    np.testing.assert_array_equal(notes, [57, 60, 64, 67])
    assert set((notes + 3) // 12 - 1) == {4}
    assert len({note % 8 for note in chord(voiced("cello", made_card(4)))}) == VOICES


def test_the_buffer_leaves_time_for_as_many_calls_as_voices():
    """At 512 samples 11.6 ms pass, of which 70 % may be used: by four calls of 2 ms, not of 2.1."""
    blocks = {"512": 2.1, "1024": 3.0, "2048": 30.0}
    card = {**made_card(4), "smallest_safe_buffer": 512}
    load = {size: {"real_time_factor": 0.1, "slowest_ms": ms} for size, ms in blocks.items()}
    for slowest_ms, buffer in ((2.0, 512), (2.1, 1024)):
        load["512"]["slowest_ms"] = slowest_ms
        controls = voiced("cello", {**card, "load": {"decode": load}})
        assert controls.buffer == buffer
        assert "load of one core 40 % at most, by 4 voices" in controls.figures
    load["1024"]["slowest_ms"] = 30.0
    assert voiced("cello", {**card, "load": {"decode": load}}).buffer == 4096


def test_voices_stand_evenly_around_the_common_place():
    places = np.array(offsets(7))
    np.testing.assert_allclose(places.mean(0), 0.0, atol=1e-4)
    np.testing.assert_allclose((places**2).mean(0), 0.5, atol=1e-3)
    assert len(np.unique(np.abs(places[0]).round(2))) == 7


def test_only_instruments_with_decode_and_room_for_four_voices_have_the_patch():
    card = made_card(16, 2)
    assert has_voices(Controls.of("cello", card))
    card["methods"]["decode"] = ports(130, 512, 1, 1)
    assert not has_voices(Controls.of("cello", card))
    del card["methods"]["decode"]
    assert not has_voices(Controls.of("cello", card))
    assert not [name for name in patch_files("cello", card) if "voices" in name]


@pytest.mark.parametrize("labels", [0, 1, 2, 3])
def test_pd_joins_every_voice_with_inlets_of_its_own(labels):
    text = patch_files("cello", made_card(4, labels))["cello-voices.pd"]
    assert_laid_out({"cello-voices.pd": read_patch(text)})
    (canvas,) = [each for each in read_patch(text).every() if each.name == "voices"]
    boxes = [" ".join(box.words) for box in canvas.boxes]
    model = boxes.index(f"vschaos~ cello decode 2048 {VOICES}")
    voices = [box.inner.name if box.inner else "" for box in canvas.boxes]
    joined = {
        (voices[source], outlet): inlet
        for source, outlet, target, inlet in canvas.cords
        if target == model and voices[source]
    }
    inlets = 4 + labels
    assert joined == {
        (f"voice{voice + 1}", inlet): voice * inlets + inlet
        for voice in range(VOICES)
        for inlet in range(inlets)
    }


@pytest.mark.parametrize("labels", [0, 1, 2, 3])
def test_max_makes_a_batch_of_voices(labels):
    """A channel of every inlet is a voice: mc.nn~ makes a batch of as many as all of them have."""
    text = patch_files("cello", made_card(4, labels))["cello-voices.maxpat"]
    assert check_maxpat(text, {"decode": (4 + labels, 1)}) == []
    boxes, cords = inner_max(text, "mc.nn~")
    (model,) = (name for name, text in boxes.items() if text == "mc.nn~ cello decode 2048")
    (parts,) = (name for name, text in boxes.items() if text == f"mc.unpack~ {VOICES}")
    packs = {
        inlet: source
        for (source, _), (target, inlet) in cords
        if target == model and boxes[source] == f"mc.pack~ {VOICES}"
    }
    assert sorted(packs) == list(range(4 + labels))
    assert ((model, 0), (parts, 0)) in cords
    for voice in range(VOICES):
        (box,) = (name for name, text in boxes.items() if text == f"p voice{voice + 1}")
        for inlet, pack in packs.items():
            assert ((box, inlet), (pack, voice)) in cords
        (level,) = (
            target for (source, out), (target, _) in cords if (source, out) == (parts, voice)
        )
        assert boxes[level] == "*~" and ((box, 4 + labels), (level, 1)) in cords


def inner_max(text: str, name: str) -> tuple[dict[str, str], list[tuple[tuple, tuple]]]:
    """Texts of the boxes and cords of the patcher that holds a box of a class."""
    for patcher in patchers(text):
        boxes = {box["box"]["id"]: box["box"].get("text", "") for box in patcher["boxes"]}
        if any(text.split()[:1] == [name] for text in boxes.values()):
            lines = [line["patchline"] for line in patcher["lines"]]
            return boxes, [(tuple(line["source"]), tuple(line["destination"])) for line in lines]
    raise AssertionError(f"no {name}")


@pytest.mark.parametrize("labels", [0, 3])
def test_both_programs_give_a_note_the_same_labels_and_places(labels):
    card = made_card(4, labels)
    files = patch_files("cello", card)
    lists = [
        [entry["value"] for entry in box["box"]["coll_data"]["data"]]
        for patcher in patchers(files["cello-voices.maxpat"])
        for box in patcher["boxes"]
        if "coll_data" in box["box"]
    ]
    wanted = [[each] for each in range(12)] if labels else card["latent"]["places"]
    assert lists.count(wanted) == VOICES
    kept = " \\; ".join(" ".join(f"{value:g}" for value in line) for line in wanted)
    assert f"#A set {kept}" in files["cello-voices.pd"]


# --- in Pd ---


def voices_of(name: str, labels: int, places: list[list[float]] | None = None) -> str:
    """The patch of an instrument of known sound, whose last two inlets are labels or axes."""
    card = made_card(AXES + 2 - labels, labels)
    card["methods"] = {"decode": ports(AXES + 2, HOP, 1, 1)}
    card |= {"hop": HOP, "smallest_safe_buffer": BUFFER, "attributes": [], "load": {}}
    del card["host_rates_hz"]  # of a model that can be told none
    if places is not None:
        card["latent"]["places"] = places
    return patch_files(name, card)[f"{name}-voices.pd"]


@pytest.fixture(scope="module")
def sines(tmp_path_factory) -> Path:
    """The patch of an instrument of known sound."""
    folder = tmp_path_factory.mktemp("sines")
    write_sines(folder / "sines.ts")
    (folder / "sines-voices.pd").write_text(voices_of("sines", 2))
    return folder / "sines-voices.pd"


def played(
    folder: Path, library: Path, patch_path: Path, length: int, *events: tuple[float, str]
) -> np.ndarray:
    """What the voices of a patch play together, [T]; events are at moments in seconds."""
    key = patch_path.stem
    patch = Patch()
    tap = patch.box(f"r~ {key}-decode-sound")
    done: Played = record(
        folder,
        library,
        patch,
        [(tap, 0)],
        length,
        [(at * RATE_HZ, f"; {key}-{text}", None) for at, text in events],
        flags=("-lib", "vschaos~", "-path", str(patch_path.parent), "-open", str(patch_path)),
    )
    wrong = [line for line in done.lines if "error" in line or "couldn't" in line]
    assert done.code == 0 and wrong == []
    return done.signals[0]


def peaks_hz(sound: np.ndarray, count: int) -> list[float]:
    """The strongest partials of a sound, ascending: peaks of log spectra under a Gaussian window,
    which are parabolas."""
    times = np.linspace(-3.0, 3.0, len(sound))
    spectrum = np.log(np.abs(np.fft.rfft(sound * np.exp(-0.5 * times**2))) + 1e-12)
    inner = spectrum[1:-1]
    tops = 1 + np.flatnonzero((inner > spectrum[:-2]) & (inner >= spectrum[2:]))
    best = tops[np.argsort(-spectrum[tops])[:count]]
    left, top, right = spectrum[best - 1], spectrum[best], spectrum[best + 1]
    shift = 0.5 * (left - right) / (left - 2.0 * top + right)
    return sorted((best + shift) * RATE_HZ / len(sound))


def assert_notes(sound: np.ndarray, *notes: int) -> None:
    """These notes and no other sound, within 20 cents."""
    found = np.array(peaks_hz(sound, len(notes)))
    cents = 1200.0 * np.log2(found / [hertz(note) for note in sorted(notes)])
    assert np.abs(cents).max() < 20.0, (found, notes)
    weight = np.linalg.norm(sound) / np.sqrt(len(sound) / 2)
    assert abs(weight - AMPLITUDE * np.sqrt(len(notes))) < 0.05 * AMPLITUDE


@pytest.mark.slow
def test_notes_sound_together_and_fall_silent(library, sines, tmp_path):
    release_s = 0.3
    sound = played(
        tmp_path, library, sines, 3 * SECOND,
        (0.5, f"note {NOTE} 127"), (0.5, f"note {NOTE + 7} 127"),
        (1.5, f"note {NOTE} 0"), (2.2, f"note {NOTE + 7} 0"),
    )  # fmt: skip
    lag = BUFFER + BLOCK  # r~ may lag a block behind s~
    assert not sound[: SECOND // 2].any()
    assert_notes(sound[int(0.7 * RATE_HZ) : int(1.5 * RATE_HZ)], NOTE, NOTE + 7)
    ended = int((1.5 + release_s) * RATE_HZ) + lag
    assert_notes(sound[ended : int(2.2 * RATE_HZ)], NOTE + 7)
    ended = int((2.2 + release_s) * RATE_HZ) + lag
    assert not sound[ended:].any()


@pytest.mark.slow
def test_the_fifth_note_takes_the_place_of_the_oldest(library, sines, tmp_path):
    notes = [NOTE, NOTE + 3, NOTE + 7, NOTE + 10, NOTE + 14]
    sound = played(
        tmp_path, library, sines, 3 * SECOND,
        *((0.3 + 0.1 * i, f"note {note} 127") for i, note in enumerate(notes[:4])),
        (1.8, f"note {notes[4]} 127"),
    )  # fmt: skip
    assert_notes(sound[int(1.0 * RATE_HZ) : int(1.8 * RATE_HZ)], *notes[:4])
    assert_notes(sound[int(2.0 * RATE_HZ) :], *notes[1:])


@pytest.mark.slow
def test_no_note_clicks_and_none_begins_with_another_pitch(library, sines, tmp_path):
    """A sine of amplitude A and f cycles per sample moves by 2πfA at most, and its level by 1 in
    the attack. One that began with the pitch of the note before would show in its first periods."""
    low, high, attack = NOTE - 12, NOTE + 12, 0.010 * RATE_HZ
    sound = played(
        tmp_path, library, sines, 3 * SECOND,
        *((0.3, f"note {low} 127") for _ in range(4)),
        *((0.9, f"note {low} 0") for _ in range(4)),
        *((1.5 + 0.2 * i, f"note {high + i} 127") for i in range(5)),
    )  # fmt: skip
    jumps = np.abs(np.diff(sound))
    of_sines = 2.0 * np.pi * sum(hertz(high + i) for i in range(1, 5)) / RATE_HZ
    assert jumps.max() <= AMPLITUDE * (of_sines + 4.0 / attack)
    begun = np.flatnonzero(sound[int(1.4 * RATE_HZ) :])[0] + int(1.4 * RATE_HZ)
    assert abs(begun - 1.5 * RATE_HZ - BUFFER) <= 3 * BLOCK
    first = sound[begun : begun + int(4 * RATE_HZ / hertz(high))]
    crossings = np.count_nonzero(np.diff(np.signbit(first)))
    assert 7 <= crossings <= 9  # two in each of four periods


@pytest.mark.slow
def test_attack_release_chord_and_the_end_of_midi(library, sines, tmp_path):
    sound = played(
        tmp_path, library, sines, 4 * SECOND,
        (0.1, "attack 400"), (0.1, "release 100"), (0.3, "chord bang"), (3.3, f"note {NOTE} 127"),
        (3.6, "notes 0"),
    )  # fmt: skip
    early, late = sound[int(0.32 * RATE_HZ) :][:4410], sound[int(0.9 * RATE_HZ) :][:22050]
    assert np.abs(early).max() < 0.3 * np.abs(late).max()
    assert_notes(late / (90 / 127) ** 2, *chord(voiced("sines", made_card(AXES, 2))))
    ended = int(2.9 * RATE_HZ) + BUFFER + BLOCK
    assert not sound[ended : int(3.3 * RATE_HZ)].any()
    assert sound[int(3.5 * RATE_HZ) :][:441].any()
    assert not sound[int(3.7 * RATE_HZ) + BUFFER + BLOCK :].any()  # no note stays for ever


@pytest.mark.slow
def test_axes_are_common_and_voices_stand_apart_by_the_spread(library, sines, tmp_path):
    axis, spread, notes = -0.5, 0.25, (NOTE, NOTE + 12)
    sound = played(
        tmp_path, library, sines, SECOND,
        (0.1, f"axis1 {axis}"), (0.1, f"spread {spread}"), *((0.1, f"note {n} 127") for n in notes),
    )  # fmt: skip
    part = sound[int(0.3 * RATE_HZ) :][: 441 * 50]  # whole periods of 220 and 440 Hz
    for note, (place, *_) in zip(notes, offsets(AXES), strict=False):
        wave = np.exp(-2j * np.pi * hertz(note) / RATE_HZ * np.arange(len(part)))
        amplitude = 2.0 * abs(part @ wave) / len(part)
        assert abs(amplitude / (AMPLITUDE * 2.0 ** (axis + spread * place)) - 1.0) < 1e-3


@pytest.mark.slow
def test_without_a_label_of_pitch_notes_choose_places(library, tmp_path):
    """Pitch and octave are two axes here: place p is note p, and all of them are moved by 2."""
    write_sines(tmp_path / "places.ts")
    places = [[0.0] * AXES + [float(pitch), 4.0] for pitch in range(8)]
    (tmp_path / "places-voices.pd").write_text(voices_of("places", 0, places))
    sound = played(
        tmp_path, library, tmp_path / "places-voices.pd", SECOND,
        (0.1, f"axis{AXES + 1} 2"), (0.1, "note 61 127"), (0.1, "note 64 127"),
    )  # fmt: skip
    assert_notes(sound[int(0.3 * RATE_HZ) :], NOTE + 61 % 8 + 2, NOTE + 64 % 8 + 2)
