"""The policies at hand: the built-in ones from their generated index, and folders that users name."""

# Annotations are not postponed: msgspec would evaluate each from its text, which takes ten times as long.
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from auditor.policy import Pack, Policy
from auditor.spans import Problem

INDEX = "index.json"
PACKS = "packs"
_Declared = TypeVar("_Declared", Policy, Pack)


class _Packs(msgspec.Struct, frozen=True):
    """The part of the generated index that few runs ask for."""

    packs: list[Pack]


class _Index(msgspec.Struct, frozen=True):
    """The part of it that every run decodes."""

    members: dict[str, frozenset[str]]
    """Codes of the policies in each pack."""
    policies: list[Policy]


class PolicyError(Exception):
    """A policy file that cannot be used; ``problem`` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.file}:{problem.line}: {problem.what}")
        self.problem = problem


def builtin_folder() -> Path:
    """Where the built-in policies lie: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    inside = package / "policies"
    return inside if inside.is_dir() else package.parent / "policies"


def load_builtin() -> list[Policy]:
    """Every built-in policy, sorted by code; read from the generated index."""
    return [*_index().policies]


def load_members() -> dict[str, frozenset[str]]:
    """Every built-in pack by name, as the codes of its policies; read from the generated index."""
    return {**_index().members}


def load_packs() -> dict[str, Pack]:
    """Every built-in pack by name, as it is declared; read from the generated index."""
    return {pack.name: pack for pack in msgspec.json.decode(_bytes(), type=_Packs).packs}


@cache
def _index() -> _Index:
    return msgspec.json.decode(_bytes(), type=_Index)


def _bytes() -> bytes:
    return (builtin_folder() / INDEX).read_bytes()


def load_folder(folder: Path) -> list[Policy]:
    """Every policy below ``folder`` (each a folder with ``policy.yaml``), sorted by code.

    Raises :class:`PolicyError` for a file that is no policy or two policies of one code or id.
    """
    policies = [load_file(path) for path in sorted(folder.rglob("policy.yaml"))]
    return check_unique(policies, str(folder))


def load_file(path: Path) -> Policy:
    """One ``policy.yaml``. Raises :class:`PolicyError` with the field that is wrong."""
    policy = _convert(path, Policy)
    if policy.id != path.parent.name:
        what = f"id is {policy.id!r}, the folder is called {path.parent.name!r}"
        raise PolicyError(Problem(str(path), 1, 1, what, "give both the same name"))
    return policy


def load_pack_folder(folder: Path) -> list[Pack]:
    """Every pack in ``folder/packs``, sorted by name. Raises :class:`PolicyError`."""
    packs = []
    for path in sorted((folder / PACKS).glob("*.yaml")):
        pack = _convert(path, Pack)
        if pack.name != path.stem:
            what = f"name is {pack.name!r}, the file is called {path.name!r}"
            raise PolicyError(Problem(str(path), 1, 1, what, "give both the same name"))
        packs.append(pack)
    return packs


def _convert(path: Path, kind: type[_Declared]) -> _Declared:
    try:
        return msgspec.convert(_document(path), kind)
    except msgspec.ValidationError as error:
        raise PolicyError(
            Problem(str(path), 1, 1, str(error), "see docs/policies.md for the fields")
        ) from error


def _document(path: Path) -> Any:
    from auditor.yamlio import load_stream

    try:
        documents = load_stream(path.read_bytes(), str(path))
    except OSError as error:
        what = (error.strerror or type(error).__name__).lower()
        raise PolicyError(Problem(str(path), 0, 0, what, "make the file readable")) from error
    for document in documents:
        if document.problem is not None:
            raise PolicyError(document.problem)
    if len(documents) != 1:
        raise PolicyError(Problem(str(path), 1, 1, "not exactly one YAML document", "keep one a file"))
    return documents[0].body


def check_unique(policies: Sequence[Policy], where: str) -> list[Policy]:
    """The policies sorted by code; PolicyError when a code, id or alias is taken twice."""
    taken: dict[str, str] = {}
    for policy in policies:
        for name in (policy.code, policy.id, *policy.aliases):
            if name in taken:
                what = f"{name} names two policies: {taken[name]} and {policy.code}"
                raise PolicyError(Problem(where, 0, 0, what, "give one of them another name"))
            taken[name] = policy.code
    return sorted(policies, key=lambda policy: _code_order(policy.code))


def _code_order(code: str) -> tuple[str, int, str]:
    prefix, _, number = code.rpartition("-")
    return prefix, int(number) if number.isdigit() else 0, code


def find(policies: Iterable[Policy], name: str) -> list[Policy]:
    """Policies that ``name`` means: our code or id, an alias, or a peer's rule id. Empty when unknown."""
    wanted = name.lower()
    exact = [p for p in policies if wanted in (p.code.lower(), p.id, *(alias.lower() for alias in p.aliases))]
    if exact:
        return exact
    return [
        policy
        for policy in policies
        if any(rule.id.lower() == wanted for rules in policy.equivalents.values() for rule in rules)
    ]


def write_index(folder: Path) -> bytes:
    """The index of everything below ``folder``, one policy or pack a line, as the loaders read it."""
    from auditor.packs import members

    packs, policies = load_pack_folder(folder), load_folder(folder)
    by_name = {pack.name: pack for pack in packs}
    inside = {name: sorted(members([name], by_name, policies)) for name in by_name}
    parts = (
        b'{"packs": [',
        b",\n".join(msgspec.json.encode(pack) for pack in packs),
        b'], "members": ',
        msgspec.json.encode(inside),
        b', "policies": [',
        b",\n".join(msgspec.json.encode(policy) for policy in policies),
        b"]}\n",
    )
    return b"\n".join(parts)
