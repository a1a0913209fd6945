"""ServiceAccount ↔ role ↔ trust policy ↔ permissions: who can act as whom on AWS, and what it can do."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor.iam import ROLE
from auditor.model import Path, Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.facts.iam_roles import Role, Roles
    from auditor.world import World

ARN = regex(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:[\w+=,.@/-]+/)?([\w+=,.@-]+)")
PLACEHOLDER = regex(r"[$<>{}%]|(?i:replace|account|changeme|todo|xxx|your[-_])|_{2}")
MADE_FOR_CONTROLLERS = frozenset(
    {
        "AmazonEBSCSIDriverPolicy",
        "AmazonEFSCSIDriverPolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonPrometheusRemoteWriteAccess",
        "CloudWatchAgentServerPolicy",
    }
)
"""AWS managed policies that are written for the one controller which takes them."""
OUTSIDE = "audit the tree that declares it together with this one"


class Mechanism(Struct, eq=False):
    """One way in which an account gets a role. ``role`` is None where the role is not declared here."""

    how: str
    namespace: str
    account: str
    value: Any
    role: Role | None
    resource: Resource
    path: Path


class Identities:
    """``facts.identity``.

    Of an account or association (view Identity): ``{mechanisms, role: {found, title, trusts, said, ref}}``.
    Of a role: ``{accounts, idle, policies, broad, needs}``: accounts that can take it (``{namespace, name, how,
    ref}``), those it trusts that nobody declares, its policies, those that are too broad, and what a well-known
    controller lacks. Of a pod: ``{account, declared, mechanisms, needs}``.

    What judges roles is loaded where there are roles: most trees of manifests have none.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._roles: Roles | None = None
        self._mechanisms: dict[str, list[Mechanism]] = {}
        self._declared: dict[str, list[Instance]] = {}
        for instance in world.instances("Identity"):
            value = instance.value
            if value["kind"] == "service-account":
                self._declared.setdefault(value["name"], []).append(instance)
            for mechanism in self._of_instance(instance):
                self._mechanisms.setdefault(mechanism.account, []).append(mechanism)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        if instance.view != "Identity":
            return self._pod(instance)
        if instance.value["kind"] == "role":
            role = self.roles().at(instance.resource)
            return self._role(role) if role is not None else {}
        return self._account(instance)

    def roles(self) -> Roles:
        """The roles that are declared here."""
        if self._roles is None:
            from auditor.facts.iam_roles import Roles

            self._roles = Roles(self.world)
        return self._roles

    def of_account(self, namespace: str, name: str) -> list[Mechanism]:
        """How a ServiceAccount gets AWS roles; a namespace that is not written fits every one."""
        return [each for each in self._mechanisms.get(name, ()) if same(each.namespace, namespace)]

    def _of_instance(self, instance: Instance) -> Iterator[Mechanism]:
        value, resource = instance.value, instance.resource
        if value["kind"] == "role":
            listed = value["accounts"]
            if value["how"] == "pod-identity" and not isinstance(listed, Unknown):
                role = self.roles().at(resource)
                for each in listed:
                    path = instance.source_path(("accounts",))
                    namespace, name = each["namespace"], each["name"]
                    yield Mechanism("pod-identity", namespace, name, "", role, resource, path)
        elif value["how"]:
            given = value["role"]
            found = self.roles().meant(resource, given) if isinstance(given, Unknown) or given else None
            path = instance.source_path(("role",) if value["how"] != "eksctl" else ())
            yield Mechanism(value["how"], value["namespace"], value["name"], given, found, resource, path)

    def _account(self, instance: Instance) -> Any:
        value = instance.value
        mechanisms = self.of_account(value["namespace"], value["name"])
        own = next((each for each in mechanisms if each.resource is instance.resource), None)
        return {
            "mechanisms": self._shown(mechanisms),
            "hows": sorted({"irsa" if each.how == "eksctl" else each.how for each in mechanisms}),
            "role": self._named_role(instance) if value["how"] else Unknown("the account names no role"),
            "refs": [self.world.ref(each.resource, each.path) for each in mechanisms if each is not own],
            "idle": [],
            "needs": [],
        }

    def _shown(self, mechanisms: list[Mechanism]) -> list[dict[str, Any]]:
        return [
            {
                "how": each.how,
                "role": each.role.title if each.role else "",
                "title": each.resource.title,
                "ref": self.world.ref(each.resource, each.path),
            }
            for each in mechanisms
        ]

    def _named_role(self, instance: Instance) -> Any:
        value, given = instance.value, instance.value["role"]
        written = isinstance(given, Unknown) or (bool(given) and not PLACEHOLDER.search(given))
        role = self.roles().meant(instance.resource, given) if written else None
        if role is not None:
            trusts, said = trusts_account(role, value["how"], value["namespace"], value["name"])
            ref = self.world.ref(role.resource, role.instance.source_path(("trust",)))
            return {
                "found": True,
                "title": role.title,
                "trusts": trusts,
                "said": said,
                "ref": ref,
                "formed": True,
            }
        return {
            "found": self._absent(given),
            "title": "" if isinstance(given, Unknown) else given,
            "formed": well_formed(given),
            "trusts": Unknown("the role is not declared in this tree", OUTSIDE),
            "said": "",
            "ref": "",
        }

    def _absent(self, given: Any) -> Any:
        """False when the Terraform at hand is that of the role's account and does not have it; else Unknown."""
        why = Unknown("the role that the ServiceAccount names is not declared in this tree", OUTSIDE)
        found = ARN.fullmatch(given) if isinstance(given, str) else None
        if found is None or found.group(1) not in _accounts_of(self.world):
            return why
        open_names = any(not role.name or "${" in role.name for role in self.roles().all)
        return why if open_names else False

    def _role(self, role: Role) -> dict[str, Any]:
        from auditor.facts.iam_needs import KEDA, controller_needs, reads_messages

        accounts = self._takers(role)
        known = not isinstance(accounts, Unknown)
        return {
            "accounts": accounts,
            "names": [f"{each['namespace']}/{each['name']}" for each in accounts] if known else accounts,
            "idle": self._idle(role) if known else accounts,
            "policies": [{"name": each.name, "arn": each.arn} for each in role.policies],
            "broad": list(self._broad(role)),
            "needs": list(controller_needs(self.world, role, accounts)) if known else [],
            "keda": known and any(each["name"] == KEDA for each in accounts),
            "messages": reads_messages(role),
        }

    def _takers(self, role: Role) -> Any:
        """Every account that can take the role: it trusts it, is annotated with it or associated with it."""
        trusted = role.instance.value["accounts"]
        if isinstance(trusted, Unknown):
            return trusted
        path = role.instance.source_path(("accounts",))
        rows = [{**each, "ref": self.world.ref(role.resource, path)} for each in trusted]
        for listed in self._mechanisms.values():
            for each in listed:
                if each.role is role and each.resource is not role.resource:
                    ref = self.world.ref(each.resource, each.path)
                    rows.append(
                        {"namespace": each.namespace, "name": each.account, "how": each.how, "ref": ref}
                    )
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row in rows:
            twin = next(
                (key for key in found if key[1] == row["name"] and same(key[0], row["namespace"])), None
            )
            found.setdefault(twin or (row["namespace"], row["name"]), row)
        return list(found.values())

    def _idle(self, role: Role) -> list[dict[str, Any]]:
        """Accounts that the role trusts by name and whose namespace is in this tree; ``used``: by somebody."""
        rows = []
        for each in role.instance.value["accounts"]:
            namespace, name = each["namespace"], each["name"]
            if "${" in namespace or "${" in name:
                continue
            used = self._is_used(namespace, name)
            if used is not None:
                rows.append({"namespace": namespace, "name": name, "used": used})
        return rows

    def _is_used(self, namespace: str, name: str) -> bool | None:
        """None where nothing here says what runs in the namespace: charts make accounts of their own."""
        if any(same(each.value["namespace"], namespace) for each in self._declared.get(name, ())):
            return True
        pods = [p for p in self.world.instances("PodSpec") if p.resource.namespace == namespace]
        if any(account_of(pod) == name for pod in pods):
            return True
        if not pods or _has_charts(self.world):
            return None
        return False

    def _broad(self, role: Role) -> Iterator[dict[str, Any]]:
        """Policies that give an account more than a workload needs, with the reason."""
        if role.instance.value["how"] not in ("irsa", "pod-identity"):
            return
        for each in role.policies:
            if each.name in MADE_FOR_CONTROLLERS:
                continue
            from_aws = bool(each.arn) and each.home is None
            said = "" if isinstance(each.document, Unknown) else _too_much(each.document, from_aws)
            if said:
                place = (each.home or each.resource, each.path if each.home in (None, each.resource) else ())
                yield {"name": each.name, "said": said, "ref": self.world.ref(*place)}

    def _pod(self, instance: Instance) -> Any:
        namespace = instance.resource.namespace
        name = account_of(instance)
        mechanisms = self.of_account(namespace, name)
        declared = [each for each in self._declared.get(name, ()) if same(each.value["namespace"], namespace)]
        return {
            "account": name,
            "declared": bool(declared),
            "mechanisms": self._shown(mechanisms),
            "has": True if mechanisms else self._certainly_none(bool(declared), name),
            "needs": self._needs(instance, mechanisms),
            "refs": [self.world.ref(each.resource, ("metadata", "name")) for each in declared],
        }

    def _needs(self, pod: Instance, mechanisms: list[Mechanism]) -> list[dict[str, Any]]:
        if not mechanisms:
            return []
        from auditor.facts.iam_needs import workload_needs

        return list(workload_needs(self.world, pod, [each.role for each in mechanisms]))

    def _certainly_none(self, declared: bool, name: str) -> Any:
        """False when everything that could give the account a role is in this tree; else Unknown."""
        undecided = self.world.undecided("the workload's AWS identity")
        if undecided is not None:
            return undecided
        if not declared and name != "default":
            return Unknown(f"the ServiceAccount {name} is not among the manifests", OUTSIDE)
        if not _declares_identities(self.world):
            return Unknown("a Pod Identity association may be declared elsewhere", OUTSIDE)
        return False


