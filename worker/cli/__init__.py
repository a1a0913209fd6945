"""The ``worker`` command. Nothing heavy is imported before a command is chosen."""
