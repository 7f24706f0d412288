"""ModelMesh for one tenant: many models that share GPUs, under KServe's archived answer to that."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.workload_images import workload_image
from components.cluster.api_addresses import api_addresses
from components.cluster.naming import digest
from components.labels import tenant_labels
from components.manifest import Spec
from components.order import after
from components.serving import mesh_models as models
from components.serving import mesh_objects as objects
from components.serving.webhooks import patient
from components.settings.cluster import Cluster
from components.settings.model_sets import ModelSet
from components.trust.cert_manager import ISSUER

_IMAGES = {"mesh": "modelmesh", "rest-proxy": "modelmesh-rest-proxy", "adapter": "modelmesh-adapter"}
"""What runs in a model's pods -> key of its image."""


class MeshKind(pulumi.ComponentResource):
    """The kind Predictor, which ModelMesh's controllers watch. One for the cluster."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:MeshKind", name, {}, opts)
        kubernetes.apiextensions.v1.CustomResourceDefinition(
            f"{name}-predictors",
            metadata={"name": "predictors.serving.kserve.io"},
            spec=objects.predictor_kind(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


class TenantMeshArgs(TypedDict):
    """Whose ModelMesh it is, and what is in it."""

    tenant: str
    """The tenant, whose namespace has the same name."""

    sets: dict[str, Any]
    """Its sets as they stand in the stack file."""

    density: dict[str, str]
    """Set -> how many of its models are in GPU memory at once, for people."""

    etcd_gib: int
    """GiB of the registry's volume."""

    api_server: list[str]
    """Where pods reach the Kubernetes API, as the stack file says; empty: worked out from the cluster."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    mirror: str | None
    """Where copies of the images lie; None: they come from their makers."""


class TenantMesh(pulumi.ComponentResource):
    """Controller, registry, and for each set a runtime and its models. Does not wait until models are loaded."""

    address: str
    """Where all models of all sets answer, within the namespace."""

    def __init__(
        self, name: str, args: TenantMeshArgs, cluster: Cluster, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("multimodal:index:TenantMesh", name, dict(args), opts)
        self._name, self._args, self._cluster = name, args, cluster
        self._labels = tenant_labels(args["tenant"])
        self._child = pulumi.ResourceOptions(parent=self)
        controller = self._controller(self._registry())
        after = pulumi.ResourceOptions(parent=self, depends_on=[controller], hooks=patient(f"{name}-webhook"))
        for key, settings in args["sets"].items():
            self._set(key, ModelSet.model_validate(settings), after)
        self.address = f"http://{objects.SERVICE}:{objects.REST_PORT}"
        self.register_outputs({"address": self.address})

    def _image(self, key: str) -> str:
        return workload_image(key, lock=self._args["images_lock"], mirror=self._args["mirror"])

    def _metadata(self, name: str) -> Spec:
        return {"name": name, "namespace": self._args["tenant"], "labels": self._labels}

    def _registry(self) -> list[pulumi.Resource]:
        service = kubernetes.core.v1.Service(
            f"{self._name}-registry",
            metadata=self._metadata(objects.REGISTRY),
            spec=objects.registry_service(),
            # It has no address until its pod is ready, and that pod finds itself by this name.
            opts=pulumi.ResourceOptions(parent=self),
        )
        stored = kubernetes.apps.v1.StatefulSet(
            f"{self._name}-etcd",
            metadata=self._metadata(objects.REGISTRY),
            spec=objects.registry_spec(self._image("modelmesh-etcd"), self._labels, self._args["etcd_gib"]),
            opts=self._child,
        )
        connection = kubernetes.core.v1.Secret(
            f"{self._name}-connection",
            metadata=self._metadata(objects.REGISTRY_SECRET),
            string_data={"etcd_connection": objects.registry_connection()},
            opts=self._child,
        )
        # Pods of models mount it, and do not start without it.
        empty = kubernetes.core.v1.Secret(
            f"{self._name}-storage", metadata=self._metadata(objects.STORAGE_SECRET), opts=self._child
        )
        return [service, stored, connection, empty]

    def _controller(self, before: list[pulumi.Resource]) -> pulumi.Resource:
        configured = objects.configuration({part: self._image(key) for part, key in _IMAGES.items()})
        config_map = kubernetes.core.v1.ConfigMap(
            f"{self._name}-configuration",
            metadata=self._metadata(objects.CONFIGURATION),
            data={"config-defaults.yaml": configured},
            opts=self._child,
        )
        account = kubernetes.core.v1.ServiceAccount(
            f"{self._name}-account",
            metadata=self._metadata(objects.CONTROLLER),
            automount_service_account_token=False,
            opts=self._child,
        )
        role = kubernetes.rbac.v1.Role(
            f"{self._name}-role",
            metadata=self._metadata(objects.CONTROLLER),
            rules=objects.controller_rules(),
            opts=self._child,
        )
        binding = kubernetes.rbac.v1.RoleBinding(
            f"{self._name}-binding",
            metadata=self._metadata(objects.CONTROLLER),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": objects.CONTROLLER},
            subjects=[{"kind": "ServiceAccount", "name": objects.CONTROLLER, "namespace": self._args["tenant"]}],
            opts=self._child,
        )
        certificate = kubernetes.apiextensions.CustomResource(
            f"{self._name}-certificate",
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata=self._metadata(objects.WEBHOOK_SECRET),
            spec={
                "secretName": objects.WEBHOOK_SECRET,
                "dnsNames": [f"{objects.CONTROLLER}.{self._args['tenant']}.svc"],
                "issuerRef": {"name": ISSUER, "kind": "ClusterIssuer"},
            },
            opts=self._child,
        )
        addresses = api_addresses(self._cluster, tuple(self._args["api_server"]))
        reached = kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-api",
            metadata=self._metadata("modelmesh-api"),
            spec=objects.allow_api(addresses),
            opts=self._child,
        )
        changed = digest(configured, 16)
        return kubernetes.apps.v1.Deployment(
            f"{self._name}-controller",
            metadata=self._metadata(objects.CONTROLLER),
            spec=objects.controller_spec(self._image("modelmesh-controller"), self._labels, changed),
            opts=after(self._child, *before, config_map, account, role, binding, certificate, reached),
        )

    def _set(self, key: str, chosen: ModelSet, after: pulumi.ResourceOptions) -> None:
        runtime = kubernetes.apiextensions.CustomResource(
            f"{self._name}-{key}",
            api_version="serving.kserve.io/v1alpha1",
            kind="ServingRuntime",
            metadata=self._metadata(models.runtime_name(key)),
            spec=models.runtime_spec(self._cluster, chosen, self._image("triton"), self._labels),
            opts=after,
        )
        child = pulumi.ResourceOptions(parent=self, depends_on=[runtime])
        for model, source in chosen.models.items():
            kubernetes.apiextensions.CustomResource(
                f"{self._name}-{key}-{model}",
                api_version="serving.kserve.io/v1beta1",
                kind="InferenceService",
                metadata={
                    **self._metadata(models.service_name(key, model)),
                    "annotations": {"serving.kserve.io/deploymentMode": "ModelMesh"},
                },
                spec=models.model_spec(key, chosen, source),
                opts=child,
            )
