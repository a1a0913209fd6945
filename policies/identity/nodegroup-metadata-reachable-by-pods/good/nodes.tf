module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.8"

  eks_managed_node_group_defaults = {
    metadata_options = {
      http_tokens                 = "required"
      http_put_response_hop_limit = 1
    }
  }
  eks_managed_node_groups = {
    core = {
      instance_types = ["m5.large"]
    }
  }
}

module "eks_new" {
  source  = "terraform-aws-modules/eks/aws"
  version = "21.3.1"

  eks_managed_node_groups = {
    core = {
      instance_types = ["m5.large"]
    }
  }
}
