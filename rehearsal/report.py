"""What providers checked and what they could not: a file of JSON lines that they append to."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rehearsal.outcome import Step

CLOUDS = ("aws:", "gcp:", "azure-native:")
"""How the types of cloud resources begin."""

_WHO = {
    "azure-mgmt": "the models of Azure's SDKs",
    "botocore": "AWS's service models (botocore)",
    "chart-CRDs": "charts' CRDs, installed",
    "chart-values": "charts' own values",
    "controllers": "charts' controllers, run with these values",
    "discovery": "Google's API discovery documents",
    "kube-apiserver": "the real Kubernetes API server",
}
"""First word of `Line.by`, or what it begins with -> how a person would say it."""


def _who(by: str) -> str:
    return next((text for prefix, text in _WHO.items() if by.startswith(prefix)), by)


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


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of a run's cloud resources were checked by their cloud's own API model."""

    checked: int
    total: int
    unchecked: tuple[tuple[str, str, str], ...]
    """Type, name and reason of each that was not."""

    @property
    def percent(self) -> int:
        """Share of those that were checked, rounded down: 100 means all."""
        return 100 * self.checked // self.total if self.total else 100


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
        """Who checked -> how many resources."""
        pairs = {(line.resource, _who(line.by)) for line in self.lines() if line.kind == "checked"}
        return Counter(who for _, who in pairs)

    def skipped(self) -> dict[str, list[str]]:
        """Reason -> names of the resources."""
        reasons: dict[str, list[str]] = {}
        for line in self.lines():
            if line.kind == "skipped" and line.name not in reasons.setdefault(line.reason, []):
                reasons[line.reason].append(line.name)
        return reasons

    def coverage(self, steps: Iterable[Step]) -> Coverage:
        """How many of the cloud resources that the engine created, changed or kept were checked."""
        lines = self.lines()
        reasons = {line.resource: line.reason for line in lines if line.kind == "skipped"}
        checked = {line.resource for line in lines if line.kind == "checked"}
        present = {step.urn: step for step in steps if step.type.startswith(CLOUDS) and step.operation != "delete"}
        unchecked = tuple(
            (step.type, step.name, reasons.get(urn, "its provider was not asked about it"))
            for urn, step in present.items()
            if urn not in checked
        )
        return Coverage(len(present) - len(unchecked), len(present), unchecked)

    def notes(self) -> list[str]:
        """Remarks that a reader should know."""
        return list(dict.fromkeys(line.reason for line in self.lines() if line.kind == "note"))
