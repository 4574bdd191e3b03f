"""What goes out to other desks: signed events and who gets them."""

__all__: list[str] = []
