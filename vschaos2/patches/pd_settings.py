"""The patch within a Pd patch that turns what its panel says into messages for nn~."""

from collections.abc import Sequence

from vschaos2.patches.controls import Controls
from vschaos2.patches.pd_blocks import MOST_CELLS
from vschaos2.patches.pd_canvas import PdCanvas, symbol, text_width, widest
from vschaos2.patches.settings import Setting

NN_BUFFER = 4096  # samples
ROW = 110  # pixels from one setting to the next


def settings(controls: Controls, methods: Sequence[str], played: Sequence[str]) -> PdCanvas:
    """What the panel says, as messages for nn~.

    Args:
        controls: of the instrument.
        methods: the names that models listen to.
        played: methods of the models that listen to the first name.
    """
    key = controls.key
    canvas = PdCanvas("settings")
    step = 30 + widest(f"r {key}-{method}-on" for method in (*methods, "models"))
    canvas.chain(20 + step * len(methods) + step, 20, f"r {key}-audio", "(\\; pd dsp \\$1)")
    everyone = canvas.obj(20 + step * len(methods), 20, f"r {key}-models")
    for column, method in enumerate(methods):
        switch = canvas.chain(
            20 + step * column, 20, f"r {key}-{method}-on", "(enable \\$1)", f"s {key}-{method}"
        )
        canvas.connect(everyone, switch[-1])
    top = 130
    if any(_loses_buffer(controls, method) for method in played):
        canvas.comment(20, top, f"nn~ 1.6.0 gives a method of one inlet and one outlet {NN_BUFFER} "
                       "samples whatever its argument says, until it is told again.")  # fmt: skip
        canvas.chain(
            20, top + 30, "loadbang", f"(bufsize {controls.buffer})", f"s {key}-{methods[0]}"
        )
        top += 130
    for row, setting in enumerate(controls.settings):
        _setting(canvas, top + ROW * row, setting, key)
    return canvas.fit()


def _loses_buffer(controls: Controls, method: str) -> bool:
    return controls.methods[method] == (1, 1) and controls.buffer != NN_BUFFER


def _setting(canvas: PdCanvas, y: int, setting: Setting, key: str) -> None:
    """From KEY-set-NAME to a message for all models; of several messages, to the one of a number.

    Sliders and words do not say their values when a patch opens: these are said for them.
    """
    name, messages = f"{key}-set-{setting.name}", _messages(setting)
    if len(messages) > MOST_CELLS:
        _numbered(canvas, y, setting, key)
        return
    source = canvas.obj(20, y, f"r {name}")
    outlet, x = canvas.obj(20, y + 60, f"s {key}-models"), 20
    if len(messages) > 1:
        numbers = " ".join(str(i) for i in range(len(messages)))
        choose = canvas.obj(40 + text_width(f"r {name}"), y, f"sel {numbers}")
        canvas.connect(source, choose)
        source = choose
    for number, text in enumerate(messages):
        message = canvas.msg(x, y + 30, text)
        canvas.connect(source, message, number)
        canvas.connect(message, outlet)
        x += text_width(text) + 14
    x = max(400, 60 + text_width(f"r {name}"))
    if setting.kind == "number":
        canvas.chain(x, y, "loadbang", f"({setting.value:g})", f"s {name}")
    elif setting.kind == "text":
        canvas.chain(x, y, "loadbang", f"(symbol {symbol(setting.value)})", f"s {name}")
        look = canvas.chain(x + 60 + text_width(f"s {name}"), y, "(set \\$1)", f"s {name}-look")
        canvas.connect(source, look[0])
    elif setting.at_load:
        canvas.chain(x, y, "loadbang", "delay 1", f"s {name}")


def _numbered(canvas: PdCanvas, y: int, setting: Setting, key: str) -> None:
    """From the number of one of many choices to its word, which is shown, and a message with it."""
    name, x = f"{key}-set-{setting.name}", 20
    canvas.kept_text(x, y + 60, f"{name}-words", [[choice] for choice in setting.choices])
    found = canvas.chain(x, y, f"r {name}", f"text get {name}-words")
    x += max(text_width(f"text get {name}-words"), text_width(f"text define -k {name}-words")) + 20
    for words, receiver in ((f"set {setting.name}", f"{key}-models"), ("symbol", f"{name}-look")):
        said = canvas.chain(x, y, f"list prepend {words}", "list trim", f"s {receiver}")
        canvas.connect(found[1], said[0])
        x += max(text_width(f"list prepend {words}"), text_width(f"s {receiver}")) + 20


def _messages(setting: Setting) -> list[str]:
    """What is said to a model, by the number of a choice; of all else there is one message."""
    if setting.kind == "choice":
        return [f"set {setting.name} {symbol(choice)}" for choice in setting.choices]
    if setting.kind == "switch":  # for nn~, only the word false is false
        return [f"set {setting.name} {word}" for word in ("false", "true")]
    return [f"set {setting.name} " + ("1" if setting.kind == "event" else "\\$1")]
