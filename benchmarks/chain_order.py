"""How right chains of effects are named: the bars of the family "order", each with its figure.

    python -m benchmarks.chain_order [RUN] [--with-dry [RUN]] [--examples N] [--store FOLDER]
                                     [--pedalboard] [--guitar FOLDER] [--unheard FOLDER]

RUN is one of the family "order"; without it the estimator of the package. All examples are of other
numbers than those that anything is trained, chosen or calibrated by. The six effects are
compressor, EQ, distortion, chorus, delay and reverb: the estimator is told that no others can be
there, as with `analyse_chain.py --effects`. A RUN that knows fewer than six is measured on chains
of one to three of five alone. --with-dry names a run that hears the dry sound, too; without a name
it is the package's.
--pedalboard needs that package (GPL-3.0), which nothing else here imports: its effects were never
trained on. --guitar is a folder of real takes whose names say what is on them: "Clean" and "di" are
dry, "TapeEcho" is a delay. --unheard is a folder of clean takes of instruments that nothing was
learnt from (`examples/sampled_takes.py OUT --takes 64 --unheard`): how many are called dry, and how
often one pedal, drawn for each, is named, and no other.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.pedalboard_rack import PedalboardRack
from vschaos2.chains.examples import Renderer
from vschaos2.chains.features import RATE_HZ, difference_db
from vschaos2.chains.pedals import Pedal
from vschaos2.chains.rack import Rack, Setup
from vschaos2.chains.scores import Scores, score
from vschaos2.chains.store import CHUNK, Store
from vschaos2.chains.takes import Mixed, Plucked, Sustained
from vschaos2.chains.vocabulary import Vocabulary
from vschaos2.families.order.estimator import Estimator
from vschaos2.families.order.objective import said
from vschaos2.families.order.pool import ChainBatch, numbered
from vschaos2.generation.order_evaluation import TEST, setting_scores, wider
from vschaos2.recognition.listening import Sound, listen, read_sound, restricted
from vschaos2.recognition.ready import Known, estimator_of

SIX = ("compressor", "eq", "distortion", "chorus", "delay", "reverb")
FIVE = ("compressor", "eq", "distortion", "delay", "reverb")
COMMUTING = (("eq", "delay"), ("eq", "reverb"), ("delay", "reverb"))
SETTINGS = ("eq.cutoff_hz", "distortion.drive_db", "delay.time_ms", "reverb.decay_s")
PACKAGE = Path()  # stands for the estimator of the package
RENDERED = 120  # chains that are rendered again
SHARES = [0.04, 0.16, 0.28, 0.32, 0.20]  # of lengths, as those of the prototype were


def told(what: str, figure: float, least: float, most: float = float("inf")) -> None:
    """Print a bar and its figure."""
    bar = f"≥ {least:g}" if most == float("inf") else f"{least:g} to {most:g}"
    bar = f"≤ {most:g}" if least == float("-inf") else bar
    print(f"{'held  ' if least <= figure <= most else 'missed'} {figure:6.3f}  {bar:<12} {what}")


def by_chance(found: Scores) -> float:
    """The calibration error that so many examples show of probabilities that are true."""
    rng, total = np.random.default_rng(0), 0.0
    for said_, _, count in found.calibration:
        drawn = rng.binomial(count, min(max(said_, 0.0), 1.0), 2_000) / count
        total += count * float(np.abs(drawn - said_).mean())
    return total / max(found.examples, 1)


def likeliest(vocabulary: Vocabulary, logs: torch.Tensor) -> tuple[str, ...]:
    """The chain that stands for the likeliest class. Shape: logarithms of all chains, [N]."""
    return vocabulary.words(vocabulary.members[int(vocabulary.by_class(logs[None])[0].argmax())][0])


def still(pedal: Pedal) -> Pedal:
    """A pedal whose time does not sway, as the prototype's did not; all else is drawn as before."""
    varied = (each._replace(highest=0.0) if each.name == "wow" else each for each in pedal.varied)
    return pedal._replace(varied=tuple(varied))


