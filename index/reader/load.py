"""The choice of a reader by its name in the settings."""

from __future__ import annotations

from index.reader.types import JointReader

NONE = "none"
BUILTIN = "builtin"


def load_reader(name: str = "", threads: int = 0) -> JointReader | None:
    """The reader called `name`: "" or "builtin" is the one shipped, "none" is None, any other name a model folder or a
    Hugging Face model for extractive question answering. Nothing is loaded yet. `threads` are those of one reading with
    the builtin one, 0 for all cores."""
    name = name.strip()
    if name.lower() == NONE:
        return None
    if name in ("", BUILTIN):
        from index.reader.onnx import OnnxReader

        return OnnxReader(threads=threads)
    from index.reader.extractive import TransformersReader

    return TransformersReader(name)
