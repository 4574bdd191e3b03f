"""Other programs that do what our retrieval does, run on the same texts and, where they take one, with the same encoder.

None is part of the default install: `pip install '.[peers]'`.
"""

__all__: list[str] = []
