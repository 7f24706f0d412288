"""Where commands print."""

import os

from rich.console import Console

LOG_COLUMNS = 160
"""Width where there is no terminal. Files and logs of CI have no edge; rich would break tables and messages at 80."""


def standard_output() -> Console:
    """Standard output, as wide as the terminal, or as `LOG_COLUMNS` where it is none and COLUMNS says nothing."""
    found = Console(highlight=False)
    if not found.is_terminal and not os.environ.get("COLUMNS"):
        found.width = LOG_COLUMNS
    return found
