"""The panel of a Pd patch: what stands in front, in blocks."""

from vschaos2.patches.controls import Controls, Guess, Label, Setting
from vschaos2.patches.flow import Block, stack
from vschaos2.patches.pd_canvas import ACCENT, CHARACTER, PALE, PdCanvas, text_width
from vschaos2.patches.pd_inner import SOURCES

PLAYABLE = {"temperature": (0.0, 2.0), "gain_db": (-60.0, 12.0)}  # where a slider is of use
HEADER_HEIGHT, TITLE_HEIGHT = 90, 34
SOURCE_WIDTH, SOURCE_HEIGHT = 296, 128
MOST_HEIGHT = 420  # of columns of controls
EDGE = 4  # pixels: Pd shows scroll bars for what reaches a window's very edge
GAP, CELL = 12, 21  # between panels; of a column of choices


def label_block(
    label: Label, key: str, guess: Guess | None, sure: Guess | None = None
) -> Block[PdCanvas]:
    """A menu for a label, what the model hears, and how sure it is of it."""
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
            canvas.comment(after, y, "heard:")
            shown = canvas.shown_word if guess.names else canvas.shown_number
            after += text_width("heard:") + 4
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


def setting_block(setting: Setting, key: str) -> Block[PdCanvas]:
    """A control for an attribute."""
    name = f"{key}-set-{setting.name}"
    title = setting.name
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
    ends = PLAYABLE.get(setting.name, (setting.lowest, setting.highest))

    def number(canvas: PdCanvas, x: int, y: int) -> None:
        canvas.comment(x, y, title)
        if abs(ends[1] - ends[0]) > 1000:
            canvas.number(x, y + 26, 8, *ends, name, name, setting.value)
            return
        canvas.slider(x, y + 26, 130, 18, ends, name, name)
        canvas.shown_number(x + 144, y + 25, 6, name)

    return Block(max(text_width(title), 190), 46, number)


def header(canvas: PdCanvas, controls: Controls, first_steps: str) -> None:
    """Name, figures and what to do first, across the top."""
    width = canvas.width
    canvas.panel(EDGE, EDGE, width - 2 * EDGE, HEADER_HEIGHT - GAP - EDGE, ACCENT)
    canvas.title(16, 8, controls.name, 22)
    after = 40 + 15 * len(controls.name)
    canvas.title(min(after, width - 320), 12, "", 14, f"{controls.key}-warning")
    canvas.comment(14, 33, controls.figures)
    canvas.comment(14, 54, first_steps)
    canvas.sub(width - 80, 8, _rate_warning(controls))


def _rate_warning(controls: Controls) -> PdCanvas:
    """Says in the header where Pd does not run at the model's rate."""
    rate = controls.sample_rate_hz
    canvas = PdCanvas("rate")
    text = f"Pd's rate is another: set it to {rate} Hz".replace(" ", "\\ ")
    canvas.chain(
        20, 20, "loadbang", "delay 100", "samplerate~", f"!= {rate}", "sel 1",
        f"(label {text})", f"s {controls.key}-warning",
    )  # fmt: skip
    return canvas.fit()


def source_panel(canvas: PdCanvas, key: str, x: int, y: int, width: int, height: int) -> None:
    """Where the sound comes from, and Pd's own switch."""
    canvas.panel(x, y, width, height)
    canvas.title(x + 10, y + 6, "sound")
    canvas.radio(x + 12, y + 32, 22, len(SOURCES), f"{key}-source", "empty", 0, True)
    for i, text in enumerate(SOURCES):
        canvas.comment(x + 40, y + 32 + 22 * i, text + " (left)" * (text == "file"))
    canvas.title(x + 140, y + 108, "", 12, f"{key}-file-warning")
    for i, (text, kind) in enumerate((("open a file", "browse"), ("from its start", "play"))):
        canvas.bang(x + 140, y + 34 + 26 * i, f"{key}-{kind}")
        canvas.comment(x + 164, y + 33 + 26 * i, text)
    canvas.toggle(x + 140, y + 86, f"{key}-loop", 1)
    canvas.comment(x + 164, y + 85, "again and again")
    canvas.toggle(x + 140, y + 6, f"{key}-audio")
    canvas.comment(x + 164, y + 5, "AUDIO ON")


def control_panels(
    canvas: PdCanvas, controls: Controls, x: int, y: int, width: int, least_height: int
) -> int:
    """Labels and settings in two panels side by side; returns their height."""
    groups = [("labels", _label_blocks(controls)), ("model", _setting_blocks(controls))]
    groups = [(name, blocks) for name, blocks in groups if blocks]
    inner, _ = _least_height(controls, width, least_height)
    widths = [stack(blocks, inner)[1] + 2 * GAP for _, blocks in groups]
    # The first panel takes what is left.
    widths[0] += width - sum(widths) - GAP * (len(widths) - 1)
    for (name, blocks), each in zip(groups, widths, strict=True):
        canvas.panel(x, y, each, inner + TITLE_HEIGHT + GAP, PALE)
        canvas.title(x + 10, y + 6, name)
        for block, (left, top) in zip(blocks, stack(blocks, inner)[0], strict=True):
            block.draw(canvas, x + GAP + left, y + TITLE_HEIGHT + top)
        x += each + GAP
    return inner + TITLE_HEIGHT + GAP


def panels_width(controls: Controls, room: int, least_height: int) -> int:
    """The width of labels and settings: no more than the room, if they can be made to fit."""
    return _least_height(controls, room, least_height)[1]


def _least_height(controls: Controls, room: int, least_height: int) -> tuple[int, int]:
    """The least height of columns at which both panels fit a room, without titles; their width."""
    height = least_height - TITLE_HEIGHT - GAP
    groups = [_label_blocks(controls), _setting_blocks(controls)]
    while True:
        stacks = [stack(blocks, height) for blocks in groups if blocks]
        width = sum(wide + 2 * GAP for _, wide, _ in stacks) + GAP * (len(stacks) - 1)
        if width <= room or height >= MOST_HEIGHT:
            return max([height, *(high for _, _, high in stacks)]), width
        height += 8


def _label_blocks(controls: Controls) -> list[Block[PdCanvas]]:
    heard = {guess.name: guess for guess in controls.guesses}
    blocks = []
    for label in controls.labels:
        guess, sure = heard.pop(label.task, None), heard.pop(f"{label.task} confidence", None)
        blocks.append(label_block(label, controls.key, guess, sure))
    return blocks + [_heard_block(guess, controls.key) for guess in heard.values()]


def _setting_blocks(controls: Controls) -> list[Block[PdCanvas]]:
    """The highest first, so that columns are filled well."""
    blocks = [setting_block(setting, controls.key) for setting in controls.settings]
    return sorted(blocks, key=lambda block: -block.height)


def _heard_block(guess: Guess, key: str) -> Block[PdCanvas]:
    def draw(canvas: PdCanvas, x: int, y: int) -> None:
        text = f"{guess.name} heard:"
        canvas.comment(x, y, text)
        shown = canvas.shown_word if guess.names else canvas.shown_number
        shown(x + text_width(text) + 4, y, 8, f"{key}-heard-{guess.key}-name")

    return Block(text_width(guess.name) + 130, 22, draw)
