"""EKS clusters as one lens: ``aws_eks_cluster``, the inputs of terraform-aws-modules/eks, eksctl's ClusterConfig."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import strings
from auditor.views.nodegroups_module import MODULE_SOURCE
from auditor.views.pods import dig, group_of
from auditor.views.terraform_values import block, get
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World

OPEN = ["0.0.0.0/0"]
"""Who may reach a public endpoint when nothing says so."""
ALL_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
MODULE_LOGS = ["audit", "api", "authenticator"]
"""The module's default. https://github.com/terraform-aws-modules/terraform-aws-eks/blob/master/variables.tf"""
_MAJOR = regex(r"\d+")


class EksClusterView:
    """One cluster; ``cluster`` in CEL.

    ``{title, name, version, source, endpoint: {public, private, cidrs}, logs, encryption: {secrets, key}, addons,
    support, deletion_protection, auto_mode}``. ``title`` is the name, or the address where that is not known;
    ``version`` is '' where AWS chooses it; ``logs`` are the control plane's log types; ``encryption.secrets`` is
    whether a key of one's own encrypts them; ``addons`` is ``{name: {version, configuration}}`` with the
    configuration as data; ``support`` is STANDARD or EXTENDED; ``deletion_protection`` is absent where it cannot
    be set. Defaults are those of the provider, of the module's major version and of eksctl.
    """

    name = "EksCluster"
    variable = "cluster"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for aws_eks_cluster, module calls and eksctl's ClusterConfig."""
        return _reader(api_version, kind) is not None

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a cluster; nothing for calls of other modules."""
        read = _reader(resource.api_version, resource.kind)
        return read(resource, world) if read else ()


class _Draft:
    """A cluster while it is read: values, and the place of each."""

    def __init__(self, resource: Resource, source: str) -> None:
        self.resource = resource
        self.value: dict[str, Any] = {"source": source, "endpoint": {}, "encryption": {}, "addons": {}}
        self.moved: dict[Path, Path] = {(): ()}
        self.elsewhere: dict[Path, tuple[Resource, Path]] = {}

    def put(self, field: Path, value: Any, path: Path) -> None:
        """Set ``a`` or ``a.b``."""
        held = self.value
        for step in field[:-1]:
            held = held[str(step)]
        held[str(field[-1])] = value
        self.moved[field] = path

    def finish(self) -> Instance:
        """The instance."""
        name = self.value["name"]
        self.value["title"] = name if isinstance(name, str) and name else self.resource.title
        return Instance("EksCluster", self.resource, self.value, moved=self.moved, elsewhere=self.elsewhere)


def _flag(value: Any, default: bool) -> Any:
    """A bool of what Terraform takes for one."""
    if value is None:
        return default
    return (
        {"true": True, "1": True, "false": False, "0": False}.get(value, value)
        if isinstance(value, str)
        else value
    )


def _from_resource(resource: Resource, world: World) -> Iterator[Instance]:
    body, draft = resource.body, _Draft(resource, "aws_eks_cluster")
    network = block(body, "vpc_config")
    draft.put(("name",), body.get("name", ""), ("name",))
    draft.put(("version",), body.get("version", ""), ("version",))
    for field, key, default in (
        ("public", "endpoint_public_access", True),
        ("private", "endpoint_private_access", False),
    ):
        draft.put(("endpoint", field), _flag(get(network, key), default), ("vpc_config", 0, key))
    cidrs = get(network, "public_access_cidrs")
    draft.put(
        ("endpoint", "cidrs"),
        OPEN if cidrs is None or (type(cidrs) is list and not cidrs) else cidrs,
        ("vpc_config", 0, "endpoint_public_access" if cidrs is None else "public_access_cidrs"),
    )
    draft.put(("logs",), body.get("enabled_cluster_log_types", []), ("enabled_cluster_log_types",))
    _encryption(draft, block(body, "encryption_config"), ("encryption_config",))
    draft.put(
        ("support",), get(block(body, "upgrade_policy"), "support_type", "EXTENDED"), ("upgrade_policy",)
    )
    draft.put(
        ("deletion_protection",), _flag(body.get("deletion_protection"), False), ("deletion_protection",)
    )
    draft.put(
        ("auto_mode",), _flag(get(block(body, "compute_config"), "enabled"), False), ("compute_config",)
    )
    _addon_resources(draft, world)
    yield draft.finish()


def _addon_resources(draft: _Draft, world: World) -> None:
    """``aws_eks_addon`` blocks of this cluster; with a sole cluster, all of them."""
    from auditor.views.terraform_companions import names_owner

    cluster = draft.resource
    known = {cluster.body["name"]} if isinstance(cluster.body.get("name"), str) else set()
    unseen = world.unseen("terraform", "aws_eks_addon")
    if unseen is not None:
        draft.put(("addons",), unseen, ())
        return
    for each in world.kind("terraform", "aws_eks_addon"):
        if (
            names_owner(each.body.get("cluster_name"), cluster, known)
            or len(world.at_hand("terraform", cluster.kind)) == 1
        ):
            name = each.body.get("addon_name")
            if isinstance(name, str):
                draft.value["addons"][name] = addon(each.body, "addon_version")
                draft.elsewhere[("addons", name)] = (each, ("configuration_values",))
    draft.moved[("addons",)] = ()


def addon(body: Any, version: str) -> dict[str, Any]:
    """``{version, configuration}`` of an add-on."""
    text = get(body, "configuration_values", get(body, "configurationValues"))
    return {"version": get(body, version, ""), "configuration": configuration(text)}


def configuration(text: Any) -> Any:
    """The data of ``configuration_values``, which is JSON or YAML; {} for none, Unknown where it cannot be read."""
    from auditor.terraform import policy_document

    if text is None or (isinstance(text, str) and not text):
        return {}
    if isinstance(text, str) and not text.lstrip().startswith("{"):
        from auditor.yamlio import load_stream

        found = [each.body for each in load_stream(text.encode(), "configuration")]
        return (
            found[0]
            if found and type(found[0]) is dict
            else Unknown("the add-on's configuration cannot be read")
        )
    return policy_document(text)


def _encryption(draft: _Draft, stated: Any, path: Path) -> None:
    """A key of one's own for Secrets."""
    if isinstance(stated, list):
        stated = stated[0] if stated else {}
    resources = get(stated, "resources")
    listed = strings(resources)
    known = listed if type(listed) is list else []
    unsure = next((each for each in (listed, *known) if isinstance(each, Unknown)), None)
    named = any(isinstance(each, str) and each == "secrets" for each in known)
    secrets = unsure if unsure is not None and not named else named
    draft.put(("encryption", "secrets"), secrets, path)
    keys = (get(stated, "provider_key_arn"), get(block(stated, "provider"), "key_arn"))
    draft.put(("encryption", "key"), next((key for key in keys if key is not None), ""), path)


