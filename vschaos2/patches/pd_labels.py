"""The patches within a Pd patch that command labels, and show what the model hears."""

from collections.abc import Sequence

from vschaos2.patches.controls import Controls, Guess, Label
from vschaos2.patches.pd_canvas import PdCanvas, symbol, widest


def labels(controls: Controls, with_outlets: Sequence[Label]) -> PdCanvas:
    """Labels: from the menus to signals, and back to the menus' looks.

    Args:
        controls: of the instrument.
        with_outlets: labels that leave as signals, in this order.
    """
    canvas = PdCanvas("labels")
    names = [f"{controls.key}-label-{label.key}" for label in controls.labels]
    step = 100 + widest(f"text define {name}-names" for name in names)
    for column, (label, name) in enumerate(zip(controls.labels, names, strict=True)):
        x = 20 + step * column
        offset = int(label.is_menu and label.is_guessed)  # a menu's first cell is the guess
        canvas.chain(x, 20, f"r {name}-chosen", f"- {offset}", f"s {name}")
        value = canvas.obj(x, 130, f"r {name}")
        order = canvas.obj(x, 160, "t f f f")
        canvas.connect(value, order)
        if label in with_outlets:
            signal = canvas.chain(x, 200, "sig~", "outlet~")
            canvas.connect(order, signal[0])
        played = canvas.chain(x + 70, 200, "moses 0")[0]
        target = canvas.obj(x + 70, 230, f"s {name}-played")
        canvas.connect(order, played, 1)
        canvas.connect(played, target, 1)
        if label.is_guessed_in_decode:
            canvas.connect(played, target, 0)
        elif label.is_guessed:
            # What decode cannot guess stays at the last class, or at this one.
            begin, first = (
                canvas.obj(x + 70, 160, "loadbang"),
                canvas.msg(x + 150, 160, f"{label.plain}"),
            )
            canvas.connect(begin, first)
            canvas.connect(first, target)
        shown, message = (
            canvas.obj(x + 70, 270, f"+ {offset}"),
            canvas.msg(x + 120, 270, "set \\$1"),
        )
        look = canvas.obj(x + 70, 300, f"s {name}-look")
        canvas.connect(order, shown, 2)
        canvas.connect(shown, message)
        canvas.connect(message, look)
        if label.names:
            _say_class(canvas, x + 70, 340, order, name, label.names)
    return canvas.fit()


def _say_class(
    canvas: PdCanvas, x: int, y: int, value: int, name: str, classes: Sequence[str]
) -> None:
    """Join a box that says an index with what shows the class's name."""
    words = "".join(f"{symbol(each.replace(' ', '_'))} \\; " for each in classes)
    canvas.obj(x, y, f"text define {name}-names")
    canvas.boxes[-1] += f";\n#A set {words}".rstrip()
    made = canvas.chain(x, y + 30, f"text get {name}-names", "makefilename %s", f"s {name}-name")
    canvas.connect(value, made[0])


def heard(canvas: PdCanvas, x: int, y: int, signal: int, guess: Guess, key: str) -> None:
    """Join a signal with what shows its value, ten times a second."""
    name = f"{key}-heard-{guess.key}"
    start = canvas.chain(x, y, "loadbang", "metro 100", "snapshot~")
    canvas.connect(signal, start[2])
    if guess.names:
        nearest = canvas.chain(x, y + 90, "+ 0.5", "int")
        canvas.connect(start[2], nearest[0])
        _say_class(canvas, x, y + 150, nearest[1], name, guess.names)
    else:
        canvas.connect(start[2], canvas.obj(x, y + 90, f"s {name}-name"))


def guesses(controls: Controls) -> PdCanvas:
    """What the model guesses, shown on the panel."""
    canvas = PdCanvas("heard")
    names = [f"{controls.key}-heard-{guess.key}" for guess in controls.guesses]
    step = 30 + widest(f"text define {name}-names" for name in names)
    for column, guess in enumerate(controls.guesses):
        x = 20 + step * column
        heard(canvas, x, 60, canvas.obj(x + 90, 20, "inlet~"), guess, controls.key)
    return canvas.fit()
