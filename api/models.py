"""Which models answer, who carries the index and which database keeps the rest, as the operator names them in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Models:
    """Which models answer and who carries the index, as the operator named them; "" is the default of each (see qa.build.build_engine)."""

    encoder: str = ""
    reranker: str = ""
    max_wrong_rate: str = ""
    reader: str = ""
    reader_threads: str = ""
    index: str = ""


def models_from(environment: Mapping[str, str]) -> Models:
    """What TIAOWEN_ENCODER, _RERANKER, _MAX_WRONG_RATE, _READER, _READER_THREADS and _INDEX say."""

    def named(name: str) -> str:
        return environment.get(f"TIAOWEN_{name}", "").strip()

    return Models(
        named("ENCODER"),
        named("RERANKER"),
        named("MAX_WRONG_RATE"),
        named("READER"),
        named("READER_THREADS"),
        named("INDEX"),
    )


def encoder_name() -> str:
    """The sentence model that the operator chose; "" leaves the choice to the data folder (adapted or builtin)."""
    return models_from(os.environ).encoder


def index_name() -> str:
    """Who carries the index, as the operator chose; "" is files of the data folder (see index.carriers)."""
    return models_from(os.environ).index


def database_name() -> str:
    """The database that the operator chose; "" is files of the data folder (see corpus.sql.choice)."""
    return database_from(os.environ)


def database_from(environment: Mapping[str, str]) -> str:
    """What TIAOWEN_DATABASE says."""
    return environment.get("TIAOWEN_DATABASE", "").strip()
