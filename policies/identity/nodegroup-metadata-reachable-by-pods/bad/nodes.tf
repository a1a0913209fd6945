module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.8"

  eks_managed_node_groups = {
    core = { # violation
      instance_types = ["m5.large"]
    }
    gpu = {
      instance_types = ["g5.xlarge"]
      metadata_options = {
        http_tokens                 = "required"
        http_put_response_hop_limit = 3 # violation
      }
    }
  }
}
