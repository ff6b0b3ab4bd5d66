"""The panel of a Pd patch: what stands in front, in blocks."""

from vschaos2.patches.controls import Controls
from vschaos2.patches.figures import in_words
from vschaos2.patches.flow import Block, Shelves, shelves, stack, stretched
from vschaos2.patches.pd_blocks import group_blocks, label_blocks, setting_blocks
from vschaos2.patches.pd_canvas import ACCENT, PALE, PdCanvas, symbol
from vschaos2.patches.pd_sound import LEVEL_DB, SOURCES
from vschaos2.patches.pd_sound import output as sound_out

HEADER_HEIGHT, TITLE_HEIGHT = 90, 34
SOURCE_WIDTH, SOURCE_HEIGHT = 296, 128
MOST_HEIGHT = 420  # of columns of controls
APART = 14  # pixels between the columns of a group, and twice those between its rows
EDGE = 4  # pixels: Pd shows scroll bars for what reaches a window's very edge
GAP = 12  # pixels between panels


def header(canvas: PdCanvas, controls: Controls, first_steps: str) -> None:
    """Name, figures and what to do first, across the top."""
    width = canvas.width
    canvas.panel(EDGE, EDGE, width - 2 * EDGE, HEADER_HEIGHT - GAP - EDGE, ACCENT)
    canvas.title(16, 8, controls.name, 22)
    after = 40 + 15 * len(controls.name)
    canvas.title(min(after, width - 320), 12, "", 14, f"{controls.key}-warning")
    canvas.comment(14, 33, controls.figures)
    canvas.comment(14, 54, first_steps)
    canvas.sub(width - 80, 8, _rate(controls))


def _rate(controls: Controls) -> PdCanvas:
    """Tells the models Pd's rate, or the header that it is none of theirs.

    It is asked for when the patch opens and whenever the sound is turned on.
    """
    key, rates = controls.key, controls.in_tune_hz
    canvas = PdCanvas("rate")
    text = f"Pd's rate is another: set it to {in_words(rates)}"
    known = f"sel {' '.join(map(str, rates))}"
    rate = canvas.chain(20, 20, "loadbang", "delay 100", "samplerate~", known)
    on = canvas.chain(140, 20, f"r {key}-audio", "sel 1")
    canvas.connect(on[1], rate[2])
    right = canvas.msg(20, 240, "label empty")
    wrong = canvas.msg(140, 240, f"label {symbol(text)}")
    told = canvas.obj(20, 270, f"s {key}-warning")
    models = canvas.obj(20, 190, f"s {key}-models") if controls.host_rates_hz else None
    for outlet, hz in enumerate(rates):
        canvas.connect(rate[3], right, outlet)
        if models is not None:
            said = canvas.msg(20 + 180 * outlet, 150, f"set sample_rate {hz}")
            canvas.connect(rate[3], said, outlet)
            canvas.connect(said, models)
    canvas.connect(rate[3], wrong, len(rates))
    canvas.connect(right, told)
    canvas.connect(wrong, told)
    return canvas.fit()


def sound_panel(
    canvas: PdCanvas, key: str, x: int, y: int, width: int, height: int, has_sources: bool,
    has_recorder: bool = True,
) -> None:  # fmt: skip
    """Where the sound comes from, if it comes from somewhere, Pd's own switch, and a recorder's."""
    canvas.panel(x, y, width, height)
    canvas.title(x + 10, y + 6, "sound")
    if has_sources:
        _sources(canvas, key, x, y + 32)
    switches = ((88, "audio", "AUDIO ON"), (184, "record", "record"))
    for left, name, text in switches if has_recorder else switches[:1]:
        canvas.toggle(x + left, y + 6, f"{key}-{name}")
        canvas.comment(x + left + 22, y + 5, text)


def _sources(canvas: PdCanvas, key: str, x: int, y: int) -> None:
    """What `pd source` asks: which sound, and how a file is played."""
    canvas.radio(x + 12, y, 22, len(SOURCES), f"{key}-source", "empty", 0, True)
    for i, text in enumerate(SOURCES):
        canvas.comment(x + 40, y + 22 * i, text + " (left)" * (text == "file"))
    canvas.title(x + 140, y + 76, "", 12, f"{key}-file-warning")
    for i, (text, kind) in enumerate((("open a file", "browse"), ("from its start", "play"))):
        canvas.bang(x + 140, y + 2 + 26 * i, f"{key}-{kind}")
        canvas.comment(x + 164, y + 1 + 26 * i, text)
    canvas.toggle(x + 140, y + 54, f"{key}-loop", 1)
    canvas.comment(x + 164, y + 53, "again and again")


