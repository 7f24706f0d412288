"""Argo's configuration."""

from typing import Any

from components.catalog.images import images_in
from components.pipelines.engine import PipelineEngineArgs, argo_values, schedule_kind


def values(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "version": "0.45.27",
        "replicas": 1,
        "step_env": {},
        "mirror": None,
        "images_lock": {},
        "values": {},
    }
    args: PipelineEngineArgs = {**base, **changes}  # type: ignore[typeddict-item]
    return argo_values(args)


def test_every_image_is_pinned_to_the_version_that_kubeflow_pins() -> None:
    assert {ref.tag for ref in images_in("argo-workflows", values())} == {"v3.7.3"}
    assert not [ref.problem for ref in images_in("argo-workflows", values()) if ref.problem]


def test_the_executor_which_runs_in_tenants_namespaces_comes_from_the_mirror() -> None:
    made = values(mirror="ghcr.io/acme/mirror")
    assert made["executor"]["image"]["registry"] + "/" + made["executor"]["image"]["repository"] == (
        "ghcr.io/acme/mirror/argoproj/argoexec"
    )
    assert made["controller"]["image"]["registry"] == "quay.io"


def test_the_executor_passes_pod_security_restricted() -> None:
    security = values()["executor"]["securityContext"]
    assert (security["runAsNonRoot"], security["allowPrivilegeEscalation"]) == (True, False)
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}


def test_nobody_gets_roles_beside_those_of_the_tenants() -> None:
    made = values()
    assert (made["createAggregateRoles"], made["workflow"]["rbac"]["create"]) == (False, False)
    assert made["server"]["enabled"] is False


def test_steps_know_their_region() -> None:
    made = values(step_env={"AWS_REGION": "us-east-1"})
    assert made["mainContainer"]["env"] == [{"name": "AWS_REGION", "value": "us-east-1"}]
    assert "mainContainer" not in values()


def test_values_of_the_stack_file_are_merged_last() -> None:
    assert values(values={"controller": {"replicas": 3}})["controller"]["replicas"] == 3


def test_a_recurring_run_is_stored_as_kubeflow_writes_it() -> None:
    (version,) = schedule_kind()["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert (version["name"], spec["x-kubernetes-preserve-unknown-fields"]) == ("v1beta1", True)
