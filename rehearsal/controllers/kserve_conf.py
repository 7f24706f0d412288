"""What the chart `kserve-resources` renders from its values for the manager to read, and the webhooks it registers.

Source: kserve/kserve v0.17.0 and v0.18.1, charts/kserve-resources (values.yaml, files/common/*-patch.yaml) and
config/webhook/manifests.yaml. v0.18's `disableHTTPRouteTimeout` is passed on; the older manager passes over it.
"""

import base64
import json
from typing import Any

from rehearsal.controllers.base import ConfigurationError, Values, flag, text, value, whole
from rehearsal.kube import JsonObject

CONFIG_MAP = "inferenceservice-config"
_MODES = ("Knative", "Standard", "ModelMesh", "Serverless", "RawDeployment")
_VERSION = "v0.18.1"
_SIDECAR = {"memoryRequest": "100Mi", "memoryLimit": "1Gi", "cpuRequest": "100m", "cpuLimit": "1"}
_BATCHER = {**_SIDECAR, "memoryRequest": "1Gi", "cpuRequest": "1", "maxBatchSize": "32", "maxLatency": "5000"}
_GATEWAY = "kserve.controller.gateway"
_NOT_KNOWN = (
    (f"{_GATEWAY}.ingressGateway.createGateway", "a rehearsal renders no chart: make the Gateway in the program"),
)


def config_map(values: Values, namespace: str) -> JsonObject:
    """The ConfigMap that the manager reads.

    Raises:
        ConfigurationError: naming the value path.
    """
    for path, advice in _NOT_KNOWN:
        if flag(values, path, False):
            raise ConfigurationError(f"{path} is True: {advice}")
    mode = text(values, "kserve.controller.deploymentMode", "Knative")
    if mode not in _MODES:
        raise ConfigurationError(f"kserve.controller.deploymentMode is {mode!r}, must be one of {', '.join(_MODES)}")
    sections: dict[str, Any] = {
        "agent": {"image": _image(values, "kserve.agent", "kserve/agent"), **_SIDECAR},
        "logger": {
            "image": _image(values, "kserve.agent", "kserve/agent"),
            **_SIDECAR,
            "defaultUrl": "http://default-broker",
        },
        "batcher": {"image": _image(values, "kserve.agent", "kserve/agent"), **_BATCHER},
        "router": {
            "image": _image(values, "kserve.router", "kserve/router"),
            **_SIDECAR,
            "imagePullPolicy": text(values, "kserve.router.imagePullPolicy", "IfNotPresent"),
            "imagePullSecrets": value(values, "kserve.router.imagePullSecrets", []),
        },
        "deploy": {"defaultDeploymentMode": mode},
        "service": {"serviceClusterIPNone": flag(values, "kserve.service.serviceClusterIPNone", False)},
        "ingress": _ingress(values),
        "storageInitializer": _storage_initializer(values),
        "credentials": _credentials(values),
        "explainers": {"art": {"image": "kserve/art-explainer", "defaultImageVersion": _version(values)}},
        "metricsAggregator": {
            name: text(values, f"kserve.metricsaggregator.{name}", "false")
            for name in ("enableMetricAggregation", "enablePrometheusScraping")
        },
        "localModel": _local_model(values),
        "security": {
            "autoMountServiceAccountToken": flag(values, "kserve.security.autoMountServiceAccountToken", True)
        },
        "inferenceService": {"resource": _resources(values)},
        "opentelemetryCollector": _collector(values),
        "autoscaler": {
            "scaleUpStabilizationWindowSeconds": text(
                values, "kserve.autoscaler.scaleUpStabilizationWindowSeconds", "0"
            ),
            "scaleDownStabilizationWindowSeconds": text(
                values, "kserve.autoscaler.scaleDownStabilizationWindowSeconds", "300"
            ),
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG_MAP, "namespace": namespace},
        "data": {name: json.dumps(section) for name, section in sections.items()},
    }


