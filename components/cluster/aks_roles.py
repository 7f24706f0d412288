"""Azure's built-in roles, and who gets them."""

import pulumi
from pulumi_azure_native import authorization

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
KEY_VAULT_CRYPTO_SERVICE = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
KEY_VAULT_CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
EVENT_HUBS_DATA_RECEIVER = "a638d3c7-ab3a-418d-83e6-5f17a39d4fde"
"""Ids of Azure's built-in roles, the same in every tenant (Azure documentation, built-in roles)."""


def grant(
    name: str,
    *,
    role: str,
    scope: pulumi.Input[str],
    principal: pulumi.Input[str],
    subscription: str,
    opts: pulumi.ResourceOptions,
) -> authorization.RoleAssignment:
    """Give a managed identity a built-in role on `scope`."""
    return authorization.RoleAssignment(
        name,
        role_definition_id=f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        scope=scope,
        principal_id=principal,
        # Said outright, a new identity need not have reached the whole directory yet.
        principal_type="ServicePrincipal",
        opts=opts,
    )
