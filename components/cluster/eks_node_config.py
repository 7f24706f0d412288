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


_MODELS = """\
#!/bin/bash
cat > /etc/systemd/system/models.service <<'UNIT'
[Unit]
Description=Models' weights on the local disks
RequiresMountsFor=/mnt/k8s-disks/0
Before=kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/install --directory --mode=0777 /mnt/k8s-disks/0/models /models
ExecStart=/usr/bin/mount --bind /mnt/k8s-disks/0/models /models

[Install]
WantedBy=kubelet.service
UNIT
systemctl daemon-reload
systemctl enable models.service
"""
"""KServe keeps weights in /models, which would lie on the root volume. Scripts run before nodeadm, and nodeadm mounts
the local disks (at /mnt/k8s-disks/0) before it starts the kubelet, which starts this (awslabs/amazon-eks-ami,
templates/shared/runtime/bin/setup-local-disks). KServe's download jobs and its agent are of different users."""


def node_user_data(local_nvme_gib: int, *, keeps_models: bool = False) -> str | None:
    """Launch template user data for a machine with that much local disk, in base64; None: nothing to say.
    `keeps_models`: whether weights of models lie on those disks.

    Without local disks the parallel pull stays off: on a root volume of ordinary speed it is slower than none
    (amazon-eks-ami asks for 600 MiB/s). EKS adds the part that joins the node to its cluster.
    """
    if local_nvme_gib == 0:
        return None
    script = [f"--{_BOUNDARY}", 'Content-Type: text/x-shellscript; charset="us-ascii"', "", _MODELS]
    parts = [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"',
        "",
        f"--{_BOUNDARY}",
        "Content-Type: application/node.eks.aws",
        "",
        f"---\n{_LOCAL_DISKS}",
        *(script if keeps_models else []),
        f"--{_BOUNDARY}--",
        "",
    ]
    return base64.b64encode("\n".join(parts).encode()).decode()