def output(
    canvas: PdCanvas, controls: Controls, method: str, model: int, at: tuple[int, int],
    corner: tuple[int, int], level: str, is_on: int,
) -> None:  # fmt: skip
    """Switch and level at a corner; the output of a model below it.

    The level's name stands above its slider, or behind it if it is short.
    """
    key, (x, y) = controls.key, corner
    canvas.toggle(x, y, f"{key}-{method}-on", is_on)
    canvas.comment(x + 24, y - 1, f"{method} on")
    is_short = len(level) < 3
    canvas.comment(x + 112 * is_short, y + 26, level)
    name = f"{key}-{method}-level"
    canvas.slider(x + 3, y + (28 if is_short else 48), 100, 18, LEVEL_DB, name, name)
    is_gated = method == "decode" and is_on == 0  # where notes play it
    canvas.connect(model, canvas.sub(*at, sound_out(key, method, is_gated)))


def control_panels(
    canvas: PdCanvas, controls: Controls, x: int, y: int, width: int, least_height: int
) -> tuple[int, int]:
    """Labels and settings in two panels side by side, groups of settings in panels of their own.

    Returns the height of what stands beside the sound, and of all, with the panels below.
    """
    if group_blocks(controls):
        return _panels_in_rows(canvas, controls, x, y, x + width - GAP, least_height)
    groups = _panels(controls)
    inner, _ = _least_height(controls, width, least_height)
    widths = [stack(blocks, inner)[1] + 2 * GAP for _, blocks in groups]
    # The first panel takes what is left.
    widths[:1] = [width - sum(each + GAP for each in widths[1:])]
    for (name, blocks), each in zip(groups, widths, strict=False):
        canvas.panel(x, y, each, inner + TITLE_HEIGHT + GAP, PALE)
        canvas.title(x + 10, y + 6, name)
        for block, (left, top) in zip(blocks, stack(blocks, inner)[0], strict=True):
            block.draw(canvas, x + GAP + left, y + TITLE_HEIGHT + top)
        x += each + GAP
    return (inner + TITLE_HEIGHT + GAP,) * 2


def _panels(controls: Controls) -> list[tuple[str, list[Block[PdCanvas]]]]:
    every = {"labels": label_blocks(controls), "model": setting_blocks(controls)}
    return [*((n, b) for n, b in every.items() if b), *group_blocks(controls).items()]


def _shelves(controls: Controls, start: int, width: int, least_height: int) -> Shelves:
    least = least_height - TITLE_HEIGHT - GAP
    panels = [blocks for _, blocks in _panels(controls)]
    heights = range(least, MOST_HEIGHT, 6)
    return shelves(panels, start, width, heights, TITLE_HEIGHT, GAP, APART)


def _panels_in_rows(
    canvas: PdCanvas, controls: Controls, x: int, y: int, width: int, least_height: int
) -> tuple[int, int]:
    """All panels, the first of them at (x, y), beside the sound; others in rows below it."""
    found = _shelves(controls, x - GAP, width, least_height)
    widths = stretched(found, width)
    for (name, blocks), (left, top), wide, high, column in zip(
        _panels(controls), found.places, widths, found.heights, found.columns, strict=True
    ):
        canvas.panel(GAP + left, y + top, wide, high)
        canvas.title(GAP + left + 10, y + top + 6, name)
        for block, (across, down) in zip(blocks, stack(blocks, column, APART)[0], strict=True):
            block.draw(canvas, 2 * GAP + left + across, y + top + TITLE_HEIGHT + down)
    return found.first, found.height


def panels_width(controls: Controls, left: int, room: int, least_height: int) -> int:
    """The width of labels and settings: no more than the room, if they can be made to fit."""
    if group_blocks(controls):
        start = left + GAP
        return _shelves(controls, start, start + room, least_height).width - start
    return _least_height(controls, room, least_height)[1]


def _least_height(controls: Controls, room: int, least_height: int) -> tuple[int, int]:
    """The least height of columns at which both panels fit a room, without titles; their width."""
    height = least_height - TITLE_HEIGHT - GAP
    groups = [label_blocks(controls), setting_blocks(controls)]
    while True:
        stacks = [stack(blocks, height) for blocks in groups if blocks]
        width = sum(wide + 3 * GAP for _, wide, _ in stacks) - GAP * bool(stacks)
        if width <= room or height >= MOST_HEIGHT:
            return max([height, *(high for _, _, high in stacks)]), width
        height += 8
