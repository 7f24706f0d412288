"""The example pipeline's last step against the real API server, with the leave that a tenant's runs have."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from photo_labels.cluster import ClusterApi
from photo_labels.rollout import roll_out

from components.pipelines.access import RULES
from components.pipelines.names import RUNNER
from rehearsal import supervisor, upstream_crds
from rehearsal.kube import JsonObject, Kube
from tests.rehearsal.cluster import Namespace, apply_crds, eventually

pytestmark = pytest.mark.control_plane

KINDS = {"kserve-crd": "inferenceservices.serving.kserve.io", "gateway-helm": "httproutes.gateway.networking.k8s.io"}
SERVICES = "/apis/serving.kserve.io/v1beta1/namespaces/{}/inferenceservices"
ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes"
MODEL = "photo-labels"


@pytest.fixture(scope="module", autouse=True)
def kinds(api: Kube) -> None:
    for chart, name in KINDS.items():
        definitions = upstream_crds.crds(chart)
        assert definitions is not None
        apply_crds(api, [one for one in definitions.documents if one["metadata"]["name"] == name])

    def served(path: str) -> bool:
        group, _, plural = path.partition("/namespaces/{}/")
        return any(one["name"] == plural for one in (api.get(group) or {}).get("resources", []))

    eventually(lambda: served(SERVICES) and served(ROUTES), "KServe's and the Gateway API's kinds", seconds=60)


def account(api: Kube, namespace: str, name: str, rules: list[JsonObject]) -> str:
    """Token of an account that may do what the rules say."""
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    metadata = {"name": name, "namespace": namespace}
    api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": metadata})
    if rules:
        api.create(f"{rbac}/roles", {"metadata": metadata, "rules": rules})
        api.create(
            f"{rbac}/rolebindings",
            {
                "metadata": metadata,
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", **metadata}],
            },
        )
    asked = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    return api.request("POST", asked, request)["status"]["token"]


def connection(plane: supervisor.Supervisor, folder: Path, token: str) -> Any:
    """The Kubernetes client of an account."""
    from kubernetes import client

    cluster = yaml.safe_load(plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    ca = folder / "ca.crt"
    ca.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    settings = client.Configuration()
    settings.host, settings.ssl_ca_cert = cluster["server"], str(ca)
    settings.api_key = {"authorization": f"Bearer {token}"}
    return client.ApiClient(settings)


def deploy(api: Any, namespace: str, version: str, percent: int) -> list[str]:
    return roll_out(
        api,
        namespace=namespace,
        model=MODEL,
        source=f"s3://acme/{version}",
        resource="nvidia.com/mig-1g.10gb",
        domain="models.example.com",
        percent=percent,
    )


@pytest.fixture
def runner(api: Kube, control_plane: supervisor.Supervisor, namespace: Namespace, tmp_path: Path) -> Any:
    """The step's own client, as the account of a tenant's runs."""
    token = account(api, namespace.name, "runner", RULES[RUNNER])
    return ClusterApi(connection(control_plane, tmp_path, token))


def weights(api: Kube, namespace: str) -> dict[str, int]:
    route = api.get(f"{ROUTES.format(namespace)}/{MODEL}") or {}
    return {one["name"]: one["weight"] for one in route["spec"]["rules"][0]["backendRefs"]}


def source(api: Kube, namespace: str, name: str) -> str:
    found = api.get(f"{SERVICES.format(namespace)}/{name}") or {}
    return found["spec"]["predictor"]["model"]["storageUri"]


def test_versions_come_beside_each_other_and_then_take_the_place(api: Kube, namespace: Namespace, runner: Any) -> None:
    space = namespace.name
    assert deploy(runner, space, "1", 10) == [f"InferenceService/{MODEL}", f"HTTPRoute/{MODEL}"]
    assert weights(api, space) == {f"{MODEL}-predictor": 100}
    assert deploy(runner, space, "2", 10)[0] == f"InferenceService/{MODEL}-canary"
    assert weights(api, space) == {f"{MODEL}-predictor": 90, f"{MODEL}-canary-predictor": 10}
    assert (source(api, space, MODEL), source(api, space, f"{MODEL}-canary")) == ("s3://acme/1", "s3://acme/2")
    deploy(runner, space, "2", 100)
    assert source(api, space, MODEL) == "s3://acme/2"
    assert weights(api, space) == {f"{MODEL}-predictor": 100}


def test_what_somebody_else_set_is_not_overwritten(api: Kube, namespace: Namespace, runner: Any) -> None:
    from kubernetes.dynamic.exceptions import ConflictError

    deploy(runner, namespace.name, "1", 10)
    held: JsonObject = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": MODEL, "namespace": namespace.name},
        "spec": {"predictor": {"model": {"storageUri": "s3://acme/held"}}},
    }
    query = {"fieldManager": "somebody", "force": "true"}
    path = f"{SERVICES.format(namespace.name)}/{MODEL}"
    api.request("PATCH", path, held, query=query, content_type="application/apply-patch+yaml")
    with pytest.raises(ConflictError, match="storageUri"):
        deploy(runner, namespace.name, "2", 100)
    assert source(api, namespace.name, MODEL) == "s3://acme/held"


def test_an_account_without_leave_is_told_so(
    api: Kube, control_plane: supervisor.Supervisor, namespace: Namespace, tmp_path: Path
) -> None:
    from kubernetes.dynamic.exceptions import ForbiddenError

    # Whoever may see no kinds cannot even look for them.
    token = account(api, namespace.name, "stranger", [])
    stranger = ClusterApi(connection(control_plane, tmp_path, token))
    with pytest.raises(ForbiddenError, match="cannot get resource"):
        deploy(stranger, namespace.name, "1", 10)
    assert api.get(f"{SERVICES.format(namespace.name)}/{MODEL}") is None


def test_a_run_may_not_deploy_into_another_namespace(runner: Any) -> None:
    from kubernetes.dynamic.exceptions import ForbiddenError

    with pytest.raises(ForbiddenError, match="cannot get resource"):
        deploy(runner, "default", "1", 10)