def account_of(pod: Instance) -> str:
    """The name of a pod's ServiceAccount; '' when it is unknown."""
    name = pod.value.get("serviceAccountName") or pod.value.get("serviceAccount") or "default"
    return name if isinstance(name, str) else ""


def same(one: str, other: str) -> bool:
    """Whether two namespaces can be the same one: one that is not written, or not known yet, fits all."""
    return one == other or not one or not other or "${" in one or "${" in other


def trusts_account(role: Role, how: str, namespace: str, name: str) -> tuple[Any, str]:
    """Whether the role lets an account in, and whom it lets in instead."""
    value = role.instance.value
    if how == "pod-identity" or value["how"] == "pod-identity":
        return _trusts_pods(value)
    if isinstance(value["accounts"], Unknown):
        return value["accounts"], ""
    if role.resource.kind != ROLE:
        listed = [(each["namespace"], each["name"]) for each in value["accounts"]]
        fits = any(each[1] == name and same(each[0], namespace) for each in listed)
        open_ = any("${" in part for each in listed for part in each) or "${" in name
        return (Unknown("a part of the name is known after apply") if open_ and not fits else fits), _said(
            listed
        )
    return _trusts_web_identity(value["trust"], namespace, name)


def _trusts_pods(value: dict[str, Any]) -> tuple[Any, str]:
    if value["how"] == "pod-identity" and value["trust"] == []:
        return True, ""
    trust = value["trust"]
    if isinstance(trust, Unknown):
        return trust, ""
    unsure = next((each for each in trust if isinstance(each, Unknown)), None)
    if any(not isinstance(each, Unknown) and each["way"] == "pod-identity" for each in trust):
        return True, ""
    ways = sorted({each["way"] for each in trust if not isinstance(each, Unknown)})
    return (
        False if unsure is None else unsure
    ), f"not pods.eks.amazonaws.com but {', '.join(ways) or 'nobody'}"


