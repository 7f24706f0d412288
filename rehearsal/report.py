"""What providers checked and what they could not: a file of JSON lines that they append to."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """One remark of a provider about one resource."""

    kind: str
    """checked, skipped or note."""

    resource: str
    type: str
    by: str
    reason: str

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.resource.rsplit("::", 1)[-1]


class Report:
    """The remarks of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def clear(self) -> None:
        """Forgets earlier runs."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("", encoding="utf-8")

    def lines(self) -> list[Line]:
        """Every remark once, in the order in which they were made."""
        found: dict[Line, None] = {}
        for text in self.path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(text)
            found[Line(entry["kind"], entry["resource"], entry["type"], entry["by"], entry["reason"])] = None
        return list(found)

    def checked(self) -> Counter[str]:
        """What checked -> how many resources."""
        pairs = {(line.resource, line.by.split(" ")[0]) for line in self.lines() if line.kind == "checked"}
        return Counter(by for _, by in pairs)

    def skipped(self) -> dict[str, list[str]]:
        """Reason -> names of the resources."""
        reasons: dict[str, list[str]] = {}
        for line in self.lines():
            if line.kind == "skipped" and line.name not in reasons.setdefault(line.reason, []):
                reasons[line.reason].append(line.name)
        return reasons

    def notes(self) -> list[str]:
        """Remarks that a reader should know."""
        return list(dict.fromkeys(line.reason for line in self.lines() if line.kind == "note"))
