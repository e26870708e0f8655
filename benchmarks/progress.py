"""What goes on, for who waits."""

from collections.abc import Callable

Tell = Callable[[str], None]
