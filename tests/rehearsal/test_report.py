"""What a run says it checked."""

import io
import json
from pathlib import Path

from rich.console import Console

from rehearsal.outcome import Step
from rehearsal.report import Coverage, Report
from rehearsal.summary import show_checks


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


def steps(*types: str, operation: str = "create") -> list[Step]:
    """One step for each type, named by its last word."""
    return [Step(operation, f"urn::{kind.rsplit(':', 1)[-1]}", kind) for kind in types]


def test_coverage_counts_cloud_resources_only(tmp_path: Path) -> None:
    made = report(tmp_path, ("checked", ":Vpc", "botocore ec2.CreateVpc", ""), ("skipped", ":Odd", "", "no model"))
    run = steps("aws:ec2:Vpc", "aws:odd:Odd", "kubernetes:core/v1:Pod", "pulumi:providers:aws", "multimodal:index:Eks")
    assert made.coverage(run) == Coverage(1, 2, (("aws:odd:Odd", "Odd", "no model"),))
    assert made.coverage(run).percent == 50


def test_coverage_never_rounds_up_to_all() -> None:
    assert Coverage(199, 200, ()).percent == 99


def test_what_a_provider_was_not_asked_about_is_not_covered(tmp_path: Path) -> None:
    found = report(tmp_path).coverage(steps("gcp:compute:Network"))
    assert found.unchecked == (("gcp:compute:Network", "Network", "its provider was not asked about it"),)


def test_what_goes_is_not_covered(tmp_path: Path) -> None:
    assert report(tmp_path).coverage(steps("gcp:compute:Network", operation="delete")).total == 0


def shown(made: Report, run: list[Step]) -> str:
    console = Console(record=True, width=200, file=io.StringIO())
    show_checks(console, made, run)
    return console.export_text()


def test_the_report_says_how_many_cloud_resources_were_checked_and_lists_the_others(tmp_path: Path) -> None:
    made = report(tmp_path, ("checked", ":Vpc", "botocore ec2.CreateVpc", ""), ("skipped", ":Odd", "", "no model"))
    text = shown(made, steps("aws:ec2:Vpc", "aws:odd:Odd"))
    assert "1 of 2 cloud resources (50 %) were checked by the cloud's own model" in text
    assert "not checked: aws:odd:Odd Odd: no model" in text


def test_a_stack_without_cloud_resources_has_no_coverage_line(tmp_path: Path) -> None:
    assert "cloud resources" not in shown(report(tmp_path), steps("kubernetes:core/v1:Pod"))
