"""Google's Managed Service for Apache Kafka: brokers that Google runs, reached from the cluster's subnetwork. Clients
show a certificate of an authority of the stack's own."""

from collections.abc import Sequence
from typing import Any, TypedDict, cast

import pulumi
import pulumi_gcp as gcp

from components.eventing import gmk_objects
from components.eventing.cas_issuer import SERVICE_ACCOUNT
from components.eventing.certificates import GOOGLE_ISSUER
from components.eventing.client_certificate import client_certificate
from components.eventing.gmk_access import FENCE, Entry, acls
from components.eventing.kafka_names import Topic, User
from components.eventing.logins import MTLS_PORT, GoogleLogin
from components.eventing.outputs import CaPool
from components.storage.gcp import KEY_ROTATION, workload_principal
from components.storage.outputs import Identity
from components.trust.cert_manager import NAMESPACE as CERT_MANAGER


class GmkArgs(TypedDict):
    """What the brokers are."""

    cluster_id: str
    """Name of the Kafka cluster, 63 characters at most."""

    project: str
    region: str
    """Where it is: the cluster's own."""

    subnetwork: pulumi.Input[str]
    """Where brokers get addresses: projects/<project>/regions/<region>/subnetworks/<name>."""

    network_cidr: str
    """Range of that subnetwork."""

    workload_pool: pulumi.Input[str]
    """Pool of the GKE cluster's workload identities."""

    vcpus: int
    """vCPUs of all brokers together."""

    memory_gib: int
    """GiB of memory of all brokers together."""

    keep_records: bool
    """Whether whoever would delete the cluster is refused."""

    labels: dict[str, str]
    """Labels for billing."""


