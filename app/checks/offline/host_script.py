"""What the script for a host runs: the commands of its checks, those of its own system, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from app.checks.host import commands, weblogic_commands
from app.checks.host.commands import SYSTEMS, Commands
from app.checks.offline import shell
from app.site.model import Host

EVERYWHERE = (commands.KERNEL, commands.NODE, commands.LOAD)
ONLY: Mapping[str, tuple[str, ...]] = {"Linux": (commands.KERNEL_LIMITS,)}
# The java of each WebLogic server among the processes, whatever columns ps has.
JAVAS = r"""for J in `sed -n 's|.* \(/[^ ]*/bin/java\) .*-Dweblogic[.]Name=.*|\1|p' "$T/ps" | sort -u | head -6`"""
EACH_JAVA = f'{JAVAS}\ndo\n  if safe "$J"; then ask "$J -version"; fi\ndone'
EACH_PMON = r"""for P in `sed -n 's|^ *\([0-9][0-9]*\) ora_pmon_.*|\1|p' "$T/ps" | head -6`
do
  ask "cat /proc/$P/limits"
done"""
# Each server that runs, its process and its domain's directory: as it was told, else where the process works.
EACH_SERVER = r"""sed -n '/\/bin\/java .*-Dweblogic[.]Name=/p' "$T/ps" | head -8 > "$T/wl"
while read L
do
  set -f
  set -- $L
  case "$1" in *[!0-9]*) P=$2 ;; *) P=$1 ;; esac
  V=`expr "$L" : '.*-Dweblogic[.]Name=\([A-Za-z0-9_.-]*\)'`
  D=`expr "$L" : '.*-Dweblogic[.]RootDirectory=\(/[^ ]*\)'`
  if [ "$D" = '' ]; then D=`expr "$L" : '.*-Ddomain[.]home=\(/[^ ]*\)'`; fi
  if [ "$D" = '' ]; then
    ask "@directory@"
    D=`sed -n 's/^[0-9]*:[^/]*//; /^\//p' "$T/o" | head -1`
  fi
  D=`printf '%s\n' "$D" | sed 's|/$||'`
@inside@
done < "$T/wl"
set +f"""


def body(target: Host, shown: Sequence[str]) -> list[str]:
    """The lines of the script; ``shown`` is what the checks show that they run."""
    lines = ["case \"`uname -srm | sed 's/ .*//'`\" in"]
    for name, own in SYSTEMS.items():
        lines += [f"{name})", *_of_system(target, name, own, shown), ";;"]
    return [*lines, f"*) {shell.ask(commands.KERNEL)} ;;", "esac"]


def _of_system(target: Host, name: str, own: Commands, shown: Sequence[str]) -> Iterator[str]:
    known = {*own.fixed(), *EVERYWHERE, *ONLY.get(name, ())}
    yield from (
        shell.ask(command)
        for command in dict.fromkeys((commands.KERNEL, *shown))
        if command in known and command not in own.processes
    )
    yield from (f"listed {shell.quoted(command)}" for command in own.processes if command in shown)
    if set(shown) & set(commands.HOLDERS_SHOWN):
        paths = (path.rstrip("/") or "/" for path in target.expect.free_gb)
        yield from (shell.ask(command) for path in paths if (command := commands.holder(own, path)))
    if set(shown) & set(commands.LOOK_UPS_SHOWN):
        yield from _look_ups(target, own)
    if commands.JAVA_SHOWN in shown:
        yield EACH_JAVA
    if commands.LIMITS_SHOWN in shown and name == "Linux":
        yield EACH_PMON
    if commands.BOOT_SHOWN in shown:
        boot = commands.boot_properties("/DOMAIN", "SERVER").replace("/DOMAIN", "$D").replace("SERVER", "$V")
        yield each_server(name, [f'if [ -n "$V" ] && safe "$D" && safe "/$V"; then ask "{boot}"; fi'])


def each_server(system: str, inside: Sequence[str]) -> str:
    """Runs ``inside`` for each WebLogic server that runs: ``$P`` process, ``$V`` server, ``$D`` domain directory."""
    directory = weblogic_commands.directory(system, 1).replace("1", "$P") or ":"
    return EACH_SERVER.replace("@directory@", directory).replace("@inside@", "\n".join(inside))


def _look_ups(target: Host, own: Commands) -> Iterator[str]:
    """The host's own name, and those of the plan."""
    yield f'I=`uname -n`\nif safe "/$I"; then ask {shell.quoted(own.look_up + " ")}"$I"; fi'
    yield from (shell.ask(command) for name in target.expect.names if (command := commands.look_up(own, name)))
