"""Terraform roots, plans and states → targets whose resources know their lines in the .tf files."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from auditor.fixes import Editable, Refused
from auditor.model import Body, Path, Place, Precision, Resource, Target
from auditor.patterns import regex
from auditor.progress import over
from auditor.sources.manifests import EXCERPT_LINES, SourceFile, without_nulls
from auditor.sources.tree import Unreadable
from auditor.spans import Edit
from auditor.unknown import Unknown

if TYPE_CHECKING:
    from auditor.sources.git import Checkout
    from auditor.terraform import TfResource, TfRoot
    from auditor.terraform.model import Located
    from auditor.terraform.places import Places

SUFFIXES = (".tf", ".tf.json")
VARIABLE_SUFFIXES = (".tfvars", ".tfvars.json")
ROOT_KIND = "root"
_PROVIDER_FIELDS = ("name", "alias", "source", "version", "configured", "module")
_BOM = b"\xef\xbb\xbf"
_COMMENT = regex(r"(?:#|//)\s?(.*)$")


def collect(checkout: Checkout) -> None:
    """Add one target for each root and set of variables, and one for each plan or state in JSON."""
    paths = [path for path in checkout.files if path.endswith(SUFFIXES)]
    plans = [path for path in checkout.files if path.endswith(".json") and _is_plan(checkout, path)]
    if not paths and not plans:
        return
    checkout.inventory.counts.terraform_files += len(paths)
    checkout.claim(path for path in checkout.files if path.endswith(SUFFIXES + VARIABLE_SUFFIXES))
    reader = _Reader(checkout)
    roots = _roots(checkout, reader) if paths else {}
    for directory, loaded in over(roots.items(), "reading Terraform roots", len(roots)):
        for label, root in loaded:
            with checkout.guarded(directory or ".", "the Terraform root could not be read"):
                _add(checkout, reader, root, _name(directory, label, root))
    for path in plans:
        with checkout.guarded(path, "the plan could not be read"):
            _add_plan(checkout, reader, path, roots)


class _Reader:
    """The checkout's files as the Terraform evaluator reads them."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._files: dict[str, SourceFile] = {}

    def __call__(self, path: str) -> bytes:
        """Bytes of a file; OSError when it cannot be read."""
        try:
            return self._checkout.read(path)
        except Unreadable as error:
            raise OSError(error.what) from error

    def file(self, path: str) -> SourceFile:
        """The file with its lines, read when they are asked for."""
        found = self._files.get(path)
        if found is None:
            found = self._files[path] = SourceFile(path, self._checkout.read)
        return found


def _roots(checkout: Checkout, reader: _Reader) -> dict[str, list[tuple[str, TfRoot]]]:
    from auditor.terraform import find_roots, load_root, variable_sets

    roots: dict[str, list[tuple[str, TfRoot]]] = {}
    for directory in find_roots(checkout.files, reader):
        with checkout.guarded(directory or ".", "the Terraform root could not be evaluated"):
            roots[directory] = [
                (label, load_root(directory, checkout.files, reader, tfvars=tfvars))
                for label, tfvars in variable_sets(directory, checkout.files)
            ]
    return roots


def _name(directory: str, label: str, root: TfRoot) -> str:
    """``infra`` with its own variables; ``infra@env/prod.tfvars`` with others."""
    base = directory or "."
    return base if label == "default" else f"{base}@{posixpath.relpath(root.tfvars[-1], base)}"


def _add(checkout: Checkout, reader: _Reader, root: TfRoot, name: str) -> None:
    target = Target(name, "terraform", root.directory or ".")
    target.resources.append(_root_resource(reader, root))
    target.resources += [_resource(reader, found) for found in root.resources]
    checkout.add(target)
    known = set(checkout.inventory.problems)
    checkout.inventory.problems += [problem for problem in root.problems if problem not in known]


