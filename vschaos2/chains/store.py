"""Examples in chunks: rendered in other processes while a network learns, and kept on a disk.

A chunk is a hundred examples. Which are in it follows from its number, so it does not matter who
renders it, or when. In a folder, a chunk is one .npz file of plain arrays, named after all that
what is in it depends on.
"""

import hashlib
import io
import logging
import multiprocessing
import os
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from vschaos2.chains.examples import Rendered, Renderer, rendered, rendered_families
from vschaos2.errors import InputError
from vschaos2.files import write_whole
from vschaos2.progress import Progress

logger = logging.getLogger(__name__)

CHUNK = 100
VERSION = 5  # of what is rendered from the same numbers


class Store:
    """Chunks of examples.

    Args:
        renderer: of the examples.
        takes: a text that changes with what is played.
        folder: where chunks are kept and looked for; None to keep none.
        workers: processes that render; 0 to render in this one.
    """

    def __init__(
        self, renderer: Renderer, takes: str, folder: Path | None = None, workers: int = 0
    ) -> None:
        self.renderer, self.folder, self.workers = renderer, folder, workers
        ranges = [(p.name, p.settings, p.varied) for p in renderer.pedals]
        what = (VERSION, ranges, tuple(renderer.rendering), renderer.seed, takes)
        self.digest = hashlib.blake2b(repr(what).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self.waiting: dict[int, Future[Rendered]] = {}
        self.pool: ProcessPoolExecutor | None = None

    def ask(self, chunks: Iterable[int]) -> None:
        """Begin to render chunks, where there are processes for it."""
        for chunk in chunks:
            if self.workers and chunk not in self.waiting and not self._is_kept(chunk):
                if self.pool is None:
                    context = multiprocessing.get_context("spawn")
                    self.pool = ProcessPoolExecutor(self.workers, context, _begin, (self.renderer,))
                self.waiting[chunk] = self.pool.submit(_render, chunk)

    def take(self, chunks: Sequence[int]) -> Rendered:
        """Chunks, one behind the other."""
        self.ask(chunks)
        found = []
        with Progress("rendering", "chunk", len(chunks), len(chunks) > 3, False) as progress:
            for chunk in chunks:
                found.append(self._chunk(chunk))
                progress.update()
        return Rendered(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def close(self) -> None:
        """End the processes; what they have not begun is forgotten."""
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)
        self.pool, self.waiting = None, {}

    def _chunk(self, chunk: int) -> Rendered:
        if (kept := self._kept(chunk)) is not None:
            return kept
        if chunk in self.waiting:
            made = self.waiting.pop(chunk).result()
        else:
            made = _made(self.renderer, chunk)
        if self.folder is not None:
            content = io.BytesIO()
            np.savez(content, **made._asdict())
            write_whole(self._path(chunk), content.getvalue())
        return made

    def _path(self, chunk: int) -> Path:
        assert self.folder is not None
        return self.folder / f"{self.digest}_{chunk:06d}.npz"

    def _is_kept(self, chunk: int) -> bool:
        return self.folder is not None and self._path(chunk).is_file()

    def _kept(self, chunk: int) -> Rendered | None:
        if not self._is_kept(chunk):
            return None
        path = self._path(chunk)
        try:
            with np.load(path, allow_pickle=False) as content:
                found = Rendered(*(content[name] for name in Rendered._fields))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise InputError(f"{path}: is damaged: remove it, and it is rendered again") from error
        return found


_renderer: Renderer | None = None  # of a process that renders


def _begin(renderer: Renderer) -> None:
    global _renderer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    _renderer = renderer


def _end_with_parent() -> None:
    """A process that waits for work does not notice that who gives it was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _render(chunk: int) -> Rendered:
    assert _renderer is not None
    return _made(_renderer, chunk)


def _made(renderer: Renderer, chunk: int) -> Rendered:
    if renderer.rendering.families:
        return rendered_families(renderer, chunk * CHUNK, CHUNK)
    return rendered(renderer, range(chunk * CHUNK, (chunk + 1) * CHUNK))
