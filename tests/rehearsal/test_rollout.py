"""The example pipeline's last step against the real API server, by KServe's and the Gateway API's own kinds."""

from typing import Any

import pytest
from photo_labels.rollout import FIELD_MANAGER, roll_out

from rehearsal import upstream_crds
from rehearsal.kube import SERVER_SIDE_APPLY, JsonObject, Kube
from tests.rehearsal.cluster import Namespace, apply_crds, eventually

pytestmark = pytest.mark.control_plane

PATHS = {
    "InferenceService": "/apis/serving.kserve.io/v1beta1/namespaces/{}/inferenceservices/{}",
    "HTTPRoute": "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes/{}",
}


class StrictApi:
    """The API as a step sees it; a field that a kind does not have is an error."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    def get(self, kind: str, namespace: str, name: str) -> JsonObject | None:
        return self._kube.get(PATHS[kind].format(namespace, name))

    def exists(self, kind: str, namespace: str, name: str) -> bool:
        return self.get(kind, namespace, name) is not None

    def apply(self, body: dict[str, Any]) -> None:
        path = PATHS[body["kind"]].format(body["metadata"]["namespace"], body["metadata"]["name"])
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
        self._kube.request("PATCH", path, body, query=query, content_type=SERVER_SIDE_APPLY)


@pytest.fixture
def strict(api: Kube, namespace: Namespace) -> StrictApi:
    for chart in ("kserve-crd", "gateway-helm"):
        found = upstream_crds.crds(chart)
        assert found is not None
        # KServe's come with what was built of it. The Gateway API's may be made up here, and then take any field.
        if found.permissive and chart == "kserve-crd":
            pytest.skip(f"KServe's kinds are not at hand: {found.source}")
        apply_crds(api, found.documents)

    def served(kind: str) -> bool:
        group = PATHS[kind].rsplit("/namespaces/", 1)[0]
        listed = api.get(group)
        return listed is not None and any(one["kind"] == kind for one in listed["resources"])

    eventually(lambda: all(map(served, PATHS)), "KServe's and the Gateway API's kinds", seconds=60)
    return StrictApi(api)


def test_a_first_version_and_a_canary_are_accepted_field_by_field(strict: StrictApi, namespace: Namespace) -> None:
    def out(version: int, percent: int) -> list[str]:
        return roll_out(
            strict,
            namespace=namespace.name,
            model="labels",
            source=f"s3://models-1/vision/labels/{version}",
            resource="nvidia.com/mig-1g.10gb",
            domain="models.internal",
            percent=percent,
        )

    def sources() -> dict[str, str]:
        found = (strict.get("InferenceService", namespace.name, name) for name in ("labels", "labels-canary"))
        return {
            one["metadata"]["name"]: one["spec"]["predictor"]["model"]["storageUri"].rsplit("/", 1)[-1]
            for one in found
            if one
        }

    def weights() -> list[int]:
        route = strict.get("HTTPRoute", namespace.name, "labels")
        assert route is not None
        return [one["weight"] for one in route["spec"]["rules"][0]["backendRefs"]]

    assert out(1, 10) == ["InferenceService/labels", "HTTPRoute/labels"]
    assert (sources(), weights()) == ({"labels": "1"}, [100])
    assert out(2, 10) == ["InferenceService/labels-canary", "HTTPRoute/labels"]
    assert (sources(), weights()) == ({"labels": "1", "labels-canary": "2"}, [90, 10])
    assert out(2, 100) == ["InferenceService/labels", "HTTPRoute/labels"]
    assert (sources()["labels"], weights()) == ("2", [100])
