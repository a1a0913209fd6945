#!/usr/bin/env bash
# The one step by hand: Argo CD, its cluster secret from Terraform's outputs, and the root Application. All else is Git's.
#   bootstrap/bootstrap.sh dev|prod        (kubectl's context is the new cluster; `terraform apply` is done)
# A second run changes nothing. ARGOCD_MANIFESTS names a file with Argo CD's install.yaml where GitHub cannot be reached.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${1:?"usage: bootstrap.sh dev|prod"}
argocd=v3.2.11
manifests=${ARGOCD_MANIFESTS:-https://raw.githubusercontent.com/argoproj/argo-cd/$argocd/manifests/install.yaml}
[ -f "clusters/$environment/root.yaml" ] || { echo "there is no environment $environment" >&2; exit 2; }

outputs=$(mktemp) secret=$(mktemp)
trap 'rm -f "$outputs" "$secret"' EXIT
terraform -chdir="terraform/envs/$environment" output -json > "$outputs"
PYTHONPATH=.. "${PYTHON:-python3}" -m tools.cluster_file < "$outputs" | diff "clusters/$environment/cluster.yaml" - || {
  echo "clusters/$environment/cluster.yaml is not what Terraform says: commit the difference first" >&2
  exit 1
}
PYTHONPATH=.. "${PYTHON:-python3}" -m tools.cluster_file --secret < "$outputs" > "$secret"
wanted=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["cluster_endpoint"]["value"])' < "$outputs")
echo "cluster: $wanted; kubectl's: $(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')"

# Not the HA variant: its Redis asks for three nodes, and the floor has one or two. Argo CD down stops changes, not scans.
# Two managers: by one of the same name, upstream's ConfigMaps would take our fields away again.
apply() { kubectl apply --server-side --force-conflicts --field-manager="${manager:-bootstrap}" "$@"; }
parameters() { kubectl -n argocd get configmap argocd-cmd-params-cm -o jsonpath='{.data}'; }
apply -f bootstrap/argocd/namespace.yaml
manager=argocd-install apply -n argocd -f "$manifests"
before=$(parameters)
apply -k bootstrap/argocd
# Parameters are read at the start.
[ "$before" = "$(parameters)" ] || kubectl -n argocd rollout restart deploy/argocd-applicationset-controller
kubectl -n argocd rollout status deploy/argocd-repo-server --timeout=5m
apply -f "$secret"

# Grafana's administrator: random, and in no repository.
kubectl get namespace monitoring > /dev/null 2>&1 || kubectl create namespace monitoring
kubectl -n monitoring get secret grafana-admin > /dev/null 2>&1 ||
  kubectl -n monitoring create secret generic grafana-admin --from-literal=user=admin --from-file=password=<(head -c 24 /dev/urandom | base64)

apply -f "clusters/$environment/root.yaml"
echo "Argo CD takes over: kubectl -n argocd get applications -w"
