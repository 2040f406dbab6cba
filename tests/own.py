"""What is this library's own, and not registered by a test."""

from tfnas import spaces

SPACES = tuple(name for name in spaces.names() if type(spaces.get(name)).__module__.startswith("tfnas."))
"""Names of its search spaces."""
