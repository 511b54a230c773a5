#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion in bash, zsh and fish as installed: what a user gets who presses Tab.
TAP on standard output.
"""
import os
import pty
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.environ["OTABENCH_SRCDIR"])
BUILD = os.path.abspath(os.environ["OTABENCH_BUILDDIR"])
SCRIPTS = os.path.join(SOURCE, "completions")
PROGRAM = os.path.join(BUILD, "otabench")

# The typed text, and words that must be offered; then words that must not.
CASES = (
    ("otabench sc", ["scan"], ["flash"]),
    ("otabench --sim=devices=2 info ", ["esp-sim-01", "esp-sim-02"], ["esp-sim-03"]),
    ("otabench flash --res", ["--restart"], ["--give-up"]),
    ("otabench --profile=max", ["--profile=max-throughput"], []),
    ("otabench -p leg", ["legacy-23"], ["default"]),
    ("otabench flash -s write_mode=c", ["write_mode=command"], ["write_mode=request"]),
    ("otabench --sim=mtu=185,flash_m", ["--sim=mtu=185,flash_mode="], []),
    ("otabench --sim=flash=s", ["--sim=flash=slow"], ["--sim=flash=ideal"]),
    ("otabench --force=checksum,trail", ["--force=checksum,trailing"], []),
    ("otabench profile sh", ["show"], ["scan"]),
    ("otabench profile show leg", ["legacy-23"], ["list"]),
    ("otabench sweep --objective=no", ["--objective=no-gaps"], []),
    ("otabench key new own", ["own image.bin"], []),
    ("otabench sign --key=own", ["own image.bin"], []),
)


def environment(folder):
    return {"PATH": BUILD + ":" + os.environ["PATH"], "HOME": folder, "TERM": "dumb",
            "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": os.path.join(folder, "state")}


def run(folder, *command):
    return subprocess.run(command, cwd=folder, env=environment(folder), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False).stdout.splitlines()


def asked(folder, line):
    """The program itself, whose answer no shell has touched."""
    return [found.split("\t")[0] for found in run(folder, PROGRAM, "complete", "--",
                                                  *line.split(" "))]


def bash(folder, line):
    """Readline replaces what stands behind the last of its word breaks."""
    kept = line.split(" ")[-1]
    kept = kept[:max(kept.rfind("="), kept.rfind(":")) + 1]
    script = ('source "$1"; COMP_LINE=$2; COMP_POINT=${#2}; _otabench || exit 1; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    found = run(folder, "bash", "--norc", "-c", script, "bash",
                os.path.join(SCRIPTS, "otabench.bash"), line)
    return [kept + word for word in found] + found


def fish(folder, line):
    script = 'source $argv[1]; complete -C $argv[2]'
    found = run(folder, "fish", "--no-config", "-c", script,
                os.path.join(SCRIPTS, "otabench.fish"), line)
    return [word.split("\t")[0] for word in found]


def zsh(folder, line):
    """In a terminal of its own: compadd works nowhere else.  Ctrl-D lists what fits."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], environment(folder))
    shown = ""

    def until(mark):
        nonlocal shown
        while mark not in shown:
            try:
                part = os.read(fd, 65536)
            except OSError:
                part = b""
            if not part:
                return
            shown += part.decode(errors="replace")

    os.write(fd, (f"fpath=('{SCRIPTS}' $fpath); autoload -Uz compinit; compinit -u -D; "
                  "unsetopt prompt_sp; LISTMAX=10000; COLUMNS=300; PS1='rea''dy> '\n").encode())
    until("ready> ")
    os.write(fd, b"zstyle ':completion:*' list-prompt ''; list() { zle list-choices; "
                 b"zle -M \"$(print -l lis''ted)\" }; zle -N list; bindkey '^X^L' list-choices; "
                 b"mark() { zle -I; print -r mar''ked; zle reset-prompt }; zle -N mark; "
                 b"bindkey '^X^M' mark; print s''et\n")
    until("set\r")
    shown = ""
    os.write(fd, line.encode() + b"\x18\x0c\x18\x0d")
    until("marked")
    os.close(fd)
    os.waitpid(pid, 0)
    return shown


def main():
    results = []

    def check(title, good, shown):
        results.append(good)
        if not good:
            print("# " + repr(shown))
        print(("ok " if good else "not ok ") + f"{len(results)} - {title}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "own image.bin"), "wb"):
            pass
        shells = [("bash", bash), ("fish", fish), ("zsh", zsh)]
        for line, fits, others in CASES:
            if "own image.bin" not in fits:
                found = asked(folder, line)
                check(f"words of '{line}'", all(word in found for word in fits) and
                      not any(word in found for word in others), found)
        for name, shell in shells:
            if not shutil.which(name):
                results.append(True)
                print(f"ok {len(results)} - {name} # SKIP {name} is not installed")
                continue
            for line, fits, others in CASES:
                found = shell(folder, line)
                check(f"{name}: '{line}'", all(present(word, found) for word in fits) and
                      not any(word in found for word in others), found)
    print(f"1..{len(results)}")
    return 0


def present(word, found):
    """Shells quote a blank, and fish repeats an option before the file."""
    return any(word in (one, one.replace("\\ ", " ")) or one.replace("\\ ", " ").endswith(word)
               for one in ([found] if isinstance(found, str) else found)) or \
        (isinstance(found, str) and (word in found or word.replace(" ", "\\ ") in found))


sys.exit(main())
