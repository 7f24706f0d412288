"""As whom pods of an AKS cluster act in Azure, without a key."""

from typing import NamedTuple

import pulumi
from pulumi_azure_native import managedidentity

from components.storage.outputs import Identity

AUDIENCE = "api://AzureADTokenExchange"
"""What Entra ID wants a service account's token to be made out for (workload identity documentation)."""


class WorkloadIdentity(NamedTuple):
    """A managed identity that trusts one service account's tokens."""

    principal: pulumi.Output[str]
    """Whom roles are given."""

    identity: Identity
    """What the service account and its pods carry."""

    trusts: pulumi.Resource
    """What must be there before a token can be traded."""


def workload_identity(
    name: str,
    *,
    namespace: str,
    service_account: str,
    issuer: pulumi.Input[str],
    location: str,
    group: pulumi.Input[str],
    tags: dict[str, str],
    opts: pulumi.ResourceOptions,
) -> WorkloadIdentity:
    """An identity of a service account's own, in resource group `group`. `issuer`: URL of the cluster's OIDC issuer."""
    identity = managedidentity.UserAssignedIdentity(
        name, resource_group_name=group, location=location, tags=tags, opts=opts
    )
    trusts = managedidentity.FederatedIdentityCredential(
        name,
        federated_identity_credential_resource_name="kubernetes",
        resource_group_name=group,
        resource_name_=identity.name,
        issuer=issuer,
        subject=f"system:serviceaccount:{namespace}:{service_account}",
        audiences=[AUDIENCE],
        opts=opts,
    )
    known = Identity({"azure.workload.identity/client-id": identity.client_id}, {"azure.workload.identity/use": "true"})
    return WorkloadIdentity(identity.principal_id, known, trusts)
