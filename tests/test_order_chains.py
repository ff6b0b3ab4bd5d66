"""Chains of effects: which there are, which are the same, how they sound, what is heard of them."""

import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch

import vschaos2
from vschaos2.chains import features
from vschaos2.chains.cepstra import PEAKS, PLACES, QUEFRENCIES_S, binned, cepstrum, echoes, ripples
from vschaos2.chains.dry import in_a_room, through_pickup
from vschaos2.chains.examples import Renderer, Rendering, rendered, rendered_families
from vschaos2.chains.features import RATE_HZ, difference_db, heard, levelled
from vschaos2.chains.fine_features import BLOCK, attacks, fine_spectra, partials
from vschaos2.chains.pedals import PEDALS, pedals_of
from vschaos2.chains.plucked import take
from vschaos2.chains.rack import Rack, Setup, items
from vschaos2.chains.scores import score
from vschaos2.chains.setting_scores import score_settings
from vschaos2.chains.store import CHUNK, Store
from vschaos2.chains.sustained import Player, sustained
from vschaos2.chains.takes import Plucked
from vschaos2.chains.vocabulary import Vocabulary, edit_distance
from vschaos2.errors import InputError
from vschaos2.parts import parts
from vschaos2.processors.chain import Chain
from vschaos2.recognition.pedalboard_script import script

SIX = ("compressor", "eq", "distortion", "chorus", "delay", "reverb")
LINEAR = {"eq", "delay", "reverb"}
HOW = Rendering(0.8, 0.1, [1, 1, 1], 0.5, [-12.0, -1.0], [0.9, 1.1], 3.0, [-80.0, -60.0])


@pytest.fixture(scope="module")
def six() -> Vocabulary:
    return Vocabulary(SIX, LINEAR, 4)


@pytest.fixture(scope="module")
def dry() -> np.ndarray:
    return np.float32(0.4) * take(np.random.default_rng(1), 1.2, RATE_HZ, "phrase")


def middle(name: str) -> Setup:
    return Setup(PEDALS[name], PEDALS[name].usual({}))


def test_every_chain_of_up_to_four_of_six_is_there_once(six):
    expected = {c for n in range(5) for c in permutations(range(6), n)}
    assert set(six.chains) == expected
    assert len(six.chains) == 517 == 1 + 6 + 30 + 120 + 360


def test_classes_are_what_swaps_of_commuting_neighbours_reach(six):
    """By search: every swap is followed from every chain, whatever the canonical form says."""
    for chain in six.chains:
        reached, to_visit = {chain}, [chain]
        while to_visit:
            at = to_visit.pop()
            for n in range(len(at) - 1):
                if at[n] in six.linear and at[n + 1] in six.linear:
                    other = (*at[:n], at[n + 1], at[n], *at[n + 2 :])
                    if other not in reached:
                        reached.add(other)
                        to_visit.append(other)
        own = six.members[six.classes[six.numbers[chain]]]
        assert {six.chains[n] for n in own} == reached
        assert six.canonical(chain) == min(reached) == six.chains[own[0]]
        orders = list(permutations(chain))
        assert six.chance(chain) == pytest.approx(len(reached) / len(orders))


def test_perfect_evidence_names_every_chain(six):
    presence = 60.0 * (2.0 * six.present - 1.0)
    logs = six.joint(presence, 60.0 * six.ordered)
    assert logs.argmax(1).tolist() == list(range(517))
    assert logs.exp().amax(1).min() > 0.999


