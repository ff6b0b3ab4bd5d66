"""The patches within a Pd patch that move things: presets, glides, a walk, the editing of axes."""

from collections.abc import Sequence

from vschaos2.patches.controls import Controls
from vschaos2.patches.pd_canvas import PdCanvas, text_width, widest
from vschaos2.patches.pd_labels import heard

TICK_MS = 30  # between two steps of what moves
REACHED = 3  # time constants of a walk from stop to stop: all but a twentieth of the way
GLIDE_S = 0.5  # to a preset, at first
COLUMNS = 4  # of receivers in the presets
PORT_STEP = 84  # pixels between two inlets or outlets of a patch


def presets(
    key: str, targets: Sequence[str], sources: Sequence[str], lines: Sequence[Sequence[float]]
) -> PdCanvas:
    """Presets: KEY-preset N recalls, KEY-store keeps what is set under the last number.

    The first one is what the patch opens with.

    Args:
        key: of the instrument.
        targets: receivers that are told a preset's values.
        sources: senders that say the present values, in the same order.
        lines: the presets at first.
    """
    canvas = PdCanvas("presets")
    rows = -(-len(targets) // COLUMNS)
    step = 14 + widest(f"s {name}" for name in (*targets, *sources))
    right = 40 + max(COLUMNS * step, 500)
    zeros = " 0" * len(targets)
    top = 200 + 16 * (len(zeros) // 60)
    low = top + 26 * rows + 20
    there = f"clip 0 {len(lines) - 1}"
    recall = canvas.chain(20, 20, f"r {key}-preset", there, f"text get {key}-presets")
    begin = canvas.obj(20 + step + 60, 20, "loadbang")
    first = canvas.msg(20 + step + 60, 50, "0")
    canvas.connect(begin, first)
    canvas.connect(first, recall[1])
    canvas.kept_text(20, 120, f"{key}-presets", lines)
    canvas.comment(
        40 + text_width(f"text define -k {key}-presets"), 120, "kept when the patch is saved"
    )
    spread = canvas.obj(20, 155, f"unpack{zeros}", 60)
    canvas.connect(recall[2], spread)
    store = canvas.obj(right, 20, f"r {key}-store")
    pack = canvas.obj(right, low, f"pack 0{zeros}", 60)
    kept = canvas.obj(right, low + top - 100, "list split 1")
    write = canvas.obj(right, low + top - 60, f"text set {key}-presets")
    canvas.connect(store, pack)
    canvas.connect(pack, kept)
    canvas.connect(kept, write, 1)
    canvas.connect(recall[1], write, 0, 1)
    for i, (target, origin) in enumerate(zip(targets, sources, strict=True)):
        column, row = divmod(i, rows)
        x, y = step * column, top + 26 * row
        canvas.connect(spread, canvas.obj(20 + x, y, f"s {target}"), i)
        canvas.connect(canvas.obj(right + x, y, f"r {origin}"), pack, 0, i + 1)
    return canvas.fit()


def move(controls: Controls) -> PdCanvas:
    """What moves the axes: glides, and a walk.

    KEY-axisN-to glides one axis, in KEY-glide seconds. The walk goes from stop to stop, all axes
    together: the level holds along the straight ways between neighbours.
    """
    key, count = controls.key, len(controls.ranges)
    canvas = PdCanvas("move")
    step = 40 + widest([f"r {key}-walk-seconds"])
    ways = controls.ways_alike
    canvas.kept_text(20 + 2 * step, 150, f"{key}-stops", controls.stops)
    canvas.kept_text(20 + 2 * step, 180, f"{key}-ways", ways)
    switch = canvas.chain(20, 20, f"r {key}-walk", f"metro {TICK_MS}", f"s {key}-move-tick")
    turns = canvas.chain(20 + step, 50, "metro 8000", "t b b")
    seconds = canvas.chain(
        20 + 2 * step, 20, f"r {key}-walk-seconds", "expr max(\\$f1 \\, 0.1) * 1000",
        f"expr {REACHED * TICK_MS} / \\$f1", f"s {key}-move-rate",
    )  # fmt: skip
    last, which = canvas.obj(20, 120, "f"), canvas.obj(20 + step, 120, f"random {len(ways[0])}")
    following = canvas.chain(20, 160, f"text get {key}-ways 0 1", "t f f", f"text get {key}-stops")
    spread = canvas.obj(20, 260, "unpack" + " 0" * count, 110)
    canvas.connect(switch[0], turns[0])
    canvas.connect(seconds[1], turns[0], 0, 1)
    canvas.connect(turns[1], last)
    canvas.connect(turns[1], which, 1)
    canvas.connect(which, following[0], 0, 1)
    canvas.connect(last, following[0])
    canvas.connect(following[1], last, 1, 1)
    canvas.connect(following[2], spread)
    for axis in range(count):
        row, column = divmod(axis, 8)
        box = canvas.sub(20 + 100 * column, 310 + 40 * row, _axis_move(key, axis + 1))
        canvas.connect(spread, box, axis)
    return canvas.fit()


def _axis_move(key: str, axis: int) -> PdCanvas:
    """One axis: where it is, and what moves it on. Inlet: the place that the walk goes to."""
    name = f"{key}-axis{axis}"
    canvas = PdCanvas(f"axis{axis}")
    step = 40 + widest([f"r {name}-now"])
    tick = canvas.obj(20, 20, f"r {key}-move-tick")
    now = canvas.obj(20, 50, f"r {name}-now")
    held = canvas.obj(20, 110, "f")
    walked = canvas.obj(20, 180, "expr \\$f1 + \\$f3 * (\\$f2 - \\$f1)")
    moved = canvas.obj(20, 300, f"s {name}")
    place = canvas.obj(20 + step, 20, "inlet")
    rate = canvas.obj(20 + step, 130, f"r {key}-move-rate")
    right = 20 + 2 * step
    told = canvas.chain(right, 20, f"r {name}-to", "t f b")
    here = canvas.chain(right + 130, 80, "f", "(set \\$1)")
    pair = canvas.obj(right, 170, "pack 0 0")  # what a patch opens with is there at once
    glide = canvas.obj(right, 240, f"line 0 {TICK_MS}")
    lasts = canvas.chain(right + step, 20, f"r {key}-glide", "* 1000")
    canvas.connect(tick, held)
    canvas.connect(now, held, 0, 1)
    canvas.connect(held, walked)
    canvas.connect(place, walked, 0, 1)
    canvas.connect(rate, walked, 0, 2)
    canvas.connect(walked, moved)
    canvas.connect(told[1], here[0], 1)
    canvas.connect(now, here[0], 0, 1)
    canvas.connect(here[1], glide)
    canvas.connect(lasts[1], pair, 0, 1)
    canvas.connect(told[1], pair)
    canvas.connect(pair, glide)
    canvas.connect(glide, moved)
    return canvas.fit()


def by_itself(controls: Controls) -> PdCanvas:
    """Each axis as the hand moves it, or where KEY-itself is on as the prior does, in 50 ms.

    Inlets: the axes of the hand, then those of the prior. Outlets: the axes.
    """
    key, count = controls.key, len(controls.ranges)
    canvas = PdCanvas("itself")
    switch = canvas.chain(20, 70, f"r {key}-itself", "pack 0 50", "line~")
    right = 60 + text_width(f"r {key}-itself")
    others = canvas.chain(right, 130, "*~ -1", "+~ 1")
    canvas.connect(switch[2], others[0])
    inlets = [canvas.obj(20 + PORT_STEP * i, 20, "inlet~") for i in range(2 * count)]
    for axis in range(count):
        x = 20 + PORT_STEP * axis
        hand, own = canvas.obj(x, 220, "*~"), canvas.obj(x + PORT_STEP * count, 220, "*~")
        for inlet, part, factor in (
            (inlets[axis], hand, others[1]),
            (inlets[count + axis], own, switch[2]),
        ):
            canvas.connect(inlet, part)
            canvas.connect(factor, part, 0, 1)
        out = canvas.obj(x, 290, "outlet~")
        canvas.connect(hand, out)
        canvas.connect(own, out)
    return canvas.fit()


def edit(controls: Controls) -> PdCanvas:
    """Each latent axis times a factor, plus an offset; labels as commanded, or as heard.

    Inlets: the axes, then the guesses. Outlets: the axes, then the labels.
    """
    key, count = controls.key, len(controls.ranges)
    canvas = PdCanvas("edit")
    canvas.chain(20, 20, "loadbang", "metro 50", f"s {key}-tick")
    low = 330
    for axis in range(1, count + 1):
        x = 20 + PORT_STEP * (axis - 1)
        inlet, out = canvas.obj(x, 130, "inlet~"), canvas.obj(x, low, "outlet~")
        box = canvas.sub(x, 170, _axis_edit(key, axis))
        canvas.connect(inlet, box)
        canvas.connect(box, out)
    guessed = {}
    for column, guess in enumerate(controls.guesses, count):
        x = 20 + PORT_STEP * column
        guessed[guess.name] = canvas.obj(x, 130, "inlet~")
        canvas.connect(guessed[guess.name], canvas.sub(x, 170, _shown(key, guess.key, controls)))
    for column, label in enumerate(controls.labels, count):
        x, name = 20 + PORT_STEP * column, f"{key}-label-{label.key}"
        is_guessed = label.task in guessed
        box = canvas.sub(x, 230 + 24 * (column % 3), _label(name, is_guessed, label.key))
        canvas.connect(box, canvas.obj(x, low, "outlet~"))
        if is_guessed:
            canvas.connect(guessed[label.task], box)
    return canvas.fit()


def _axis_edit(key: str, axis: int) -> PdCanvas:
    canvas = PdCanvas(f"axis{axis}")
    inlet, factor = canvas.obj(20, 20, "inlet~"), canvas.obj(20, 90, "*~ 1")
    offset, out = canvas.obj(20, 150, "+~"), canvas.obj(20, 190, "outlet~")
    right = max(240, 80 + text_width(f"r {key}-offset{axis}"))
    shown = canvas.chain(
        right, 60, f"r {key}-tick", "snapshot~", "(set \\$1)", f"s {key}-heard{axis}"
    )
    for name, target, y in (("scale", factor, 60), ("offset", offset, 120)):
        canvas.connect(canvas.obj(60, y, f"r {key}-{name}{axis}"), target, 0, 1)
    for source, target in ((inlet, factor), (factor, offset), (offset, out), (inlet, shown[1])):
        canvas.connect(source, target)
    return canvas.fit()


def _shown(key: str, name: str, controls: Controls) -> PdCanvas:
    canvas = PdCanvas(name[:7])
    guess = next(guess for guess in controls.guesses if guess.key == name)
    heard(canvas, 20, 60, canvas.obj(110, 20, "inlet~"), guess, key)
    return canvas.fit()


def _label(name: str, is_guessed: bool, title: str) -> PdCanvas:
    """A label as commanded; with an inlet, what comes in where the command is negative."""
    canvas = PdCanvas(title[:7])
    if not is_guessed:
        canvas.chain(20, 20, f"r {name}-played", "sig~", "outlet~")
        return canvas.fit()
    inlet = canvas.obj(40 + widest([f"r {name}"]), 20, "inlet~")
    order = canvas.chain(20, 20, f"r {name}", "t f f f")[1]
    given = canvas.chain(20, 90, "max 0", "sig~")
    is_given, is_guess = canvas.obj(100, 90, ">= 0"), canvas.obj(160, 90, "< 0")
    commanded, guessed = canvas.obj(20, 160, "*~ 0"), canvas.obj(160, 160, "*~ 1")
    out = canvas.obj(20, 200, "outlet~")
    canvas.connect(order, given[0])
    canvas.connect(order, is_given, 1)
    canvas.connect(order, is_guess, 2)
    canvas.connect(given[1], commanded)
    canvas.connect(is_given, commanded, 0, 1)
    canvas.connect(inlet, guessed)
    canvas.connect(is_guess, guessed, 0, 1)
    canvas.connect(commanded, out)
    canvas.connect(guessed, out)
    return canvas.fit()
