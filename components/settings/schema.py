"""Writes the JSON Schema of stack files: `python -m components.settings.schema`."""

import json
from pathlib import Path

from components.settings.loading import schema

PATH = Path(__file__).with_suffix(".json")
"""The committed schema, to which stack files point their editor."""


def rendered() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(rendered(), encoding="utf-8")
