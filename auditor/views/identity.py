class IdentityView: pass
