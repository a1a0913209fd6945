"""Service quotas: moto knows those of VPC only. Here the running vCPUs of G and P instances, as AWS starts with."""

from __future__ import annotations

import json
from typing import Any

from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

VCPUS = {"L-DB2E81BA": 64.0, "L-3819A6DF": 64.0, "L-417A185B": 0.0, "L-7212CCBC": 0.0}
_get = ServiceQuotasBackend.get_service_quota


def get_service_quota(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
    """Quotas of EC2 beside moto's own."""
    if service_code == "ec2" and quota_code in VCPUS:
        arn = f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:ec2/{quota_code}"
        return {
            "ServiceCode": "ec2",
            "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": arn,
            "QuotaCode": quota_code,
            "QuotaName": "Running instances",
            "Value": VCPUS[quota_code],
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
    found: dict[str, Any] = _get(self, service_code, quota_code)
    return found


def get_aws_default_service_quota(self: ServiceQuotasResponse) -> str:
    """Missing in moto; what an account starts with is what it has here."""
    asked = json.loads(self.body)
    return json.dumps({"Quota": self.backend.get_service_quota(asked["ServiceCode"], asked["QuotaCode"])})


ServiceQuotasResponse.get_aws_default_service_quota = get_aws_default_service_quota
ServiceQuotasBackend.get_service_quota = get_service_quota
