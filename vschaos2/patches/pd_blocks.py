"""Controls of a Pd patch's panel, each a block: labels, settings, what is heard."""

from vschaos2.patches.controls import Controls, Guess, Label
from vschaos2.patches.flow import Block
from vschaos2.patches.pd_canvas import CHARACTER, PdCanvas, text_width
from vschaos2.patches.settings import Setting, by_group

CELL = 21  # pixels of a column of choices
NUMBER_AT = 144  # pixels from a slider's left to its number
CLOSE = 23  # pixels from a name to its slider, where many stand below each other
MOST_CELLS = 16  # of a column of choices; more are chosen by their number
UNBOUNDED = 1e37  # as Pd writes it


def label_block(
    label: Label, key: str, guess: Guess | None, sure: Guess | None = None
) -> Block[PdCanvas]:
    """A menu for a label, what the model hears in its input, and how sure it is of it."""
    name = f"{key}-label-{label.key}"
    cells = ([label.guess] if label.is_guessed else []) + list(label.names)
    told = (154 if guess else 0) + (52 if sure else 0)
    heading = text_width(label.task) + 8 + told
    first = label.first + int(label.is_guessed)

    def head(canvas: PdCanvas, x: int, y: int, is_folded: bool = False) -> None:
        canvas.comment(x, y, label.task)
        if guess:
            after = x if is_folded else x + text_width(label.task) + 8
            y += 22 * is_folded
            canvas.comment(after, y, "input:")
            shown = canvas.shown_word if guess.names else canvas.shown_number
            after += text_width("input:") + 4
            shown(after, y, 13, f"{key}-heard-{guess.key}-name")
            if sure:
                canvas.shown_number(after + 104, y, 5, f"{key}-heard-{sure.key}-name")

    if label.is_row:
        cell = max(22, 10 + CHARACTER * max(map(len, label.names)))
        left = text_width(label.guess) - cell if label.is_guessed else 0

        def row(canvas: PdCanvas, x: int, y: int) -> None:
            head(canvas, x, y)
            for i, text in enumerate(cells):
                centre = x + left + i * cell + (cell - text_width(text)) // 2
                canvas.comment(x if text == label.guess else centre, y + 24, text)
            canvas.radio(
                x + left, y + 48, cell, len(cells), f"{name}-chosen", f"{name}-look", first
            )

        return Block(max(heading, left + cell * len(cells)), 48 + cell, row)

    if label.is_menu:
        top = 48 if guess else 26

        def column(canvas: PdCanvas, x: int, y: int) -> None:
            head(canvas, x, y, is_folded=True)
            canvas.radio(
                x, y + top, CELL, len(cells), f"{name}-chosen", f"{name}-look", first, True
            )
            for i, text in enumerate(cells):
                canvas.comment(x + CELL + 6, y + top + CELL * i, text)

        width = max(text_width(label.task), CELL + 6 + max(map(text_width, cells)))
        return Block(max(told, width), top + CELL * len(cells), column)

    lowest = -1 if label.is_guessed else 0
    highest = len(label.names) - 1 if label.names else 1_000_000
    note = f"-1: {label.guess}" if label.is_guessed else f"0 to {highest}" if label.names else ""

    def number(canvas: PdCanvas, x: int, y: int) -> None:
        head(canvas, x, y)
        canvas.number(x, y + 26, 7, lowest, highest, f"{name}-chosen", f"{name}-look", label.first)
        if label.names:
            canvas.shown_word(x + 76, y + 25, 16, f"{name}-name")
        if note:
            canvas.comment(x + (210 if label.names else 76), y + 25, note)

    width = 76 + (134 if label.names else 0) + text_width(note)
    return Block(max(heading, width), 48, number)


def setting_block(setting: Setting, key: str, with_ends: bool = False) -> Block[PdCanvas]:
    """A control for an attribute; a slider may tell its ends."""
    name = f"{key}-set-{setting.name}"
    title = setting.name
    if setting.kind == "choice" and len(setting.choices) > MOST_CELLS:
        return _numbered_block(setting, name)
    if setting.kind == "choice":
        chosen = setting.choices.index(setting.value)

        def choice(canvas: PdCanvas, x: int, y: int) -> None:
            canvas.comment(x, y, title)
            count = len(setting.choices)
            canvas.radio(x, y + 26, CELL, count, name, name, chosen, is_upright=True)
            for i, text in enumerate(setting.choices):
                canvas.comment(x + CELL + 6, y + 26 + CELL * i, text)

        width = max(text_width(title), CELL + 6 + max(map(text_width, setting.choices)))
        return Block(width, 26 + CELL * len(setting.choices), choice)
    if setting.kind in ("event", "switch"):

        def button(canvas: PdCanvas, x: int, y: int) -> None:
            canvas.comment(x + 26, y, title)
            if setting.kind == "event":
                canvas.bang(x, y + 1, name)
            else:
                canvas.toggle(x, y + 1, name, int(setting.value))

        return Block(26 + text_width(title), 21, button)
    if setting.kind == "text":

        def word(canvas: PdCanvas, x: int, y: int) -> None:
            canvas.comment(x, y, title)
            canvas.shown_word(x, y + 25, 20, f"{name}-look", name)

        return Block(max(text_width(title), 144), 46, word)
    return number_block(setting, name, with_ends)


