resource "aws_launch_template" "gpu" {
  name = "gpu"

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs { # violation
      volume_size           = 200
      volume_type           = "gp3"
      delete_on_termination = true
      encrypted             = true
    }
  }

  block_device_mappings {
    device_name = "/dev/xvdb"
    ebs {
      volume_size = 500
      encrypted   = true # violation
    }
  }
}
