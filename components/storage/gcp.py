"""Object stores and shared files on Google Cloud: Cloud Storage and Filestore."""

import math
from typing import Any, TypedDict, cast

import pulumi
import pulumi_gcp as gcp

from components.cluster.naming import physical_name
from components.order import after
from components.storage.outputs import Access, Folder, Identity, Store, StoreAccess, Volume

ROLES = {Access.READ: "roles/storage.objectViewer", Access.WRITE: "roles/storage.objectUser"}
"""Predefined roles of Cloud Storage (IAM reference); neither may change who else has access. Given on a managed folder
they reach its objects only, and listing works with its prefix (Cloud Storage documentation, managed folders)."""

KEY_ROTATION = "7776000s"
"""90 days, as Cloud KMS writes durations."""

SOFT_DELETE = 7 * 86_400
"""Seconds for which a deleted object can be brought back, Cloud Storage's own default."""

OLD_VERSIONS_DAYS = 30
"""Days for which a replaced or deleted version is kept."""

SHARE = "shared"
"""Name of the file share."""

_KMS_ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_BUCKET_NAME_LIMIT = 63
_SMALL_STEP, _SMALL_LARGEST = 256, 9_984
_LARGE_STEP, _LARGE_SMALLEST = 2_560, 10_240


class GcpStorageArgs(TypedDict):
    """What the stores need to know."""

    project: str
    """Project id."""

    region: str
    """Where everything lies: that of the cluster, because traffic between regions is slow and billed."""

    workload_pool: pulumi.Input[str]
    """The cluster's workload identity pool, <project>.svc.id.goog."""

    network: pulumi.Input[str]
    """Path of the cluster's network, from which the file system is reached."""

    shared_vpc: bool
    """Whether the network is another project's. It then has a private services connection, over which Filestore is
    reached; in a network of one's own Filestore makes a peering by itself."""

    shared_files_gib: int | None
    """Size of each tenant's file system, rounded up to what Filestore sells; None: there are none."""

    expiring: dict[str, int]
    """Prefix in the bucket of artifacts -> days after which what lies there goes."""

    keep_data: bool
    """A destroy leaves the buckets and their key, and refuses in its preview to touch the file system, which could not
    be reached without its network; false: it deletes the data."""

    labels: dict[str, str]
    """Labels for billing."""