def storage_container(values: Values) -> JsonObject:
    """The container that fetches a model before its server starts, for every kind of address that KServe knows."""
    limits = {"requests": {"cpu": "100m", "memory": "100Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    security = {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }
    formats = [{"prefix": f"{scheme}://"} for scheme in ("gs", "s3", "hdfs", "hf", "webhdfs")]
    formats += [{"regex": rf"https://(.+?).{kind}.core.windows.net/(.+)"} for kind in ("blob", "file")]
    formats.append({"regex": "https?://(.+)/(.+)"})
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ClusterStorageContainer",
        "metadata": {"name": "default"},
        "spec": {
            "container": {
                "name": "storage-initializer",
                "image": _image(values, "kserve.storage", "kserve/storage-initializer"),
                "imagePullPolicy": "IfNotPresent",
                "resources": value(values, "kserve.storage.resources", limits),
                "securityContext": value(values, "kserve.storage.containerSecurityContext", security),
            },
            "supportedUriFormats": formats,
            "supportsMultiModelDownload": True,
            "workloadType": "initContainer",
        },
    }


def webhooks(port: int, authority: str) -> tuple[JsonObject, ...]:
    """The manager's webhooks, at a port of this machine instead of a Service, and as strict as upstream."""

    def hook(name: str, path: str, resource: tuple[str, str, str], operations: list[str], **more: Any) -> JsonObject:
        group, version, plural = resource
        return {
            "name": f"{name}.kserve-webhook-server.{more.pop('role', 'validator')}",
            "clientConfig": {
                "url": f"https://127.0.0.1:{port}/{path}",
                "caBundle": base64.b64encode(authority.encode()).decode(),
            },
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1beta1"],
            "rules": [
                {"apiGroups": [group], "apiVersions": [version], "operations": operations, "resources": [plural]}
            ],
            **more,
        }

    def configuration(kind: str, name: str, *hooks: JsonObject) -> JsonObject:
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": f"{kind}WebhookConfiguration",
            "metadata": {"name": f"{name}.serving.kserve.io"},
            "webhooks": list(hooks),
        }

    writes = ["CREATE", "UPDATE"]
    service = ("serving.kserve.io", "v1beta1", "inferenceservices")
    pods = {
        "role": "pod-mutator",
        "reinvocationPolicy": "IfNeeded",
        "namespaceSelector": {"matchExpressions": [{"key": "control-plane", "operator": "DoesNotExist"}]},
        "objectSelector": {"matchExpressions": [{"key": "serving.kserve.io/inferenceservice", "operator": "Exists"}]},
    }
    return (
        configuration(
            "Mutating",
            "inferenceservice",
            hook(
                "inferenceservice",
                "mutate-serving-kserve-io-v1beta1-inferenceservice",
                service,
                writes,
                role="defaulter",
            ),
            hook("inferenceservice", "mutate-pods", ("", "v1", "pods"), ["CREATE"], **pods),
        ),
        configuration(
            "Validating",
            "inferenceservice",
            hook("inferenceservice", "validate-serving-kserve-io-v1beta1-inferenceservice", service, writes),
        ),
        *(
            configuration(
                "Validating",
                name,
                hook(
                    name,
                    f"validate-serving-kserve-io-v1alpha1-{name}",
                    ("serving.kserve.io", "v1alpha1", f"{name}s"),
                    writes,
                ),
            )
            for name in ("trainedmodel", "inferencegraph", "clusterservingruntime", "servingruntime")
        ),
    )


def _version(values: Values) -> str:
    return text(values, "kserve.version", _VERSION)


def _image(values: Values, path: str, default: str) -> str:
    return f"{text(values, f'{path}.image', default)}:{text(values, f'{path}.tag') or _version(values)}"


def _ingress(values: Values) -> dict[str, Any]:
    inner, local = f"{_GATEWAY}.ingressGateway", f"{_GATEWAY}.localGateway"
    gateway = text(values, f"{inner}.kserveGateway", "kserve/kserve-ingress-gateway")
    if gateway.count("/") != 1:
        raise ConfigurationError(f"{inner}.kserveGateway is {gateway!r}, must be <namespace>/<name>")
    return {
        "enableGatewayApi": flag(values, f"{inner}.enableGatewayApi", False),
        "kserveIngressGateway": gateway,
        "ingressGateway": text(values, f"{inner}.gateway", "knative-serving/knative-ingress-gateway"),
        "ingressClassName": text(values, f"{inner}.className", "istio"),
        "localGateway": text(values, f"{local}.gateway", "knative-serving/knative-local-gateway"),
        "localGatewayService": text(
            values, f"{local}.gatewayService", "knative-local-gateway.istio-system.svc.cluster.local"
        ),
        "knativeLocalGatewayService": text(values, f"{local}.knativeGatewayService"),
        "ingressDomain": text(values, f"{_GATEWAY}.domain", "example.com"),
        "additionalIngressDomains": value(values, f"{_GATEWAY}.additionalIngressDomains", []),
        "domainTemplate": text(
            values, f"{_GATEWAY}.domainTemplate", "{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}"
        ),
        "pathTemplate": text(values, f"{_GATEWAY}.pathTemplate"),
        "urlScheme": text(values, f"{_GATEWAY}.urlScheme", "http"),
        **{
            name: flag(values, f"{_GATEWAY}.{name}", False)
            for name in ("disableIstioVirtualHost", "disableIngressCreation", "disableHTTPRouteTimeout")
        },
    }


