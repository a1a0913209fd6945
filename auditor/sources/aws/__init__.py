"""AWS accounts as they are: read by boto3, shown in the shape of a Terraform state.

Nothing is imported from boto3 before a call is made.
"""
