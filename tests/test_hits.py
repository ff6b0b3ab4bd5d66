"""Hits: how recordings are cut, what is drawn, and that a trigger is heard at its own sample."""

import json
from itertools import pairwise

import numpy as np
import pytest
import soundfile
import torch
from omegaconf import OmegaConf
from small_hits import small_hits
from torch import Tensor

import vschaos2
from vschaos2.errors import InputError
from vschaos2.export.checks import check_file
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.families.foley.components import count_components, fit_components, frame_weights
from vschaos2.families.foley.cutting import attacks, cut
from vschaos2.families.foley.hit_model import Hits, varied
from vschaos2.families.foley.labels_of import labels_of
from vschaos2.families.foley.playable import PlayableHits
from vschaos2.families.foley.streaming_hits import StreamingHits
from vschaos2.families.foley.velocities import Velocities, velocities_of
from vschaos2.flows.vector_flow import VectorFlow
from vschaos2.generation.hit_evaluation import evaluate_hits, write_evaluation

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]

RATE_HZ = 16_000
LONG = 9000  # samples: a small hit, and some more


@pytest.fixture(scope="module")
def eager() -> StreamingHits:
    made = StreamingHits(small_hits()).eval()
    made.level.is_limited = False
    return made


def struck(eager: StreamingHits, at: list[int], count: int, **told: float) -> Tensor:
    """The inlets of a block with triggers at some samples: [1, inlets, count]."""
    x = torch.zeros(1, eager.n_inlets, count)
    x[0, 0, at] = 1.0
    for number, name in enumerate(("velocity", "material", "axis1", "axis2"), 1):
        x[0, number] = told.get(name, -1.0 if number < 3 else 0.0)
    return x


@torch.inference_mode()
def played(eager: StreamingHits, x: Tensor, sizes: list[int] | None = None) -> Tensor:
    """From silence, in blocks of these sizes again and again, or whole: [T]."""
    set_attribute(eager, "reset", True)
    if sizes is None:
        return eager.hit(x)[0, 0]
    made, start, number = [], 0, 0
    while start < x.shape[2]:
        end = start + sizes[number % len(sizes)]
        made.append(eager.hit(x[..., start:end])[0, 0])
        start, number = end, number + 1
    return torch.cat(made)


def test_a_trigger_is_heard_at_its_own_sample(eager):
    """Wherever in whichever block: silence before, and the same hit moved, bit for bit."""
    due = played(eager, struck(eager, [0], LONG))
    assert float(due[0]) != 0.0 and float(due.abs().max()) > 0.01
    for at in (1, 2, 63, 64, 511, 1023, 1024, 1025, 2047, 3000):
        made = played(eager, struck(eager, [at], LONG))
        assert float(made[:at].abs().max()) == 0.0
        assert torch.equal(made[at:], due[: LONG - at]), at


