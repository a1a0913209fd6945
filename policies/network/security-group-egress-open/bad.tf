resource "aws_security_group" "inline" {
  name   = "web"
  vpc_id = "vpc-0a"

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"] # violation
  }
}

resource "aws_vpc_security_group_egress_rule" "newer" {
  security_group_id = "sg-0123456789abcdef0"
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0" # violation
}