class Gmk(pulumi.ComponentResource):
    """Kafka of Google's: private, TLS everywhere, encrypted under an own key. Only clients with a certificate of the
    stack's authority have any rights, and each has those of its ACLs; everything else is denied by the fence.

    The authority's key is Google's to keep; google-cas-issuer alone may ask it for certificates. Has no topics of its
    own: `topic` makes them, and `user` the certificates, as `KafkaOutputs` asks. ACLs of all users are made here, since
    one of Google's holds what everybody may do to one thing.
    """

    login: GoogleLogin
    ready: list[pulumi.Resource]
    authorities: CaPool
    """Where certificates of clients are asked for."""

    def __init__(
        self,
        name: str,
        args: GmkArgs,
        users: Sequence[User],
        provider: gcp.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`users`: everybody who has rights. `provider`: of all that is made later."""
        super().__init__("multimodal:index:Gmk", name, cast("dict[str, Any]", dict(args)), opts)
        self._name, self._args, self._provider = name, args, provider
        pool, signs = self._authority()
        key, may_encrypt = self._key()
        cluster = gcp.managedkafka.Cluster(
            name,
            cluster_id=args["cluster_id"],
            project=args["project"],
            location=args["region"],
            kafka_version=gmk_objects.VERSION,
            capacity_config=cast("Any", gmk_objects.capacity(args["vcpus"], args["memory_gib"])),
            rebalance_config={"mode": "AUTO_REBALANCE_ON_SCALE_UP"},
            gcp_config={"access_config": {"network_configs": [{"subnet": args["subnetwork"]}]}, "kms_key": key.id},
            # Principals stay whole subjects: no rule maps two of them to one name.
            tls_config={"trust_config": {"cas_configs": [{"ca_pool": pool.id}]}},
            labels=args["labels"],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*signs, *may_encrypt], protect=args["keep_records"]),
        )
        self._cluster = cluster.cluster_id
        self._acls(acls(users))
        self.login = GoogleLogin(
            bootstrap=pulumi.Output.concat(cluster.bootstrap_address, f":{MTLS_PORT}"), network=args["network_cidr"]
        )
        self.ready = [self]
        self.authorities = CaPool(args["project"], args["region"], pool.name)
        self.register_outputs({"bootstrap": self.login.bootstrap})

    def topic(self, name: str, _owner: str, topic: Topic, opts: pulumi.ResourceOptions, /) -> None:
        """A topic, made through Google's API, which needs no way to the brokers."""
        gcp.managedkafka.Topic(
            name,
            project=self._args["project"],
            location=self._args["region"],
            cluster=self._cluster,
            **gmk_objects.topic_inputs(topic),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._provider)),
        )

    def user(
        self, name: str, owner: str, user: User, _identity: Identity | None, opts: pulumi.ResourceOptions, /
    ) -> None:
        """Its certificate. Its ACLs are there already, and Kafka asks for no cloud identity."""
        client_certificate(name, owner, user, GOOGLE_ISSUER, opts)

    def _acls(self, wanted: dict[str, list[Entry]]) -> None:
        """The fence, and within it what each thing's users may do. What goes, goes before the fence does."""
        fence: list[pulumi.Resource] = []
        for acl, entries in wanted.items():
            made = gcp.managedkafka.Acl(
                f"{self._name}-{acl.replace('/', '-')}",
                acl_id=acl,
                project=self._args["project"],
                location=self._args["region"],
                cluster=self._cluster,
                acl_entries=cast("Any", entries),
                opts=pulumi.ResourceOptions(parent=self, depends_on=fence if acl not in FENCE else None),
            )
            if acl in FENCE:
                fence.append(made)

    def _authority(self) -> tuple[gcp.certificateauthority.CaPool, list[pulumi.Resource]]:
        """The pool that Kafka believes, and what makes it one that signs."""
        name, args = self._name, self._args
        child = pulumi.ResourceOptions(parent=self)
        pool = gcp.certificateauthority.CaPool(
            f"{name}-clients",
            project=args["project"],
            location=args["region"],
            # Without a list of what was issued, which nobody asks for: certificates end by themselves.
            tier="DEVOPS",
            issuance_policy=cast("Any", gmk_objects.issuance_policy()),
            labels=args["labels"],
            opts=child,
        )
        authority = gcp.certificateauthority.Authority(
            f"{name}-clients",
            certificate_authority_id="kafka",
            project=args["project"],
            location=args["region"],
            pool=pool.name,
            **cast("Any", gmk_objects.authority()),
            # It goes with its Kafka; a month of grace would keep the pool from going.
            deletion_protection=False,
            ignore_active_certificates_on_deletion=True,
            skip_grace_period=True,
            labels=args["labels"],
            opts=child,
        )
        number = gcp.organizations.get_project_output(
            project_id=args["project"], opts=pulumi.InvokeOutputOptions(parent=self)
        ).number
        asks = gcp.certificateauthority.CaPoolIamMember(
            f"{name}-issuer",
            ca_pool=pool.id,
            role="roles/privateca.certificateRequester",
            member=pulumi.Output.all(number, args["workload_pool"]).apply(
                lambda known: workload_principal(known[0], known[1], CERT_MANAGER, SERVICE_ACCOUNT)
            ),
            opts=child,
        )
        return pool, [authority, asks]

    def _key(self) -> tuple[gcp.kms.CryptoKey, list[pulumi.Resource]]:
        """The key of all records, and the right of Kafka's agent to use it."""
        name, args = self._name, self._args
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args["keep_records"])
        ring = gcp.kms.KeyRing(f"{name}-keys", project=args["project"], location=args["region"], opts=kept)
        key = gcp.kms.CryptoKey(
            f"{name}-records", key_ring=ring.id, purpose="ENCRYPT_DECRYPT", rotation_period=KEY_ROTATION, opts=kept
        )
        agent = gcp.projects.ServiceIdentity(
            f"{name}-agent", project=args["project"], service=gmk_objects.SERVICE, opts=child
        )
        may_encrypt = gcp.kms.CryptoKeyIAMMember(
            f"{name}-records",
            crypto_key_id=key.id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=agent.member,
            opts=child,
        )
        return key, [may_encrypt]
