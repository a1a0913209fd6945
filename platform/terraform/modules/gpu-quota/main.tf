# EC2 limits running vCPUs by family and capacity type, and the limit of a new account is 0: the group exists, and
# no node ever starts.
locals {
  quota_codes = {
    ON_DEMAND = { g = "L-DB2E81BA", p = "L-417A185B" }
    SPOT      = { g = "L-3819A6DF", p = "L-7212CCBC" }
  }
  code_of   = { for name, group in var.groups : name => local.quota_codes[group.capacity_type][substr(group.instance_types[0], 0, 1)] }
  vcpus_of  = { for name, group in var.groups : name => group.max_size * max([for type in group.instance_types : data.aws_ec2_instance_type.gpu[type].default_vcpus]...) }
  needed_of = { for code in toset(values(local.code_of)) : code => sum([for name, vcpus in local.vcpus_of : vcpus if local.code_of[name] == code]) }
  too_low   = { for code, needed in local.needed_of : code => needed if data.aws_servicequotas_service_quota.gpu[code].value < needed }
}

data "aws_ec2_instance_type" "gpu" {
  for_each = toset(flatten([for group in var.groups : group.instance_types]))

  instance_type = each.key
}

data "aws_servicequotas_service_quota" "gpu" {
  for_each = toset(values(local.code_of))

  service_code = "ec2"
  quota_code   = each.key
}

# A warning: the rest of the platform can be built while the request for more is on its way.
check "gpu_quota" {
  assert {
    condition = length(local.too_low) == 0
    error_message = join(" ", [for code, needed in local.too_low :
      "Quota ${code} is ${data.aws_servicequotas_service_quota.gpu[code].value} vCPUs, the GPU groups at their maximum need ${needed}: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${code} --desired-value ${needed}."
    ])
  }
}
