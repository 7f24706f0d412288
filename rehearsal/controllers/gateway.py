"""A simulated Envoy Gateway: says of Gateways and routes what the real one would, and carries no traffic.

The real one starts proxies in the cluster and waits for them. This one reads the same objects and answers in the terms
of the Gateway API: a route is accepted by the listeners that allow its namespace and share a hostname with it, and its
references resolve where its backends exist and a ReferenceGrant lets it reach those of other namespaces; a listener is
programmed where its certificates exist.

Source: Gateway API v1.5 (reasons of conditions); envoyproxy/gateway, whose controller name this is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.controllers.base import SimulatedController, Values, text, value
from rehearsal.controllers.conditions import Condition, conditions, write_status
from rehearsal.kube import JsonObject, Kube

_API = "/apis/gateway.networking.k8s.io"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
ADDRESS = "10.0.0.2"
"""Address of every Gateway; nobody answers there."""
_ROUTES = ("httproutes", "grpcroutes")

Place = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class World:
    """What references are checked against."""

    services: frozenset[Place] = frozenset()
    secrets: frozenset[Place] = frozenset()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Namespace -> its labels."""
    grants: tuple[JsonObject, ...] = ()
    """ReferenceGrants."""


def place(item: JsonObject) -> Place:
    """Namespace and name of an object."""
    return item["metadata"]["namespace"], item["metadata"]["name"]


def accepts(gateway: JsonObject, route: JsonObject, parent: JsonObject, world: World) -> tuple[list[str], Condition]:
    """The listeners of a Gateway that take a route, and what the route is told."""
    spec: JsonObject = gateway["spec"]
    named = [
        one
        for one in spec["listeners"]
        if parent.get("sectionName") in (None, one["name"]) and parent.get("port") in (None, one["port"])
    ]
    if not named:
        return [], Condition("Accepted", False, "NoMatchingParent", "no listener of that name and port")
    own, home = gateway["metadata"]["namespace"], route["metadata"]["namespace"]
    open_ = [one for one in named if _allows(one, own, home, world)]
    if not open_:
        return [], Condition("Accepted", False, "NotAllowedByListeners", f"no listener takes routes of {home}")
    hosts: list[str] = value(route, "spec.hostnames", [])
    shared = [one["name"] for one in open_ if _shares(one.get("hostname"), hosts)]
    if not shared:
        told = f"no listener serves {', '.join(hosts)}"
        return [], Condition("Accepted", False, "NoMatchingListenerHostname", told)
    return shared, Condition("Accepted", True, "Accepted", "Route is accepted")


def _allows(listener: JsonObject, own: str, home: str, world: World) -> bool:
    rule: JsonObject = value(listener, "allowedRoutes.namespaces", {})
    match rule.get("from", "Same"):
        case "All":
            return True
        case "Selector":
            return _selects(value(rule, "selector", {}), world.labels.get(home, {}))
        case _:
            return own == home


