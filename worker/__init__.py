"""The segmentation worker: scans from S3 by way of SQS, through nnU-Net v2, back to S3."""

__version__ = "0.1.0"
