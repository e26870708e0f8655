"""How long a test waits for what must come: a limit that ends a test which would hang, and measures nothing.

It is far beyond what a busy machine takes. A test that expects that something does not come waits for a moment of its
own, and a test that asks how fast something is does not exist: that is what benchmarks are for.
"""

PATIENCE_S = 60