def test_probabilities_are_normalised_over_chains(six):
    generator = torch.Generator().manual_seed(0)
    p = torch.randn(4, 6, generator=generator, dtype=torch.float64)
    q = torch.randn(4, 15, generator=generator, dtype=torch.float64)
    logs = six.joint(p, q)
    torch.testing.assert_close(logs.exp().sum(1), torch.ones(4, dtype=torch.float64))
    torch.testing.assert_close(six.by_class(logs).sum(1), torch.ones(4, dtype=torch.float64))
    # By hand: products of odds, of the second item.
    odds = []
    for chain in six.chains:
        value = 1.0
        for effect in range(6):
            share = float(torch.sigmoid(p[1, effect]))
            value *= share if effect in chain else 1.0 - share
        for place, (a, b) in enumerate(six.pairs):
            if a in chain and b in chain:
                share = float(torch.sigmoid(q[1, place]))
                value *= share if chain.index(a) < chain.index(b) else 1.0 - share
        odds.append(value)
    expected = torch.tensor(odds, dtype=torch.float64)
    torch.testing.assert_close(logs[1].exp(), expected / expected.sum())


def test_chains_that_cannot_be_told_apart_share_their_probability(six):
    logs = torch.log_softmax(20.0 * torch.randn(5, 517, dtype=torch.float64), 1)
    logs.requires_grad_()
    shared = six.shared(logs)
    torch.testing.assert_close(six.by_class(shared), six.by_class(logs))
    for members in six.members:
        assert bool((shared[:, members] == shared[:, members[:1]]).all())
    some = torch.tensor([0, 40, 100, 300, 516])
    torch.testing.assert_close(six.shared_of(logs, some), shared[range(5), some])
    # Its slope is that of the logarithm of a class's probability.
    shared[0, six.number(["eq", "delay"])].backward()
    own = [six.number(order) for order in (["eq", "delay"], ["delay", "eq"])]
    due = torch.zeros(5, 517, dtype=torch.float64)
    due[0, own] = torch.softmax(logs[0, own].detach(), 0)
    torch.testing.assert_close(logs.grad, due)


def test_two_effects_are_exchangeable_where_nothing_between_them_tells(six):
    def asked(*names: str) -> bool:
        return six.exchangeable(six.chains[six.number(names)], SIX.index("eq"), SIX.index("delay"))

    assert asked("eq", "delay") and asked("eq", "reverb", "delay")
    assert asked("distortion", "delay", "eq", "compressor")
    assert not asked("eq", "distortion", "delay")


def test_words_of_chains_are_read_back(six):
    assert six.words(six.number(["delay", "eq"])) == ("delay", "eq")
    with pytest.raises(InputError, match="no effect 'fuzz' here"):
        six.number(["fuzz"])
    with pytest.raises(InputError, match="each effect once, and 4 at most"):
        six.number(["eq", "eq"])
    with pytest.raises(InputError, match="more than 20000: lower it"):
        Vocabulary([str(n) for n in range(12)], set(), 5)


def test_edit_distance_counts_steps():
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance((), (1, 2)) == 2
    assert edit_distance((1, 2), (2, 1)) == 2


@pytest.mark.parametrize("pair", [("eq", "delay"), ("eq", "reverb"), ("delay", "reverb")])
def test_linear_pedals_commute(pair, dry):
    rack, (a, b) = Rack(RATE_HZ), map(middle, pair)
    one, other = rack.play_all([a, b], dry), rack.play_all([b, a], dry)
    assert np.abs(one - other).max() < 1e-5 * np.abs(one).max()


def test_the_echoes_of_a_tape_sway_and_those_of_half_of_all_delays_do_not():
    """Clicks come back after d (1 + w sin 2π (f t + φ)), where t is the time they are read at."""
    delay, rack = PEDALS["delay"], Rack(RATE_HZ)
    sound = np.zeros(2 * RATE_HZ, np.float32)
    clicks = np.arange(1000, 35_000, 4000)
    sound[clicks] = 1.0
    told = {"time_ms": 150.0, "feedback": 0.0, "level_db": 0.0, "low_pass_hz": 9_900.0}
    tape = {"wow": 0.01, "wow_hz": 0.7, "phase": 0.1}
    echoes_only = rack.play(Setup(delay, delay.usual(told | tape)), sound) - sound
    for click in clicks:
        near = np.arange(click + 3200, click + 3420)
        weight = np.square(echoes_only[near])
        at = float((near * weight).sum() / weight.sum())
        sway = 0.01 * np.sin(2.0 * np.pi * (0.7 * at / RATE_HZ + 0.1))
        assert at - click == pytest.approx(0.15 * RATE_HZ * (1.0 + sway), abs=4.0)
    still = [delay.usual(told | {"wow": wow}) for wow in (-0.004, 0.0)]
    assert all(stage.wow is None for values in still for stage in delay.stages(values))
    drawn = [delay.draw(np.random.default_rng(n))["wow"] > 0.0 for n in range(400)]
    assert 0.4 < np.mean(drawn) < 0.6


