"""What the script for a WebLogic domain runs on its host: processes, configuration, logs, versions, and WLST once where
the monitoring user's password is typed in.

The password is read from the terminal and goes to WLST by standard input, as a literal of its script; it stands in no
variable of the environment, no command line, no file and no output.
"""

from __future__ import annotations

from app.checks.host import commands, weblogic_commands
from app.checks.host.commands import SYSTEMS
from app.checks.offline import shell
from app.checks.offline.host_script import EACH_JAVA, each_server
from app.checks.weblogic import scripting
from app.checks.weblogic.tools import t3_url
from app.site.model import WebLogic

WLST = " weblogic.WLST"
PLACE = "ONSITEPASSWORD"  # letters only: it stays as it is however often it is escaped
DOMAIN, SERVER, JAVA, JAR = "/DOMAIN", "SERVER", "/JAVA/bin/java", "/JAR/server/lib/weblogic.jar"
ASKING = """\
H=
if [ -r /dev/tty ] && (: < /dev/tty) 2> /dev/null; then
  printf '%s' '请输入 WebLogic 监视用户 @user@ 的口令（直接回车：不登录）：' > /dev/tty
  trap 'stty echo < /dev/tty; exit 1' 1 2 15
  stty -echo < /dev/tty
  H=`sed 1q < /dev/tty | od -A n -t x1`
  stty echo < /dev/tty
  trap 'exit 1' 1 2 15
  printf '\\n' > /dev/tty
  H=`echo $H | sed 's/ *0a$//'`
  case " $H" in *' '[89a-f]*) H= ; printf '%s\\n' '口令里有 ASCII 以外的字符，没有登录。' > /dev/tty ;; esac
fi"""
LOOKING = """\
  if [ -n "$H" ] && [ ! -f "$T/wlst" ] && [ -f "$D/config/config.xml" ]; then
    : > "$T/wlst"
    (
      cat << 'END' | tr -d '\\012'
@before@
END
      echo " $H" | sed 's/ \\([0-9a-f][0-9a-f]\\)/\\\\u005cu00\\1/g' | tr -d '\\012'
      cat << 'END'
@behind@
END
    ) | fed "@wlst@"
  fi"""


def body(target: WebLogic) -> list[str]:
    """The lines of the script for the host of ``target``."""
    home = target.domain_home.rstrip("/")
    lines = [ASKING.replace("@user@", _plain(target.user)), "case \"`uname -srm | sed 's/ .*//'`\" in"]
    for name, own in SYSTEMS.items():
        lines += [f"{name})", shell.ask(commands.KERNEL)]
        lines += [f"listed {shell.quoted(command)}" for command in own.processes]
        lines += [shell.ask(command) for command in own.addresses]
        lines += [EACH_JAVA]
        lines += [f"D={shell.quoted(home)}", *CONFIGURATION, ""] if weblogic_commands.configuration(home) else []
        lines += [each_server(name, [*CONFIGURATION, *LOGS, *_tools(target)]), ";;"]
    return [*lines, f"*) {shell.ask(commands.KERNEL)} ;;", "esac"]


def _plain(user: str) -> str:
    return "".join(sign for sign in user if sign.isprintable() and sign not in "'\\%")


def _filled(command: str) -> str:
    """A command with the shell's names in the places of the pretended ones."""
    return command.replace(DOMAIN, "$D").replace(SERVER, "$V").replace(JAVA, "$J").replace(JAR, "$K")


CONFIGURATION = (
    'if safe "$D"; then',
    f'  ask "{_filled(weblogic_commands.configuration(DOMAIN))}" bare',
    f'  if [ ! -f "$D/config/config.xml" ]; then ask "{_filled(weblogic_commands.old_configuration(DOMAIN))}" bare; fi',
    "fi",
)
LOGS = (
    'if [ -n "$V" ] && safe "$D" && safe "/$V"; then',
    f'  if [ -f "$D/config/config.xml" ]; then ask "{_filled(weblogic_commands.log_tail(DOMAIN, SERVER))}"',
    f'  else ask "{_filled(weblogic_commands.old_log_tail(DOMAIN, SERVER))}"; fi',
    "fi",
)
FINDING = r"""J=`expr "$L" : '.* \(/[^ ]*/bin/java\) '`
K=`expr "$L" : '.*-Djava[.]security[.]policy==*\([^ =]*/server/lib\)/weblogic[.]policy'`
if [ "$K" = '' ]; then K=`expr "$L" : '.*-Dweblogic[.]home=\([^ ]*/server\)'`; K=${K:+$K/lib}; fi
if [ "$K" = '' ]; then K=`expr "$L" : '.*-Dwls[.]home=\([^ ]*/server\)'`; K=${K:+$K/lib}; fi
K=$K/weblogic.jar
if safe "$J" && safe "$K"; then"""


def _tools(target: WebLogic) -> list[str]:
    """The release, and WLST at most once: its log-in is one attempt."""
    url = t3_url(target.url)
    program = scripting.script(target.user, PLACE, url).decode("ascii")
    before, _, behind = program.rstrip("\n").partition(PLACE)
    looking = LOOKING.replace("@before@", before).replace("@behind@", behind)
    looking = looking.replace("@wlst@", _filled(weblogic_commands.scripting(JAVA, JAR)))
    return [
        *FINDING.split("\n"),
        f'  ask "{_filled(weblogic_commands.version(JAVA, JAR))}"',
        *looking.split("\n"),
        "fi",
    ]
