# The promises of the composition, offline: mock provider, plan only. The end-to-end run is tests/platform.
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
  mock_data "aws_ec2_instance_type" {
    defaults = { default_vcpus = 8 }
  }
  mock_data "aws_servicequotas_service_quota" {
    defaults = { value = 64 }
  }
  mock_data "aws_eks_addon_version" {
    defaults = { version = "v1.0.0-eksbuild.1" }
  }
}

variables {
  environment          = "test"
  availability_zones   = ["us-east-1a", "us-east-1b"]
  single_nat_gateway   = true
  log_retention_days   = 14
  alarm_emails         = ["platform@example.com"]
  budget_usd_per_month = 400
}

run "names_of_the_origin_are_the_defaults" {
  command = plan

  assert {
    condition     = var.region == "us-east-1" && var.cluster_name == "swin-tiny-eks-cluster"
    error_message = "Region or cluster name moved."
  }
  assert {
    condition     = length(module.gpu_nodes) == 1 && length(module.cluster_autoscaler_role) == 1 && length(module.karpenter) == 0
    error_message = "By default the Cluster Autoscaler runs one GPU group."
  }
}

run "karpenter_replaces_groups_and_autoscaler" {
  command = plan

  variables {
    node_autoscaler = "karpenter"
  }

  assert {
    condition     = length(module.gpu_nodes) == 0 && length(module.cluster_autoscaler_role) == 0 && length(module.karpenter) == 1
    error_message = "Two autoscalers, or none, would be in charge."
  }
  assert {
    condition     = output.cluster_autoscaler_role_arn == null
    error_message = "The output names a role that is not there."
  }
}

run "quota_for_groups_at_their_maximum" {
  command = plan

  variables {
    gpu_node_groups = {
      g5 = { instance_types = ["g5.xlarge"], max_size = 4 }
      g6 = { instance_types = ["g6.xlarge"], max_size = 2, capacity_type = "SPOT" }
    }
  }

  assert {
    condition     = output.gpu_quota["L-DB2E81BA"].needed == 32 && output.gpu_quota["L-3819A6DF"].needed == 16
    error_message = "vCPUs = nodes at most times vCPUs, on-demand and spot apart."
  }
}

run "a_group_holds_one_accelerator" {
  command = plan

  variables {
    gpu_node_groups = { mixed = { instance_types = ["g5.xlarge", "g6.xlarge"] } }
  }

  expect_failures = [var.gpu_node_groups]
}

run "an_old_driver_for_the_workers_cuda_is_told" {
  command = plan

  variables {
    gpu_driver_branch = "570"
  }

  expect_failures = [check.gpu_driver_runs_the_workers_cuda]
}

run "the_gitops_bridge_holds_no_empty_names" {
  command = plan

  assert {
    condition     = output.gitops_bridge.labels.environment == "test" && output.gitops_bridge.annotations.aws_account_id == "111122223333"
    error_message = "The bridge lost an entry."
  }
}
