"""GPU and system machine types of EC2.

Sources: aws/karpenter-provider-aws@1d927085d, the instance-type reference page (vCPU, memory in GiB, instance store,
GPUs) and ``pkg/providers/pricing/zz_generated.pricing_aws.go`` (Linux on demand in us-east-1, generated 2026-07-20; p5e
is absent from it). p3: kubernetes/autoscaler ``ec2_instance_types.go``. Instance store is the sum of the disks, in GiB.
EFA interfaces: the same reference page (``vpc.amazonaws.com/efa``); network cards: ``zz_generated.vpclimits.go`` there.
Fractional GPUs (g6f, gr6f) are left out: EC2 reports no whole GPU for them.
"""

from __future__ import annotations

from components.catalog.machine import Cloud, Machine

_REGION = "us-east-1"

_GPU: tuple[tuple[str, int, float, str, int, float | None, int], ...] = (
    ("g4dn.xlarge", 4, 16, "T4", 1, 0.526, 116),
    ("g4dn.2xlarge", 8, 32, "T4", 1, 0.752, 210),
    ("g4dn.4xlarge", 16, 64, "T4", 1, 1.204, 210),
    ("g4dn.8xlarge", 32, 128, "T4", 1, 2.176, 838),
    ("g4dn.12xlarge", 48, 192, "T4", 4, 3.912, 838),
    ("g4dn.16xlarge", 64, 256, "T4", 1, 4.352, 838),
    ("g4dn.metal", 96, 384, "T4", 8, 7.824, 1676),
    ("g5.xlarge", 4, 16, "A10G", 1, 1.006, 233),
    ("g5.2xlarge", 8, 32, "A10G", 1, 1.212, 419),
    ("g5.4xlarge", 16, 64, "A10G", 1, 1.624, 559),
    ("g5.8xlarge", 32, 128, "A10G", 1, 2.448, 838),
    ("g5.12xlarge", 48, 192, "A10G", 4, 5.672, 3539),
    ("g5.16xlarge", 64, 256, "A10G", 1, 4.096, 1770),
    ("g5.24xlarge", 96, 384, "A10G", 4, 8.144, 3539),
    ("g5.48xlarge", 192, 768, "A10G", 8, 16.288, 7078),
    ("g6.xlarge", 4, 16, "L4", 1, 0.8048, 233),
    ("g6.2xlarge", 8, 32, "L4", 1, 0.9776, 419),
    ("g6.4xlarge", 16, 64, "L4", 1, 1.3232, 559),
    ("g6.8xlarge", 32, 128, "L4", 1, 2.0144, 838),
    ("g6.12xlarge", 48, 192, "L4", 4, 4.6016, 3502),
    ("g6.16xlarge", 64, 256, "L4", 1, 3.3968, 1751),
    ("g6.24xlarge", 96, 384, "L4", 4, 6.6752, 3502),
    ("g6.48xlarge", 192, 768, "L4", 8, 13.3504, 7004),
    ("gr6.4xlarge", 16, 128, "L4", 1, 1.5392, 559),
    ("gr6.8xlarge", 32, 256, "L4", 1, 2.4464, 838),
    ("g6e.xlarge", 4, 32, "L40S", 1, 1.861, 233),
    ("g6e.2xlarge", 8, 64, "L40S", 1, 2.24208, 419),
    ("g6e.4xlarge", 16, 128, "L40S", 1, 3.00424, 559),
    ("g6e.8xlarge", 32, 256, "L40S", 1, 4.52856, 838),
    ("g6e.12xlarge", 48, 384, "L40S", 4, 10.49264, 3539),
    ("g6e.16xlarge", 64, 512, "L40S", 1, 7.57719, 1770),
    ("g6e.24xlarge", 96, 768, "L40S", 4, 15.06559, 3539),
    ("g6e.48xlarge", 192, 1536, "L40S", 8, 30.13118, 7078),
    ("g7e.2xlarge", 8, 64, "RTX-PRO-6000", 1, 3.36312, 1770),
    ("g7e.4xlarge", 16, 128, "RTX-PRO-6000", 1, 3.99816, 1770),
    ("g7e.8xlarge", 32, 256, "RTX-PRO-6000", 1, 5.26824, 1770),
    ("g7e.12xlarge", 48, 512, "RTX-PRO-6000", 2, 8.28608, 3539),
    ("g7e.24xlarge", 96, 1024, "RTX-PRO-6000", 4, 16.57216, 7078),
    ("g7e.48xlarge", 192, 2048, "RTX-PRO-6000", 8, 33.14432, 14156),
    ("p3.2xlarge", 8, 61, "V100-16", 1, 3.06, 0),
    ("p3.8xlarge", 32, 244, "V100-16", 4, 12.24, 0),
    ("p3.16xlarge", 64, 488, "V100-16", 8, 24.48, 0),
    ("p3dn.24xlarge", 96, 768, "V100-32", 8, 31.212, 1676),
    ("p4d.24xlarge", 96, 1152, "A100-40", 8, 21.957642, 7451),
    ("p4de.24xlarge", 96, 1152, "A100-80", 8, 27.44705, 7451),
    ("p5.4xlarge", 16, 256, "H100-80", 1, 6.88, 3539),
    ("p5.48xlarge", 192, 2048, "H100-80", 8, 55.04, 28312),
    ("p5e.48xlarge", 192, 2048, "H200-141", 8, None, 28312),
    ("p5en.48xlarge", 192, 2048, "H200-141", 8, 63.296, 28312),
    ("p6-b200.48xlarge", 192, 2048, "B200", 8, 113.9328, 28312),
    ("p6-b300.48xlarge", 192, 4096, "B300", 8, 142.416, 28312),
)
"""Name, vCPU, memory GiB, accelerator, GPUs, USD per hour, instance store GiB."""

