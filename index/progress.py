"""The stages of building an index as progress bars on a terminal."""

from __future__ import annotations

from tqdm import tqdm

_NAMES = {"tokens": "分词", "vectors": "向量", "index": "索引"}


class ProgressBars:
    """A `snapshot.Progress`: one bar a stage on stderr, where that is a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stage = stage
            self._bar = tqdm(total=total, desc=_NAMES.get(stage, stage), disable=None, leave=False)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
            if done >= total:
                self._bar.close()
