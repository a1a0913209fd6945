variable "groups" {
  description = "GPU groups: their types, capacity type, and nodes at most."
  type = map(object({
    instance_types = list(string)
    capacity_type  = string
    max_size       = number
  }))
}