def _resource(reader: _Reader, found: TfResource) -> Resource:
    kind = {"managed": found.type, "data": f"data.{found.type}", "module": "module"}[found.mode]
    body: Body = without_nulls(found.body)
    if found.lifecycle:
        body["lifecycle"] = found.lifecycle
    if found.mode == "module":
        body["expanded"] = found.expanded
        nulls = sorted(name for name, value in found.body.items() if value is None)
        if nulls:
            body["nulls"] = nulls
    precision: Precision = "exact" if found.precision == "exact" else "file"
    return Resource("terraform", kind, "", found.address, body, TerraformOrigin(reader, found, precision))


def _root_resource(reader: _Reader, root: TfRoot) -> Resource:
    body: Body = {
        "required_version": root.required_version,
        "lock_file": root.has_lock_file,
        "providers": [_provider(each) for each in root.providers],
        "variables": {
            name: {
                "type": each.type,
                "sensitive": each.sensitive,
                "has_default": each.has_default,
                **each.body,
            }
            for name, each in root.variables.items()
        },
        "outputs": {
            name: {"value": each.value, "sensitive": each.sensitive} for name, each in root.outputs.items()
        },
    }
    if not root.coded:
        from auditor.terraform.plan import BESIDE_CODE, NOT_IN_A_PLAN

        body |= dict.fromkeys(
            ("backend", "lock_file", "required_version"), Unknown(NOT_IN_A_PLAN, BESIDE_CODE)
        )
    elif root.backend is not None:
        body["backend"] = {"type": root.backend.type, **root.backend.body}
    origin = RootOrigin(reader, root)
    return Resource("terraform", ROOT_KIND, "", root.directory or ".", without_nulls(body), origin)


def _provider(provider: Any) -> Body:
    stated = {name: getattr(provider, name) for name in _PROVIDER_FIELDS}
    return {**stated, "config": provider.body}


class TerraformOrigin:
    """Where a Terraform block came from."""

    __slots__ = ("_found", "_reader", "precision")

    source = "git"
    editable = True

    def __init__(self, reader: _Reader, found: Located, precision: Precision = "exact") -> None:
        self._reader, self._found, self.precision = reader, found, precision

    @property
    def file(self) -> str:
        """Path relative to the audited root."""
        return self._found.file

    def locate(self, path: Path) -> Place:
        """The lines of ``path``, followed through locals, variables and module inputs."""
        return _place(self._found, path, self.precision)

    def editable_at(self, path: Path) -> Editable:
        """How the block is edited there. Raises Refused where its code is not in this tree."""
        del path
        return _editable(self._reader, self._found, ())

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """A few lines around the place."""
        if place.span is None:
            return []
        line = place.span.line
        return self._reader.file(place.file).lines(line - EXCERPT_LINES, line + EXCERPT_LINES)

    def comment(self, place: Place) -> str:
        """The comment on the line or directly above it."""
        if place.span is None:
            return ""
        lines = dict(self._reader.file(place.file).lines(place.span.line - 1, place.span.line))
        own = _COMMENT.search(lines.get(place.span.line, ""))
        above = lines.get(place.span.line - 1, "").strip()
        if own is not None:
            return own.group(1).strip()
        return above.lstrip("#/").strip() if above.startswith(("#", "//")) else ""


class RootOrigin(TerraformOrigin):
    """Places of what a root declares as a whole: providers, variables, outputs, the backend."""

    __slots__ = ("_root",)

    def __init__(self, reader: _Reader, root: TfRoot) -> None:
        self._reader, self._root, self.precision = reader, root, "exact"

    @property
    def file(self) -> str:
        """The file that a reader would look into first."""
        return _first_file(self._root)

    def locate(self, path: Path) -> Place:
        """The block that ``path`` leads into; the root's first file where it leads into none."""
        found, rest = self._part(path)
        if found is None or not found.file:
            return Place(self.file, None, "file")
        return _place(found, rest, "exact")

    def editable_at(self, path: Path) -> Editable:
        """How the block that ``path`` leads into is edited. Raises Refused where it leads into none."""
        found, rest = self._part(path)
        if found is None:
            raise Refused("what would have to be added is a block of its own")
        return _editable(self._reader, found, path[: len(path) - len(rest)])

    def _part(self, path: Path) -> tuple[Located | None, Path]:
        root = self._root
        if path[:1] == ("backend",):
            return root.backend, path[1:]
        if len(path) < 2:
            return None, ()
        if path[0] == "providers" and isinstance(path[1], int) and path[1] < len(root.providers):
            rest = path[3:] if path[2:3] == ("config",) else ()
            return root.providers[path[1]], rest
        name = str(path[1])
        found: dict[str, Located | None] = {
            "variables": root.variables.get(name),
            "outputs": root.outputs.get(name),
        }
        return found.get(str(path[0])), path[2:]


