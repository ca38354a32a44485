#!/bin/sh
# The `circleci` command inside a job. It talks to the runner through files only: the runner looks
# for the marker file after every step.
set -u

marker='@MARKER@'
version='@VERSION@'

fail() {
    echo "circleci: $1" >&2
    exit "${2:-1}"
}

halt() {
    mkdir -p "${marker%/*}" && : >"$marker" ||
        fail "cannot create the file that halts the job in ${marker%/*}"
    exit 0
}

case "${1:-} ${2:-}" in
'step halt' | 'task halt')
    halt
    ;;
'version '* | '--version '*)
    echo "$version"
    ;;
'help '* | '--help '* | '-h '* | ' ')
    echo "Usage: circleci step halt    end the job after this step, successfully"
    echo "       circleci task halt    the same"
    echo "       circleci version      print the version"
    ;;
'tests '* | 'env '* | 'run '* | 'testsuite '*)
    fail "\`circleci $1${2:+ $2}\` is not supported by this version of Roundel ($version)" 2
    ;;
*)
    fail "there is no command \`$1${2:+ $2}\`; try \`circleci help\`" 2
    ;;
esac
