"""Who may do what on AWS: IAM's evaluation rules on plain documents. Pure; Git and live audits share it."""

ROLE = "aws_iam_role"
"""The Terraform type of an IAM role."""
