"""What the simulated gateway says of routes and listeners."""

from typing import Any

import pytest

from rehearsal.controllers.conditions import Condition, conditions
from rehearsal.controllers.gateway import World, accepts, listener_status, resolves
from rehearsal.kube import JsonObject

WORLD = World(
    services=frozenset({("team", "model"), ("shared", "model")}),
    secrets=frozenset({("gateways", "certificate")}),
    labels={"team": {"tenant": "team"}},
)


def gateway(**listener: Any) -> JsonObject:
    one = {"name": "http", "port": 80, "protocol": "HTTP", **listener}
    return {"metadata": {"name": "models", "namespace": "gateways"}, "spec": {"listeners": [one]}}


def route(*hosts: str, **backend: Any) -> JsonObject:
    rules = [{"backendRefs": [{"name": "model", "port": 80, **backend}]}]
    return {
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "namespace": "team"},
        "spec": {"hostnames": list(hosts), "rules": rules},
    }


def from_namespaces(rule: str, **more: Any) -> JsonObject:
    return {"namespaces": {"from": rule, **more}}


TENANTS = {"matchLabels": {"tenant": "team"}}
LABELLED = {"matchExpressions": [{"key": "tenant", "operator": "Exists"}]}
OTHERS = {"matchExpressions": [{"key": "tenant", "operator": "NotIn", "values": ["team"]}]}


@pytest.mark.parametrize(
    ("listener", "hosts", "reason"),
    [
        ({"allowedRoutes": from_namespaces("All")}, (), "Accepted"),
        ({}, (), "NotAllowedByListeners"),
        ({"allowedRoutes": from_namespaces("Same")}, (), "NotAllowedByListeners"),
        ({"allowedRoutes": from_namespaces("Selector", selector=TENANTS)}, (), "Accepted"),
        ({"allowedRoutes": from_namespaces("Selector", selector=LABELLED)}, (), "Accepted"),
        ({"allowedRoutes": from_namespaces("Selector", selector=OTHERS)}, (), "NotAllowedByListeners"),
        ({"allowedRoutes": from_namespaces("All"), "hostname": "*.a.org"}, ("x.a.org",), "Accepted"),
        ({"allowedRoutes": from_namespaces("All"), "hostname": "x.a.org"}, ("*.a.org",), "Accepted"),
        ({"allowedRoutes": from_namespaces("All"), "hostname": "*.a.org"}, ("x.b.org",), "NoMatchingListenerHostname"),
        ({"allowedRoutes": from_namespaces("All"), "name": "other"}, (), "NoMatchingParent"),
    ],
)
def test_a_route_is_accepted_where_a_listener_takes_it(
    listener: JsonObject, hosts: tuple[str, ...], reason: str
) -> None:
    listeners, said = accepts(gateway(**listener), route(*hosts), {"name": "models", "sectionName": "http"}, WORLD)
    assert (said.reason, bool(listeners)) == (reason, reason == "Accepted")


def test_a_route_to_a_missing_service_is_unresolved() -> None:
    assert resolves(route(), WORLD).status
    assert resolves(route(name="gone"), WORLD) == Condition(
        "ResolvedRefs", False, "BackendNotFound", "Service team/gone not found"
    )


def test_a_route_into_another_namespace_needs_a_grant() -> None:
    assert resolves(route(namespace="shared"), WORLD).reason == "RefNotPermitted"
    spec = {"from": [{"kind": "HTTPRoute", "namespace": "team"}], "to": [{"kind": "Service"}]}
    granted = World(services=WORLD.services, grants=({"metadata": {"namespace": "shared"}, "spec": spec},))
    assert resolves(route(namespace="shared"), granted).status


def test_a_listener_without_its_certificate_is_not_programmed() -> None:
    def programmed(name: str) -> str:
        listener = {"name": "https", "tls": {"certificateRefs": [{"name": name}]}}
        status = listener_status(listener, "gateways", 0, {}, WORLD)
        return status["conditions"][2]["status"] + " " + status["conditions"][2]["message"]

    assert programmed("certificate") == "True "
    assert programmed("none") == "False Secret gateways/none not found"


def test_a_condition_keeps_its_time_while_its_status_lasts() -> None:
    before = [{"type": "Ready", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"}]
    (same,) = conditions([Condition("Ready", True, "Other")], before)
    assert (same["lastTransitionTime"], same["reason"]) == ("2020-01-01T00:00:00Z", "Other")
    (other,) = conditions([Condition("Ready", False, "Down")], before)
    assert other["lastTransitionTime"] > "2020-01-01T00:00:00Z"
