"""Question -> answer with its citation, or a refusal with its reason. What programs import is named here: docs/library.md."""

from qa.build import build_engine, update_index
from qa.types import Answer, Outcome, Question, Refusal

__all__ = ["Answer", "Outcome", "Question", "Refusal", "build_engine", "update_index"]