@pytest.mark.parametrize("pair", [("distortion", "eq"), ("distortion", "delay"), ("eq", "chorus")])
def test_others_do_not(pair, dry):
    rack, (a, b) = Rack(RATE_HZ), map(middle, pair)
    one, other = rack.play_all([a, b], dry), rack.play_all([b, a], dry)
    assert np.abs(one - other).max() > 1e-3 * np.abs(one).max()


@pytest.mark.parametrize("name", PEDALS)
def test_a_pedal_is_set_within_what_its_processors_take(name, dry):
    """At both ends of all that it takes, and of all that is drawn, it plays."""
    pedal = PEDALS[name]
    every = (*pedal.settings, *pedal.varied)
    ends = [{s.name: getattr(s, end) for s in every} for end in ("least", "most")]
    ends += [{s.name: s.value(place) for s in every} for place in (0.0, 1.0)]
    for number, values in enumerate(ends):
        for stage in pedal.stages(values):
            processor = parts("processor")[stage.kind](float(RATE_HZ), 1, **stage.options)
            known = {each.name: each for each in processor.physical}
            for key, value in stage.values.items():
                assert known[key].least <= value <= known[key].most, key
        if number >= 2:
            y = Rack(RATE_HZ).play(Setup(pedal, values), dry)
            assert np.isfinite(y).all() and np.abs(y).max() < 30.0
            assert difference_db(dry, y) > 0.3


def test_settings_have_places_and_places_have_values():
    for pedal in PEDALS.values():
        for setting in (*pedal.settings, *pedal.varied):
            for place in (0.0, 0.3, 1.0):
                value = setting.value(place)
                assert setting.lowest - 1e-9 <= value <= setting.highest + 1e-9
                assert setting.place(value) == pytest.approx(place)


def test_a_chain_as_a_list_sounds_as_it_does_in_a_rack(dry):
    setups = [middle(name) for name in ("compressor", "distortion", "phaser", "delay", "reverb")]
    chain = Chain(items(setups), float(RATE_HZ))
    count = len(dry) // 64 * 64
    with torch.inference_mode():
        y, _ = chain(
            torch.from_numpy(dry[:count])[None, None], torch.zeros(1, 0, 1), chain.begin(1)
        )
    due = Rack(RATE_HZ).play_all(setups, dry)[:count]
    np.testing.assert_allclose(y[0, 0].numpy(), due, atol=1e-5)


def test_ranges_are_read_from_a_configuration():
    (pedal,) = pedals_of("model.effects", {"eq": {"cutoff_hz": [500, 900]}, "delay": None})
    assert (pedal.settings[0].lowest, pedal.settings[0].highest) == (500.0, 900.0)
    for asked, told in (
        ({"fuzz": {}}, "no effect 'fuzz'"),
        ({"eq": {"gain": [0, 1]}}, "no setting 'gain'"),
        ({"eq": {"q": [3]}}, "must be \\[lowest, highest\\]"),
        ({"eq": {"q": [3, 1]}}, "first must be below"),
        ({"eq": {"q": [0.1, 1]}}, "from 0.5 to 10, got 0.1"),
        ({"eq": None}, "no effect is left"),
        ([], "must hold effect: ranges"),
    ):
        with pytest.raises(InputError, match=told):
            pedals_of("model.effects", asked)


