"""Sound files from a trained model, offline, through the very code that is exported.

methods.py        what a command asks of a run
file_labels.py    labels of files: given in words, or those of a dataset
reconstruct.py    sound files through the model
loud_files.py     a warning for files whose peaks pass full scale
encoding.py       sound files → latents, times and labels in files
latent_files.py   latents in .npy and .csv files
latent_tables.py  tables of frames, as .csv
player.py         a run, its axes and its labels, ready to play paths
paths.py          paths through latent space, written as sound and as .npy
alignment.py      sounds of different lengths on one axis of time
morphing.py       between sounds
evaluation.py     how well held-out files are reconstructed
label_swap.py     whether the decoder follows the pitch that it is given
score_tables.py   its results as text, CSV and JSON
latent_map.py     where sounds lie in latent space
map_picture.py    a picture of it
onsets.py         files of the onsets of recordings
"""

from vschaos2.families.vae.signal_path import INVERSIONS, OFFLINE, offline_core
from vschaos2.generation.encoding import encode
from vschaos2.generation.evaluation import evaluate
from vschaos2.generation.latent_map import map_latents
from vschaos2.generation.morphing import Course, morph
from vschaos2.generation.paths import PathOptions, play_latents, play_paths
from vschaos2.generation.player import Player
from vschaos2.generation.reconstruct import reconstruct

__all__ = [
    "INVERSIONS",
    "OFFLINE",
    "Course",
    "PathOptions",
    "Player",
    "encode",
    "evaluate",
    "map_latents",
    "morph",
    "offline_core",
    "play_latents",
    "play_paths",
    "reconstruct",
]
