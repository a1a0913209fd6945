mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_data "aws_iam_roles" {
    defaults = { arns = ["arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Any_0123456789abcdef"] }
  }
}

variables {
  name               = "c"
  kubernetes_version = "1.35"
  subnet_ids         = ["subnet-1", "subnet-2"]
  secrets_key_arn    = "arn:aws:kms:us-east-1:111122223333:key/k"
  log_key_arn        = "arn:aws:kms:us-east-1:111122223333:key/k"
  log_retention_days = 14
  addon_versions     = { vpc-cni = "v1.0.0-eksbuild.1", kube-proxy = "v1.0.0-eksbuild.1", eks-pod-identity-agent = "v1.0.0-eksbuild.1" }
  sso_access = {
    Admin    = { policy = "AmazonEKSClusterAdminPolicy" }
    Engineer = { policy = "AmazonEKSEditPolicy", namespaces = ["inference"] }
  }
}

run "private_unless_networks_are_named" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The API answers the internet."
  }
}

run "named_networks_only" {
  command = plan

  variables {
    api_allowed_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "The API answers others than the named network."
  }
}

run "the_internet_is_refused" {
  command = plan

  variables {
    api_allowed_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.api_allowed_cidrs]
}

run "people_come_by_sso_and_access_entries" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "aws-auth, or the creator, is a second way in."
  }
  assert {
    condition     = aws_eks_access_policy_association.sso["Engineer"].access_scope[0].type == "namespace" && aws_eks_access_policy_association.sso["Admin"].access_scope[0].type == "cluster"
    error_message = "The engineer's policy is held to its namespaces."
  }
}

run "network_policies_are_enforced" {
  command = plan

  assert {
    condition     = jsondecode(aws_eks_addon.vpc_cni.configuration_values).enableNetworkPolicy == "true"
    error_message = "NetworkPolicies would be accepted and ignored."
  }
}

run "a_minor_out_of_support_is_told" {
  command = plan

  variables {
    kubernetes_version = "1.33"
  }

  expect_failures = [check.kubernetes_in_standard_support]
}

run "a_minor_that_the_table_lacks_is_told" {
  command = plan

  variables {
    kubernetes_version = "1.99"
  }

  expect_failures = [check.kubernetes_in_standard_support]
}
