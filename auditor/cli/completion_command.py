"""``auditor completion``: a completion script for bash, zsh or fish."""

from __future__ import annotations

import argparse

BASH = """\
_auditor() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" command="${{COMP_WORDS[1]}}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{commands} --help --version" -- "$current"))
    return
  fi
  case "$command" in
{cases}
  esac
  [[ "$current" == -* ]] || COMPREPLY+=($(compgen -f -- "$current"))
}}
complete -o filenames -F _auditor auditor
"""
ZSH = "#compdef auditor\nautoload -U +X bashcompinit && bashcompinit\n{bash}"
FISH = "complete -c auditor -f -n __fish_use_subcommand -a '{name}' -d '{text}'\n"
FISH_FLAG = "complete -c auditor -n '__fish_seen_subcommand_from {name}' -l {flag}\n"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example:\n  auditor completion bash > /etc/bash_completion.d/auditor\n"
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    from auditor.cli.dispatch import COMMANDS, build_parser

    flags = _flags(build_parser(None))
    if options.shell == "fish":
        for name, text in COMMANDS.items():
            print(FISH.format(name=name, text=text.replace("'", "\\'")), end="")
            for flag in flags[name]:
                print(FISH_FLAG.format(name=name, flag=flag.removeprefix("--")), end="")
        return 0
    cases = "\n".join(
        f'    {name}) COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$current"));;'
        for name, words in flags.items()
    )
    bash = BASH.format(commands=" ".join(COMMANDS), cases=cases)
    print(ZSH.format(bash=bash) if options.shell == "zsh" else bash, end="")
    return 0


def _flags(parser: argparse.ArgumentParser) -> dict[str, list[str]]:
    """Long flags and subcommands of every command."""
    found: dict[str, list[str]] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                inner = [a for a in sub._actions if isinstance(a, argparse._SubParsersAction)]
                words = [flag for a in sub._actions for flag in a.option_strings if flag.startswith("--")]
                found[name] = sorted(words) + sorted(word for a in inner for word in a.choices)
    return found
