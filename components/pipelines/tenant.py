"""Kubeflow Pipelines in a tenant's namespace."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random

from components.catalog.workload_images import workload_image
from components.labels import STORES_LABEL, tenant_labels
from components.manifest import Spec
from components.order import after
from components.pipelines import access, data, network, servers
from components.pipelines.envoy import ENVOY_CONFIG, envoy_config
from components.pipelines.names import (
    API,
    BUCKET,
    DATABASE,
    LAUNCHER_CONFIG,
    METADATA,
    METADATA_CONFIG,
    METADATA_PORT,
    RUNNER,
    STORE,
    UI,
)
from components.pipelines.pods import Server, deployment, service
from components.pipelines.run import run_patch
from components.pipelines.store import artifact_store, bucket_of, pipeline_root
from components.settings.cluster import Cluster
from components.settings.pipelines import TenantPipelines as TenantPipelinesSettings
from components.settings.sections import SHARED_FOLDER
from components.storage.outputs import Access, Folder, Identity, Storage, Store

PASSWORD_LENGTH = 32

IMAGES = (
    "kfp-api-server",
    "kfp-persistence-agent",
    "kfp-schedules",
    "kfp-ui",
    "kfp-metadata-envoy",
    "kfp-metadata",
    "kfp-driver",
    "kfp-launcher",
    "mysql",
    "seaweedfs",
)


def account_folders(tenant: str) -> dict[str, dict[Folder, Access]]:
    """Account -> what it may do in which folder. Steps also write the tenant's models: a run ends with a new one."""
    artifacts = Folder(Store.ARTIFACTS, tenant)
    return {
        API: {artifacts: Access.READ},
        UI: {artifacts: Access.READ},
        RUNNER: {
            artifacts: Access.WRITE,
            Folder(Store.MODELS, tenant): Access.WRITE,
            Folder(Store.MODELS, SHARED_FOLDER): Access.READ,
        },
    }


