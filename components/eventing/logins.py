"""How whoever uses Kafka reaches it and shows who it is: by certificate, or by its cloud identity. Pure.

Code that makes routers, replays, the audit stream and scalers takes a `Login` and never asks whose Kafka it is.

Sources: Bento v1.10.0, internal/impl/kafka/sasl.go (AWS_MSK_IAM) and website/docs (kafka_franz: an address with commas
stands for several); keda v2.20, pkg/scalers/kafka_scaler.go (authParams; saslTokenProvider, awsRegion) and pkg/scalers/
aws (an identity `aws` without a role is the operator's own) and pkg/util/tls_config.go (without `ca` the system's
authorities are believed); Amazon MSK developer guide, "Port information"; EKS user guide, "EKS Pod Identity agent";
Google Cloud, "Configure mTLS authentication" of Managed Service for Apache Kafka (its port; clients are told no
authority).
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


MTLS_PORT = 9192
"""Where the brokers of Google's Managed Kafka answer clients that show a certificate. (The API's description of
`bootstrapAddress` has 9094 in an example; Google's guide and its provider say 9192, and so do those who run it.)"""


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
        return _certificate_volumes(account)

    def mounts(self, folder: str, /) -> list[dict[str, Any]]:
        return _certificate_mounts(folder)

    def service_account(self, _account: str, /) -> str | None:
        return None

    def scaler(self) -> dict[str, str]:
        return {}

    def scaler_authentication(self, account: str, /) -> Spec:
        """KEDA asks as the user whose certificate it is."""
        return _from_secret(account, {"ca": "ca.crt", **_SHOWN})

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
class GoogleLogin:
    """Clients show a certificate, which a Secret of their namespace holds; the brokers' own are of a public
    authority."""

    bootstrap: pulumi.Input[str]
    network: str
    """Subnetwork in which the brokers have their addresses."""

    def broker(self, folder: str, /) -> Broker:
        return Broker(bootstrap=f"${{{ADDRESSES}}}", certificates=folder, public=True)

    def environment(self) -> list[dict[str, Any]]:
        return [{"name": ADDRESSES, "value": self.bootstrap}]

    def volumes(self, account: str, /) -> list[dict[str, Any]]:
        return _certificate_volumes(account)

    def mounts(self, folder: str, /) -> list[dict[str, Any]]:
        return _certificate_mounts(folder)

    def service_account(self, _account: str, /) -> str | None:
        return None

    def scaler(self) -> dict[str, str]:
        return {}

    def scaler_authentication(self, account: str, /) -> Spec:
        """KEDA asks as the user whose certificate it is."""
        return _from_secret(account, _SHOWN)

    def egress(self) -> list[dict[str, Any]]:
        """To the subnetwork's endpoints of the brokers."""
        return [{"to": [{"ipBlock": {"cidr": self.network}}], "ports": [{"protocol": "TCP", "port": MTLS_PORT}]}]


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


_SHOWN = {"cert": "tls.crt", "key": "tls.key"}
"""KEDA's parameter -> key of the Secret: by what a client is known."""


def _certificate_volumes(account: str) -> list[dict[str, Any]]:
    return [{"name": "certificates", "secret": {"secretName": account, "defaultMode": 0o440}}]


def _certificate_mounts(folder: str) -> list[dict[str, Any]]:
    return [{"name": "certificates", "mountPath": folder, "readOnly": True}]


def _from_secret(account: str, keys: dict[str, str]) -> Spec:
    return {
        "secretTargetRef": [{"parameter": parameter, "name": account, "key": key} for parameter, key in keys.items()]
    }