class Bench:
    """An estimator and what it is measured on: plucked strings, with no pickup and in no room.

    Args:
        known: the estimator.
        examples: of each kind, in hundreds.
        store: where rendered examples are kept; None for nowhere.
    """

    def __init__(self, known: Known, examples: int, store: Path | None) -> None:
        self.model: Estimator = known.model
        self.how = known.config.data.rendering
        self.chunks, self.store = examples // CHUNK, store

    def renderer(
        self, names: Sequence[str], kind: str | None = None, shares: Any = None,
        pedals: Mapping[str, Pedal] | None = None, rack: Any = None, as_learnt: bool = False,
    ) -> Renderer:  # fmt: skip
        """Examples of some effects; `as_learnt`: of dry sounds as those that it learnt from."""
        from omegaconf import OmegaConf

        from vschaos2.chains.examples import Rendering

        how: Any = OmegaConf.to_container(self.how)
        how = Rendering(**{**how, "with_dry": self.model.hears_dry})
        how = how._replace(shares=shares or SHARES, families=False)
        if not as_learnt:
            how = how._replace(pickups=0.0, rooms=0.0, floors=0.0)
        own = pedals or {pedal.name: pedal for pedal in self.model.pedals}
        if not as_learnt:
            own = {name: still(pedal) for name, pedal in own.items()}
        takes: Any = Plucked(RATE_HZ, kind)
        if as_learnt:
            takes = Mixed((*[takes] * 3, Sustained(RATE_HZ)))
        return Renderer([own[n] for n in names], takes, how, (0, TEST), rack)

    def examples(self, renderer: Renderer) -> ChainBatch:
        """So many of them, chains by the numbers of the whole vocabulary."""
        folder = self.store if isinstance(renderer.rack, Rack) else None
        found = Store(renderer, repr(renderer.takes), folder).take(range(self.chunks))
        names = [pedal.name for pedal in renderer.pedals]
        places = np.array([self.model.vocabulary.names.index(n) for n in names] + [-1], np.int8)
        counts = [len(pedal.settings) for pedal in self.model.pedals]
        settings = np.full((len(found.chain), sum(counts)), np.nan, np.float32)
        at = 0
        for name, pedal in zip(names, renderer.pedals, strict=True):
            first = sum(counts[: self.model.vocabulary.names.index(name)])
            size = len(pedal.settings)
            settings[:, first : first + size] = found.settings[:, at : at + size]
            at += size
        found = found._replace(chain=places[found.chain], settings=settings)
        return numbered(self.model.vocabulary, found)

    def scored(
        self, examples: ChainBatch, names: Sequence[str], least: int = 0, most: int = 99
    ) -> Scores:
        """Scores of chains of `least` to `most` effects, where no others can be."""
        logs, _ = said(self.model, examples)
        logs = restricted(self.model.vocabulary, logs, names)
        lengths = self.model.vocabulary.present.sum(1)
        impossible = (lengths < least) | (lengths > most)
        logs = torch.log_softmax(logs.masked_fill(impossible, float("-inf")), 1)
        keep = ~impossible[examples["chain"]]
        return score(self.model.vocabulary, logs[keep], examples["chain"][keep].tolist())

    def rendered_again(self, renderer: Renderer) -> float:
        """Part of chains of one and two that, named and rendered, are nearer to wet than dry is."""
        from vschaos2.recognition.answers import ranges

        rack, nearer, count = Rack(RATE_HZ), 0, 0
        vocabulary = self.model.vocabulary
        pedals = {pedal.name: pedal for pedal in self.model.pedals}
        for number in range(10_000, 10_000 + RENDERED):
            example = renderer.example(number)
            if len(example.chain) not in (1, 2):
                continue
            sound = Sound("", example.wet, example.dry)
            opinion = listen(self.model, sound, self.how.seconds)
            logs = restricted(vocabulary, opinion.logs[None], SIX)
            best = likeliest(vocabulary, logs[0])
            values = ranges(self.model, opinion)
            setups = [
                Setup(pedals[n], pedals[n].usual({r.setting.name: r.value for r in values[n]}))
                for n in best
            ]
            made = rack.play_all(setups, example.dry)
            count += 1
            nearer += difference_db(made, example.wet) < difference_db(example.dry, example.wet)
        return nearer / max(count, 1)


def five_effects(bench: Bench) -> None:
    """The bar of chains of one to three of five effects, told by how each length fares."""
    shares = [0.0, 0.25, 0.35, 0.4, 0.0][: bench.model.vocabulary.longest + 1]
    found = bench.scored(bench.examples(bench.renderer(FIVE, shares=shares)), FIVE, 1, 3)
    told("five effects, chains of 1 to 3", found.class_exact, 0.80)
    lengths = ", ".join(f"{share.right:.3f}" for share in found.by_length.values())
    print(f"       {lengths}: of one, two, three; set {found.set_exact:.3f}")