_SYSTEM: tuple[tuple[str, int, float, float], ...] = (
    ("m6i.large", 2, 8, 0.096),
    ("m6i.xlarge", 4, 16, 0.192),
    ("m6i.2xlarge", 8, 32, 0.384),
    ("m6i.4xlarge", 16, 64, 0.768),
    ("m7i.large", 2, 8, 0.1008),
    ("m7i.xlarge", 4, 16, 0.2016),
    ("m7i.2xlarge", 8, 32, 0.4032),
    ("m7i.4xlarge", 16, 64, 0.8064),
)
"""Name, vCPU, memory GiB, USD per hour."""

_EFA: dict[str, tuple[int, int]] = {
    **dict.fromkeys(
        (
            *(f"g4dn.{size}" for size in ("8xlarge", "12xlarge", "16xlarge", "metal")),
            *(f"g5.{size}" for size in ("8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge")),
            *(f"g6.{size}" for size in ("8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge")),
            *(f"g6e.{size}" for size in ("8xlarge", "12xlarge", "16xlarge")),
            *(f"g7e.{size}" for size in ("8xlarge", "12xlarge")),
            "gr6.8xlarge",
            "p3dn.24xlarge",
            "p5.4xlarge",
        ),
        (1, 1),
    ),
    "g6e.24xlarge": (2, 2),
    "g6e.48xlarge": (4, 4),
    "g7e.24xlarge": (2, 2),
    "g7e.48xlarge": (4, 4),
    "p4d.24xlarge": (4, 4),
    "p4de.24xlarge": (4, 4),
    "p5.48xlarge": (32, 32),
    "p5e.48xlarge": (32, 32),
    "p5en.48xlarge": (16, 16),
    "p6-b200.48xlarge": (8, 8),
    "p6-b300.48xlarge": (17, 16),
}
"""Network cards and EFA interfaces. p6-b300's card 0 carries plain ENA only, hence one card more than interfaces."""


def _gpu_machine(name: str, vcpu: int, memory: float, key: str, gpus: int, price: float | None, nvme: int) -> Machine:
    cards, efa = _EFA.get(name, (1, 0))
    return Machine(
        Cloud.AWS,
        name,
        vcpu,
        memory,
        key,
        gpus,
        price,
        None if price is None else _REGION,
        None,
        nvme,
        network_cards=cards,
        efa_interfaces=efa,
        fast_network="EFA" if efa else None,
    )


AWS_MACHINES = (
    *(_gpu_machine(*row) for row in _GPU),
    *(Machine(Cloud.AWS, name, vcpu, memory, None, 0, price, _REGION) for name, vcpu, memory, price in _SYSTEM),
)
