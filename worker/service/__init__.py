"""The service: receive → download → prepare → infer → export → upload, each stage in a thread of its own."""