def _selects(selector: JsonObject, labels: Mapping[str, str]) -> bool:
    wanted: Mapping[str, str] = value(selector, "matchLabels", {})
    if any(labels.get(key) != text_ for key, text_ in wanted.items()):
        return False
    for one in value(selector, "matchExpressions", []):
        key, among = one["key"], value(one, "values", [])
        held = {
            "In": labels.get(key) in among,
            "NotIn": labels.get(key) not in among,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not held[one["operator"]]:
            return False
    return True


def _shares(listener: str | None, hosts: Iterable[str]) -> bool:
    """Whether a listener's hostname and a route's have a name in common; none stands for all."""
    names = list(hosts)
    return not listener or not names or any(_same(listener, name) or _same(name, listener) for name in names)


def _same(pattern: str, name: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else pattern == name


def resolves(route: JsonObject, world: World) -> Condition:
    """Whether a route's backends exist and may be reached."""
    home = route["metadata"]["namespace"]
    for rule in value(route, "spec.rules", []):
        for backend in value(rule, "backendRefs", []):
            namespace, name = backend.get("namespace", home), backend["name"]
            if backend.get("kind", "Service") != "Service":
                continue
            if namespace != home and not _granted(route, namespace, name, world):
                told = f"no ReferenceGrant in {namespace} lets routes of {home} reach Service {name}"
                return Condition("ResolvedRefs", False, "RefNotPermitted", told)
            if (namespace, name) not in world.services:
                return Condition("ResolvedRefs", False, "BackendNotFound", f"Service {namespace}/{name} not found")
    return Condition("ResolvedRefs", True, "ResolvedRefs", "Resolved all the Object references for the Route")


def _granted(route: JsonObject, namespace: str, name: str, world: World) -> bool:
    source = (route["kind"], route["metadata"]["namespace"])
    return any(
        grant["metadata"]["namespace"] == namespace
        and source in [(one["kind"], one["namespace"]) for one in grant["spec"]["from"]]
        and any(one["kind"] == "Service" and one.get("name") in (None, name) for one in grant["spec"]["to"])
        for grant in world.grants
    )


def listener_status(listener: JsonObject, home: str, routes: int, before: JsonObject, world: World) -> JsonObject:
    """What is said of one listener."""
    missing = [
        f"{one.get('namespace', home)}/{one['name']}"
        for one in value(listener, "tls.certificateRefs", [])
        if (one.get("namespace", home), one["name"]) not in world.secrets
    ]
    told = f"Secret {missing[0]} not found" if missing else ""
    said = [
        Condition("Accepted", True, "Accepted"),
        Condition("ResolvedRefs", not missing, "InvalidCertificateRef" if missing else "ResolvedRefs", told),
        Condition("Programmed", not missing, "Invalid" if missing else "Programmed", told),
    ]
    kinds = [{"group": "gateway.networking.k8s.io", "kind": kind} for kind in ("HTTPRoute", "GRPCRoute")]
    return {
        "name": listener["name"],
        "supportedKinds": kinds,
        "attachedRoutes": routes,
        "conditions": conditions(said, value(before, "conditions", [])),
    }


def reconcile(api: Kube, values: Values) -> None:
    """Say it of every object. Writes only what differs."""
    controller = text(values, "config.envoyGateway.gateway.controllerName", CONTROLLER)
    classes = [one for one in api.items(f"{_API}/v1/gatewayclasses") if one["spec"].get("controllerName") == controller]
    for one in classes:
        one |= {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass"}
        _write_class(api, one)
    names = {one["metadata"]["name"] for one in classes}
    found = [one for one in api.items(f"{_API}/v1/gateways") if one["spec"]["gatewayClassName"] in names]
    if not found:
        return
    gateways = {place(one): one for one in found}
    world = _world(api)
    attached: dict[tuple[Place, str], int] = {}
    for plural, kind in zip(_ROUTES, ("HTTPRoute", "GRPCRoute"), strict=True):
        for route in api.items(f"{_API}/v1/{plural}"):
            route |= {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind}
            _route(api, route, gateways, controller, world, attached)
    for where, gateway in gateways.items():
        gateway |= {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway"}
        _write_gateway(api, where, gateway, attached, world)


def _world(api: Kube) -> World:
    return World(
        services=frozenset(map(place, api.items("/api/v1/services"))),
        secrets=frozenset(map(place, api.items("/api/v1/secrets", field_selector="type=kubernetes.io/tls"))),
        labels={one["metadata"]["name"]: value(one, "metadata.labels", {}) for one in api.items("/api/v1/namespaces")},
        grants=tuple(api.items(f"{_API}/v1beta1/referencegrants")),
    )


def _route(
    api: Kube,
    route: JsonObject,
    gateways: Mapping[Place, JsonObject],
    controller: str,
    world: World,
    attached: dict[tuple[Place, str], int],
) -> None:
    before: list[JsonObject] = value(route, "status.parents", [])
    others = [one for one in before if one.get("controllerName") != controller]
    own: list[JsonObject] = []
    for parent in value(route, "spec.parentRefs", []):
        where = (parent.get("namespace", route["metadata"]["namespace"]), parent["name"])
        if where not in gateways or parent.get("kind", "Gateway") != "Gateway":
            continue
        listeners, accepted = accepts(gateways[where], route, parent, world)
        for name in listeners:
            attached[where, name] = attached.get((where, name), 0) + 1
        old = next((one for one in before if one["parentRef"] == parent), JsonObject())
        said = conditions(
            [accepted, resolves(route, world)], value(old, "conditions", []), route["metadata"]["generation"]
        )
        own.append({"parentRef": parent, "controllerName": controller, "conditions": said})
    if own or before != others:
        write_status(api, route, {"parents": others + own})


def _write_class(api: Kube, live: JsonObject) -> None:
    said = [Condition("Accepted", True, "Accepted", "Valid GatewayClass")]
    before = value(live, "status.conditions", [])
    write_status(api, live, {"conditions": conditions(said, before, live["metadata"]["generation"])})


def _write_gateway(
    api: Kube, where: Place, live: JsonObject, attached: Mapping[tuple[Place, str], int], world: World
) -> None:
    before: dict[str, JsonObject] = {one["name"]: one for one in value(live, "status.listeners", [])}
    listeners = [
        listener_status(one, where[0], attached.get((where, one["name"]), 0), before.get(one["name"], {}), world)
        for one in live["spec"]["listeners"]
    ]
    good = [all(part["status"] == "True" for part in one["conditions"]) for one in listeners]
    said = [
        Condition("Accepted", any(good), "Accepted" if all(good) else "ListenersNotValid"),
        Condition("Programmed", all(good), "Programmed" if all(good) else "Invalid"),
    ]
    wanted: dict[str, Any] = {
        "addresses": [{"type": "IPAddress", "value": ADDRESS}],
        "conditions": conditions(said, value(live, "status.conditions", []), live["metadata"]["generation"]),
        "listeners": listeners,
    }
    write_status(api, live, wanted)


GATEWAY = SimulatedController(chart="gateway-helm", reconcile=reconcile, withdraw=lambda _api: None)
"""Gateways and routes without proxies. What it said stays with the objects, as it does with the real one."""