def _trusts_web_identity(trust: Any, namespace: str, name: str) -> tuple[Any, str]:
    if isinstance(trust, Unknown):
        return trust, ""
    answers = [each if isinstance(each, Unknown) else _lets_in(each, namespace, name) for each in trust]
    if any(answer is True for answer in answers):
        return True, ""
    unsure = next((answer for answer in answers if isinstance(answer, Unknown)), None)
    values = [
        value.removeprefix("system:serviceaccount:")
        for each in trust
        if not isinstance(each, Unknown)
        for claim in each["subjects"]
        for value in claim["values"]
    ]
    said = ", ".join(value.replace(":", "/", 1) for value in values) or "no ServiceAccount"
    return (False if unsure is None else unsure), said


def _lets_in(entrance: dict[str, Any], namespace: str, name: str) -> Any:
    """Whether all tests of the claim sub can hold for the account."""
    if entrance["way"] not in ("irsa", "web-identity"):
        return False
    if entrance["way"] == "web-identity" and not entrance["subjects"]:
        return Unknown("the issuer that the role trusts is not known", "audit a plan instead")
    wanted = f"system:serviceaccount:{namespace or '*'}:{name}"
    for claim in entrance["subjects"]:
        if claim["operator"].lower().startswith(("stringnot", "null")):
            continue
        if any(_fits(value, wanted) for value in claim["values"]):
            continue
        if any("${" in value for value in claim["values"]) or "${" in wanted:
            return Unknown("the claim sub that the role tests is known after apply", "audit a plan instead")
        return False
    return True


