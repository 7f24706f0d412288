"""The key under which disks of an AKS cluster are encrypted: those of nodes and the volumes of pods."""

from typing import NamedTuple

import pulumi
from pulumi_azure_native import compute, keyvault

from components.cluster.aks_roles import KEY_VAULT_CRYPTO_SERVICE, READER, grant
from components.cluster.aks_secrets import SecretsKey


class DiskEncryption(NamedTuple):
    """What encrypts disks, and what a cluster needs before it may name it."""

    set_id: pulumi.Output[str]
    """The disk encryption set, by resource id."""
    granted: list[pulumi.Resource]
    """Rights of the set on the key, and of the cluster on the set."""


def disk_encryption(
    name: str,
    vault: SecretsKey,
    *,
    location: str,
    group: pulumi.Output[str],
    principal: pulumi.Output[str],
    subscription: str,
    tags: dict[str, str],
    parent: pulumi.Resource,
) -> DiskEncryption:
    """Make a key of its own in the cluster's vault, and a set that encrypts disks with its newest version.

    The key rotates every year. Volumes follow within the hour, and an ephemeral disk of a node when the node is made
    anew; until then the older version, which the vault keeps, opens it (AKS documentation, "Bring your own keys (BYOK)
    with Azure managed disks"). The vault has what Azure asks of one for disks: it cannot be purged.

    Args:
        name: Begins the resources' names.
        vault: The cluster's vault.
        location: Azure region, that of the disks.
        group: Resource group.
        principal: The control plane's identity, which attaches disks and so must see the set.
        subscription: Subscription id.
        tags: For billing.
        parent: The cluster.
    """
    child = pulumi.ResourceOptions(parent=parent)
    key = keyvault.Key(
        f"{name}-disks",
        key_name="disks",
        vault_name=vault.vault_name,
        resource_group_name=group,
        properties=keyvault.KeyPropertiesArgs(
            kty="RSA",
            key_size=3072,
            key_ops=["wrapKey", "unwrapKey"],
            rotation_policy=keyvault.RotationPolicyArgs(
                lifetime_actions=[
                    keyvault.LifetimeActionArgs(
                        action=keyvault.ActionArgs(type=keyvault.KeyRotationPolicyActionType.ROTATE),
                        trigger=keyvault.TriggerArgs(time_after_create="P1Y"),
                    )
                ]
            ),
        ),
        opts=child,
    )
    encryption = compute.DiskEncryptionSet(
        f"{name}-disks",
        resource_group_name=group,
        location=location,
        encryption_type=compute.DiskEncryptionSetType.ENCRYPTION_AT_REST_WITH_CUSTOMER_KEY,
        active_key={"source_vault": {"id": vault.vault_id}, "key_url": key.key_uri_with_version},
        rotation_to_latest_key_version_enabled=True,
        identity={"type": compute.DiskEncryptionSetIdentityType.SYSTEM_ASSIGNED},
        tags=tags,
        opts=child,
    )
    may_encrypt = grant(
        f"{name}-disks-key",
        role=KEY_VAULT_CRYPTO_SERVICE,
        scope=vault.vault_id,
        principal=encryption.identity.apply(lambda own: own.principal_id if own else ""),
        subscription=subscription,
        opts=child,
    )
    may_see = grant(
        f"{name}-disks-set",
        role=READER,
        scope=encryption.id,
        principal=principal,
        subscription=subscription,
        opts=child,
    )
    return DiskEncryption(encryption.id, [may_encrypt, may_see])
