"""The key under which an AKS cluster encrypts Kubernetes secrets in etcd."""

from typing import NamedTuple

import pulumi
from pulumi_azure_native import keyvault

from components.cluster.aks_roles import KEY_VAULT_CRYPTO_USER, grant
from components.cluster.naming import digest


class SecretsKey(NamedTuple):
    """The key, and what the cluster needs before it may use it."""

    vault_id: pulumi.Output[str]
    vault_name: pulumi.Output[str]
    key_uri: pulumi.Output[str]
    """With the key's version, as AKS wants it."""
    may_encrypt: pulumi.Resource


def vault_name(group: str) -> str:
    """A key vault's name: unique in all of Azure, at most 24 characters.

    It follows the name of the resource group, which Pulumi makes unique for each stack that it creates: a deleted
    vault keeps its name for weeks, and a fixed one would stand in the way of the next `up`.
    """
    return f"kv-{digest(group, 20)}"


def aks_secrets_key(
    name: str,
    *,
    location: str,
    group: pulumi.Output[str],
    tenant: pulumi.Output[str],
    principal: pulumi.Output[str],
    subscription: str,
    parent: pulumi.Resource,
) -> SecretsKey:
    """Make a vault that cannot be purged, a key in it, and the right of `principal` to use it.

    The vault has a public endpoint: a private one needs a cluster with API server VNet integration. Access goes by
    Azure roles only. The key is not rotated by itself, because AKS holds on to one version until it is told another.
    """
    child = pulumi.ResourceOptions(parent=parent)
    vault = keyvault.Vault(
        f"{name}-secrets",
        vault_name=group.apply(vault_name),
        resource_group_name=group,
        location=location,
        properties=keyvault.VaultPropertiesArgs(
            tenant_id=tenant,
            sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.STANDARD),
            enable_rbac_authorization=True,
            # Without its key the cluster can read no secret any more.
            enable_purge_protection=True,
            enable_soft_delete=True,
            soft_delete_retention_in_days=7,
        ),
        opts=child,
    )
    key = keyvault.Key(
        f"{name}-secrets",
        key_name="kubernetes-secrets",
        vault_name=vault.name,
        resource_group_name=group,
        properties={"kty": "RSA", "key_size": 3072, "key_ops": ["encrypt", "decrypt"]},
        opts=child,
    )
    may_encrypt = grant(
        f"{name}-secrets",
        role=KEY_VAULT_CRYPTO_USER,
        scope=vault.id,
        principal=principal,
        subscription=subscription,
        opts=child,
    )
    return SecretsKey(vault.id, vault.name, key.key_uri_with_version, may_encrypt)