def _fits(value: str, wanted: str) -> bool:
    return fnmatchcase(wanted, value) or fnmatchcase(value, wanted)


def _said(listed: list[tuple[str, str]]) -> str:
    return ", ".join(f"{namespace}/{name}" for namespace, name in listed) or "no ServiceAccount"


def well_formed(given: Any) -> Any:
    """Whether a text is the ARN of a role; Unknown for placeholders that something else fills in."""
    if isinstance(given, Unknown):
        return given
    if ARN.fullmatch(given):
        return True
    if given == "" or PLACEHOLDER.search(given):
        return Unknown("the role's ARN is filled in elsewhere", "audit the rendered manifests")
    return False


def _too_much(document: Any, from_aws: bool) -> str:
    from auditor.iam.risks import Openness, analyse

    wild = [
        action
        for statement in document.known
        if statement.allows is True and isinstance(statement.actions, tuple)
        for action in statement.actions
        if action.endswith(":*") and "*" not in action[:-1]
    ]
    if wild and not from_aws:
        return f"allows {', '.join(wild)}: deletion and permissions too"
    rows = [row for row in analyse(document) if isinstance(row, Openness)] if from_aws else []
    risky = [
        found.name
        for row in rows
        for found in row.unlimited
        if found.level in ("Write", "Permissions management") or found.name == "s3:GetObject"
    ]
    return f"an AWS managed policy that allows {_first(risky)} on every resource" if risky else ""


def _first(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _accounts_of(world: World) -> set[str]:
    """Account ids that the providers of the Terraform at hand are held to, and those that were read."""
    found: set[str] = set()
    for root in world.kind("terraform", "root"):
        for provider in root.body.get("providers", []):
            listed = provider.get("config", {}).get("allowed_account_ids", [])
            found |= {str(each) for each in listed} if type(listed) is list else set()
    return found | {str(each.body.get("account_id")) for each in world.kind("terraform", "aws_account")}


def _has_charts(world: World) -> bool:
    """Whether something deploys a chart that may make accounts which are not in the tree."""
    kinds = (
        ("argoproj.io", "Application"),
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ("terraform", "helm_release"),
    )
    return any(world.kind(*each) for each in kinds)


def _declares_identities(world: World) -> bool:
    """Whether the tree is where this cluster's AWS identities are declared."""
    return any(
        (instance.value["kind"] == "role" and instance.value["how"] in ("irsa", "pod-identity"))
        or instance.value["how"] in ("pod-identity", "eksctl")
        for instance in world.instances("Identity")
    )
