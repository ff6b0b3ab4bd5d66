import copy
import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from conftest import TINY
from exports import export_run
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.export.card import card_table
from vschaos2.export.checks import check_methods
from vschaos2.export.nn_tilde import scripted
from vschaos2.export.trial import ExportError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.families.vae.projection import PROJECTIONS, fit_axes, own_axes
from vschaos2.families.vae.streaming_vae import StreamingVAE
from vschaos2.labels.inlets import LabelTexts
from vschaos2.labels.ports import LABEL_WIDTH, LabelPort, LabelPorts, attribute_name
from vschaos2.runs.folder import Run

N_FFT, HOP, HOPS = 512, 128, 24
PITCHES = ["A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"]
# pitch: guessed from the latent; octave: told to the encoder too, never guessed; brightness: a
# number, guessed from what is heard; voice: guessed only.
LABELS = """
conditioning:
  pitch: {dim: 12}
  octave: {dim: 9, target: [encoder, decoder]}
  brightness: {dim: 1, embedding: Float}
prediction:
  voice: {dim: 3, args: {hidden_dims: 16}}
  pitch: {dim: 12, input: latent, args: {hidden_dims: 16}}
  brightness: {dim: 1, args: {hidden_dims: 16, target_dist: Normal}}
"""
PITCH, OCTAVE, BRIGHTNESS = 0, 1, 2  # columns of the labels
GUESSED_VOICE, GUESSED_PITCH, GUESSED_BRIGHTNESS = 0, 1, 2  # columns of the guesses

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def labelled_run(
    labels: str | DictConfig = LABELS, classes: dict[str, list[str]] | None = None
) -> Run:
    """A run that was never trained; its predictors' weights are raised until guesses differ."""
    config = OmegaConf.create(TINY)
    config.model = OmegaConf.merge(config.model, OmegaConf.create(labels))
    assert isinstance(config, DictConfig)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
        latents = torch.randn(256, 4)
    for predictor in model.prediction.predictors:
        for layer in predictor.layers:
            if isinstance(layer, torch.nn.Linear):
                layer.weight *= 4.0
    folder = Path("runs") / "labelled" / "version_0"
    return Run(folder, config, model, Kept(latents, classes or {"pitch": PITCHES}), {"step": 1.0})


@pytest.fixture(scope="module")
def run() -> Run:
    return labelled_run()


@pytest.fixture(scope="module")
def path(run, tmp_path_factory) -> Path:
    return export_run(run, tmp_path_factory.mktemp("labels"), "tiny", blocks=2, confidence=True)


@pytest.fixture(scope="module")
def loaded(path) -> torch.jit.ScriptModule:
    return torch.jit.load(str(path))


@pytest.fixture
def instrument(loaded) -> torch.jit.ScriptModule:
    answers = [loaded.set_pitch("0"), loaded.set_octave("0"), loaded.set_brightness("0")]
    answers += [loaded.set_inversion("default"), loaded.set_projection("none")]
    assert [*answers, loaded.set_reset(True)] == [0] * 6
    return loaded


