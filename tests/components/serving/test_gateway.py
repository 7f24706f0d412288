"""The models' gateway: inside the network, over TLS, for tenants' routes only."""

from typing import Any

import pytest

from components.catalog.images import images_in
from components.serving.gateway import ModelGateway, ModelGatewayArgs, gateway_values
from components.serving.gateway_objects import INTERNAL, certificate, envoy_proxy, gateway
from tests.components.recorder import Graph, Registered, build

GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"
WAIT = "pulumi.com/waitFor"


def built(**changes: Any) -> Graph:
    args: dict[str, Any] = {
        "version": "v1.8.3",
        "provider": "eks",
        "domain": "models.internal",
        "issuer": "platform-ca",
        "await_certificate": True,
        "replicas": 2,
        "images_lock": {},
        "values": {},
        **changes,
    }
    chosen: ModelGatewayArgs = args  # type: ignore[assignment]
    return build({}, lambda: ModelGateway("g", chosen), read_outputs=("namespace",))


def service(provider: str) -> dict[str, Any]:
    return envoy_proxy(provider, 1)["provider"]["kubernetes"]["envoyService"]


@pytest.mark.parametrize("provider", INTERNAL)
def test_the_load_balancer_of_each_cloud_is_internal(provider: str) -> None:
    assert service(provider)["type"] == "LoadBalancer"
    assert any(value in ("true", "Internal") for value in service(provider)["annotations"].values())


def test_an_existing_cluster_gets_no_load_balancer() -> None:
    assert service("existing") == {"type": "ClusterIP"}


def test_only_routes_of_tenants_namespaces_count() -> None:
    (listener,) = gateway("models.internal")["listeners"]
    rule = {"key": "multimodal.dev/tenant", "operator": "Exists"}
    assert listener["allowedRoutes"]["namespaces"] == {
        "from": "Selector",
        "selector": {"matchExpressions": [rule]},
    }


def test_there_is_no_way_in_without_tls() -> None:
    (listener,) = gateway("models.internal")["listeners"]
    assert (listener["protocol"], listener["port"], listener["tls"]["mode"]) == ("HTTPS", 443, "Terminate")
    (reference,) = listener["tls"]["certificateRefs"]
    assert reference["name"] == certificate("models.internal", "platform-ca")["secretName"]
    assert certificate("models.internal", "platform-ca")["dnsNames"] == ["*.models.internal"] == [listener["hostname"]]


def test_one_proxy_always_stays_where_there_are_several() -> None:
    assert envoy_proxy("eks", 2)["provider"]["kubernetes"]["envoyPDB"] == {"minAvailable": 1}
    assert "envoyPDB" not in envoy_proxy("eks", 1)["provider"]["kubernetes"]


def test_the_gateway_comes_after_its_class_its_certificate_and_the_chart() -> None:
    graph = built()
    assert reached(graph, graph.one(GATEWAY)) >= {
        "g-class",
        "g-certificate",
        "g-proxy",
        "g-release",
        "g-namespace",
    }


def reached(graph: Graph, start: Registered) -> set[str]:
    by_urn = {resource.urn: resource for resource in graph.resources}
    todo, names = [start], set[str]()
    while todo:
        for urn in todo.pop().needs:
            if urn in by_urn and by_urn[urn].name not in names:
                names.add(by_urn[urn].name)
                todo.append(by_urn[urn])
    return names


def test_an_update_waits_for_the_gateway_but_not_for_an_issuer_that_is_yet_to_come() -> None:
    waits = built()
    assert waits.one(GATEWAY).inputs["metadata"]["annotations"] == {WAIT: "condition=Programmed"}
    assert waits.one(CERTIFICATE).inputs["metadata"]["annotations"] == {WAIT: "condition=Ready"}
    not_yet = built(issuer="acme", await_certificate=False)
    assert "annotations" not in not_yet.one(GATEWAY).inputs["metadata"]
    assert not_yet.one(CERTIFICATE).inputs["spec"]["issuerRef"]["name"] == "acme"


def test_every_image_is_pinned_and_values_of_the_stack_file_come_last() -> None:
    values = gateway_values("v1.8.3", 1, {}, {"deployment": {"replicas": 3}})
    assert [image.problem for image in images_in("envoy-gateway", values)] == ["", "", ""]
    assert values["deployment"]["replicas"] == 3
    assert values["deployment"]["envoyGateway"]["image"]["tag"] == "v1.8.3"