def _from_module(resource: Resource, world: World) -> Iterator[Instance]:
    """Versions 18 to 20 write ``cluster_endpoint_public_access``, 21 drops ``cluster_``."""
    del world
    body = resource.body
    source = body.get("source")
    if not isinstance(source, str) or body.get("expanded") is True or body.get("create") is False:
        return
    if MODULE_SOURCE.search(source) is None or "//modules/" in source:
        return
    draft, inputs = _Draft(resource, "eks-module"), _Inputs(body)
    draft.put(("name",), *inputs.find("", "name"))
    draft.put(("version",), *inputs.find("", "version", new="kubernetes_version"))
    draft.put(("endpoint", "public"), *inputs.flag("endpoint_public_access", inputs.major < 19))
    draft.put(("endpoint", "private"), *inputs.flag("endpoint_private_access", inputs.major >= 19))
    cidrs, path = inputs.find(OPEN, "endpoint_public_access_cidrs")
    draft.put(("endpoint", "cidrs"), cidrs, draft.moved[("endpoint", "public")] if cidrs is OPEN else path)
    draft.put(("logs",), *inputs.find(MODULE_LOGS, "enabled_log_types"))
    default = {"resources": ["secrets"]} if inputs.major >= 19 else {}
    stated, path = inputs.find({} if inputs.is_null("encryption_config") else default, "encryption_config")
    if type(stated) is dict and stated and inputs.major >= 21:
        stated = {"resources": ["secrets"], **stated}
    _encryption(draft, stated, path)
    policy, path = inputs.find({}, "upgrade_policy")
    draft.put(("support",), get(policy, "support_type", "EXTENDED"), path)
    if inputs.major >= 21:
        draft.put(("deletion_protection",), *inputs.flag("deletion_protection", False))
    compute, path = inputs.find({}, "compute_config")
    draft.put(("auto_mode",), _flag(get(compute, "enabled"), False), path)
    addons, path = inputs.find({}, "addons")
    draft.put(("addons",), _module_addons(addons), path)
    yield draft.finish()


