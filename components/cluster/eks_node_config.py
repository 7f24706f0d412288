"""What a node is told at boot: configuration of nodeadm, the setup program of the EKS Amazon Linux 2023 images."""

import base64

_BOUNDARY = "//"

_LOCAL_DISKS = """\
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  featureGates:
    FastImagePull: true
  instance:
    localStorage:
      strategy: RAID0
"""
"""Local disks become one volume for images, pods' scratch space and logs, and layers are fetched and unpacked side by
side (awslabs/amazon-eks-ami, nodeadm: LocalStorageRAID0, FastImagePull)."""


def node_user_data(local_nvme_gib: int) -> str | None:
    """Launch template user data for a machine with that much local disk, in base64; None: nothing to say.

    Without local disks the parallel pull stays off: on a root volume of ordinary speed it is slower than none
    (amazon-eks-ami asks for 600 MiB/s). EKS adds the part that joins the node to its cluster.
    """
    if local_nvme_gib == 0:
        return None
    parts = [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"',
        "",
        f"--{_BOUNDARY}",
        "Content-Type: application/node.eks.aws",
        "",
        f"---\n{_LOCAL_DISKS}",
        f"--{_BOUNDARY}--",
        "",
    ]
    return base64.b64encode("\n".join(parts).encode()).decode()
