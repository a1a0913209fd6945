resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "public" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}

resource "aws_nat_gateway" "main" {
  subnet_id = aws_subnet.public.id
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id       = aws_vpc.main.id
  service_name = "com.amazonaws.${data.aws_region.here.id}.s3"
}

data "aws_region" "here" {}

module "isolated" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "~> 6.0"
  cidr    = "10.1.0.0/16"
}
