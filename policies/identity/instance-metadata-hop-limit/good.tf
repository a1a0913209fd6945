resource "aws_launch_template" "gpu" {
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

resource "aws_launch_template" "default" {
  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_launch_template" "closed" {
  metadata_options {
    http_endpoint               = "disabled"
    http_put_response_hop_limit = 2
  }
}
