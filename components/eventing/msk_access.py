"""What a user of Amazon MSK may do, as IAM policies. Pure.

Topics and groups have ARNs that follow from the cluster's, and actions of IAM stand for Kafka's own operations, so that
an ACL becomes a statement. Nobody is given leave to make, change or delete topics, to delete records or to alter the
cluster: topics come from the stack, through the API of MSK.

Source: Amazon MSK developer guide, "Semantics of IAM authorization policy actions and resources" (actions and what they
need, ARNs, wildcards), and service authorization reference, kafka-cluster.
"""

import json
from collections.abc import Iterable
from typing import Any

from components.eventing.kafka_names import Grant, Operation, Resource, User

_ACTIONS: dict[tuple[Resource, Operation], tuple[str, ...]] = {
    (Resource.TOPIC, Operation.DESCRIBE): ("DescribeTopic",),
    (Resource.TOPIC, Operation.READ): ("DescribeTopic", "ReadData"),
    (Resource.TOPIC, Operation.WRITE): ("DescribeTopic", "WriteData"),
    (Resource.GROUP, Operation.DESCRIBE): ("DescribeGroup",),
    # To join a group and to keep how far it is.
    (Resource.GROUP, Operation.READ): ("AlterGroup", "DescribeGroup"),
}


def user_policy(user: User, cluster_arn: str) -> str:
    """What `user` may do, as JSON."""
    return access_policy(user.grants, cluster_arn)


def access_policy(grants: Iterable[Grant], cluster_arn: str) -> str:
    """To connect, and what `grants` say."""
    grants = tuple(grants)
    writes = any(Operation.WRITE in grant.operations for grant in grants)
    # Of producers that number their records, so that none is written twice, this is asked for the whole cluster.
    connect = ["Connect", *(["WriteDataIdempotently"] if writes else [])]
    statements = [_allow(connect, cluster_arn), *(_statement(grant, cluster_arn) for grant in grants)]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)


BACKLOGS = (
    Grant(resource=Resource.TOPIC, name="*.flow.", operations=(Operation.DESCRIBE,), prefixed=True),
    Grant(resource=Resource.GROUP, name="*.flow.", operations=(Operation.DESCRIBE,), prefixed=True),
)
"""What a scaler may see: how far the groups of flows' steps are, of every tenant, and no record."""


def resource_arn(grant: Grant, cluster_arn: str) -> str:
    """ARN of what a grant is about: <...>:topic/<cluster>/<id>/<name>."""
    return f"{cluster_arn.replace(':cluster/', f':{grant.resource.value}/', 1)}/{grant.name}" + (
        "*" if grant.prefixed else ""
    )


def _statement(grant: Grant, cluster_arn: str) -> dict[str, Any]:
    actions = {action for operation in grant.operations for action in _ACTIONS[grant.resource, operation]}
    return _allow(sorted(actions), resource_arn(grant, cluster_arn))


def _allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [f"kafka-cluster:{action}" for action in actions], "Resource": resource}
