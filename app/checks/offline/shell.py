"""Scripts for the shells of Linux, AIX, HP-UX and Solaris (Bourne's too): commands of the list run, their outputs kept.

The words used are those of 1990s' Unix: no $( ), no local names, printf and cksum of the system. Only files of the
script's own, in a directory of its own below /tmp that goes with it, and the output are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.checks.offline import marks
from app.checks.offline.output import Block

MOST = 4 << 20  # octets of one output that are kept
PATIENCE = 60  # seconds for a command that may hang (df over a dead NFS server)
TOO_LONG, LATE = "long", "late"
PREPARING = r"""N={nonce}
OUT=${{1:-{out}}}
T=/tmp/onsite.$$
umask 077
mkdir "$T" || exit 1
trap 'rm -rf "$T"' 0
trap 'exit 1' 1 2 15
echo 0 > "$T/n"
: > "$T/ps"
mark() {{ printf '@@onsite %s %s\n' "$N" "$*"; }}
text() {{
  mark "$1"
  B=`wc -c < "$2"`
  if [ $B -gt {most} ]; then : > "$2"; mark {long}; mark "$1"; fi
  cat "$2"
  printf '\n'
  mark "is cksum `cksum < \"$2\" | sed 's/^ *\([0-9][0-9]*\)[^0-9][^0-9]*\([0-9][0-9]*\).*/\1 \2/'`"
}}
hide() {{
  sed -e 's/\([Pp][Aa][Ss][Ss][A-Za-z]*[=:]\)[^ ]*/\1***/g' -e 's/\([Pp][Ww][Dd][=:]\)[^ ]*/\1***/g' \
    -e 's/\([Ss]ecret[A-Za-z]*[=:]\)[^ ]*/\1***/g' -e 's/\([Tt]oken[A-Za-z]*[=:]\)[^ ]*/\1***/g' \
    -e 's/\([A-Za-z0-9_]\/\)[^ \/@]*@/\1***@/g' \
    "$T/o" > "$T/m" 2> /dev/null || S=125
  cat "$T/m" > "$T/o"
}}
bare() {{
  sed -e 's/{{3DES}}[^<"]*/{{3DES}}***/g' -e 's/{{AES[0-9]*}}[^<"]*/{{AES}}***/g' \
    -e 's/\([Pp]assword[A-Za-z]*="\)[^"]*"/\1***"/g' \
    -e 's/\(<[^<>]*pass[a-z-]*>\)[^<]*</\1***</g' "$T/o" > "$T/m" 2> /dev/null || S=125
  cat "$T/m" > "$T/o"
}}
begin() {{
  C=`cat "$T/n"`
  C=`expr $C + 1`
  echo $C > "$T/n"
  mark "ask $C"
  mark "command $1"
}}
finish() {{
  case "$1" in
  hidden) hide ;;
  bare) bare ;;
  esac
  mark "status $S"
  text out "$T/o"
  text err "$T/e"
  mark "done $C"
}}
ask() {{
  begin "$1"
  case " $1" in
  *' df '*|*' bdf '*)
    sh -c "$1" > "$T/o" 2> "$T/e" < /dev/null &
    P=$!
    W=0
    while [ $W -lt {patience} ] && kill -0 $P 2> /dev/null; do sleep 1; W=`expr $W + 1`; done
    if kill -0 $P 2> /dev/null; then kill -9 $P; mark {late}; S=1; else wait $P; S=$?; fi ;;
  *)
    sh -c "$1" > "$T/o" 2> "$T/e" < /dev/null
    S=$? ;;
  esac
  finish "$2"
}}
fed() {{
  begin "$1"
  sh -c "$1" > "$T/o" 2> "$T/e"
  S=$?
  finish
}}
listed() {{
  ask "$1" hidden
  if [ $S -eq 0 ] && [ ! -s "$T/ps" ]; then cat "$T/o" > "$T/ps"; fi
}}
safe() {{
  case "$1" in
  /tmp/*|/var/tmp/*|/dev/*|/proc/*|/run/*|/var/run/*|*..*|*[!A-Za-z0-9_.+/-]*|'') return 1 ;;
  /*) return 0 ;;
  esac
  return 1
}}
run() {{
mark "head {head}"
mark "fact time=`date -u +%Y-%m-%dT%H:%M:%SZ`"
mark "fact node=`uname -n`"
mark "fact system=`uname -srm | sed 's/ .*//'`"
mark "fact user=${{LOGNAME:-$USER}}"
"""
ENDING = """\
mark "last `cat \\"$T/n\\"`"
}
run > "$OUT"
echo "$OUT"
"""


def script(nonce: str, head: Mapping[str, str], comment: Sequence[str], body: Sequence[str], out: str) -> str:
    """The whole script; ``body`` are its lines, calling ``ask``, ``listed``, ``safe``; ``out`` its output file."""
    words = marks.head(head).replace("\\", "\\\\")
    lines = [
        "#!/bin/sh",
        *(f"# {line}" for line in comment),
        PREPARING.format(
            nonce=nonce, out=out, head=words, most=MOST, patience=PATIENCE, long=TOO_LONG, late=LATE
        ).rstrip("\n"),
        *body,
        ENDING.rstrip("\n"),
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """``text`` as one word of the shell. ValueError for what has a quote or a line's end: no command of ours has."""
    if "'" in text or "\n" in text:
        raise ValueError(f"cannot be quoted: {text!r}")
    return f"'{text}'"


def ask(command: str) -> str:
    """The line that runs a command."""
    return f"ask {quoted(command)}"


def command(block: Block) -> str:
    """The command that a block answers."""
    return block.words.get("command", "").strip()
