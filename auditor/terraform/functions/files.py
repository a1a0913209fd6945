"""Functions that read files, all of them inside the repository under audit."""

from __future__ import annotations

import base64
import posixpath
import re

from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.functions.encoding import digest_text
from auditor.terraform.values import SetValue, mapping, text


def file(ctx: Context, path: object) -> object:
    content = ctx.files.read_text(text(path))
    ctx.budget.string(len(content))
    return content


def filebase64(ctx: Context, path: object) -> object:
    data = ctx.files.read_bytes(text(path))
    ctx.budget.string(2 * len(data))
    return base64.b64encode(data).decode()


def fileexists(ctx: Context, path: object) -> object:
    return ctx.files.exists(text(path))


def fileset(ctx: Context, directory: object, pattern: object) -> object:
    found = ctx.files.under(text(directory))
    ctx.budget.spend(len(found))
    matcher = _glob(text(pattern))
    return SetValue(sorted(path for path in found if matcher.fullmatch(path)))


def _glob(pattern: str) -> re.Pattern[str]:
    """``*`` within a segment, ``**`` across them, ``?``, ``{a,b}``, ``[abc]``."""
    if len(pattern) > 200 or pattern.count("*") > 8:
        raise EvaluationError("fileset() has a pattern that is too long")
    made = re.escape(pattern)
    made = (
        made.replace(r"\*\*/", "(?:.*/)?")
        .replace(r"\*\*", ".*")
        .replace(r"\*", "[^/]*")
        .replace(r"\?", "[^/]")
    )
    made = re.sub(r"\\{([^{}]*)\\}", lambda found: "(?:" + found.group(1).replace(",", "|") + ")", made)
    made = re.sub(r"\\\[([^\]\\]*)\\\]", r"[\1]", made)
    try:
        return re.compile(made)
    except re.error:
        raise EvaluationError("fileset() does not understand its pattern") from None


def templatefile(ctx: Context, path: object, names: object) -> object:
    return ctx.render(ctx.files.read_text(text(path)), mapping(names))


def _digest(name: str, *, base64_form: bool = False) -> Function:
    def function(ctx: Context, path: object) -> object:
        return digest_text(name, ctx.files.read_bytes(text(path)), base64_form=base64_form)

    return function


def dirname(ctx: Context, path: object) -> object:
    return posixpath.dirname(text(path)) or "."


def basename(ctx: Context, path: object) -> object:
    found = text(path)
    return posixpath.basename(found.rstrip("/")) or ("/" if found else ".")


def pathexpand(ctx: Context, path: object) -> object:
    if text(path).startswith("~"):
        raise EvaluationError("pathexpand() would read the home directory")
    return path


FUNCTIONS: dict[str, Function] = {
    "basename": basename,
    "dirname": dirname,
    "file": file,
    "filebase64": filebase64,
    "filebase64sha256": _digest("sha256", base64_form=True),
    "filebase64sha512": _digest("sha512", base64_form=True),
    "fileexists": fileexists,
    "filemd5": _digest("md5"),
    "fileset": fileset,
    "filesha1": _digest("sha1"),
    "filesha256": _digest("sha256"),
    "filesha512": _digest("sha512"),
    "pathexpand": pathexpand,
    "templatefile": templatefile,
}
