"""The functions of the language, by topic; :mod:`auditor.cel.library` names them and loads them when used."""