def _numbered_block(setting: Setting, name: str) -> Block[PdCanvas]:
    """A number for one of many choices, and its name."""
    first, last = setting.choices.index(setting.value), len(setting.choices) - 1

    def draw(canvas: PdCanvas, x: int, y: int) -> None:
        canvas.comment(x, y, f"{setting.name}, 0 to {last}")
        canvas.number(x, y + 26, 5, 0, last, name, name, first)
        canvas.shown_word(x + 60, y + 25, 24, f"{name}-look")

    return Block(max(60 + 24 * CHARACTER + 10, text_width(setting.name) + 80), 46, draw)


def _limits(setting: Setting) -> tuple[float, float]:
    """From the least to the greatest number that a setting without ends may take."""
    if setting.kind == "integer" and setting.choices:
        numbers = [float(choice) for choice in setting.choices]
        return min(numbers), max(numbers)
    return -UNBOUNDED, UNBOUNDED


def number_block(setting: Setting, name: str, with_ends: bool = False) -> Block[PdCanvas]:
    """A slider, and its number below its unit; a number box where the number has no limits."""
    ends, unit, note = setting.usual, setting.unit, setting.note
    down = CLOSE if setting.group else 26  # a panel of its own has many
    if ends and with_ends:
        unit = f"{ends[0]:g} to {ends[1]:g} {unit}".rstrip()
    unit_at = max(NUMBER_AT, text_width(setting.name) + CHARACTER)

    def number(canvas: PdCanvas, x: int, y: int) -> None:
        canvas.comment(x, y, setting.name)
        if unit:
            canvas.comment(x + unit_at, y, unit)
        if note:
            canvas.comment(x, y + down + 21, note)
        if ends:
            canvas.slider(x, y + down, 130, 18, ends, name, name, setting.is_exponential)
            canvas.shown_number(x + NUMBER_AT, y + down - 1, 6, name)
        else:
            # A box from 0 to 0 holds nothing but 0.
            low, high = _limits(setting)
            canvas.number(x, y + down, 8, low, high, name, name, setting.value)

    heading = unit_at + text_width(unit) if unit else text_width(setting.name)
    width = max(heading, 190, text_width(note) if note else 0)
    return Block(width, down + 20 + (22 if note else 0), number)


def label_blocks(controls: Controls) -> list[Block[PdCanvas]]:
    """Labels with what is heard of each, then all else that is heard."""
    heard = {guess.name: guess for guess in controls.guesses}
    blocks = []
    for label in controls.labels:
        guess, sure = heard.pop(label.task, None), heard.pop(f"{label.task} confidence", None)
        blocks.append(label_block(label, controls.key, guess, sure))
    return blocks + [_heard_block(guess, controls.key) for guess in heard.values()]


def setting_blocks(controls: Controls) -> list[Block[PdCanvas]]:
    """Those that belong to no group: the highest first, so that columns are filled well.

    Beside latents and labels there is no room for the ends of sliders.
    """
    own = by_group(controls.settings)[""]
    with_ends = not controls.ranges and not controls.labels
    blocks = [setting_block(setting, controls.key, with_ends) for setting in own]
    return sorted(blocks, key=lambda block: -block.height)


def group_blocks(controls: Controls) -> dict[str, list[Block[PdCanvas]]]:
    """Those of each group, in their order."""
    groups = by_group(controls.settings)
    return {
        name: [setting_block(setting, controls.key) for setting in settings]
        for name, settings in groups.items()
        if name
    }


def _heard_block(guess: Guess, key: str) -> Block[PdCanvas]:
    def draw(canvas: PdCanvas, x: int, y: int) -> None:
        text = f"{guess.name} input:"
        canvas.comment(x, y, text)
        shown = canvas.shown_word if guess.names else canvas.shown_number
        shown(x + text_width(text) + 4, y, 8, f"{key}-heard-{guess.key}-name")

    return Block(text_width(guess.name) + 130, 22, draw)
