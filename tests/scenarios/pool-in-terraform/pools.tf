resource "kubernetes_manifest" "gpu" {
  manifest = {
    apiVersion = "karpenter.sh/v1"
    kind       = "NodePool"
    metadata   = { name = "gpu" }
    spec = {
      limits = { "nvidia.com/gpu" = 0 }
      template = {
        metadata = { labels = { workload = "gpu" } }
        spec = {
          taints       = [{ key = "nvidia.com/gpu", effect = "NoSchedule" }]
          requirements = [{ key = "karpenter.k8s.aws/instance-family", operator = "In", values = ["g5"] }]
        }
      }
    }
  }
}

resource "kubectl_manifest" "spare" {
  yaml_body = <<-YAML
    apiVersion: karpenter.sh/v1
    kind: NodePool
    metadata: {name: spare}
    spec:
      template:
        metadata: {labels: {workload: gpu}}
        spec:
          taints: [{key: spare, effect: NoSchedule}]
          requirements: [{key: karpenter.k8s.aws/instance-family, operator: In, values: [g6]}]
  YAML
}

resource "aws_eks_cluster" "this" {
  name = "inference"
}
