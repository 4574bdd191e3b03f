"""Which models answer, as the operator names them in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Models:
    """Which models answer, as the operator named them; "" is the default of each (see qa.build.build_engine)."""

    encoder: str = ""
    reranker: str = ""
    max_wrong_rate: str = ""
    reader: str = ""
    reader_threads: str = ""


def models_from(environment: Mapping[str, str]) -> Models:
    """What TIAOWEN_ENCODER, TIAOWEN_RERANKER, TIAOWEN_MAX_WRONG_RATE, TIAOWEN_READER and TIAOWEN_READER_THREADS say."""

    def named(name: str) -> str:
        return environment.get(f"TIAOWEN_{name}", "").strip()

    return Models(
        named("ENCODER"), named("RERANKER"), named("MAX_WRONG_RATE"), named("READER"), named("READER_THREADS")
    )


def encoder_name() -> str:
    """The sentence model that the operator chose; "" leaves the choice to the data folder (adapted or builtin)."""
    return models_from(os.environ).encoder
