"""What every Kafka gives, whosever it is: where clients begin, how they sign in, topics and users."""

from typing import NamedTuple, Protocol

import pulumi

from components.eventing.kafka_names import Topic, User
from components.eventing.logins import Login
from components.storage.outputs import Identity


class CaPool(NamedTuple):
    """Authorities of a cloud's that its Kafka believes, and that an issuer on the cluster asks for certificates of
    clients."""

    project: str
    location: str
    name: pulumi.Output[str]


class KafkaOutputs(Protocol):
    """The common interface. Code above takes this and never asks which Kafka it is."""

    ready: list[pulumi.Resource]
    """What must be there before anybody uses it."""

    @property
    def login(self) -> Login:
        """Where clients begin and how they show who they are."""
        ...

    def topic(self, name: str, owner: str, topic: Topic, opts: pulumi.ResourceOptions, /) -> None:
        """Makes a topic of `owner`'s, a namespace. `opts`: parent, and whether it is protected."""
        ...

    def user(
        self, name: str, owner: str, user: User, identity: Identity | None, opts: pulumi.ResourceOptions, /
    ) -> None:
        """Lets somebody in, and gives what its grants say and nothing else.

        Args:
            name: Begins the names of the resources.
            owner: Namespace of its pods.
            user: Who it is.
            identity: What its pods have of the cloud already; None: what they need for Kafka is made.
            opts: Parent.
        """
        ...
