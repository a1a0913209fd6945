"""Test tools from ordinary package registries, built once into the user's cache.

Go modules (kubeconform, kube-score, helm, Alertmanager, actionlint; kustomize where it is missing; the control plane
of the live tests) and checkov in an environment of its own. Terraform must be there: it cannot be built from its
module, whose go.mod replaces parts by folders. What is there already is left alone; versions are pinned here and in
the live tests' go.mod files, and nowhere else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

CACHE = Path(os.environ.get("AUDITOR_TOOLS", Path.home() / ".cache" / "auditor"))
GO_TOOLS = {
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
    "kube-score": "github.com/zegl/kube-score/cmd/kube-score@v1.20.0",
    "helm": "helm.sh/helm/v3/cmd/helm@v3.22.0",
    # The chart of platform/ runs v0.33.0; since v0.32 the module lacks what `go install` needs of its pages.
    "alertmanager": "github.com/prometheus/alertmanager/cmd/alertmanager@v0.31.1",
    "amtool": "github.com/prometheus/alertmanager/cmd/amtool@v0.31.1",
    "actionlint": "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5@v5.8.3",
}
INSTEAD = {"kustomize": "kubectl"}
"""Tools that are not built where this command is there already."""
PACKAGES = {"dot": "graphviz", "chromium": "chromium"}
"""Command → Debian package."""
PROMETHEUS = ("prometheus", "promtool")
CHECKOV = "checkov==3.3.30"


def install_go(name: str) -> None:
    """Build one Go tool unless it is there in the pinned version."""
    target = CACHE / "bin" / name
    marker = CACHE / "bin" / f".{name}"
    module = GO_TOOLS[name]
    if target.exists() and marker.exists() and marker.read_text() == module:
        return
    if shutil.which("go") is None:
        raise SystemExit(f"{name} is built from its Go module: install Go 1.22 or newer (apt install golang)")
    print(f"building {module}", flush=True)
    environment = {**os.environ, "GOBIN": str(CACHE / "bin"), "GOFLAGS": "-trimpath"}
    subprocess.run(["go", "install", module], check=True, env=environment)
    marker.write_text(module)


def install_checkov() -> None:
    """Checkov needs other versions of our dependencies: it gets its own environment."""
    home = CACHE / "checkov"
    marker = home / ".installed"
    if marker.exists() and marker.read_text() == CHECKOV:
        return
    print(f"installing {CHECKOV}", flush=True)
    venv.create(home, with_pip=True, clear=True)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", CHECKOV]
    subprocess.run(pip, check=True)
    marker.write_text(CHECKOV)


def require_terraform() -> None:
    """The platform's tests run it; nothing installs it on every system."""
    if shutil.which("terraform") is None:
        raise SystemExit(
            "there is no terraform: install 1.11 or newer (https://developer.hashicorp.com/terraform/install; "
            "on GitHub the action hashicorp/setup-terraform), then run this again"
        )


def install_packages() -> None:
    """Debian packages that tests call as commands; elsewhere install them by hand."""
    missing = [package for command, package in PACKAGES.items() if shutil.which(command) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SystemExit(
            f"install {', '.join(missing)} with your system's package manager, then run this again"
        )
    print(f"installing {', '.join(missing)}", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True)


def install_prometheus() -> None:
    """Prometheus and promtool out of Debian's package, unpacked and not installed: no service starts."""
    if all((CACHE / "bin" / name).exists() or shutil.which(name) for name in PROMETHEUS):
        return
    if shutil.which("apt-get") is None:
        raise SystemExit(
            "put prometheus and promtool on PATH (https://prometheus.io/download), then run this again"
        )
    print("unpacking Debian's prometheus", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", "-qq", "prometheus"], check=True, cwd=folder)
        (package,) = Path(folder).glob("prometheus_*.deb")
        subprocess.run(["dpkg-deb", "-x", str(package), folder], check=True)
        for name in PROMETHEUS:
            shutil.copy2(Path(folder, "usr/bin", name), CACHE / "bin" / name)


def main() -> int:
    """Install everything that the tests and benchmarks use."""
    (CACHE / "bin").mkdir(parents=True, exist_ok=True)
    install_packages()
    install_prometheus()
    require_terraform()
    for name in GO_TOOLS:
        if name in INSTEAD and shutil.which(INSTEAD[name]):
            continue
        install_go(name)
    install_checkov()
    subprocess.run([sys.executable, "-m", "tests.live.controlplane", "build"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
