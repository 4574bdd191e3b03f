"""How something is handled: who, conditions, steps, materials, time, place, telephone and address, as the document says them."""

__all__: list[str] = []
