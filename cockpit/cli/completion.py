"""`completion`: scripts for the shells. They ask the program itself, so they are never older than it is."""

import argparse
import sys

from cockpit.errors import ExitCode

# What comes back is never expanded: a run may be called $(reboot). `:files` and `:dirs` leave the word to the shell.
_BASH = """\
# bash completion for cockpit
_cockpit() {
    local value help
    COMPREPLY=()
    while IFS=$'\\t' read -r value help; do
        case $value in
            :files) compopt -o default 2>/dev/null ;;
            :dirs) compopt -o dirnames 2>/dev/null ;;
            *) COMPREPLY+=("$value") ;;
        esac
    done < <("$1" completion-words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o nosort -F _cockpit cockpit 2>/dev/null || complete -F _cockpit cockpit
"""
_ZSH = """\
#compdef cockpit
# zsh completion for cockpit
_cockpit() {
    local -a found
    local value help directive
    while IFS=$'\\t' read -r value help; do
        case $value in
            :files|:dirs) directive=$value ;;
            *) found+=("${value//:/\\\\:}:$help") ;;
        esac
    done < <("${words[1]}" completion-words -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( $#found )) && _describe -V cockpit found
    case $directive in
        :files) _files ;;
        :dirs) _files -/ ;;
    esac
}
if [ "$funcstack[1]" = "_cockpit" ]; then
    _cockpit "$@"
else
    compdef _cockpit cockpit
fi
"""
_FISH = """\
# fish completion for cockpit
function __cockpit_complete
    set -l typed (commandline -opc)
    for line in (cockpit completion-words -- $typed[2..-1] (commandline -ct) 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':dirs'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c cockpit -f -a '(__cockpit_complete)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completion(options: argparse.Namespace) -> int:
    """The script of a shell."""
    sys.stdout.write(SCRIPTS[options.shell])
    return int(ExitCode.OK)
