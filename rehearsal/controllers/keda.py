"""KEDA's real operator and metrics adapter, with the namespaces and limits that the release carries.

The operator asks the triggers and scales between zero and one; the built-in horizontal pod autoscaler does the rest
with the metrics that the adapter serves through the API server, as in production. The adapter is found by a Service
that names `localhost`, for the API server has no network into a cluster here. A Kafka broker of the rehearsal is asked
by the Service name that a trigger gives: the operator looks names up in the rehearsal's own file first. Triggers whose
source is a pod (a Prometheus by its Service name) are asked in vain: no pod answers in a rehearsal, so their fallback
is seen at work.

KEDA's admission webhooks are not run: they refuse two autoscalers on one target and the like, and the chart lets
objects pass where they do not answer.

Source: kedacore/keda v2.20.2, cmd/{operator,adapter}/main.go and config/metrics-server; kedacore/charts keda 2.20.2.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from rehearsal.controllers.base import (
    ConfigurationError,
    Context,
    HostController,
    Plan,
    Values,
    environment,
    flag,
    text,
    value,
    whole,
)
from rehearsal.kube import JsonObject
from rehearsal.processes import Process

_CRDS = (
    *(f"{plural}.keda.sh" for plural in ("scaledobjects", "scaledjobs")),
    *(f"{plural}.keda.sh" for plural in ("triggerauthentications", "clustertriggerauthentications")),
    *(f"{plural}.eventing.keda.sh" for plural in ("cloudeventsources", "clustercloudeventsources")),
)
_GROUP, _VERSION = "external.metrics.k8s.io", "v1beta1"
_CERTIFICATES = "certificates"


def plan(values: Values, context: Context) -> Plan:
    """The two processes, the certificate that they know each other by, and the API that the adapter serves.

    Raises:
        ConfigurationError: naming the value path.
    """
    name = text(values, "operator.name", "keda-operator")
    service = f"{name}-metrics-apiserver"
    pair = context.certificate(f"{service}.{context.namespace}.svc")
    folder = context.folder / _CERTIFICATES
    metrics, api = context.port(), context.port()
    operator = _operator(values, context, folder, metrics)
    adapted = flag(values, "metricsServer.enabled", True)
    return Plan(
        processes=(operator, _adapter(values, context, folder, metrics, api)) if adapted else (operator,),
        files={
            f"{_CERTIFICATES}/ca.crt": pair.authority,
            f"{_CERTIFICATES}/tls.crt": pair.certificate,
            f"{_CERTIFICATES}/tls.key": pair.key,
        },
        registrations=_api(context.namespace, service, api, pair.authority) if adapted else (),
    )


def _operator(values: Values, context: Context, certificates: Path, metrics: int) -> Process:
    port = context.port()
    return Process(
        name="keda-operator",
        argv=(
            context.program("keda", "operator"),
            f"--kubeconfig={context.kubeconfig}",
            "--leader-elect=false",
            f"--health-probe-bind-address=127.0.0.1:{port}",
            "--enable-prometheus-metrics=false",
            f"--metrics-service-bind-address=127.0.0.1:{metrics}",
            f"--cert-dir={certificates}",
            "--enable-cert-rotation=false",
            f"--http-max-idle-conns={whole(values, 'http.maxIdleConns', 0, least=0)}",
            f"--http-max-idle-conns-per-host={whole(values, 'http.maxIdleConnsPerHost', 1000)}",
            f"--http-idle-conn-timeout={text(values, 'http.idleConnTimeout', '90s')}",
            "--kube-api-qps=100",
            "--kube-api-burst=200",
            "--zap-log-level=error",
            *_extra(values, "extraArgs.keda"),
        ),
        # Go's own resolver, which reads that file; elsewhere than on Linux it would ask the system's.
        env={**_environment(values, context), "GODEBUG": "netdns=go"},
        cwd=context.hosts.parent,
        ready_url=f"http://127.0.0.1:{port}/readyz",
    )


def _adapter(values: Values, context: Context, certificates: Path, metrics: int, api: int) -> Process:
    port = context.port()
    return Process(
        name="keda-metrics-apiserver",
        argv=(
            context.program("keda", "adapter"),
            f"--lister-kubeconfig={context.kubeconfig}",
            f"--authentication-kubeconfig={context.kubeconfig}",
            f"--authorization-kubeconfig={context.kubeconfig}",
            f"--metrics-service-address=127.0.0.1:{metrics}",
            "--bind-address=127.0.0.1",
            f"--secure-port={api}",
            f"--cert-dir={certificates}",
            f"--tls-cert-file={certificates / 'tls.crt'}",
            f"--tls-private-key-file={certificates / 'tls.key'}",
            f"--port={port}",
            "--kube-api-qps=100",
            "--kube-api-burst=200",
            "--zap-log-level=error",
            *_extra(values, "extraArgs.metricsAdapter"),
        ),
        env={**_environment(values, context), "KUBECONFIG": str(context.kubeconfig)},
        ready_url=f"http://127.0.0.1:{port}/metrics",
    )


def _environment(values: Values, context: Context) -> dict[str, str]:
    return {
        **environment(values),
        "WATCH_NAMESPACE": text(values, "watchNamespace"),
        "POD_NAMESPACE": context.namespace,
        "KEDA_CLUSTER_OBJECT_NAMESPACE": context.namespace,
        "KEDA_HTTP_DEFAULT_TIMEOUT": str(whole(values, "http.timeout", 3000)),
        "KEDA_HTTP_MIN_TLS_VERSION": text(values, "http.minTlsVersion", "TLS12"),
    }


def _extra(values: Values, path: str) -> list[str]:
    """The chart turns a map into flags."""
    given: Any = value(values, path, {})
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{path} is {given!r}, must be a map of flag and value")
    return [f"--{name}={found}" for name, found in cast("Mapping[str, Any]", given).items()]


def _api(namespace: str, service: str, port: int, authority: str) -> tuple[JsonObject, ...]:
    return (
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": service, "namespace": namespace},
            "spec": {"type": "ExternalName", "externalName": "localhost"},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{_VERSION}.{_GROUP}"},
            "spec": {
                "group": _GROUP,
                "version": _VERSION,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "caBundle": base64.b64encode(authority.encode()).decode(),
                "service": {"name": service, "namespace": namespace, "port": port},
            },
        },
    )


KEDA = HostController(chart="keda", tools=("keda",), section="autoscaling", crds=_CRDS, plan=plan)
"""Scaling on external signals, to zero and back, by the real KEDA."""
