"""AWS: what each resource is checked against, by Pulumi type token."""

from __future__ import annotations

from rehearsal.contracts.aws_account import ACCOUNT
from rehearsal.contracts.aws_eks import EKS
from rehearsal.contracts.aws_msk import MSK
from rehearsal.contracts.aws_network import NETWORK
from rehearsal.contracts.binding import Binding

BINDINGS: dict[str, Binding] = {**NETWORK, **EKS, **ACCOUNT, **MSK}
"""Every AWS resource type that a rehearsal checks."""
