"""Question sets, metrics, reports and benchmarks. Nothing imports this folder."""

__all__: list[str] = []
