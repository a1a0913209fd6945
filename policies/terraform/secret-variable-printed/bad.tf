variable "grafana_password" { # violation
  type = string
}
