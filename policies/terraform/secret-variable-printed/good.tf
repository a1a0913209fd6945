variable "grafana_password" {
  type      = string
  sensitive = true
}

variable "password_length" {
  type    = number
  default = 32
}

variable "secret_name" {
  type    = string
  default = "grafana"
}