def bars(bench: Bench, with_pedalboard: bool) -> Scores:
    """All bars that need no other run; → the scores of the six effects."""
    five_effects(bench)
    renderer = bench.renderer(SIX)
    examples = bench.examples(renderer)
    own = bench.scored(examples, SIX)
    print(f"six effects, chains of 0 to 4, {own.examples} examples")
    told("class-exact", own.class_exact, 0.45)
    told("true class among three", own.among_three, 0.70)
    told("one effect", own.by_length[1].right, 0.85)
    told("two effects", own.by_length[2].right, 0.60)
    told("untouched sound called so", own.by_length[0].right, 0.92)
    told("calibration error", own.calibration_error, float("-inf"), 0.05)
    print(f"       {by_chance(own):6.3f}               of true probabilities, by so few examples")
    told("eq · distortion: which comes first", own.by_pair["eq", "distortion"].right, 0.95)
    for pair in COMMUTING:
        alone, every = own.exchangeable[pair], own.by_pair[pair]
        told(f"{' · '.join(pair)}: by chance, of {alone.of}", alone.right, 0.42, 0.58)
        print(
            f"       {every.right:6.3f}               the same with all that tells, of {every.of}"
        )
    print(f"       {own.set_exact:6.3f}               set")
    order = own.order_given_set
    print(f"       {order.right:6.3f}               order given the right set")
    print(f"       {order.chance:6.3f}               the same by chance")
    print(f"       {own.edit_distance:6.3f}               edit distance")
    for length, share in own.given_set.items():
        print(f"       {share.right:6.3f}               true set of {length} given; by chance "
              f"{share.chance:.3f}")  # fmt: skip
    for name in SIX:
        print(f"       {own.by_effect[name].right:6.3f}               {name}: there or not")
    notes, phrases = (
        bench.scored(bench.examples(bench.renderer(SIX, kind)), SIX).class_exact
        for kind in ("note", "phrase")
    )
    told("phrases, of single notes", phrases / max(notes, 1e-9), 0.9)
    learnt = bench.scored(bench.examples(bench.renderer(SIX, as_learnt=True)), SIX)
    print(f"       {learnt.class_exact:6.3f}               class-exact, as it was trained")
    print(f"       {learnt.by_length[0].right:6.3f}               untouched of these called so")
    broader = {pedal.name: pedal for pedal in wider(bench.model.pedals)}
    far = bench.scored(bench.examples(bench.renderer(SIX, pedals=broader)), SIX)
    print(f"       {far.class_exact:6.3f}               class-exact, ranges a quarter wider")
    scores = setting_scores(bench.model, said(bench.model, examples)[1], examples["settings"])
    for each in scores:
        if each.name in SETTINGS:
            told(f"{each.name}: error, of the median's", each.ratio, float("-inf"), 0.5)
        if each.name == "delay.time_ms":
            print(f"       {each.within:6.3f}               {each.name}: within 5 %")
    told("re-rendered nearer than dry, 1 and 2 effects", bench.rendered_again(renderer), 0.8)
    if with_pedalboard:
        rack = PedalboardRack()
        other = bench.scored(bench.examples(bench.renderer(SIX, rack=rack)), SIX)
        told("another maker's effects, of the own", other.class_exact / own.class_exact, 0.7)
        print(f"       {other.class_exact:6.3f}               class-exact of another maker's")
    return own


def guitar(known: Known, folder: Path) -> None:
    """Real takes: what is called dry and what a delay."""
    model = known.model
    vocabulary = model.vocabulary
    for path in sorted(folder.glob("*.wav")):
        opinion = listen(model, read_sound(path, None), known.config.data.rendering.seconds)
        classes = vocabulary.by_class(opinion.logs[None])[0]
        best = likeliest(vocabulary, opinion.logs)
        present = opinion.logs.exp() @ vocabulary.present.double()
        delay = float(present[vocabulary.names.index("delay")])
        right = "delay" in best if "TapeEcho" in path.name else not best
        named = " → ".join(best) or "no effect"
        word, sure = "right" if right else "wrong", float(classes.max())
        print(f"{word}  {path.name}: {named} ({sure:.2f}), delay {delay:.2f}")


def unheard(known: Known, folder: Path) -> None:
    """Clean takes of other instruments: called dry, and behind one pedal each."""
    model, seconds = known.model, known.config.data.rendering.seconds
    vocabulary, rack, rng = model.vocabulary, Rack(RATE_HZ), np.random.default_rng(0)
    paths, dry, named = sorted(folder.glob("*.wav")), 0, 0
    for path in paths:
        clean = read_sound(path, None).wet
        pedal = still(model.pedals[int(rng.integers(len(model.pedals)))])
        behind = rack.play(Setup(pedal, pedal.draw(rng)), 0.5 * clean)
        for sound, due in ((clean, ()), (behind, (pedal.name,))):
            heard = Sound("", sound, clean if model.hears_dry else None)
            right = likeliest(vocabulary, listen(model, heard, seconds).logs) == due
            dry, named = dry + (right and not due), named + (right and bool(due))
    print(f"{dry} of {len(paths)} takes of other instruments are called dry; one pedal, {named}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--with-dry", type=Path, nargs="?", const=PACKAGE)
    parser.add_argument("--examples", type=int, default=700)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--pedalboard", action="store_true")
    parser.add_argument("--guitar", type=Path)
    parser.add_argument("--unheard", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.store:
        arguments.store.mkdir(parents=True, exist_ok=True)
    known = estimator_of(arguments.run, False)
    bench = Bench(known, arguments.examples, arguments.store)
    if not set(SIX) <= set(known.model.vocabulary.names):
        five_effects(bench)
        return
    own = bars(bench, arguments.pedalboard)
    if arguments.with_dry is not None:
        run = None if arguments.with_dry == PACKAGE else arguments.with_dry
        bench = Bench(estimator_of(run, True), arguments.examples, arguments.store)
        found = bench.scored(bench.examples(bench.renderer(SIX)), SIX)
        told("with the dry sound, above blind", found.class_exact - own.class_exact, 0.03)
        print(f"       {found.by_length[0].right:6.3f}               untouched sound, with dry")
    if arguments.guitar:
        guitar(known, arguments.guitar)
    if arguments.unheard:
        unheard(known, arguments.unheard)


if __name__ == "__main__":
    main()
