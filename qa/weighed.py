"""A passage as it is weighed for one question, before and after it is read."""

from __future__ import annotations

from dataclasses import dataclass

from index.reader.types import Reading
from qa.evidence import Sentence, Source, evidence


@dataclass(frozen=True, slots=True)
class Weighed:
    """A passage with its sentences as evidence, the share of the question that it holds with its headings, the tokens of both,
    and what the reader told of it, where it was read."""

    source: Source
    sentences: tuple[Sentence, ...]
    cover: float
    tokens: frozenset[str] = frozenset()
    reading: Reading | None = None
    cut: bool = False  # whether a stretch of it was read alone
    found_at: int = 1  # its rank in the search
    document_share: float = 0.0  # of what the search found, by reciprocal rank, is of its document
    headings: float = 0.0  # the share of the question that its title and headings hold
    evidence: float = 0.0  # its logit in the fitted order, before it was read

    @property
    def is_row(self) -> bool:
        """Whether the passage is a row of a table."""
        return self.source.row is not None

    @property
    def best(self) -> Sentence | None:
        """The sentence that says most about the question; None where there is none."""
        return max(self.sentences, key=evidence, default=None)