def test_what_is_heard_does_not_depend_on_the_level(dry):
    a, b = heard(dry), heard(np.float32(0.05) * dry)
    np.testing.assert_allclose(a.mel, b.mel, atol=2e-2)
    np.testing.assert_allclose(a.summary, b.summary, atol=6e-2)
    assert float(np.sqrt(np.square(levelled(dry)).mean())) == pytest.approx(features.LEVEL, 1e-3)
    assert np.isfinite(heard(np.zeros(RATE_HZ, np.float32)).summary).all()


def echo(late_s: float, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Noise, and noise with a copy of itself behind it; levelled."""
    rng, late = np.random.default_rng(0), round(late_s * RATE_HZ)
    dry = rng.standard_normal(2 * RATE_HZ).astype(np.float32)
    wet = dry.copy()
    wet[late:] += np.float32(level) * dry[:-late]
    return levelled(dry), levelled(wet)


def test_an_echo_stands_in_the_cepstrum_at_its_time():
    row = binned(cepstrum(echo(0.2, 0.6)[1]), RATE_HZ)[0]
    place = int(np.searchsorted(QUEFRENCIES_S, 0.2)) - 1
    assert int(row.argmax()) == place
    assert row[place] > 2.0 * np.sort(row)[-4]


def test_an_echo_is_found_at_its_time_and_nothing_where_there_is_none():
    """log |1 + a e^(-iωd)| is Σ a^n cos(nωd) / n with changing signs: a at d, -a² / 2 at 2 d."""
    dry, wet = (echoes(cepstrum(sound), RATE_HZ) for sound in echo(0.2, 0.6))
    told = wet[PEAKS:]
    assert 0.25 * np.exp(told[0]) == pytest.approx(0.2, abs=1.5 / RATE_HZ)
    assert wet[0] > dry[0] + 2.0 and wet[0] > wet[1] + 2.0
    # a / 2 at d, for what is even has half of it behind the end, and less for what is cut off.
    assert np.exp(told[6] - 4.0) == pytest.approx(0.6 / 2.0, rel=0.15)
    assert told[3] == pytest.approx(-0.6 / 2.0, abs=0.05)
    assert not echoes(np.zeros(50, np.float32), RATE_HZ).any()


def test_the_peaks_stand_in_a_summary_where_it_is_said():
    _, wet = echo(0.31, 0.5)
    told = heard(wet).summary[features.echoes_place()]
    np.testing.assert_allclose(told, echoes(cepstrum(wet), RATE_HZ), atol=5e-3)


def test_short_frames_show_a_comb_and_whether_it_moves():
    late, rng = 200, np.random.default_rng(0)
    dry = rng.standard_normal(2 * RATE_HZ).astype(np.float32)
    still, moving = dry.copy(), dry.copy()
    still[late:] += 0.7 * dry[:-late]
    time = np.arange(len(dry))
    behind = late + 25.0 * np.sin(2.0 * np.pi * 0.5 * time / RATE_HZ)
    moving += 0.7 * np.interp(time - behind, time, dry).astype(np.float32)
    heights, spreads = [], []
    for sound in (dry, still, moving):
        mean, spread, _, highest = ripples(fine_spectra(levelled(sound))).reshape(4, -1)
        assert len(mean) == len(spread)
        own = int(np.searchsorted(PLACES, late, "right")) - 1
        heights.append(highest[own])
        spreads.append(spread[own - 1 : own + 2].mean())
    assert heights[1] > 5.0 * heights[0] and heights[1] > 3.0 * heights[2]
    assert spreads[2] > 1.5 * spreads[0] and spreads[2] > 1.5 * spreads[1]


def test_the_level_around_attacks_is_what_it_was_made_as():
    """Steady noise that jumps by 20 dB, six times: flat before, flat behind, alike each time."""
    rng = np.random.default_rng(0)
    jump = BLOCK * 60
    sound = rng.standard_normal(2 * RATE_HZ).astype(np.float32)
    loud = (np.arange(len(sound)) // jump) % 2 == 1
    sound *= np.where(loud, 0.1, 0.01).astype(np.float32)
    found = attacks(sound)
    mean, spread, told = found[:24], found[24:48], found[48:]
    assert told[0] * 4.0 == pytest.approx(loud.sum() / jump, abs=2.0)
    assert (told[1] * 6.0) == pytest.approx(20.0, abs=3.0)
    assert mean[0] * 6.0 < -17.0 and mean[10:16].min() * 6.0 > -6.0
    assert spread.mean() * 6.0 < 3.0
    assert not attacks(np.full(RATE_HZ, 0.1, np.float32)).any()


def test_partials_that_swing_together_and_apart_are_told_apart():
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    hz = 220.0 * np.arange(1, 9)
    tones = np.sin(2.0 * np.pi * hz[:, None] * time_s)
    phases = np.linspace(0.0, 2.0 * np.pi, 8, endpoint=False)[:, None]
    together = 1.0 + 0.6 * np.sin(2.0 * np.pi * 4.0 * time_s)[None]
    apart = 1.0 + 0.6 * np.sin(2.0 * np.pi * 4.0 * time_s + phases)
    noise = 1e-3 * np.random.default_rng(0).standard_normal(2 * RATE_HZ)
    sounds = [0.05 * (tones * each).sum(0) + noise for each in (together, apart)]
    found = [partials(fine_spectra(sound.astype(np.float32))) for sound in sounds]
    for each in found:
        assert abs(each[:20].argmax() - 7) <= 1  # 4 Hz, in bins of half a Hz from the first on
    assert found[0][27] > found[1][27] + 0.5  # what is common at 4 Hz
    still = partials(fine_spectra((0.05 * tones.sum(0) + noise).astype(np.float32)))
    assert still[7] < found[0][7] - 1.0


def test_mel_filters_cover_the_band_evenly():
    """Between the first and the last centre, triangles sum to 1."""
    hz = np.linspace(0.0, RATE_HZ / 2, features.FFT // 2 + 1)
    sums = features.filters().sum(1)
    inside = (hz > 500.0) & (hz < 9_000.0)
    np.testing.assert_allclose(sums[inside], 1.0, atol=1e-5)
    assert features.filters()[hz < 35.0].sum() == 0.0


@pytest.mark.parametrize("kind", ["note", "chord", "phrase"])
def test_guitars_by_code_sound_and_are_what_their_number_says(kind):
    a, b = (take(np.random.default_rng(5), 1.0, RATE_HZ, kind) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert len(a) == RATE_HZ and np.abs(a).max() == pytest.approx(1.0)


def test_a_plucked_string_has_its_pitch():
    from vschaos2.chains.plucked import Guitar

    rng = np.random.default_rng(2)
    guitar = Guitar(rng, RATE_HZ)
    for midi in (45, 57, 69):
        tone = guitar.pluck(midi, 1.0, rng)[2000:]
        spectrum = np.fft.irfft(np.abs(np.fft.rfft(tone, 4 * len(tone))) ** 2)
        hz = 440.0 * 2.0 ** ((midi - 69) / 12.0)
        around = np.arange(int(0.8 * RATE_HZ / hz), int(1.25 * RATE_HZ / hz))
        period = around[spectrum[around].argmax()]
        assert abs(12.0 * np.log2(RATE_HZ / period / hz)) < 0.6


def renderer(how: Rendering = HOW, seed: int = 0, names=("distortion", "delay")) -> Renderer:
    return Renderer([PEDALS[n] for n in names], Plucked(RATE_HZ), how, (seed, 0))


def test_an_example_is_what_its_number_says():
    one, other = (rendered(renderer(), [3, 7]) for _ in range(2))
    alone = rendered(renderer(), [7])
    for a, b, c in zip(one, other, alone, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a[1:], c)
    assert not np.array_equal(rendered(renderer(seed=1), [3]).mel, one.mel[:1])


def test_a_family_is_a_chain_and_all_that_it_begins_with():
    family = renderer(HOW._replace(shares=[1, 1, 1], audible_db=0.0)).family(5)
    assert [len(each.chain) for each in family] == [0, 1, 2]
    assert all(each.dry is family[0].dry for each in family)
    np.testing.assert_array_equal(family[0].wet, family[0].dry)
    one, two = family[1].chain, family[2].chain
    assert two[0] is one[0]
    rack = Rack(RATE_HZ)  # run-ups are left out, or this would begin elsewhere
    still = renderer(HOW._replace(run_up_s=0.0, audible_db=0.0)).family(5)
    np.testing.assert_array_equal(rack.play_all(still[2].chain, still[0].dry), still[2].wet)
    again = renderer(HOW._replace(shares=[1, 1, 1], audible_db=0.0)).family(5)
    np.testing.assert_array_equal(again[2].wet, family[2].wet)


def test_a_recorder_adds_its_noise_behind_the_effects_and_to_nothing_else():
    how = HOW._replace(audible_db=0.0, floors=1.0, floor_db=[-60.0, -60.0])
    noisy, clean = (renderer(each).family(5) for each in (how, how._replace(floors=0.0)))
    for a, b in zip(noisy, clean, strict=True):
        np.testing.assert_array_equal(a.dry, b.dry)
        noise_db = 20.0 * np.log10((a.wet - b.wet).std() / np.abs(b.wet).max())
        assert noise_db == pytest.approx(-60.0, abs=0.3)
    with pytest.raises(InputError, match="floors must be a number from 0 to 1, got 2"):
        HOW._replace(floors=2.0).check(2)
    with pytest.raises(InputError, match="floor_db: the first must not be above the second"):
        HOW._replace(floor_db=[-50.0, -90.0]).check(2)


def test_families_have_lengths_as_often_as_their_shares():
    shares = [0.1, 0.5, 0.4]
    how = HOW._replace(shares=shares, audible_db=0.0, families=True, with_dry=True, seconds=0.7)
    found = rendered_families(renderer(how), 0, 150)
    lengths = np.bincount((found.chain >= 0).sum(1), minlength=3) / 150
    np.testing.assert_allclose(lengths, shares, atol=0.12)
    short = (found.chain >= 0).sum(1) == 0
    np.testing.assert_array_equal(found.mel[short, 0], found.mel[short, 1])  # dry is wet


def test_a_store_of_families_holds_other_examples_than_one_without():
    with_families = Store(renderer(HOW._replace(families=True)), "plucked")
    assert with_families.digest != Store(renderer(), "plucked").digest


def test_a_pickup_falls_by_twelve_decibels_an_octave_above_its_resonance():
    impulse = np.zeros(8192)
    impulse[0] = 1.0
    response = np.abs(np.fft.rfft(through_pickup(impulse, 1000.0, 1.5)))
    hz = np.fft.rfftfreq(8192, 1.0 / RATE_HZ)
    at = {f: 20.0 * np.log10(response[np.abs(hz - f).argmin()]) for f in (50, 1000, 2000, 4000)}
    assert abs(at[50]) < 0.1
    assert abs(at[1000] - 20.0 * np.log10(1.5)) < 0.1  # Q, at the resonance itself
    assert -15.0 < at[4000] - at[2000] < -12.0  # the bilinear transform falls on, to half the rate


def test_a_room_falls_by_sixty_decibels_in_its_time():
    impulse = np.zeros(RATE_HZ)
    impulse[0] = 1.0
    made = in_a_room(impulse, 0.4, -10.0, np.random.default_rng(0))
    tail = made[1:]
    assert made[0] == pytest.approx(1.0, abs=0.05)
    assert 10.0 * np.log10(np.square(tail).sum()) == pytest.approx(-10.0, abs=0.5)
    early, late = (np.square(tail[round(t * RATE_HZ) :][:1500]).mean() for t in (0.05, 0.25))
    assert 10.0 * np.log10(early / late) == pytest.approx(60.0 * 0.2 / 0.4, abs=2.0)
    assert np.abs(made[round(0.41 * RATE_HZ) :]).max() < 1e-9


def test_sustained_tones_sound_are_held_and_have_their_pitch():
    one, other = (sustained(np.random.default_rng(3), 2.0, RATE_HZ) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert len(one) == 2 * RATE_HZ and np.abs(one).max() == pytest.approx(1.0)
    player = Player(np.random.default_rng(4), RATE_HZ)
    player.vibrato = player.shake = player.breath = 0.0
    tone = player.tone(69.0, 1.0, np.random.default_rng(5))
    held = tone[RATE_HZ // 4 : RATE_HZ // 4 + 8192] * np.hanning(8192)
    spectrum = np.abs(np.fft.rfft(held, 65_536))
    peak = spectrum.argmax() * RATE_HZ / 65_536
    assert abs(peak / 440.0 - round(peak / 440.0)) < 0.02 * round(peak / 440.0)
    assert np.square(tone[:100]).mean() < 0.1 * np.square(held).mean()  # it swells


def test_settings_of_what_is_there_are_told_and_of_nothing_else():
    found = rendered(renderer(HOW._replace(shares=[0, 1, 1], with_dry=True)), range(12))
    assert found.mel.shape[1] == 2
    for chain, settings in zip(found.chain, found.settings, strict=True):
        there = {int(n) for n in chain if n >= 0}
        known = ~np.isnan(settings)
        assert known.tolist() == [0 in there] * 2 + [1 in there] * 3
        assert ((settings[known] >= -1e-6) & (settings[known] <= 1.0 + 1e-6)).all()


def test_an_effect_that_nobody_hears_has_no_label():
    quiet = PEDALS["delay"]._replace(
        settings=tuple(
            s._replace(lowest=-59.0, highest=-58.0) if s.name == "level_db" else s
            for s in PEDALS["delay"].settings
        )
    )
    how = HOW._replace(shares=[0, 1], noise_db=[-50.0, -50.0])
    found = Renderer([quiet], Plucked(RATE_HZ), how, (0,))
    assert all(found.example(n).chain == [] for n in range(4))


def test_chunks_are_kept_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr("vschaos2.chains.store.CHUNK", 3)
    store = Store(renderer(), "plucked", tmp_path)
    made = store.take([0, 1])
    assert len(made.chain) == 6 and len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr("vschaos2.chains.store.rendered", None)  # nothing is rendered any more
    for a, b in zip(made, Store(renderer(), "plucked", tmp_path).take([0, 1]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert Store(renderer(seed=1), "plucked", tmp_path).digest != store.digest
    assert Store(renderer(), "other", tmp_path).digest != store.digest
    path = sorted(tmp_path.iterdir())[0]
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match="is damaged: remove it"):
        store.take([0])
    assert CHUNK == 100


KILLED = """
import os, signal
from vschaos2.chains import store
from vschaos2.chains.examples import Renderer, Rendering
from vschaos2.chains.pedals import PEDALS
from vschaos2.chains.sustained import Player, sustained
from vschaos2.chains.takes import Plucked

if __name__ == "__main__":
    store.CHUNK = 1
    how = Rendering(0.8, 0.1, [1, 1], 0.5, [-12.0, -1.0], [0.9, 1.1], 3.0, [-80.0, -60.0])
    renderer = Renderer([PEDALS["eq"]], Plucked(22050), how, (0,))
    made = store.Store(renderer, "plucked", None, 1)
    made.ask([0])
    made.pool.submit(os.getpid).result()
    print(*made.pool._processes, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_processes_that_render_end_with_a_training_that_was_killed(tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    words = [sys.executable, tmp_path / "killed.py"]
    # It comes to an end once nobody holds the pipe, the process that renders among them.
    path = {**os.environ, "PYTHONPATH": str(Path(vschaos2.__file__).parents[1])}
    said = subprocess.run(
        words, stdout=subprocess.PIPE, text=True, timeout=300, check=False, env=path
    )
    assert said.returncode == -9 and int(said.stdout) > 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"shares": [1, 1]}, "must have 3 numbers"),
        ({"shares": [0, 0, 0]}, "one must be above 0"),
        ({"speeds": [2.0, 1.0]}, "first must not be above"),
        ({"speeds": 1.0}, "must be \\[lowest, highest\\]"),
        ({"seconds": 0.1}, "from 0.7 to 20, got 0.1"),
    ],
)
def test_a_rendering_that_cannot_be_is_refused(change, told):
    with pytest.raises(InputError, match=told):
        HOW._replace(**change).check(2)


