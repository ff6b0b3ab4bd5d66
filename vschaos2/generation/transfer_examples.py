"""What a bridge is measured on: recordings to carry over, and what they should become."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.audio import find_audio_files, read_audio
from vschaos2.data.latent_takes import LatentTake
from vschaos2.dsp.transposition import transposed
from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.hearing import (
    centre_seconds,
    hear_frames,
    keys_of_file,
    magnitudes_of,
    pitch_tracker,
)
from vschaos2.families.bridge.instruments import name_of
from vschaos2.generation.transfer import instrument_number


class Example(NamedTuple):
    """Something to carry over, and what it should become, where that is known.

    Attributes:
        take: as it is heard.
        truth: the same by the target, or None.
        raised: latents of the take raised by the octaves that suit the target.
    """

    take: LatentTake
    truth: tuple[LatentTake, Tensor] | None
    raised: Tensor


def held_out_examples(
    model: BridgeModel, kept_back: Sequence[LatentTake], root: Path
) -> dict[tuple[int, int], list[Example]]:
    """What was held out, to be carried over to every other instrument."""
    count = len(model.instruments)
    found: dict[tuple[int, int], list[Example]] = {}
    for source in range(count):
        own = [take for take in kept_back if take.domain == source]
        for target in range(count):
            if source != target and own:
                found[source, target] = [
                    Example(take, None, _raised(model, take, root, source, target)) for take in own
                ]
    return found


def _raised(model: BridgeModel, take: LatentTake, root: Path, source: int, target: int) -> Tensor:
    octaves = float(model.octaves[source, target])
    path = root / take.name
    if octaves == 0.0 or not path.is_file():  # the end of a file is no file
        return take.latents
    return _raised_latents(model, path, octaves)


@torch.no_grad()
def _raised_latents(model: BridgeModel, path: Path, octaves: float) -> Tensor:
    vae = model.vae
    sound = torch.from_numpy(read_audio(path, vae.transform.sample_rate_hz))
    parts = [
        vae.encode(vae.transform.to_frames(transposed(part, 12.0 * octaves))).mean
        for part in magnitudes_of(sound, vae)
    ]
    return torch.cat(parts)


def paired_examples(
    model: BridgeModel, folders: Sequence[Path]
) -> dict[tuple[int, int], list[Example]]:
    """The music of two folders, to be carried over both ways.

    Raises:
        InputError: for folders that do not go together.
    """
    files = [{p.relative_to(f).as_posix(): p for p in find_audio_files(f)} for f in folders]
    shared = sorted(files[0].keys() & files[1].keys())
    if not shared:
        raise InputError(
            f"--paired: {folders[0]} and {folders[1]} have no file of the same name: the same "
            "music by both instruments is called alike"
        )
    numbers = [_instrument_of(model, folder) for folder in folders]
    if numbers[0] == numbers[1]:
        raise InputError(f"--paired: both folders are of {model.instruments[numbers[0]]}")
    takes = [
        [_heard(model, of[name], number) for name in shared]
        for of, number in zip(files, numbers, strict=True)
    ]
    found = {}
    for first, second in ((0, 1), (1, 0)):
        source, target = numbers[first], numbers[second]
        octaves = float(model.octaves[source, target])
        found[source, target] = [
            Example(
                take,
                truth,
                take.latents
                if not octaves
                else _raised_latents(model, files[first][name], octaves),
            )
            for name, (take, _), truth in zip(shared, takes[first], takes[second], strict=True)
        ]
    return found


def _instrument_of(model: BridgeModel, folder: Path) -> int:
    """The instrument that a folder, or the first file in it, is called after."""
    name = folder.resolve().name
    if name not in model.instruments:
        first = next(iter(find_audio_files(folder)), folder)
        if name_of(first.name) in model.instruments:
            name = name_of(first.name)
    return instrument_number(model, "--paired", name)


def _heard(model: BridgeModel, path: Path, number: int) -> tuple[LatentTake, Tensor]:
    """A file as a take, and its magnitudes."""
    vae = model.vae
    sound = torch.from_numpy(read_audio(path, vae.transform.sample_rate_hz))
    latents, levels_db = hear_frames(sound, vae)
    magnitude = torch.cat(list(magnitudes_of(sound, vae)))
    tracker, seconds = pitch_tracker(), centre_seconds(len(latents), vae)
    keys = torch.full((len(latents),), torch.nan)
    if tracker is not None:
        keys = torch.from_numpy(keys_of_file(path, tracker, seconds))
    return LatentTake(path.name, number, latents, keys, levels_db), magnitude


def target_latents(examples: Sequence[Example], takes: Sequence[LatentTake], target: int) -> Tensor:
    """Latents that the target really played, of what is measured where there are such."""
    if examples[0].truth is not None:
        return torch.cat([each.truth[0].latents for each in examples if each.truth])
    return torch.cat([take.latents for take in takes if take.domain == target])
