"""Packages that only some settings need. They come with an extra, and where it is absent the error says which and how."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from corpus.errors import PolicyError
from index.errors import BadReader, EncoderError, SnapshotError

MODELS = ("torch", "sentence_transformers", "transformers")
"""What other models than the builtin ones, and fitting them, need: the extra `models`."""
_HINT = (
    "请在程序目录执行 .venv/bin/pip install -c constraints.txt -e '.[models]'（约 1 GB；torch 用 CPU 版即可），"
    "或去掉这项设置，用内置的模型。"
)


ENGINES = ("pymilvus", "milvus_lite", "grpc")
"""What an index that Milvus carries needs: the extra `cluster`."""
_ENGINE_HINT = (
    "请在程序目录执行 .venv/bin/pip install -c constraints.txt -e '.[cluster]'，或去掉这项设置，用内置的索引。"
)


@contextmanager
def _needing(packages: tuple[str, ...], what: str, hint: str, error: type[PolicyError]) -> Iterator[None]:
    """Around the import of one of `packages`. Raises `error` where one is not installed."""
    try:
        yield
    except ModuleNotFoundError as absent:
        package = (absent.name or "").partition(".")[0]
        if package not in packages:
            raise
        raise error(f"{what}需要另外安装的组件（缺少 {package}）", hint) from absent


def engine_for(what: str) -> AbstractContextManager[None]:
    """Around the import of one of ENGINES; `what` (Chinese) names what needs it. Raises SnapshotError where one is not installed."""
    return _needing(ENGINES, what, _ENGINE_HINT, SnapshotError)


def models_for(what: str, error: type[EncoderError] | type[BadReader]) -> AbstractContextManager[None]:
    """Around the import of one of MODELS; `what` (Chinese) names what needs it. Raises `error` where one is not installed."""
    return _needing(MODELS, what, _HINT, error)