class Eavesdropper(InstrumentCore):
    """Remembers the labels that reach the decoder."""

    def magnitude(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        self.latents, self.told = latent, labels
        return super().magnitude(latent, labels)


@pytest.fixture
def core(run) -> Eavesdropper:
    return Eavesdropper(run.model, {kind: own_axes(4) for kind in PROJECTIONS}, 4).eval()


def magnitude_of(run: Run) -> Callable[[Tensor], Tensor]:
    """Latents → magnitudes where every label is 0."""
    model = run.model

    def magnitudes(latent: Tensor) -> Tensor:
        return model.transform.to_magnitude(model.decode(latent, torch.zeros(len(latent), 3)).mean)

    return magnitudes


def noise(hops: int = HOPS) -> Tensor:
    """At -20 dB, [1, 1, hops·HOP]."""
    return 0.1 * torch.randn(1, 1, hops * HOP, generator=torch.Generator().manual_seed(3))


def commands(hops: int = HOPS) -> Tensor:
    """Labels that change at every frame and are all given, [1, 3, hops]."""
    frame = torch.arange(float(hops))
    return torch.stack((frame % 12, (5 * frame) % 9, 0.1 * frame))[None]


def held(labels: Tensor) -> Tensor:
    return labels.repeat_interleave(HOP, -1)


def unknown(hops: int = HOPS) -> Tensor:
    return torch.full((1, 3, hops), -1.0)


def guesses_of(run: Run, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Offline: latents [F, 4], guesses [F, 3] and confidences [F, 3] of the noise."""
    model = run.model
    heard = F.pad(noise()[:, 0], (N_FFT - HOP, 0))
    features = model.features(model.transform(heard)[0], labels)
    latent = model.posterior(features).mean
    return latent, *model.prediction.guess(features, latent)


# --- which label reaches the decoder ---


def test_a_frame_of_forward_takes_the_last_sample_of_its_hop(core):
    channels = held(commands()) + 0.0
    channels[..., torch.arange(HOPS * HOP) % HOP != HOP - 1] = 2.0  # heard by no frame
    core(torch.cat((noise(), channels), 1))
    torch.testing.assert_close(core.told, commands()[0].T)


def test_decode_takes_one_label_per_latent(core):
    core.decode(torch.cat((torch.zeros(1, 4, HOPS), commands()), 1))
    torch.testing.assert_close(core.told[:HOPS], commands()[0].T)


@pytest.mark.parametrize("missing", [-1.0, -0.6, -1e9, math.nan, math.inf, -math.inf])
def test_what_forward_is_not_told_it_guesses_or_takes_from_the_messages(core, run, missing):
    core.set_label(PITCH, 7.0)
    core.set_label(OCTAVE, 5.0)
    core.set_label(BRIGHTNESS, 0.5)
    core(torch.cat((noise(), torch.full((1, 3, HOPS * HOP), missing)), 1))
    told = torch.tensor([0.0, 5.0, 0.0]).expand(HOPS, 3)
    _, guesses, _ = guesses_of(run, told)
    assert len(guesses[:, GUESSED_PITCH].unique()) > 1  # or the test would show nothing
    assert torch.equal(core.told[:, PITCH], guesses[:, GUESSED_PITCH])
    assert torch.equal(core.told[:, OCTAVE], torch.full((HOPS,), 5.0))
    torch.testing.assert_close(core.told[:, BRIGHTNESS], guesses[:, GUESSED_BRIGHTNESS])


def test_each_label_is_told_or_left_out_frame_by_frame(core, run):
    labels = commands()
    labels[:, PITCH, ::2] = -1.0
    core(torch.cat((noise(), held(labels)), 1))
    _, guesses, _ = guesses_of(run, commands()[0].T)
    expected = torch.where(labels[0, PITCH] < 0, guesses[:, GUESSED_PITCH], labels[0, PITCH])
    assert torch.equal(core.told[:, PITCH], expected)


def test_decode_guesses_only_what_the_latent_says(core, run):
    """Brightness is guessed from the encoder's features, which decode does not have."""
    core.set_label(PITCH, 7.0)
    core.set_label(OCTAVE, 3.0)
    core.set_label(BRIGHTNESS, 0.5)
    latents = 2.0 * torch.randn(1, 4, HOPS, generator=torch.Generator().manual_seed(4))
    core.decode(torch.cat((latents, unknown()), 1))
    features = torch.randn(HOPS, run.model.encoder.feature_dim)  # must not matter
    pitch = run.model.prediction.guess(features, latents[0].T)[0][:, GUESSED_PITCH]
    assert len(pitch.unique()) > 1
    assert torch.equal(core.told[:HOPS, PITCH], pitch)
    assert torch.equal(core.told[:HOPS, 1:], torch.tensor([3.0, 0.5]).expand(HOPS, 2))


def test_classes_are_rounded_and_numbers_are_not(core):
    labels = torch.tensor([[[2.6], [3.4], [0.26]]])
    core.decode(torch.cat((torch.zeros(1, 4, 1), labels), 1))
    torch.testing.assert_close(core.told[0], torch.tensor([3.0, 3.0, 0.26]))


@pytest.mark.parametrize("label", [0.0, 1e30, 3.4e38])
def test_any_command_gives_finite_sound(instrument, label: float):
    with torch.inference_mode():
        told = torch.full((1, 3, HOPS), label)
        heard = instrument(torch.cat((noise(), held(told)), 1))
        played = instrument.decode(torch.cat((torch.zeros(1, 4, HOPS), told), 1))
    assert bool(heard.isfinite().all()) and bool(played.isfinite().all())


# --- the file against the model, offline ---


def test_forward_is_the_offline_filter_with_these_labels(instrument, run):
    transform, labels = run.model.transform, commands()[0].T
    coefficients = transform.analyse(F.pad(noise()[:, 0], (N_FFT - HOP, 0)))
    heard = coefficients.abs()
    shaped = transform.to_magnitude(run.model(transform.to_frames(heard[0]), labels))
    expected = transform.synthesise(coefficients * (shaped / heard.clamp_min(1e-12)))
    assert instrument.set_inversion(KEEP_INPUT) == 0
    whole = torch.cat((noise(), held(commands())), 1)
    for hops in (1, 3, HOPS):
        instrument.set_reset(True)
        parts = [instrument(part)[0, 0] for part in whole.split(hops * HOP, -1)]
        torch.testing.assert_close(
            torch.cat(parts), expected[0, : HOPS * HOP], rtol=0, atol=1e-5 * float(expected.max())
        )


def test_encode_hears_the_labels_of_its_inlets(instrument, run):
    """Only octave goes to the encoder. Its guesses leave beside the axes, then confidences."""
    octave = commands()[:, [OCTAVE]]
    told = commands()[0].T
    latent, guesses, confidences = guesses_of(run, told)
    axes = fit_axes(run.kept.latents, "none", magnitude_of(run))
    heard = instrument.encode(torch.cat((noise(), held(octave)), 1))[0].T
    expected = (latent - axes.centre) @ axes.to_axes
    torch.testing.assert_close(heard[:, :4], expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(heard[:, 4:7], guesses, rtol=0, atol=1e-4)
    torch.testing.assert_close(heard[:, 7:], confidences, rtol=0, atol=1e-5)
    assert bool(((heard[:, 7:] >= 0) & (heard[:, 7:] <= 1)).all())
    other = instrument.encode(torch.cat((noise(), held(octave + 1)), 1))[0].T
    assert not torch.allclose(other[:, :4], heard[:, :4])


def test_forward_holds_each_guess_for_its_hop(instrument, run):
    _, guesses, confidences = guesses_of(run, commands()[0].T)
    expected = held(torch.cat((guesses, confidences), 1).T[None])
    heard = instrument(torch.cat((noise(), held(commands())), 1))
    torch.testing.assert_close(heard[:, 1:], expected, rtol=0, atol=1e-4)


def test_labels_change_the_sound(instrument):
    for method, x in (("forward", noise()), ("decode", torch.zeros(1, 4, HOPS))):
        heard = []
        for pitch in (3.0, 4.0):
            labels = torch.tensor([pitch, 2.0, 0.0])[None, :, None].expand(1, 3, x.shape[2])
            instrument.set_reset(True)
            heard.append(getattr(instrument, method)(torch.cat((x, labels), 1))[:, 0])
        assert not torch.allclose(*heard, rtol=0, atol=1e-3 * float(heard[0].abs().max()))


def test_file_that_guesses_otherwise_fails_its_check(path, run):
    axes = {kind: fit_axes(run.kept.latents, kind, magnitude_of(run)) for kind in PROJECTIONS}
    core = InstrumentCore(run.model, axes, 4, confidence=True).eval()
    core.set_projection(PROJECTIONS.index("pca"))
    ports = LabelPorts.of(run.model.conditioning, run.model.prediction, run.kept.classes, True)
    playable = PlayableVAE(core, axes["pca"], run.kept.latents, ports)
    assert max(check_methods(path.read_bytes(), playable).values()) < 1e-5
    core.model = copy.deepcopy(run.model)
    core.model.prediction.predictors[GUESSED_BRIGHTNESS].layers[-1].bias += 1e-2
    with pytest.raises(ExportError, match=r"^forward, whole: deviates from the model by"):
        check_methods(path.read_bytes(), playable)


# --- what the host is shown ---


def test_inlets_and_outlets_are_named_and_in_the_order_of_the_configuration(loaded):
    pitch = f"pitch ({', '.join(PITCHES)})"
    guessed, given = "; empty or -1: guessed", "; empty or -1: as set"
    octave, axes = f"octave (0 … 8){given}", [f"axis {i}" for i in range(1, 5)]
    guesses = ["voice", "pitch", "brightness"]
    guesses += [f"{task} confidence" for task in guesses]
    shown = {
        "forward": (
            1,
            ["signal", f"{pitch}{guessed}", octave, f"brightness{guessed}"],
            1,
            ["signal", *guesses],
        ),
        "encode": (1, ["signal", octave], HOP, [*axes, *guesses]),
        # Brightness is guessed from what is heard, which decode does not have.
        "decode": (
            HOP,
            [*axes, f"{pitch}{guessed}", octave, f"brightness{given}"],
            1,
            ["signal"],
        ),
    }
    for method, (in_ratio, inlets, out_ratio, outlets) in shown.items():
        params = [len(inlets), in_ratio, len(outlets), out_ratio]
        assert getattr(loaded, f"{method}_params").tolist() == params
        assert getattr(loaded, f"{method}_input_labels") == inlets
        assert getattr(loaded, f"{method}_output_labels") == outlets


@pytest.mark.parametrize(
    "task, text, answer",
    [
        ("pitch", "C#", "C#"),
        ("pitch", "3.000000", "C"),
        ("pitch", "11", "G#"),
        ("pitch", "2.6", "C"),
        ("octave", "8.000000", "8"),
        ("brightness", "-3.250000", "-3.25"),
        ("brightness", "440", "440"),
    ],
)
def test_messages_set_a_class_by_name_or_index_or_a_number(instrument, task, text, answer):
    assert getattr(instrument, f"{task}_params").tolist() == [3]
    assert getattr(instrument, f"set_{task}")(text) == 0
    assert getattr(instrument, f"get_{task}")() == [answer]


@pytest.mark.parametrize(
    "task, text",
    [
        *(("pitch", text) for text in ("", "H", "c#", "12", "-1", "nan", "1e1", "1.2.3", "--1")),
        *(("octave", text) for text in ("9.000000", "-1.000000", "C#", "inf", "9" * 60)),
        *(("brightness", text) for text in ("", ".", "-", "bright", "nan", "10000000", "é")),
    ],
)
def test_refused_labels_change_nothing(instrument, task: str, text: str):
    assert getattr(instrument, f"set_{task}")("1") == 0
    before = getattr(instrument, f"get_{task}")()
    assert getattr(instrument, f"set_{task}")(text) == 1
    assert getattr(instrument, f"get_{task}")() == before


def test_a_message_sounds_like_the_same_command(instrument):
    """Octave is never guessed: what is left out is what was set, in every method."""
    for method, x in (("forward", noise()), ("decode", torch.zeros(1, 4, HOPS))):
        heard = []
        for octave, message in ((6.0, "0"), (-1.0, "6.000000")):
            labels = torch.tensor([3.0, octave, 0.0])[None, :, None].expand(1, 3, x.shape[2])
            assert instrument.set_octave(message) == 0
            instrument.set_reset(True)
            heard.append(getattr(instrument, method)(torch.cat((x, labels), 1)))
        assert torch.equal(*heard)


def test_a_number_that_is_a_class_name_means_this_class():
    texts = LabelTexts([3], [["36", "38", "1"]])
    assert [texts(0, text) for text in ("36.000000", "38", "1.0", "0", "2")] == [0, 1, 2, 0, 2]
    assert math.isnan(texts(0, "3"))


def test_long_lists_of_classes_are_shortened_to_the_first_and_the_last():
    names = tuple(f"instrument {i}" for i in range(40))
    guessed = LabelPort("what", 40, names, guessed_in=("forward",))
    shown = guessed.inlet("forward").removesuffix("; empty or -1: guessed")
    assert shown.startswith("what (instrument 0, ") and shown.endswith(", …, instrument 39)")
    assert len(shown) <= LABEL_WIDTH + 4
    shown = LabelPort("octave", 3, ("low", "mid", "high")).inlet("forward")
    assert shown == "octave (low, mid, high); empty or -1: as set"


def test_tasks_of_any_name_get_a_message_of_their_own():
    assert attribute_name("pitch", ["gain_db"]) == "pitch"
    assert attribute_name("my task", []) == "my_task"
    assert attribute_name("1st", []) == "label_1st"
    assert attribute_name("delay", ["delay", "label_delay"]) == "label_label_delay"


def unchecked(run: Run) -> torch.jit.ScriptModule:
    """An instrument reloaded without the checks and measures of an export."""
    core = InstrumentCore(run.model, {kind: own_axes(4) for kind in PROJECTIONS}, 4).eval()
    ports = LabelPorts.of(run.model.conditioning, run.model.prediction, run.kept.classes, False)
    file = scripted(StreamingVAE(core, torch.zeros(4, 2), ports).eval())
    return torch.jit.load(io.BytesIO(file.save_to_buffer()))


def test_files_of_the_same_process_keep_their_own_tasks_and_names(path):
    """Among them names that mean something else in the file already."""
    tasks = ("delay", "forward", "ä b", "text")
    config = {"conditioning": {task: {"dim": 2} for task in tasks}}
    file = unchecked(labelled_run(OmegaConf.create(config), {"delay": ["short", "long"]}))
    names = ["label_delay", "label_forward", "label___b", "label_text"]
    assert list(file.get_attributes())[-4:] == names
    assert file.set_label_delay("long") == 0 and file.get_label_delay() == ["long"]
    assert file.get_delay() == [384, 512] and file.encode_params.tolist() == [1, 1, 4, HOP]
    file = unchecked(labelled_run(LABELS, {"pitch": [f"p{i}" for i in range(12)]}))
    assert file.set_pitch("p4") == 0 and file.get_pitch() == ["p4"]
    assert torch.jit.load(str(path)).get_pitch() == ["A"]


def test_card_tells_tasks_classes_inlets_and_outlets(path):
    card = json.loads(path.with_suffix(".json").read_text())
    assert [ports["inlets"] for ports in card["methods"].values()] == [4, 2, 7]
    assert [ports["outlets"] for ports in card["methods"].values()] == [7, 10, 1]
    pitch, octave, brightness = card["labels"]["commanded"]
    assert (pitch["task"], pitch["message"], pitch["classes"]) == ("pitch", "set pitch", PITCHES)
    assert (octave["classes"], brightness["classes"]) == (list(range(9)), None)
    methods = ("forward", "encode", "decode")
    assert [pitch[f"{method}_inlet"] for method in methods] == [2, None, 5]
    assert [octave[f"{method}_inlet"] for method in methods] == [3, 2, 6]
    guess = card["labels"]["guessed"][3]
    assert guess == {"name": "voice confidence", "forward_outlet": 5, "encode_outlet": 8}
    table = card_table("tiny.ts", card, PlayableVAE.table(card))
    assert (
        "octave (0 … 8); empty or -1: as set: inlet 3 of forward, 6 of decode; set octave" in table
    )
    assert "guess voice: outlet 2 of forward, 5 of encode" in table


def test_confidence_without_guesses_is_refused(tmp_path):
    run = labelled_run("conditioning: {pitch: {dim: 12}}")
    with pytest.raises(InputError, match=r"guesses no labels .* leave --confidence out"):
        export_run(run, tmp_path, "tiny", confidence=True)
    assert not list(tmp_path.iterdir())
