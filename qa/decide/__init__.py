"""From candidates to an answer or a refusal: identity, learned scores, rivals, calibrated confidence."""

__all__: list[str] = []
