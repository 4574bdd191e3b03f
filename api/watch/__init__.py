"""Watched folders: looked at when something happens or it is time, and the jobs that come of it (api/changes/watched)."""

__all__: list[str] = []
