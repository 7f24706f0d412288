"""A user's certificate in the namespace of its pods."""

import pulumi
import pulumi_kubernetes as kubernetes

from components.eventing.certificates import Issuer, client
from components.eventing.kafka_names import User, secret_name
from components.labels import tenant_labels


def client_certificate(name: str, owner: str, user: User, issuer: Issuer, opts: pulumi.ResourceOptions) -> None:
    """The Certificate by which Kafka knows `user`.

    Args:
        name: Begins the name of the resource.
        owner: Namespace of its pods, which mount the Secret.
        user: Whom it names.
        issuer: Who signs it.
        opts: Parent.
    """
    secret = secret_name(user)
    kubernetes.apiextensions.CustomResource(
        f"{name}-{secret}",
        api_version="cert-manager.io/v1",
        kind="Certificate",
        metadata={
            "name": secret,
            "namespace": owner,
            "labels": tenant_labels(owner),
            # What runs in the namespace mounts the Secret.
            "annotations": {"pulumi.com/waitFor": "condition=Ready"},
        },
        spec=client(user.name, secret, issuer),
        opts=opts,
    )
