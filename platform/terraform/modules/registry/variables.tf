variable "names" {
  description = "Repositories."
  type        = set(string)
}

variable "key_arn" {
  description = "KMS key of the images; it can only be chosen when a repository is made."
  type        = string
}

variable "keep_images" {
  description = "Tagged images that are kept of each repository."
  type        = number
  default     = 30
}
