resource "aws_launch_template" "gpu" {
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

resource "aws_instance" "closed" {
  metadata_options {
    http_endpoint = "disabled"
  }
}
