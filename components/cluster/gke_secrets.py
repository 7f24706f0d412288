"""The key under which a GKE cluster encrypts Kubernetes secrets."""

import pulumi
import pulumi_gcp as gcp

KEY_ROTATION = "7776000s"
"""90 days, as Cloud KMS writes durations."""


def secrets_key(
    name: str, project: str, region: str, parent: pulumi.Resource
) -> tuple[gcp.kms.CryptoKey, pulumi.Resource]:
    """The key, and GKE's right to use it. Google keeps its key ring for ever, at no cost."""
    child = pulumi.ResourceOptions(parent=parent)
    ring = gcp.kms.KeyRing(f"{name}-keys", project=project, location=region, opts=child)
    key = gcp.kms.CryptoKey(
        f"{name}-secrets",
        key_ring=ring.id,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=KEY_ROTATION,
        opts=child,
    )
    number = gcp.organizations.get_project_output(
        project_id=project, opts=pulumi.InvokeOutputOptions(parent=parent)
    ).number
    may_encrypt = gcp.kms.CryptoKeyIAMMember(
        f"{name}-secrets",
        crypto_key_id=key.id,
        role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
        member=number.apply(gke_service_agent),
        opts=child,
    )
    return key, may_encrypt


def gke_service_agent(project_number: str) -> str:
    """The account under which GKE itself acts in a project (GKE documentation, service agents), as an IAM member."""
    return f"serviceAccount:service-{project_number}@container-engine-robot.iam.gserviceaccount.com"
