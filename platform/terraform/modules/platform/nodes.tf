data "aws_iam_policy_document" "node_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "node" {
  name               = "${var.cluster_name}-node"
  assume_role_policy = data.aws_iam_policy_document.node_trust.json
}

# To register, to pull images, and to be reached by SSM sessions instead of SSH. Everything else has its own role.
resource "aws_iam_role_policy_attachment" "node" {
  for_each = toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"])

  role       = aws_iam_role.node.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.key}"
}

module "cpu_nodes" {
  source = "../node-group"

  name            = "cpu"
  cluster_name    = module.cluster.name
  release_version = var.node_release_version
  ami_type        = "AL2023_x86_64_STANDARD"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = module.network.private_subnet_ids
  instance_types  = var.cpu_nodes.instance_types
  min_size        = var.cpu_nodes.min_size
  max_size        = var.cpu_nodes.max_size
  disk            = { size_gib = var.cpu_nodes.disk_gib }
  labels          = { "workload-class" = "system" }
  tags            = local.node_tags

  depends_on = [aws_iam_role_policy_attachment.node]
}

locals {
  # Label k8s.amazonaws.com/accelerator: nodes that carry it count as unready until their GPU is offered, so that
  # the Cluster Autoscaler does not start a second one meanwhile.
  accelerators = {
    g4dn = "nvidia-tesla-t4"
    g5   = "nvidia-a10g"
    g6   = "nvidia-l4"
    g6e  = "nvidia-l40s"
  }
  by_cluster_autoscaler = var.node_autoscaler == "cluster-autoscaler"
  gpu_groups            = local.by_cluster_autoscaler ? var.gpu_node_groups : {}
}

module "gpu_nodes" {
  source   = "../node-group"
  for_each = local.gpu_groups

  name                     = "gpu-${each.key}"
  cluster_name             = module.cluster.name
  release_version          = var.node_release_version
  ami_type                 = each.value.ami_type
  node_role_arn            = aws_iam_role.node.arn
  subnet_ids               = module.network.private_subnet_ids
  instance_types           = each.value.instance_types
  capacity_type            = each.value.capacity_type
  min_size                 = 0
  max_size                 = each.value.max_size
  gpus_per_node            = each.value.gpus_per_node
  scale_down_unneeded_time = var.gpu_unneeded_time
  tags                     = local.node_tags

  # 500 MiB/s: an image of 8 GB is written in 16 s, not in 64. Billed only while the node is there.
  disk = { size_gib = each.value.disk_gib, throughput_mib = 500, iops = 3000 }

  labels = {
    "workload-class"                = "gpu"
    "nvidia.com/gpu.present"        = "true"
    "k8s.amazonaws.com/accelerator" = local.accelerators[split(".", each.value.instance_types[0])[0]]
  }

  taints = [{ key = "nvidia.com/gpu", value = "present", effect = "NO_SCHEDULE" }]

  depends_on = [aws_iam_role_policy_attachment.node]
}

module "gpu_quota" {
  source = "../gpu-quota"

  groups = { for name, group in var.gpu_node_groups : name => {
    instance_types = group.instance_types
    capacity_type  = group.capacity_type
    max_size       = group.max_size
  } }
}

locals {
  # Oldest driver branch of each CUDA major: within a major, an application runs on the driver of its first minor.
  least_driver_branch = { "12" = 525, "13" = 580 }
}

check "gpu_driver_runs_the_workers_cuda" {
  assert {
    condition     = tonumber(var.gpu_driver_branch) >= lookup(local.least_driver_branch, split(".", var.worker_cuda)[0], 9999)
    error_message = "Driver ${var.gpu_driver_branch} of AMI release ${var.node_release_version} is too old for CUDA ${var.worker_cuda}, or that CUDA is not in the table of nodes.tf."
  }
}

module "karpenter" {
  source = "../karpenter"
  count  = local.by_cluster_autoscaler ? 0 : 1

  cluster_name  = module.cluster.name
  cluster_arn   = module.cluster.arn
  region        = var.region
  oidc_provider = module.cluster.oidc_provider
  node_role     = { name = aws_iam_role.node.name, arn = aws_iam_role.node.arn }
}