def _storage_initializer(values: Values) -> dict[str, Any]:
    # The chart gives these limits whatever `kserve.storage.resources` says: that goes into the ClusterStorageContainer.
    return {
        "image": _image(values, "kserve.storage", "kserve/storage-initializer"),
        **_SIDECAR,
        "caBundleConfigMapName": text(values, "kserve.storage.caBundleConfigMapName"),
        "caBundleVolumeMountPath": text(values, "kserve.storage.caBundleVolumeMountPath", "/etc/ssl/custom-certs"),
        "enableModelcar": flag(values, "kserve.storage.enableModelcar", True),
        "uidModelcar": whole(values, "kserve.storage.uidModelcar", 1010, least=0),
        "cpuModelcar": text(values, "kserve.storage.cpuModelcar", "10m"),
        "memoryModelcar": text(values, "kserve.storage.memoryModelcar", "15Mi"),
    }


def _credentials(values: Values) -> dict[str, Any]:
    s3 = {
        "s3AccessKeyIDName": text(values, "kserve.storage.s3.accessKeyIdName", "AWS_ACCESS_KEY_ID"),
        "s3SecretAccessKeyName": text(values, "kserve.storage.s3.secretAccessKeyName", "AWS_SECRET_ACCESS_KEY"),
        **{
            f"s3{name[0].upper()}{name[1:]}": str(value(values, f"kserve.storage.s3.{name}", ""))
            for name in ("endpoint", "useHttps", "region", "useVirtualBucket", "useAnonymousCredential")
        },
        "s3VerifySSL": str(value(values, "kserve.storage.s3.verifySSL", "")),
        "s3CABundleConfigMap": text(values, "kserve.storage.s3.CABundleConfigMap"),
        "s3CABundle": text(values, "kserve.storage.s3.CABundle"),
    }
    return {
        "storageSpecSecretName": text(values, "kserve.storage.storageSpecSecretName", "storage-config"),
        "storageSecretNameAnnotation": text(
            values, "kserve.storage.storageSecretNameAnnotation", "serving.kserve.io/secretName"
        ),
        "gcs": {"gcsCredentialFileName": "gcloud-application-credentials.json"},
        "s3": s3,
    }


def _local_model(values: Values) -> dict[str, Any]:
    base = "kserve.localmodel"
    job = text(values, f"{base}.defaultJobImage", "kserve/storage-initializer")
    return {
        "enabled": flag(values, f"{base}.enabled", False),
        "jobNamespace": text(values, f"{base}.jobNamespace", "kserve-localmodel-jobs"),
        "jobTTLSecondsAfterFinished": whole(values, f"{base}.jobTTLSecondsAfterFinished", 3600, least=0),
        "defaultJobImage": f"{job}:{text(values, f'{base}.defaultJobTag') or _version(values)}",
        "fsGroup": whole(values, f"{base}.securityContext.fsGroup", 1000, least=0),
        "reconcilationFrequencyInSecs": whole(values, f"{base}.agent.reconcilationFrequencyInSecs", 60),
        "disableVolumeManagement": flag(values, f"{base}.disableVolumeManagement", False),
    }


def _resources(values: Values) -> dict[str, str]:
    """What a model gets that says nothing itself; empty text leaves a resource out."""
    defaults = {"cpu": "1", "memory": "2Gi"}
    return {
        f"{resource}{kind.removesuffix('s').capitalize()}": text(
            values, f"kserve.inferenceservice.resources.{kind}.{resource}", default
        )
        for kind in ("limits", "requests")
        for resource, default in defaults.items()
    }


def _collector(values: Values) -> dict[str, Any]:
    base = "kserve.opentelemetryCollector"
    limits = {"cpuLimit": "1", "memoryLimit": "2Gi", "cpuRequest": "200m", "memoryRequest": "512Mi"}
    return {
        "scrapeInterval": text(values, f"{base}.scrapeInterval", "5s"),
        "metricReceiverEndpoint": text(values, f"{base}.metricReceiverEndpoint", "keda-otel-scaler.keda.svc:4317"),
        "metricScalerEndpoint": text(values, f"{base}.metricScalerEndpoint", "keda-otel-scaler.keda.svc:4318"),
        "resource": {name: text(values, f"{base}.resource.{name}", default) for name, default in limits.items()},
    }