@pytest.mark.parametrize("sizes", [[1], [7, 300], [64], [512], [1024, 1], [4096]])
def test_blocks_do_not_matter(eager, sizes):
    """Hits that overlap, voices that are taken, and a choke, in blocks of any size."""
    count = 700 if sizes == [1] else 2 * LONG
    at = [5, 600, 1300, 1301 + 100, 3000, 3500, 4100, 4600, 5200, 5800, 6400, 9000, 12_000]
    x = struck(eager, [k for k in at if k < count], count)
    x[0, 1] = torch.linspace(0.2, 1.0, count)
    x[0, 2] = (torch.arange(count) // 1000 % 2).float()
    assert torch.equal(played(eager, x, sizes), played(eager, x))


def test_an_edge_across_blocks_is_one(eager):
    """A trigger that stays high, or comes again within 5 ms, is one; what is low is none."""
    x = struck(eager, [], LONG)
    x[0, 0, 1000:3000] = 1.0
    once = struck(eager, [1000], LONG)
    assert torch.equal(played(eager, x, [100]), played(eager, once))
    assert torch.equal(played(eager, struck(eager, [1000, 1100], LONG)), played(eager, once))
    assert float(played(eager, 0.5 * once).abs().max()) == 0.0


def test_a_hit_played_is_the_hit_drawn(eager):
    """The file's path and the offline one are the same, gain and all."""
    model = eager.striking.model
    made = played(eager, struck(eager, [10], LONG, velocity=0.5, material=1.0))
    set_attribute(eager, "reset", True)
    noise = eager.striking.noise(0)
    set_attribute(eager, "reset", True)
    hits = model.draw({"material": 1}, torch.tensor([0.5]), noise)
    due = model.sound(hits)[0]
    assert torch.equal(made[10:], torch.nn.functional.pad(due, (0, LONG))[: LONG - 10])


def test_velocity_is_heard(eager):
    """Level rises with it, by as many decibels as the model says."""
    levels = [
        float(played(eager, struck(eager, [0], LONG, velocity=v)).norm()) for v in (0.0, 0.5, 1.0)
    ]
    assert all(low < high for low, high in pairwise(levels))
    model = eager.striking.model
    components = torch.zeros(2, model.noise_dims)
    gains = model.gain_of(components, torch.tensor([0.0, 1.0]))
    assert float(20.0 * torch.log10(gains[1] / gains[0])) == pytest.approx(float(model.level[1]))


def test_an_empty_inlet_is_as_set():
    """Of velocity and label; -1 says so, too, and from the first other value on 0 is 0."""
    eager = StreamingHits(small_hits()).eval()
    x = torch.zeros(1, eager.n_inlets, LONG)
    x[0, 0, 0] = 1.0
    full = played(eager, x)
    assert set_attribute(eager, "velocity", 0.3) == 0
    assert set_attribute(eager, "material", "thin_metal") == 0
    assert set_attribute(eager, "material", "glass") != 0
    soft = played(eager, x)
    assert not torch.equal(soft, full)
    assert torch.equal(played(eager, struck(eager, [0], LONG)), soft)
    told = struck(eager, [0], LONG, velocity=0.3, material=1.0)
    assert torch.equal(played(eager, told), soft)
    assert float(played(eager, x).norm()) < 0.5 * float(soft.norm())


def test_seed_and_variation(eager):
    """With variation 0 every hit is the same; another seed, others; chance when free."""
    x = struck(eager, [0, LONG], 2 * LONG)
    first, second = played(eager, x).split(LONG)
    assert not torch.equal(first, second)
    set_attribute(eager, "variation", 0.0)
    first, second = played(eager, x).split(LONG)
    torch.testing.assert_close(first, second, atol=1e-6, rtol=0.0)
    set_attribute(eager, "seed", 7.0)
    assert not torch.allclose(played(eager, x)[:LONG], first, atol=1e-4)
    set_attribute(eager, "variation", 1.0)
    set_attribute(eager, "free", True)
    assert not torch.equal(played(eager, x), played(eager, x))
    set_attribute(eager, "free", False)
    set_attribute(eager, "seed", 0.0)


def roughness(sound: Tensor) -> float:
    """The greatest second difference: what is heard as a click."""
    return float(sound.diff(n=2).abs().max())


@pytest.mark.parametrize("how", ["choke", "polyphony"])
def test_what_falls_silent_for_another_hit_fades(eager, how):
    """Within 4 ms, without a click, whether it is choked or its voice is taken."""
    name, value, usual = ("choke", True, False) if how == "choke" else ("polyphony", 1, 8)
    at = 1200
    both = struck(eager, [0, at], LONG)
    assert set_attribute(eager, name, value) == 0
    made = played(eager, both)
    first = played(eager, struck(eager, [0], LONG))
    assert set_attribute(eager, name, usual) == 0
    together = played(eager, both)
    second = together - first
    torch.testing.assert_close(made[:at], first[:at], atol=0.0, rtol=0.0)
    falling = (made - second)[at:]
    fade = eager.striking.voices.fade
    assert float(falling[fade:].abs().max()) < 1e-5
    assert float(falling[: fade // 2].abs().max()) > 0.1 * float(first[at:].abs().max())
    left = torch.cat((first[at - 100 : at], falling))
    assert roughness(left) <= 1.1 * roughness(first[at - 100 :])


def test_eight_voices_sound_and_a_ninth_takes_the_first(eager):
    """Overlapping hits are the sum of each alone, but the oldest of nine."""
    set_attribute(eager, "variation", 0.0)
    at = [300 * number for number in range(9)]
    alone = played(eager, struck(eager, [0], 2 * LONG))
    moved = [torch.nn.functional.pad(alone, (k, 0))[: 2 * LONG] for k in at]
    eight = played(eager, struck(eager, at[:8], 2 * LONG))
    torch.testing.assert_close(eight, sum(moved[:8]), atol=1e-5, rtol=0.0)
    nine = played(eager, struck(eager, at, 2 * LONG))
    end = at[8] + eager.striking.voices.fade
    torch.testing.assert_close(nine[end:], sum(moved[1:])[end:], atol=1e-5, rtol=0.0)
    set_attribute(eager, "variation", 1.0)


def test_nothing_that_is_no_number_is_heard(eager):
    """NaN and infinities at any inlet: silence, or the hit as set."""
    x = struck(eager, [0], LONG)
    due = played(eager, x)
    wrong = x.clone()
    wrong[0, 1:, ::2] = torch.nan
    wrong[0, 0, 10:20] = torch.nan
    assert torch.equal(played(eager, wrong), due)
    wrong[0, 3:] = torch.inf
    assert bool(torch.isfinite(played(eager, wrong)).all())
    assert float(played(eager, torch.full_like(x, torch.nan)).abs().max()) == 0.0


def test_a_file_proves_all_that():
    """The checks of every instrument."""
    playable = PlayableHits(small_hits(), {"velocity": "made up"})
    content = playable.saved()
    assert max(check_file(content, playable).values()) <= 1e-5
    playable.prove(content)
    assert playable.methods["hit"].inlets == 7
    told = playable.lines(content)["hits"]
    assert told["labels"][0]["classes"] == ["wood", "thin metal"] and told["voices"] == 8
    assert StreamingHits(small_hits({})).n_inlets == 6


def test_draws_and_their_noise():
    """The same noise draws the same; up the flow from what was drawn it comes back."""
    model = small_hits()
    noise = torch.randn(6, model.noise_dims, generator=torch.Generator().manual_seed(1))
    velocity = torch.linspace(0.0, 1.0, 6)
    one, two = (model.draw({"material": 0}, velocity, noise) for _ in range(2))
    assert torch.equal(one.latents, two.latents)
    other = model.draw({"material": 1}, velocity, noise)
    assert not torch.equal(one.latents, other.latents)
    told = model.told(model.classes({"material": 0}, 6), velocity)
    down = model.flow.drawn(noise, told, 64)
    torch.testing.assert_close(model.flow.noise_of(down, told, 64), noise, atol=1e-4, rtol=0.0)
    sound = model.sound(Hits(one.latents, torch.ones(6)))
    assert sound.shape == (6, model.samples) and bool(torch.isfinite(sound).all())
    assert float(sound[:, -1].abs().max()) < 1e-4
    assert torch.equal(varied(noise, velocity[:, None], 0.0), noise)
    for wrong in ({"colour": 0}, {"material": 2}):
        with pytest.raises(InputError, match=r"colour|numbered"):
            model.draw(wrong, velocity, noise)
    assert model.number_of("material", "thin metal") == 1
    with pytest.raises(InputError, match="no 'glass'"):
        model.number_of("material", "glass")


def test_components_give_hits_back():
    """As many components as hits have directions hold them exactly; levels, too."""
    model = small_hits()
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(3, model.frames * model.latent_dim, generator=generator)
    weights = torch.randn(40, 3, generator=generator)
    latents = (weights @ directions).reshape(40, model.frames, model.latent_dim)
    assert count_components(latents, torch.ones(model.frames)) == 3
    softer = torch.linspace(1.0, 0.1, model.frames)
    weights = frame_weights(model.sounding, model.latents_of(torch.zeros(1, 6)))
    assert float(weights.max()) == 1.0 and bool((weights.diff() < 1e-3).all())
    assert count_components(latents, softer) <= 3
    fit_components(model, latents, Velocities(np.zeros(40), -3.0, 30.0, 24.0, 2.0, ""))
    velocity, level_db = torch.rand(40, generator=generator), torch.randn(40, generator=generator)
    components = model.components_of(latents, level_db, velocity)
    torch.testing.assert_close(model.latents_of(components), latents, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(components[:, :3].std(0), torch.ones(3), atol=1e-3, rtol=0.0)
    model.level[1] = 24.0  # what was recorded is what is played
    gain_db = 20.0 * torch.log10(model.gain_of(components, velocity))
    torch.testing.assert_close(gain_db, level_db, atol=1e-3, rtol=0.0)
    assert float(model.velocity_of(torch.tensor([-3.0, -27.0, 99.0])).sum()) == 2.0


def test_a_flow_of_gaussians_is_their_map():
    """With slopes that are right, noise of N(0, 1) becomes N(m, s²), and back."""

    class Exact(VectorFlow):
        def forward(self, x: Tensor, level: Tensor, told: Tensor) -> Tensor:
            """dx/dt of x_t = (1 - t)(m + s·z) + t·n, for independent z and n."""
            t = level[:, None]
            m, s = 2.0, 0.5
            variance = ((1.0 - t) * s) ** 2 + t**2
            away = x - (1.0 - t) * m
            return (t - (1.0 - t) * s**2) / variance * away - m

    flow = Exact(3, 1, 4)
    noise = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    made = flow.drawn(noise, torch.zeros(50, 1), 200)
    torch.testing.assert_close(made, 2.0 + 0.5 * noise, atol=2e-3, rtol=0.0)


def click(count: int, at: int, level: float = 0.5) -> np.ndarray:
    """A knock that dies away in some milliseconds."""
    t = np.arange(count - at) / RATE_HZ
    sound = np.zeros(count, np.float32)
    sound[at:] = level * np.cos(2 * np.pi * 700 * t) * np.exp(-t / 0.01)
    return sound


def test_recordings_are_cut_where_they_are_struck():
    """To the sample, each up to the next one, however soft it is against the others."""
    at = [800, 6000, 12_001]
    sound = sum(click(20_000, k, level) for k, level in zip(at, (0.5, 0.1, 0.9), strict=True))
    sound = sound + 1e-5 * np.random.default_rng(0).standard_normal(20_000).astype(np.float32)
    found = attacks(sound, RATE_HZ)
    assert found == at
    hits = cut(sound, found, RATE_HZ, 8000)
    assert [len(hit) for hit in hits] == [8000] * 3
    assert [float(hit[0]) for hit in hits] == pytest.approx([0.5, 0.1, 0.9], abs=1e-3)
    assert float(np.abs(hits[0][5200:]).max()) == 0.0
    assert attacks(np.zeros(5000, np.float32), RATE_HZ) == []
    with pytest.raises(InputError, match=r"at least 0\.08"):
        cut(sound, found, RATE_HZ, 100)


def test_what_velocity_means():
    """Told by metadata, measured from levels within each kind, or nothing but a level."""
    chance = np.random.default_rng(0)
    wanted, groups = chance.uniform(size=200), np.arange(200) % 2
    level_db = 20.0 * wanted - 10.0 * groups + 0.1 * chance.standard_normal(200)
    unknown = np.full(200, np.nan)
    told = velocities_of(wanted, level_db, groups, 0)
    assert told.slope_db == pytest.approx(20.0, abs=0.2) and told.range_db == told.slope_db
    measured = velocities_of(unknown, level_db, groups, 0)
    assert np.corrcoef(measured.velocity, wanted)[0, 1] > 0.98
    assert "measured" in measured.told
    same = velocities_of(unknown, 0.1 * level_db, np.zeros(200), 0)
    assert same.range_db == 30.0 and same.slope_db == 0.0 and "equally loud" in same.told
    assert abs(np.corrcoef(same.velocity, level_db)[0, 1]) < 0.2


def write_hits(folder, count=12, kinds=("knock", "ping"), level=0.5) -> None:
    """Folders of single hits of two kinds, softer and harder."""
    chance = np.random.default_rng(0)
    for number in range(count):
        kind, soft = kinds[number % len(kinds)], chance.uniform(0.1, 1.0)
        t = np.arange(4000) / RATE_HZ
        high = 500.0 + 400.0 * (number % len(kinds)) + 20.0 * chance.standard_normal()
        sound = level * soft * np.sin(2 * np.pi * high * t) * np.exp(-t / 0.03)
        path = folder / kind / f"{kind}{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.pad(sound, (500, 0)), RATE_HZ)


def test_labels_of_hits(tmp_path):
    """Folders, or names of files, or metadata; one kind alone is no label."""
    moments = np.zeros(8)
    which = np.arange(8)
    folders = [f"{kind}/{n}.wav" for n in range(4) for kind in ("wood", "metal")]
    assert labels_of(tmp_path, folders, which, moments, "auto").classes == {
        "material": ["metal", "wood"]
    }
    named = [f"{kind}{n}.wav" for n in range(4) for kind in ("wood", "metal")]
    assert labels_of(tmp_path, named, which, moments, "auto").numbers[:, 0].tolist() == [1, 0] * 4
    other = [f"name{letter}.wav" for letter in "abcdefgh"]
    assert labels_of(tmp_path, other, which, moments, "auto").classes == {}
    assert labels_of(tmp_path, folders, which, moments, None).classes == {}
    for task, lines in (("size", ["0", "2"]), ("velocity", ["64", "127"])):
        place = tmp_path / "metadata" / task
        place.mkdir(parents=True)
        rows = [f"{file}\t{lines[n % 2]}\n" for n, file in enumerate(folders)]
        (place / "metadata.txt").write_text("".join(rows))
    found = labels_of(tmp_path, folders, which, moments, "auto")
    assert found.classes == {"size": ["0", "2"]}
    assert found.velocity.tolist() == pytest.approx([64 / 127, 1.0] * 4)
    with pytest.raises(InputError, match="no metadata/colour"):
        labels_of(tmp_path, folders, which, moments, "colour")
    for name, words in (("Strength", "a column strength that"), ("SIZE", "capitals only")):
        place = tmp_path / "metadata" / name
        place.mkdir()
        (place / "metadata.txt").write_text("".join(f"{file}\tlow\n" for file in folders))
        with pytest.raises(InputError, match=words):
            labels_of(tmp_path, folders, which, moments, "auto")
        assert labels_of(tmp_path, folders, which, moments, "size").classes == {"size": ["0", "2"]}
        (place / "metadata.txt").unlink()
        place.rmdir()


TINY_VAE = (
    *("data.dataset.sample_rate_hz=16000", "model.latent_dim=6", "model.coherence_dim=0"),
    *("model.encoder.hidden_dim=24", "model.decoder.hidden_dim=24", "callbacks.monitor=null"),
    *("data.loader.batch_size=64", "data.loader.batches_per_epoch=40"),
    *("data.loader.validation_windows=64", "trainer.accelerator=cpu"),
)


def options(home, *more: str) -> list[str]:
    """Of a training that takes seconds."""
    return [
        *("oneshots", "name=knocks", f"rundir={home / 'runs'}"),
        f"data.dataset.root={home / 'hits'}",
        "data.dataset.sample_rate_hz=16000",
        "vae_training.max_epochs=1",
        f"vae_training.overrides={json.dumps(TINY_VAE)}",
        *("data.dataset.seconds=0.3", "model.flow.hidden_dims=24", "data.loader.batch_size=16"),
        *("data.loader.batches_per_epoch=30", "trainer.max_epochs=2", "trainer.accelerator=cpu"),
        *more,
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hits")
    write_hits(folder / "hits", 24)
    return folder


@pytest.fixture(scope="module")
def run(home):
    return vschaos2.load_run(vschaos2.train(vschaos2.compose(*options(home))))


def test_a_training_from_recordings_to_hits(run, home, caplog):
    """Its labels, what is held out, the hits as files, and sounds that begin at once."""
    model = run.model
    assert model.labels == {"material": ("knock", "ping")}
    held_out = (run.folder / "held_out.txt").read_text().split()
    of_vae = (home / "runs/knocks_vae/version_0/held_out.txt").read_text().split()
    assert sorted(held_out) == sorted(of_vae) and len(held_out) == 4
    cut_hits = sorted((home / "runs/knocks_hits").rglob("*.wav"))
    assert len(cut_hits) == 24
    assert abs(soundfile.read(cut_hits[0])[0][:32]).max() > 1e-3
    assert "measured" in run.kept.velocity and len(run.kept.components) == 20
    noise = torch.randn(3, model.noise_dims, generator=torch.Generator().manual_seed(0))
    sound = model.sound(model.draw({"material": 0}, torch.tensor([0.2, 0.6, 1.0]), noise))
    assert sound.shape == (3, model.samples) and float(sound.abs().max()) > 1e-3
    recorded = torch.from_numpy(soundfile.read(cut_hits[0])[0]).float()[None]
    like = model.noise_of(recorded, {"material": 0})
    assert like.shape == (1, model.noise_dims) and bool(torch.isfinite(like).all())


def test_hits_are_measured_beside_copies_and_recordings(run, tmp_path):
    rows = {row.name: row for row in evaluate_hits(run)}
    assert rows["distance to the nearest training hit"].baseline == 0.0  # they are training hits
    assert rows["Fréchet distance to what was held out"].recorded > 0.0
    assert 0.0 <= rows["material recognised, part"].drawn <= 1.0
    assert 0.0 < rows["spectral convergence of the VAE, held out"].drawn < 1.5
    files = write_evaluation(run, list(rows.values()), tmp_path)
    told = json.loads((tmp_path / "evaluation.json").read_text())["scores"]
    assert {path.name for path in files} == {"evaluation.md", "evaluation.json"}
    assert [row["name"] for row in told] == list(rows)
    assert told[2]["baseline"] is None  # what says nothing


def test_a_training_goes_on(run):
    """For one more epoch, in its folder."""
    from vschaos2.families.train import find_training, train

    resumed = find_training(run.folder, ["trainer.max_epochs=3"])
    assert train(resumed.config, resumed) == run.folder
    assert "3" in (run.folder / "config.yaml").read_text()
    after = vschaos2.load_run(run.folder)
    assert torch.equal(after.model.basis, run.model.basis)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("data.dataset.root=nowhere",), "nowhere"),
        (("task=colour",), "no metadata/colour"),
        (("data.dataset.seconds=0.01",), "seconds"),
        (("training.jitter=9",), "jitter"),
        (("data.dataset.validation_fraction=2",), "validation_fraction"),
        (("data.dataset.wrong=1",), "wrong"),
        (("model.flow.hidden_dims=0",), "hidden_dims"),
        (("vae=nowhere",), "vae=nowhere"),
    ],
)
def test_what_no_hits_can_be_learnt_from(run, home, more, words):
    """One line that says what is wrong."""
    vae = [] if more[0].startswith("vae") else [f"vae={home / 'runs/knocks_vae'}"]
    strict = [key.replace("data.dataset.wrong", "+data.dataset.wrong") for key in more]
    with pytest.raises(InputError, match=words) as caught:
        vschaos2.train(vschaos2.compose(*options(home, *vae, *strict)))
    assert "\n" not in str(caught.value)


def test_few_or_silent_recordings_are_refused(run, home, tmp_path):
    write_hits(tmp_path / "few", 4)
    write_hits(tmp_path / "silent", 12, level=0.0)
    vae = f"vae={home / 'runs/knocks_vae'}"
    for folder in ("few", "silent"):
        more = (vae, f"data.dataset.root={tmp_path / folder}")
        with pytest.raises(InputError, match="at least 8"):
            vschaos2.train(vschaos2.compose(*options(home, *more)))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("training.jitter=-1", "training.jitter must be a number from 0 to 2"),
        ("model.flow.hidden_dims=0", "model.flow.hidden_dims must be a whole number"),
    ],
)
def test_what_cannot_be_is_told_before_a_vae_is_trained(home, tmp_path, more, words):
    config = vschaos2.compose(*options(home, f"rundir={tmp_path / 'runs'}", "vae=null", more))
    with pytest.raises(InputError, match=words):
        vschaos2.train(config)
    assert not (tmp_path / "runs" / "knocks_vae").exists()


def test_a_folder_of_somebody_else_is_left_alone(home, tmp_path):
    """Where the hits would be written."""
    other = tmp_path / "runs" / "knocks_hits"
    other.mkdir(parents=True)
    soundfile.write(other / "mine.wav", np.zeros(100), RATE_HZ)
    config = vschaos2.compose(*options(home, f"rundir={tmp_path / 'runs'}"))
    with pytest.raises(InputError, match=r"mine\.wav"):
        vschaos2.train(config)
    assert (other / "mine.wav").exists()
    assert OmegaConf.select(config, "vae") is None