def test_scores_of_perfect_answers_are_perfect(six):
    truth = list(range(0, 517, 7))
    logs = torch.full((len(truth), 517), -40.0, dtype=torch.float64)
    logs[range(len(truth)), truth] = 0.0
    found = score(six, torch.log_softmax(logs, 1), truth)
    shares = (found.class_exact, found.among_three, found.set_exact, found.order_given_set.right)
    assert shares == (1.0, 1.0, 1.0, 1.0)
    assert found.edit_distance == 0.0 and found.calibration_error < 1e-6
    assert all(share.right == 1.0 for share in found.by_effect.values())
    assert all(share.right == 1.0 for share in found.by_pair.values())
    assert set(found.exchangeable) == {("eq", "delay"), ("eq", "reverb"), ("delay", "reverb")}
    assert all(share.right == 1.0 for share in found.given_set.values())


def test_scores_of_one_answer_for_all_are_chance(six):
    """The same order of four for every order of these four: right where it is that class."""
    chains = [six.number([SIX[n] for n in order]) for order in permutations((0, 1, 2, 4))]
    logs = torch.full((24, 517), -40.0, dtype=torch.float64)
    logs[:, chains[0]] = 0.0
    found = score(six, torch.log_softmax(logs, 1), chains)
    own = sum(six.classes[n] == six.classes[chains[0]] for n in chains)
    assert found.class_exact == pytest.approx(own / 24)
    assert found.set_exact == 1.0
    assert found.order_given_set.chance == pytest.approx(
        sum(six.chance(six.chains[n]) for n in chains) / 24
    )
    assert found.by_pair["compressor", "eq"].right == pytest.approx(0.5)
    assert found.calibration_error == pytest.approx(1.0 - own / 24, abs=1e-6)


def test_settings_are_measured_against_their_median():
    setting = PEDALS["delay"].settings[0]
    truth = torch.linspace(0.0, 1.0, 41)[:, None]
    reach = torch.full_like(truth, 0.101)
    (right,) = score_settings([("delay", setting)], truth, reach, truth)
    assert (right.error, right.within, right.covered, right.ratio) == (0.0, 1.0, 1.0, 0.0)
    (middle,) = score_settings([("delay", setting)], torch.full_like(truth, 0.5), reach, truth)
    assert middle.ratio == pytest.approx(1.0)
    assert middle.covered == pytest.approx(9 / 41)


def test_a_script_for_pedalboard_has_the_level_that_a_compressor_makes_up_for():
    values = PEDALS["compressor"].usual({"threshold_db": -40.0, "ratio": 4.0})
    tremolo = Setup(PEDALS["tremolo"], PEDALS["tremolo"].usual({}))
    text = script([Setup(PEDALS["compressor"], values), tremolo])
    assert "Compressor(threshold_db=-40, ratio=4," in text and ", Gain(gain_db=16.5)," in text
