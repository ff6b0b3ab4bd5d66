"""The classes of pitch and octave labels, the same in extraction, training and examples."""

PITCH_CLASSES = ("A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#")
OCTAVE_CLASSES = tuple(str(number) for number in range(9))  # each from A to G#
