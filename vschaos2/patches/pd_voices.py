"""NAME-voices.pd, which plays several notes at once through one model in vschaos~."""

from vschaos2.patches import pd_labels, pd_settings
from vschaos2.patches import pd_motion as motion
from vschaos2.patches import pd_outside as outside
from vschaos2.patches import pd_sound as sound
from vschaos2.patches import pd_voice as one
from vschaos2.patches.controls import Controls
from vschaos2.patches.flow import rows
from vschaos2.patches.pd_blocks import number_block
from vschaos2.patches.pd_canvas import PdCanvas, text_width, widest
from vschaos2.patches.pd_frame import Frame, model_atom
from vschaos2.patches.pd_panel import (
    GAP,
    HEADER_HEIGHT,
    SOURCE_WIDTH,
    control_panels,
    header,
    output,
    sound_panel,
)
from vschaos2.patches.pd_patch import LEAST_TOP, SLIDER_HEIGHT, axes, axis_names
from vschaos2.patches.voices import (
    CHORD_MS,
    CHORD_VELOCITY,
    SHAPES,
    VOICES,
    chord,
    common,
    offsets,
)

FIRST_STEPS = (
    "First: turn AUDIO ON, then play a MIDI keyboard or click 'a chord'. It needs vschaos~. With "
    "nn~ alone there is patches/four_voices.pd."
)
ASK_MS = 500  # how often the model is asked for its delay
SHAPE_ROW = 58  # pixels from one slider of the notes to the next


def voices_patch(controls: Controls) -> str:
    """A patch of four voices, taken by notes; all else is common to them.

    Args:
        controls: of the voices, from `voiced`.
    """
    shared, key = common(controls), controls.key
    frame = Frame(shared, len(controls.ranges), SOURCE_WIDTH, LEAST_TOP)
    canvas, y = frame.canvas, HEADER_HEIGHT
    header(canvas, controls, FIRST_STEPS)
    room = canvas.width - SOURCE_WIDTH - 3 * GAP
    height, whole = control_panels(canvas, shared, SOURCE_WIDTH + 2 * GAP, y, room, LEAST_TOP)
    sound_panel(canvas, key, GAP, y, SOURCE_WIDTH, height, has_sources=False)
    canvas.bang(GAP + 12, y + 42, f"{key}-chord")
    canvas.comment(GAP + 36, y + 41, "a chord")
    for row, shape in enumerate(SHAPES):
        block = number_block(shape, f"{key}-{shape.name}")
        block.draw(canvas, GAP + 12, y + 74 + SHAPE_ROW * row)
    y += whole + GAP
    at = rows(
        y + 6, title=43, names=43, sliders=SLIDER_HEIGHT + 6, numbers=36, model=40, out=46
    )  # fmt: skip
    canvas.panel(GAP, y, canvas.width - 2 * GAP, at["end"] - y)
    corner = (GAP + 10, at["title"] + 30)
    axes(frame, shared, at)
    model = canvas.sub(frame.x0, at["model"], _voices(controls))
    output(canvas, controls, "decode", model, (frame.x0, at["out"]), corner, "level, dB", 1)
    canvas.meter(GAP + 122, corner[1], 120, f"{key}-decode-meter")
    further = ["attack", "release", "spread", "chord"]
    outside.switches(
        canvas, controls, frame.x0 + 120, at["out"] - 4, _notes(controls),
        outside.osc(shared, further), is_played=1,
    )  # fmt: skip
    moves = controls.pitch_label is not None  # else notes say where the voices are
    frame.presets(key, at["title"], moves)
    targets, sources = axis_names(shared)
    if moves:
        canvas.sub(GAP + 96, at["model"], motion.move(shared))
    else:
        targets = [name.removesuffix("-to") for name in targets]
    canvas.sub(GAP + 10, at["model"], motion.presets(key, targets, sources, shared.presets))
    canvas.sub(GAP + 10, at["out"], pd_settings.settings(shared, ("decode",), ()))
    canvas.sub(GAP + 96, at["out"], sound.loudspeakers(key))
    if shared.labels:
        canvas.sub(frame.x0 + 110, at["model"], pd_labels.labels(shared, ()))
    canvas.height = at["end"] + GAP
    return canvas.text()


