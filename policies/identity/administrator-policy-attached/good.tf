resource "aws_iam_role_policy_attachment" "ci" {
  role       = "ci"
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role" "named_alike" {
  name               = "AdministratorAccess"
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy_attachment" "own" {
  role       = "ci"
  policy_arn = "arn:aws:iam::111122223333:policy/NotAdministratorAccess"
}
