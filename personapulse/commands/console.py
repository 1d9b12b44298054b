"""Where commands print their tables."""

import sys
from typing import Any

from rich.console import Console


def console(width: int = 160, **options: Any) -> Console:
    """Return standard output for rich: `width` characters where nobody watches; `options` are those of `Console`."""
    # a pipe has no width: what is kept of the output should not be cut to that of a small screen
    return Console(highlight=False, width=None if sys.stdout.isatty() else width, **options)
