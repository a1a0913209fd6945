module "vpc" {
  source = "git::https://example.com/modules.git?ref=0f1e2d3c4b5a69788796a5b4c3d2e1f00112233a"
}