class GcpStorage(pulumi.ComponentResource):
    """A private, versioned bucket for each `Store`, encrypted under an own key that rotates, and on request a regional
    file system for each tenant. Access is by workload identity alone: there are no keys and no legacy ACLs.

    The key goes after everything that it encrypts. Google keeps its empty key ring for ever, at no cost.
    """

    def __init__(self, name: str, args: GcpStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:GcpStorage", name, cast("dict[str, Any]", dict(args)), opts)
        self._name, self._args = name, args
        # Data that is kept without its key would be lost.
        self._kept = pulumi.ResourceOptions(parent=self, retain_on_delete=args["keep_data"])
        self._key = self._make_key(name)
        agent = gcp.storage.get_project_service_account_output(
            project=args["project"], opts=pulumi.InvokeOutputOptions(parent=self)
        )
        may_encrypt = self._may_encrypt(f"{name}-buckets", agent.member)
        self._number = gcp.organizations.get_project_output(
            project_id=args["project"], opts=pulumi.InvokeOutputOptions(parent=self)
        ).number
        self._buckets = {store: self._bucket(name, store, may_encrypt) for store in Store}
        self._folders: dict[Folder, gcp.storage.ManagedFolder] = {}
        self._may_keep_files: pulumi.Resource | None = None
        if args["shared_files_gib"] is not None:
            self._may_keep_files = self._may_encrypt(f"{name}-files", self._number.apply(filestore_service_agent))
        self.register_outputs({"buckets": {store.value: bucket.url for store, bucket in self._buckets.items()}})

    def uri(self, folder: Folder) -> pulumi.Output[str]:
        """gs://<bucket>/<folder>"""
        return pulumi.Output.concat(self._buckets[folder.store].url, "/", folder.name)

    def datasets(self, tenant: str) -> Volume | None:
        """A file server of the tenant's own: NFS asks nobody for a name, so one that tenants shared would be open to
        all of them."""
        if self._args["shared_files_gib"] is None or self._may_keep_files is None:
            return None
        size = filestore_size(self._args["shared_files_gib"])
        files = self._file_server(f"{self._name}-files-{tenant}", size, self._may_keep_files)
        address = files.networks.apply(lambda found: (found[0].ip_addresses or [""])[0])
        # Handle and attributes as the Filestore CSI driver writes them for an instance that it did not make.
        handle = pulumi.Output.concat("modeInstance/", self._args["region"], "/", files.name, "/", SHARE)
        return Volume("filestore.csi.storage.gke.io", handle, {"ip": address, "volume": SHARE}, size, True, [])

    def allow(self, name: str, access: StoreAccess, opts: pulumi.ResourceOptions | None = None) -> Identity:
        """Lets a service account into folders: the Kubernetes account itself is the IAM principal, so neither it nor
        its pods carry anything for it."""
        principal = pulumi.Output.all(self._number, self._args["workload_pool"]).apply(
            lambda known: workload_principal(known[0], known[1], access["namespace"], access["service_account"])
        )
        for folder, rights in access["folders"].items():
            gcp.storage.ManagedFolderIamMember(
                f"{name}-{folder.store.value}-{folder.name}",
                bucket=self._buckets[folder.store].name,
                managed_folder=self._folder(folder).name,
                role=ROLES[rights],
                member=principal,
                opts=opts or pulumi.ResourceOptions(parent=self),
            )
        return Identity({}, {})

    def _folder(self, folder: Folder) -> gcp.storage.ManagedFolder:
        """What rights are given on; made for the first who asks."""
        if folder not in self._folders:
            self._folders[folder] = gcp.storage.ManagedFolder(
                f"{self._name}-{folder.store.value}-{folder.name}",
                bucket=self._buckets[folder.store].name,
                name=f"{folder.name}/",
                # Only the rights go with it; what was in it stays in the bucket.
                force_destroy=True,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return self._folders[folder]

    def _make_key(self, name: str) -> gcp.kms.CryptoKey:
        project, region = self._args["project"], self._args["region"]
        ring = gcp.kms.KeyRing(f"{name}-keys", project=project, location=region, opts=self._kept)
        return gcp.kms.CryptoKey(
            f"{name}-data", key_ring=ring.id, purpose="ENCRYPT_DECRYPT", rotation_period=KEY_ROTATION, opts=self._kept
        )

    def _may_encrypt(self, name: str, member: pulumi.Input[str]) -> pulumi.Resource:
        return gcp.kms.CryptoKeyIAMMember(
            name,
            crypto_key_id=self._key.id,
            role=_KMS_ROLE,
            member=member,
            opts=self._kept,
        )

    def _bucket(self, name: str, store: Store, may_encrypt: pulumi.Resource) -> gcp.storage.Bucket:
        args = self._args
        return gcp.storage.Bucket(
            f"{name}-{store.value}",
            # Bucket names are unique among all of Google's customers, and so are project ids.
            name=physical_name(args["project"], name, pulumi.get_stack(), store.value, limit=_BUCKET_NAME_LIMIT),
            project=args["project"],
            location=args["region"].upper(),
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning={"enabled": True},
            encryption={"default_kms_key_name": self._key.id},
            # What is soft-deleted is billed and cannot be had without the key, so a throw-away stack keeps nothing.
            soft_delete_policy={"retention_duration_seconds": SOFT_DELETE if args["keep_data"] else 0},
            lifecycle_rules=[
                {
                    "action": {"type": "Delete"},
                    "condition": {"days_since_noncurrent_time": OLD_VERSIONS_DAYS, "with_state": "ARCHIVED"},
                },
                {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
                *(
                    {"action": {"type": "Delete"}, "condition": {"age": days, "matches_prefixes": [prefix]}}
                    for prefix, days in sorted(args["expiring"].items() if store is Store.ARTIFACTS else ())
                ),
            ],
            force_destroy=not args["keep_data"],
            labels=args["labels"],
            opts=after(self._kept, may_encrypt),
        )

    def _file_server(self, name: str, size_gib: int, may_encrypt: pulumi.Resource) -> gcp.filestore.Instance:
        args = self._args
        return gcp.filestore.Instance(
            name,
            project=args["project"],
            location=args["region"],
            # It outlives a zone, as pools in several zones expect.
            tier="REGIONAL",
            file_shares={"name": SHARE, "capacity_gb": size_gib},
            networks=[
                {
                    "network": args["network"],
                    "modes": ["MODE_IPV4"],
                    "connect_mode": "PRIVATE_SERVICE_ACCESS" if args["shared_vpc"] else "DIRECT_PEERING",
                }
            ],
            kms_key_name=self._key.id,
            deletion_protection_enabled=args["keep_data"],
            labels=args["labels"],
            # Refused by Pulumi at once; the cloud refuses too late, when most of the stack is gone.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[may_encrypt], protect=args["keep_data"]),
        )


def workload_principal(number: str, pool: str, namespace: str, service_account: str) -> str:
    """A Kubernetes service account as an IAM member (GKE documentation, workload identity federation)."""
    return (
        f"principal://iam.googleapis.com/projects/{number}/locations/global/workloadIdentityPools/{pool}"
        f"/subject/ns/{namespace}/sa/{service_account}"
    )


def filestore_service_agent(project_number: str) -> str:
    """The account under which Filestore acts in a project (Filestore documentation, CMEK), as an IAM member."""
    return f"serviceAccount:service-{project_number}@cloud-filer.iam.gserviceaccount.com"


def filestore_size(gib: int) -> int:
    """The smallest regional instance of at least `gib`: 1,024 to 9,984 GiB by 256, then 10,240 to 102,400 by 2,560
    (Filestore documentation, service tiers).
    """
    if gib <= _SMALL_LARGEST:
        return max(1_024, math.ceil(gib / _SMALL_STEP) * _SMALL_STEP)
    return max(_LARGE_SMALLEST, math.ceil(gib / _LARGE_STEP) * _LARGE_STEP)
