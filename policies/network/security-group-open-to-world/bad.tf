resource "aws_security_group" "inline" {
  name   = "web"
  vpc_id = "vpc-0a"

  ingress {
    from_port   = 9090
    to_port     = 9090
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "0.0.0.0/0"] # violation
  }
}

resource "aws_security_group_rule" "older" {
  type              = "ingress"
  security_group_id = "sg-0123456789abcdef0"
  from_port         = 9090
  to_port           = 9090
  protocol          = "tcp"
  ipv6_cidr_blocks  = ["::/0"] # violation
}

resource "aws_vpc_security_group_ingress_rule" "newer" {
  security_group_id = "sg-0123456789abcdef0"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0" # violation
}

module "eks" {
  source       = "terraform-aws-modules/eks/aws"
  version      = "~> 20.0"
  cluster_name = "inference"

  node_security_group_additional_rules = {
    everybody = {
      type        = "ingress"
      protocol    = "tcp"
      from_port   = 9090
      to_port     = 9090
      cidr_blocks = ["0.0.0.0/0"] # violation
    }
  }
}
