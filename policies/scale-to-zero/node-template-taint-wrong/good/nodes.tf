resource "aws_launch_template" "gpu" {
  name          = "gpu"
  instance_type = "g5.xlarge"
  user_data = base64encode(<<-EOT
    #!/bin/bash
    /etc/eks/bootstrap.sh inference --kubelet-extra-args '--node-labels=workload=gpu --register-with-taints=nvidia.com/gpu=present:NoSchedule'
  EOT
  )
}

resource "aws_autoscaling_group" "gpu" {
  name                = "gpu"
  min_size            = 0
  max_size            = 4
  vpc_zone_identifier = ["subnet-0a", "subnet-0b"]

  launch_template {
    id = aws_launch_template.gpu.id
  }

  tag {
    key                 = "kubernetes.io/cluster/inference"
    value               = "owned"
    propagate_at_launch = true
  }

  tag {
    key                 = "k8s.io/cluster-autoscaler/enabled"
    value               = "true"
    propagate_at_launch = false
  }

  tag {
    key                 = "k8s.io/cluster-autoscaler/inference"
    value               = "owned"
    propagate_at_launch = false
  }

  tag {
    key                 = "k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu"
    value               = "present:NoSchedule"
    propagate_at_launch = false
  }
}
