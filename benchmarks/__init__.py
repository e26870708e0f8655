"""How fast EVGraph is on this machine, against the plain way and against the limit: `python -m benchmarks --help`."""