def _module_addons(addons: Any) -> Any:
    if isinstance(addons, Unknown):
        return addons
    return (
        {name: addon(each, "addon_version") for name, each in addons.items()} if type(addons) is dict else {}
    )


class _Inputs:
    """Inputs of the module under the names of its versions."""

    def __init__(self, body: Any) -> None:
        self._body = body
        found = _MAJOR.search(body["version"]) if isinstance(body.get("version"), str) else None
        source = body["source"]
        ref = _MAJOR.search(source.partition("ref=")[2]) if "ref=" in source else None
        known = found or ref
        old = any(name.startswith("cluster_") for name in body)
        self.major = int(known.group()) if known else (20 if old else 21)

    def find(self, default: Any, name: str, *, new: str = "") -> tuple[Any, Path]:
        """The value, and where it stands or would stand."""
        names = (new or name, f"cluster_{name}") if self.major >= 21 else (f"cluster_{name}", new or name)
        for each in names:
            if self._body.get(each) is not None and each != "version":
                return self._body[each], (each,)
        return default, (names[0],)

    def is_null(self, name: str) -> bool:
        """Whether the call says null, which a module takes for itself and not for its default."""
        nulls = self._body.get("nulls", [])
        return name in nulls or f"cluster_{name}" in nulls

    def flag(self, name: str, default: bool) -> tuple[Any, Path]:
        """A bool."""
        value, path = self.find(None, name)
        return _flag(value, default), path


def _from_eksctl(resource: Resource, world: World) -> Iterator[Instance]:
    del world
    body, draft = resource.body, _Draft(resource, "eksctl")
    draft.put(("name",), dig(body, ("metadata", "name")) or "", ("metadata", "name"))
    draft.put(("version",), str(dig(body, ("metadata", "version")) or ""), ("metadata", "version"))
    for field, key, default in (("public", "publicAccess", True), ("private", "privateAccess", False)):
        path: Path = ("vpc", "clusterEndpoints", key)
        value = dig(body, path)
        draft.put(("endpoint", field), default if value is None else value, path)
    draft.put(
        ("endpoint", "cidrs"), dig(body, ("vpc", "publicAccessCIDRs")) or OPEN, ("vpc", "publicAccessCIDRs")
    )
    logs = ("cloudWatch", "clusterLogging", "enableTypes")
    draft.put(("logs",), _eksctl_logs(dig(body, logs)), logs)
    key = dig(body, ("secretsEncryption", "keyARN"))
    draft.put(("encryption", "secrets"), bool(key), ("secretsEncryption",))
    draft.put(("encryption", "key"), key or "", ("secretsEncryption", "keyARN"))
    support = dig(body, ("upgradePolicy", "supportType")) or "EXTENDED"
    draft.put(("support",), support, ("upgradePolicy",))
    draft.put(("auto_mode",), dig(body, ("autoModeConfig", "enabled")) is True, ("autoModeConfig",))
    addons = body.get("addons")
    listed = records(addons)
    draft.put(("addons",), {str(each.get("name")): addon(each, "version") for each in listed}, ("addons",))
    yield draft.finish()


def _eksctl_logs(listed: Any) -> Any:
    names = listed if type(listed) is list else []
    return ALL_LOGS if {"all", "*"} & set(map(str, names)) else names


_Reader = Callable[[Resource, "World"], Iterator[Instance]]
_READERS: dict[tuple[str, str], _Reader] = {
    ("terraform", "aws_eks_cluster"): _from_resource,
    ("terraform", "module"): _from_module,
    ("eksctl.io", "ClusterConfig"): _from_eksctl,
}


def _reader(api_version: str, kind: str) -> _Reader | None:
    group = "terraform" if api_version == "terraform" else group_of(api_version)
    return _READERS.get((group, kind))