def _editable(reader: _Reader, found: Located, base: Path) -> Editable:
    """Edits of a block; paths begin with ``base``."""
    from auditor.terraform.places import Places

    places = found.locator
    if not isinstance(places, Places):
        raise Refused("the block is not written in a .tf file of this tree; change the code and plan again")
    note = "changes every instance of the block" if _repeated(places) else ""
    return _editable_places(places, reader(places.source.path), len(base), note)


def _editable_places(places: Places, data: bytes, skip: int, note: str) -> Editable:
    """Edits of the block at ``places``, in a file that holds ``data``; ``skip`` steps of a path lead to it."""
    from auditor.terraform.edits import CannotEdit, append_item, moved, remove, set_value

    def guarded(edit: Callable[[Places], Edit]) -> Edit:
        try:
            made = edit(places)
        except CannotEdit as error:
            raise Refused(str(error)) from error
        shift = len(_BOM) if data.startswith(_BOM) else 0
        return Edit(made.start + shift, made.end + shift, made.text)

    def again(changed: bytes) -> Editable:
        return _editable_places(moved(places, changed), changed, skip, note)

    return Editable(
        places.source.path,
        lambda at, value: guarded(lambda each: set_value(each, at[skip:], spelled(at, value))),
        lambda at, value: guarded(lambda each: append_item(each, at[skip:], spelled(at, value))),
        lambda at: guarded(lambda each: remove(each, at[skip:])),
        note,
        again,
    )


def _repeated(places: Places) -> bool:
    return not places.body.attributes.keys().isdisjoint({"count", "for_each"})


def spelled(path: Path, value: Any) -> Any:
    """A taint with its effect as EKS's API spells it."""
    if not {"taint", "taints"}.intersection(map(str, path)) or type(value) is not dict:
        return value
    effects = {
        "NoSchedule": "NO_SCHEDULE",
        "NoExecute": "NO_EXECUTE",
        "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    }
    return {name: effects.get(item, item) if name == "effect" else item for name, item in value.items()}


def _place(found: Located, path: Path, precision: Precision) -> Place:
    file, span = found.locate(path)
    return Place(file, span if span.line else None, precision if span.line else "file")


def _first_file(root: TfRoot) -> str:
    own = [
        path for path in root.files if posixpath.dirname(path) == root.directory and path.endswith(SUFFIXES)
    ]
    for name in ("versions.tf", "terraform.tf", "providers.tf", "main.tf"):
        path = posixpath.join(root.directory, name)
        if path in own:
            return path
    return own[0] if own else root.directory or "."


def _is_plan(checkout: Checkout, path: str) -> bool:
    """Whether a JSON file is what ``terraform show -json`` writes for a plan or a state."""
    if path.endswith(SUFFIXES + VARIABLE_SUFFIXES):
        return False
    try:
        data = checkout.read(path)
    except Unreadable:
        return False
    return b'"format_version"' in data and (b'"planned_values"' in data or b'"terraform_version"' in data)


def _add_plan(
    checkout: Checkout, reader: _Reader, path: str, roots: dict[str, list[tuple[str, TfRoot]]]
) -> None:
    """A plan's values are exact; the lines come from the .tf blocks of the root it lies in or below."""
    from auditor.terraform import load_plan

    directory = posixpath.dirname(path)
    while directory and directory not in roots:
        directory = posixpath.dirname(directory)
    source = roots.get(directory, [])
    root = load_plan(path, reader(path), source[0][1] if source else None)
    checkout.claim([path])
    _add(checkout, reader, root, path)