def _notes(controls: Controls) -> PdCanvas:
    """Notes of MIDI, of KEY-note and of a chord, as lists of voice, note, velocity to KEY-voice.

    Of taken voices the oldest gives way.
    """
    key, canvas = controls.key, PdCanvas("notes")
    step = 40 + widest([f"s {key}-{shape.name}" for shape in SHAPES] + [f"r {key}-notes"])
    midi, pair = canvas.obj(20, 20, "notein"), canvas.obj(20, 50, "pack f f")
    gate = canvas.obj(20, 80, "spigot")
    told = canvas.obj(20 + step, 110, f"r {key}-note")
    spread = canvas.obj(20, 140, "unpack f f")
    poly = canvas.obj(20, 170, f"poly {VOICES} 1")
    voice = canvas.chain(20, 200, "pack f f f", f"s {key}-voice")
    switch = canvas.chain(20 + step, 20, f"r {key}-notes", "t f f", "sel 0")
    stop = canvas.msg(20 + step, 140, "stop")
    canvas.connect(midi, pair)
    canvas.connect(midi, pair, 1, 1)
    canvas.connect(pair, gate)
    canvas.connect(switch[1], gate, 1, 1)
    canvas.connect(switch[2], stop)
    canvas.connect(stop, poly)
    canvas.connect(gate, spread)
    canvas.connect(told, spread)
    for outlet in (1, 0):
        canvas.connect(spread, poly, outlet, outlet)
    for outlet in (2, 1, 0):
        canvas.connect(poly, voice[0], outlet, outlet)
    for column, shape in enumerate(SHAPES):
        x = 20 + step * column
        canvas.chain(x, 270, "loadbang", f"({shape.value:g})", f"s {key}-{shape.name}")
    begun = canvas.chain(20 + 2 * step, 20, f"r {key}-chord", "t b b")[1]
    later = canvas.obj(20 + 2 * step, 110, f"delay {CHORD_MS}")
    canvas.connect(begun, later, 1)
    for x, source, outlet, velocity in (
        (20 + 3 * step, begun, 0, CHORD_VELOCITY),
        (20 + 2 * step, later, 0, 0),
    ):
        pairs = r" \, ".join(f"{note} {velocity}" for note in chord(controls))
        notes = canvas.msg(x, 140 + 60 * (velocity > 0), pairs)
        canvas.connect(source, notes, outlet)
        sent = canvas.obj(x, 170 + 60 * (velocity > 0), f"s {key}-note")
        canvas.connect(notes, sent)
    return canvas.fit()


def _voices(controls: Controls) -> PdCanvas:
    """The model, what each voice says to it, and the level of what each voice says."""
    key, canvas = controls.key, PdCanvas("voices")
    inlets, outlets = controls.methods["decode"]
    canvas.comment(20, 20, "One model, four voices: its inlets go by voices, axes then labels.")
    numbers = " ".join(str(voice) for voice in range(1, VOICES + 1))
    route = canvas.chain(20, 50, f"r {key}-voice", f"route {numbers}")[1]
    text = f"vschaos~ {model_atom(controls.name)} decode {controls.buffer} {VOICES}"
    model = canvas.obj(20, 200, text, max(90, len(text)))
    canvas.connect(canvas.obj(420, 160, f"r {key}-decode"), model)
    out = canvas.obj(20, 310, "outlet~")
    for voice, places in enumerate(offsets(len(controls.ranges))):
        box = canvas.sub(20 + 90 * voice, 120, one.voice(controls, voice + 1, places))
        canvas.connect(route, box, voice)
        for inlet in range(inlets):
            canvas.connect(box, model, inlet, voice * inlets + inlet)
        level = canvas.obj(20 + 90 * voice, 250, "*~")
        canvas.connect(model, level, voice * outlets)
        canvas.connect(box, level, inlets, 1)
        canvas.connect(level, out)
    _lag(canvas, 420, 250, model, VOICES * outlets, key)
    x = 480 + text_width(f"r {key}-decode")
    if controls.pitch_label is not None:
        outside.keep_classes(canvas, x, 80, controls)
    else:
        canvas.kept_text(x, 80, f"{key}-places", controls.places)
    return canvas.fit()


def _lag(canvas: PdCanvas, x: int, y: int, model: int, outlet: int, key: str) -> None:
    """Ask a model how late its sound is, in samples; KEY-lag says it in milliseconds."""
    ask = canvas.chain(x + 200, y, "loadbang", f"metro {ASK_MS}", "(latency)")
    canvas.connect(ask[2], model)
    answer = canvas.chain(x, y, "route latency", "unpack f", "t f b")
    lag = canvas.chain(x, y + 120, "/ 44.1", "change", f"s {key}-lag")
    rate = canvas.chain(x + 80, y + 90, "samplerate~", "* 0.001")
    canvas.connect(model, answer[0], outlet)
    canvas.connect(answer[2], rate[0], 1)
    canvas.connect(rate[1], lag[0], 0, 1)
    canvas.connect(answer[2], lag[0])