class TenantPipelinesArgs(TypedDict):
    """Whose pipelines they are."""

    tenant: str
    """The tenant, whose namespace and queue have the same name."""

    settings: dict[str, Any]
    """The tenant's `pipelines` as it stands in the stack file, without what it leaves to defaults."""

    retention_days: int | None
    """How long artifacts stay in an own store; the platform's bucket knows it by itself."""

    api_server: list[str]
    """Where pods reach the Kubernetes API; empty: it is public."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    mirror: str | None
    """Where copies of the images lie; None: they come from their makers."""

    protected: bool
    """Whether Pulumi refuses to remove or replace the volumes."""


class TenantPipelines(pulumi.ComponentResource):
    """API, UI, schedules, metadata and database of one tenant's pipelines; on clusters without a fitting object store
    also that. What they run counts against the tenant's quota and queue, because it runs where they are."""

    def __init__(
        self,
        name: str,
        args: TenantPipelinesArgs,
        cluster: Cluster,
        storage: Storage | None,
        passwords: random.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("multimodal:index:TenantPipelines", name, dict(args), opts)
        self._name, self._args, self._tenant = name, args, args["tenant"]
        self._child = pulumi.ResourceOptions(parent=self)
        self._passwords = pulumi.ResourceOptions(parent=self, provider=passwords)
        chosen = TenantPipelinesSettings.model_validate(args["settings"])
        self._images = {key: workload_image(key, lock=args["images_lock"], mirror=args["mirror"]) for key in IMAGES}
        self._network(chosen)
        identities = self._identities(None if artifact_store(cluster).own else storage)
        accounts = [self._account(key, rules, identities.get(key)) for key, rules in access.RULES.items()]
        before = [*accounts, *self._data(chosen, own_store=artifact_store(cluster).own)]
        self._servers(chosen, cluster, storage, identities, before)
        self.register_outputs({})

    def _metadata(self, name: str) -> Spec:
        return {"name": name, "namespace": self._tenant, "labels": tenant_labels(self._tenant)}

    def _network(self, chosen: TenantPipelinesSettings) -> None:
        policies = {"pipelines-to-api": network.allow_api(tuple(self._args["api_server"]))}
        if chosen.database is not None:
            policies["pipelines-to-database"] = network.allow_database(chosen.database)
        for key, spec in policies.items():
            kubernetes.networking.v1.NetworkPolicy(
                f"{self._name}-{key}", metadata=self._metadata(key), spec=spec, opts=self._child
            )

    def _identities(self, storage: Storage | None) -> dict[str, Identity]:
        """Account -> its cloud identity; none where artifacts lie in an own store, which is opened by key."""
        if storage is None:
            return {}
        return {
            account: storage.allow(
                f"{self._name}-{account}",
                {"namespace": self._tenant, "service_account": account, "folders": folders},
            )
            for account, folders in account_folders(self._tenant).items()
        }

    def _account(self, account: str, rules: Spec, identity: Identity | None) -> pulumi.Resource:
        metadata: Spec = {**self._metadata(account), "annotations": identity.annotations if identity else {}}
        made = kubernetes.core.v1.ServiceAccount(
            f"{self._name}-{account}",
            metadata=metadata,
            automount_service_account_token=False,
            opts=self._child,
        )
        role = kubernetes.rbac.v1.Role(
            f"{self._name}-{account}", metadata=self._metadata(account), rules=rules, opts=self._child
        )
        return kubernetes.rbac.v1.RoleBinding(
            f"{self._name}-{account}",
            metadata=self._metadata(account),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": account},
            subjects=[{"kind": "ServiceAccount", "name": account, "namespace": self._tenant}],
            opts=after(self._child, made, role),
        )

    def _data(self, chosen: TenantPipelinesSettings, *, own_store: bool) -> list[pulumi.Resource]:
        """What the servers cannot start without."""
        made: list[pulumi.Resource] = []
        if chosen.database is None:
            keys = {
                "username": data.USER,
                "password": self._password("database"),
                data.ADMIN_KEY: self._password("root"),
            }
            before = [
                self._secret(DATABASE, keys),
                self._claim(DATABASE, chosen.database_gib),
                self._config(data.SCRIPTS, {"databases.sql": data.setup_script()}),
            ]
            made.append(self._server(data.mysql(self._images["mysql"]), before))
        if own_store:
            keys = {"accesskey": data.USER, "secretkey": self._password("store")}
            before = [self._secret(STORE, keys), self._claim(STORE, chosen.store_gib)]
            server = data.seaweedfs(self._images["seaweedfs"], self._args["retention_days"])
            made.append(self._server(server, before))
        return made

    def _servers(
        self,
        chosen: TenantPipelinesSettings,
        cluster: Cluster,
        storage: Storage | None,
        identities: Mapping[str, Identity],
        before: list[pulumi.Resource],
    ) -> None:
        images, where, store = self._images, data.database(chosen), artifact_store(cluster)
        folder = None if store.own or storage is None else storage.uri(Folder(Store.ARTIFACTS, self._tenant))
        root: pulumi.Input[str] = pipeline_root(None) if folder is None else folder.apply(pipeline_root)
        bucket = {
            "name": "OBJECTSTORECONFIG_BUCKETNAME",
            "value": BUCKET if folder is None else folder.apply(bucket_of),
        }
        labels = {account: identity.pod_labels for account, identity in identities.items()}
        steps = {**labels.get(RUNNER, {}), STORES_LABEL: "true"}
        launcher: dict[str, pulumi.Input[str]] = {"defaultPipelineRoot": root}
        if store.providers:
            launcher["providers"] = store.providers
        configured = [
            *before,
            self._config(LAUNCHER_CONFIG, launcher),
            self._config(
                METADATA_CONFIG,
                {"METADATA_GRPC_SERVICE_HOST": METADATA, "METADATA_GRPC_SERVICE_PORT": str(METADATA_PORT)},
            ),
        ]
        metadata = self._server(servers.metadata(images, where), before)
        envoy = self._config(ENVOY_CONFIG, {"envoy.yaml": envoy_config()})
        web = self._server(servers.metadata_web(images), [metadata, envoy])
        api = self._server(
            servers.api_server(
                images, where, store, bucket, run_patch(self._tenant, chosen.priority, steps), labels.get(API, {})
            ),
            [*configured, metadata],
        )
        self._server(servers.persistence_agent(images), [api])
        self._server(servers.schedules(images), [api])
        self._server(servers.ui(images, store, labels.get(UI, {})), [api, web])

    def _server(self, server: Server, before: list[pulumi.Resource]) -> pulumi.Resource:
        """What the next server waits for: this one's Service, which is ready when a pod stands behind it."""
        made = kubernetes.apps.v1.Deployment(
            f"{self._name}-{server.name}",
            metadata=self._metadata(server.name),
            spec=deployment(server),
            opts=after(self._child, *before),
        )
        if not server.ports:
            return made
        return kubernetes.core.v1.Service(
            f"{self._name}-{server.name}",
            metadata=self._metadata(server.name),
            spec=service(server),
            opts=after(self._child, made),
        )

    def _config(self, name: str, content: Mapping[str, pulumi.Input[str]]) -> pulumi.Resource:
        return kubernetes.core.v1.ConfigMap(
            f"{self._name}-{name}", metadata=self._metadata(name), data=dict(content), opts=self._child
        )

    def _secret(self, name: str, content: Mapping[str, pulumi.Input[str]]) -> pulumi.Resource:
        return kubernetes.core.v1.Secret(
            f"{self._name}-{name}", metadata=self._metadata(name), string_data=dict(content), opts=self._child
        )

    def _password(self, key: str) -> pulumi.Output[str]:
        """Letters and digits: it goes through command lines of the servers' own."""
        made = random.RandomPassword(
            f"{self._name}-{key}-password", length=PASSWORD_LENGTH, special=False, opts=self._passwords
        )
        return made.result

    def _claim(self, name: str, gib: int) -> pulumi.Resource:
        kept = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=self._args["protected"]))
        return kubernetes.core.v1.PersistentVolumeClaim(
            f"{self._name}-{name}", metadata=self._metadata(name), spec=data.claim_spec(gib), opts=kept
        )
