resource "aws_launch_template" "gpu" {
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 2 # violation
  }
}
