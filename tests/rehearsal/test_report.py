"""What a run says it checked."""

import json
from pathlib import Path

from rehearsal.report import Report


def report(path: Path, *lines: tuple[str, str, str, str]) -> Report:
    made = Report(path / "report.jsonl")
    made.clear()
    with made.path.open("a") as file:
        for kind, resource, by, reason in lines:
            entry = {"kind": kind, "resource": f"urn:{resource}", "type": "t", "by": by, "reason": reason}
            file.write(json.dumps(entry) + "\n")
    return made


def test_a_resource_that_was_checked_twice_counts_once(tmp_path: Path) -> None:
    made = report(
        tmp_path,
        ("checked", "a", "kube-apiserver dry run v1 Namespace", ""),
        ("checked", "a", "kube-apiserver v1 Namespace", ""),
        ("checked", "b", "kube-apiserver v1 Namespace", ""),
        ("checked", "c", "azure-mgmt-network Subnet", ""),
        ("checked", "d", "azure-mgmt-msi Identity", ""),
    )
    assert made.checked() == {"the real Kubernetes API server": 2, "the models of Azure's SDKs": 2}


def test_what_was_skipped_is_grouped_by_its_reason(tmp_path: Path) -> None:
    made = report(
        tmp_path, ("skipped", "a", "", "no model"), ("skipped", "b", "", "no model"), ("skipped", "a", "", "no model")
    )
    assert made.skipped() == {"no model": ["urn:a", "urn:b"]}


def test_a_new_run_forgets_the_last(tmp_path: Path) -> None:
    made = report(tmp_path, ("note", "a", "", "x"))
    assert made.notes() == ["x"]
    made.clear()
    assert made.lines() == []
