resource "aws_launch_template" "gpu" { # violation
  image_id = "ami-1"
}

resource "aws_instance" "bastion" {
  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "optional" # violation
  }
}

resource "aws_launch_configuration" "old" {
  image_id = "ami-1"
  metadata_options { # violation
    http_put_response_hop_limit = 1
  }
}
