"""How the builtin encoder (index/model) was made: data, vocabulary, training, evaluation. Unused at run time."""

__all__: list[str] = []
