"""KServe's configuration."""

from typing import Any

from components.catalog.images import images_in
from components.serving.kserve import KServe, KServeArgs, kserve_values
from tests.components.recorder import build


def args(**changes: Any) -> KServeArgs:
    base: dict[str, Any] = {
        "version": "v0.18.1",
        "domain": "models.internal",
        "mirror": None,
        "knative_tenants": [],
        "images_lock": {},
        "keeps_models": False,
        "values": {},
    }
    return {**base, **changes}  # type: ignore[return-value]


def test_models_run_as_deployments_behind_the_gateway_over_https() -> None:
    controller = kserve_values(args())["kserve"]["controller"]
    assert controller["deploymentMode"] == "Standard"
    assert controller["gateway"]["urlScheme"] == "https"
    assert controller["gateway"]["domain"] == "models.internal"
    assert controller["gateway"]["disableIngressCreation"] is True
    assert controller["gateway"]["ingressGateway"] == {
        "enableGatewayApi": True,
        "kserveGateway": "envoy-gateway-system/models",
        "createGateway": False,
    }


def test_what_fetches_weights_may_run_under_pod_security_restricted() -> None:
    security = kserve_values(args())["kserve"]["storage"]["containerSecurityContext"]
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["runAsNonRoot"] and not security["allowPrivilegeEscalation"]


def test_kserve_gives_no_model_a_processor_limit_that_it_did_not_ask_for() -> None:
    assert kserve_values(args())["kserve"]["inferenceservice"]["resources"]["limits"]["cpu"] == ""


def test_model_servers_get_no_token_for_the_kubernetes_api() -> None:
    assert kserve_values(args())["kserve"]["security"] == {"autoMountServiceAccountToken": False}


def test_images_of_tenants_pods_come_from_the_mirror_and_all_are_pinned() -> None:
    values = kserve_values(args(mirror="ghcr.io/acme/mirror"))
    assert not [image for image in images_in("kserve-resources", values) if image.problem or not image.exact_tag]
    for part in ("agent", "router", "storage"):
        assert values["kserve"][part]["image"].startswith("ghcr.io/acme/mirror/kserve/")


def test_values_of_the_stack_file_are_merged_last() -> None:
    extra = {"kserve": {"controller": {"gateway": {"domain": "other"}}}}
    assert kserve_values(args(values=extra))["kserve"]["controller"]["gateway"]["domain"] == "other"


def test_the_controller_comes_after_its_kinds() -> None:
    graph = build({}, lambda: KServe("k", args()), read_outputs=("namespace",))
    release = "kubernetes:helm.sh/v3:Release"
    assert graph.one(release, "k-kinds").urn in graph.one(release, "k-release").needs
    assert graph.one(release, "k-kinds").inputs["chart"] == "oci://ghcr.io/kserve/charts/kserve-crd"


def test_only_routes_of_tenants_on_knative_may_lead_to_its_ingress() -> None:
    grant = "kubernetes:gateway.networking.k8s.io/v1beta1:ReferenceGrant"
    assert build({}, lambda: KServe("k", args()), read_outputs=("namespace",)).all(grant) == []
    made = build({}, lambda: KServe("k", args(knative_tenants=["vision"])), read_outputs=("namespace",)).one(grant)
    assert made.inputs["metadata"]["namespace"] == "knative-serving"
    assert made.inputs["spec"] == {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "vision"}],
        "to": [{"group": "", "kind": "Service", "name": "kourier-internal"}],
    }
