"""The key under which a GKE cluster encrypts Kubernetes secrets, and disks of nodes and volumes."""

import pulumi
import pulumi_gcp as gcp

KEY_ROTATION = "7776000s"
"""90 days, as Cloud KMS writes durations."""


def secrets_key(
    name: str, project: str, region: str, parent: pulumi.Resource
) -> tuple[gcp.kms.CryptoKey, list[pulumi.Resource]]:
    """The key, and the rights of GKE and Compute Engine to use it. Google keeps its key ring for ever, at no cost."""
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
    agents = {"secrets": gke_service_agent, "disks": compute_service_agent}
    may_encrypt: list[pulumi.Resource] = [
        gcp.kms.CryptoKeyIAMMember(
            f"{name}-{purpose}",
            crypto_key_id=key.id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=number.apply(agent),
            opts=child,
        )
        for purpose, agent in agents.items()
    ]
    return key, may_encrypt


def gke_service_agent(project_number: str) -> str:
    """The account under which GKE itself acts in a project (GKE documentation, service agents), as an IAM member."""
    return f"serviceAccount:service-{project_number}@container-engine-robot.iam.gserviceaccount.com"


def compute_service_agent(project_number: str) -> str:
    """The account under which disks are encrypted (GKE documentation, "Using customer-managed encryption keys"), as an
    IAM member."""
    return f"serviceAccount:service-{project_number}@compute-system.iam.gserviceaccount.com"
