"""The audit stream: who deployed, called, changed or deleted what, in a topic that is only ever added to."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from components.cluster.naming import digest
from components.eventing.bento import PORT
from components.eventing.kafka_names import AUDIT_NAMESPACE, TenantTopics, secret_name
from components.eventing.outputs import KafkaOutputs
from components.eventing.tenant_events import TenantEvents
from components.helm import addon_namespace
from components.manifest import Spec
from components.serving.network import allow_stores
from components.settings.sections import PodSecurity
from components.storage.outputs import Access, Folder, Identity, Storage, Store
from components.tenancy.objects import allow_dns, default_deny
from components.trust.audit import objects
from components.trust.audit.feed import SERVICE_ACCOUNT, Feed
from components.trust.audit.streams import TARGETS, archive, collector, target_environment
from components.trust.audit.topic import ARCHIVE, AUDITOR, COLLECTOR

FOLDER = Folder(Store.ARTIFACTS, AUDIT_NAMESPACE)
"""Where the archive lies. No tenant may have this name."""


_ARCHIVIST = "archive"
"""Service account of what fills the archive."""


class AuditStreamArgs(TypedDict):
    """What the stream is."""

    provider: str
    """Which cloud, or existing."""

    cluster: str
    """What records call the cluster: the stack's name."""

    region: str
    """Of the archive's store; empty where it needs none."""

    keep_records: bool
    """Whether whoever would delete the topic is refused."""

    auditors: list[str]
    """Groups that may read."""

    image: str
    """Bento's."""


class AuditStream(pulumi.ComponentResource):
    """The topic, what feeds it from the cloud's audit log, what archives it, and who may read it. What routers do,
    they tell it themselves."""

    def __init__(
        self,
        name: str,
        args: AuditStreamArgs,
        topics: TenantTopics,
        kafka: KafkaOutputs,
        feed: Feed | None,
        storage: Storage | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`topics`: what `components.trust.audit.topic` makes of the settings. `kafka`: where they are made. `feed`:
        None where the audit log is in nobody's reach. `storage`: where the archive goes; None: there is none."""
        super().__init__("multimodal:index:AuditStream", name, dict(args), opts)
        self._name, self._image = name, args["image"]
        self._child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(
            name, namespace=AUDIT_NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=self._child
        )
        self._inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        policies = {"default-deny": default_deny(), "dns": allow_dns(), "stores": allow_stores(args["provider"])}
        if feed is not None and feed.ports:
            policies["log"] = objects.allow_log(SERVICE_ACCOUNT, feed.ports)
        network = [
            kubernetes.networking.v1.NetworkPolicy(
                f"{name}-{key}", metadata=objects.metadata(key), spec=spec, opts=self._inside
            )
            for key, spec in policies.items()
        ]
        identities: dict[str, Identity] = {}
        if feed is not None:
            identities[COLLECTOR] = feed.identity
        if storage is not None:
            identities[ARCHIVE] = storage.allow(
                f"{name}-{_ARCHIVIST}",
                {"namespace": AUDIT_NAMESPACE, "service_account": _ARCHIVIST, "folders": {FOLDER: Access.WRITE}},
            )
        stream = TenantEvents(
            f"{name}-kafka",
            {"tenant": AUDIT_NAMESPACE, "keep_records": args["keep_records"]},
            topics,
            kafka,
            identities,
            self._inside,
        )
        self._secrets = {user.name: secret_name(user) for user in topics.users}
        ready: list[pulumi.Resource] = [*network, stream]
        self._login = kafka.login
        collects, archives = (
            replace(kafka.login.broker(objects.CERTIFICATES), client=user) for user in (COLLECTOR, ARCHIVE)
        )
        address = f"0.0.0.0:{PORT}"
        if feed is not None:
            config = collector(feed.source, feed.words, args["cluster"], collects, address, feed.caches)
            self._run(SERVICE_ACCOUNT, COLLECTOR, config, feed.environment, feed.identity, [*ready, *feed.needs])
        if storage is not None:
            where = storage.uri(FOLDER).apply(target_environment)
            target = TARGETS[args["provider"]]
            keys = (
                ["AUDIT_ACCOUNT", "AUDIT_CONTAINER"] if args["provider"] == "aks" else ["AUDIT_BUCKET", "AUDIT_FOLDER"]
            )
            environment: dict[str, pulumi.Input[str]] = {key: where[key] for key in keys}
            if args["region"]:
                environment["AWS_REGION"] = args["region"]
            config = archive(target, archives, address)
            self._run(_ARCHIVIST, ARCHIVE, config, environment, identities[ARCHIVE], ready)
        if args["auditors"]:
            reading = objects.reading(args["auditors"], self._secrets[AUDITOR])
            role = kubernetes.rbac.v1.Role(f"{name}-auditors", opts=self._inside, **reading["role"])
            kubernetes.rbac.v1.RoleBinding(
                f"{name}-auditors",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
                **reading["binding"],
            )
        self.register_outputs({})

    def _run(
        self,
        role: str,
        user: str,
        config: Spec,
        environment: Mapping[str, pulumi.Input[str]],
        identity: Identity,
        before: list[pulumi.Resource],
    ) -> None:
        """One pod of Bento's, as a user of Kafka and of the cloud."""
        text = yaml.safe_dump(config, sort_keys=False)
        called = f"{role}-{digest(text, 10)}"
        named: Any = {**objects.metadata(role), "annotations": identity.annotations}
        account = kubernetes.core.v1.ServiceAccount(
            f"{self._name}-{role}-account",
            metadata=named,
            automount_service_account_token=False,
            opts=self._inside,
        )
        files = kubernetes.core.v1.ConfigMap(
            f"{self._name}-{role}-config",
            metadata=objects.metadata(called),
            data={objects.FILE: text},
            immutable=True,
            opts=self._inside,
        )
        kubernetes.apps.v1.Deployment(
            f"{self._name}-{role}",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account, files, *before]),
            **objects.deployment(
                role,
                self._login,
                image=self._image,
                user=self._secrets[user],
                config=called,
                environment=dict(environment),
                pod_labels=identity.pod_labels,
            ),
        )
