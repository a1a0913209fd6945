resource "aws_launch_template" "gpu" {
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 200
      volume_type = "gp3" # violation
      encrypted   = true
    }
  }
}
