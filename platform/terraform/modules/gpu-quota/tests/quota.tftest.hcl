mock_provider "aws" {
  mock_data "aws_ec2_instance_type" {
    defaults = { default_vcpus = 8 }
  }
  mock_data "aws_servicequotas_service_quota" {
    defaults = { value = 64 }
  }
}

run "enough_is_silent" {
  command = plan

  variables {
    groups = { g5 = { instance_types = ["g5.xlarge", "g5.2xlarge"], capacity_type = "ON_DEMAND", max_size = 8 } }
  }

  assert {
    condition     = output.vcpus["L-DB2E81BA"].needed == 64 && output.vcpus["L-DB2E81BA"].allowed == 64
    error_message = "Eight nodes of eight vCPUs are 64."
  }
}

run "groups_of_one_quota_add_up_and_too_little_is_told" {
  command = plan

  variables {
    groups = {
      g5 = { instance_types = ["g5.2xlarge"], capacity_type = "ON_DEMAND", max_size = 8 }
      g6 = { instance_types = ["g6.2xlarge"], capacity_type = "ON_DEMAND", max_size = 1 }
    }
  }

  expect_failures = [check.gpu_quota]
}
