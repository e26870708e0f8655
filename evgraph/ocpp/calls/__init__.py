"""What we ask of charge points, one file a message. Strict: each is checked against the OCPP 1.6 JSON schema."""

from evgraph.ocpp.calls import reset

__all__ = ["reset"]
