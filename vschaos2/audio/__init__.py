"""Sound files in, sound files out: found, mixed to mono, resampled, written whole or not at all.

`find` names the files of a folder. `decode` makes samples of what is in them, with the help of
`mpeg`, `ogg` and `lengths`, which know where in a file the sound is; `read` mixes and resamples
them. `write` is the way out.
"""

from vschaos2.audio.decode import (
    DECODE_VALUES,
    GREATEST_RATE_HZ,
    LEAST_RATE_HZ,
    SoundReader,
    UnreadableAudio,
)
from vschaos2.audio.find import AUDIO_EXTENSIONS, find_audio_files, find_files
from vschaos2.audio.read import check_rate, length_at, read_audio, read_blocks, read_channels
from vschaos2.audio.write import AudioWriter, write_audio

__all__ = [
    "AUDIO_EXTENSIONS",
    "DECODE_VALUES",
    "GREATEST_RATE_HZ",
    "LEAST_RATE_HZ",
    "AudioWriter",
    "SoundReader",
    "UnreadableAudio",
    "check_rate",
    "find_audio_files",
    "find_files",
    "length_at",
    "read_audio",
    "read_blocks",
    "read_channels",
    "write_audio",
]
