"""What lies in watched folders, what differs from when it was taken in, and the job that takes it in."""

__all__: list[str] = []
