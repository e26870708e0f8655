"""The charger side: OCPP 1.6 JSON. Strict in what we send, tolerant in what we take."""
