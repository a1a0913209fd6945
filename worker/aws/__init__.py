"""S3 and SQS behind the two protocols. Credentials come from boto3's default chain (IRSA, Pod Identity)."""
