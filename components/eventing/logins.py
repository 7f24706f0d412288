"""How whoever uses Kafka reaches it and shows who it is: by certificate, or by its cloud identity. Pure.

Code that makes routers, replays, the audit stream and scalers takes a `Login` and never asks whose Kafka it is.

Sources: Bento v1.10.0, internal/impl/kafka/sasl.go (AWS_MSK_IAM) and website/docs (kafka_franz: an address with commas
stands for several); keda v2.20, pkg/scalers/kafka_scaler.go (authParams; saslTokenProvider, awsRegion) and pkg/scalers/
aws (an identity `aws` without a role is the operator's own); Amazon MSK developer guide, "Port information"; EKS user
guide, "EKS Pod Identity agent".
"""

from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from components.eventing.kafka_names import BOOTSTRAP, NAMESPACE, TLS_PORT
from components.eventing.kafka_objects import CLUSTER_LABEL
from components.eventing.router_kafka import Broker, Iam
from components.manifest import Spec
from components.serving.network import identity_egress

ADDRESSES = "KAFKA_BOOTSTRAP"
"""Variable of a pod's environment that says where clients begin, where that is only known once Kafka is there."""

IAM_PORT = 9098
"""Where the brokers of Amazon MSK answer clients that sign in by IAM, over TLS."""


class Login(Protocol):
    """What clients need. `account` is a name that `kafka_names.secret_name` gives: one for each user of Kafka."""

    @property
    def bootstrap(self) -> pulumi.Input[str]:
        """Where clients within the cluster begin."""
        ...

    def broker(self, folder: str, /) -> Broker:
        """Kafka as a configuration of Bento's names it. `folder`: where a certificate would be in the pod."""
        ...

    def environment(self) -> list[dict[str, Any]]:
        """What the container of a client takes from its environment."""
        ...

    def volumes(self, account: str, /) -> list[dict[str, Any]]:
        """What the pod of a client mounts."""
        ...

    def mounts(self, folder: str, /) -> list[dict[str, Any]]:
        """Where its container does so."""
        ...

    def service_account(self, account: str, /) -> str | None:
        """Service account by which its pod is known; None: any will do."""
        ...

    def scaler(self) -> dict[str, str]:
        """What KEDA's trigger has to say beside address and TLS."""
        ...

    def scaler_authentication(self, account: str, /) -> Spec:
        """Spec of KEDA's TriggerAuthentication."""
        ...

    def egress(self) -> list[dict[str, Any]]:
        """Where a tenant's closed network lets clients go."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateLogin:
    """Clients show a certificate, which a Secret of their namespace holds."""

    bootstrap: str

    def broker(self, folder: str, /) -> Broker:
        return Broker(bootstrap=self.bootstrap, certificates=folder)

    def environment(self) -> list[dict[str, Any]]:
        return []

    def volumes(self, account: str, /) -> list[dict[str, Any]]:
        return [{"name": "certificates", "secret": {"secretName": account, "defaultMode": 0o440}}]

    def mounts(self, folder: str, /) -> list[dict[str, Any]]:
        return [{"name": "certificates", "mountPath": folder, "readOnly": True}]

    def service_account(self, _account: str, /) -> str | None:
        return None

    def scaler(self) -> dict[str, str]:
        return {}

    def scaler_authentication(self, account: str, /) -> Spec:
        """KEDA asks as the user whose certificate it is."""
        keys = {"ca": "ca.crt", "cert": "tls.crt", "key": "tls.key"}
        return {
            "secretTargetRef": [
                {"parameter": parameter, "name": account, "key": key} for parameter, key in keys.items()
            ]
        }

    def egress(self) -> list[dict[str, Any]]:
        """To the brokers; those let in the same pods (`kafka_objects.kafka_spec`)."""
        brokers = {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
            "podSelector": {"matchLabels": CLUSTER_LABEL},
        }
        return [{"to": [brokers], "ports": [{"protocol": "TCP", "port": TLS_PORT}]}]


STRIMZI = CertificateLogin(bootstrap=BOOTSTRAP)
"""To the platform's own Kafka."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IamLogin:
    """Clients sign in with the identity that EKS gives their service account. There is no key and no certificate."""

    bootstrap: pulumi.Input[str]
    region: str
    """Where the brokers are."""
    network: str
    """Network in which the brokers have their addresses."""

    def broker(self, _folder: str, /) -> Broker:
        return Broker(bootstrap=f"${{{ADDRESSES}}}", certificates=None, iam=Iam(region=self.region))

    def environment(self) -> list[dict[str, Any]]:
        return [{"name": ADDRESSES, "value": self.bootstrap}]

    def volumes(self, _account: str, /) -> list[dict[str, Any]]:
        return []

    def mounts(self, _folder: str, /) -> list[dict[str, Any]]:
        return []

    def service_account(self, account: str, /) -> str | None:
        return account

    def scaler(self) -> dict[str, str]:
        return {"sasl": "oauthbearer", "saslTokenProvider": "aws_msk_iam", "awsRegion": self.region}

    def scaler_authentication(self, _account: str, /) -> Spec:
        """KEDA asks as itself, and may see how far consumers are and nothing else."""
        return {"podIdentity": {"provider": "aws"}}

    def egress(self) -> list[dict[str, Any]]:
        """To the brokers, and to where pods get their identity."""
        brokers = [{"ipBlock": {"cidr": self.network}}]
        return [{"to": brokers, "ports": [{"protocol": "TCP", "port": IAM_PORT}]}, *identity_egress("eks")]
