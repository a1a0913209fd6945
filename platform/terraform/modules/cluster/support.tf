locals {
  # End of standard support by minor, from the release calendar of the EKS user guide as of 2026-04-24. After that
  # day a control plane costs 0.60 instead of 0.10 USD an hour.
  standard_support_ends = {
    "1.33" = "2026-07-29"
    "1.34" = "2026-12-02"
    "1.35" = "2027-03-27"
  }
  support_ends = lookup(local.standard_support_ends, var.kubernetes_version, null)
}

# A warning, not an error: on the day after, a running platform must still be changeable.
check "kubernetes_in_standard_support" {
  assert {
    condition     = local.support_ends != null
    error_message = "The calendar in support.tf does not know Kubernetes ${var.kubernetes_version}: add its date."
  }

  assert {
    condition     = local.support_ends == null ? true : timecmp(plantimestamp(), "${local.support_ends}T00:00:00Z") < 0
    error_message = "Kubernetes ${var.kubernetes_version} left standard support on ${coalesce(local.support_ends, "an unknown day")}: the control plane bills six times as much."
  }
}
