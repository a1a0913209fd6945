module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 21.0"

  eks_managed_node_groups = {
    gpu = {
      instance_types = ["g5.xlarge"]
    }
  }
}
