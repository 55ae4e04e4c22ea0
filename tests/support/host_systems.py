"""Hosts of four systems as stand-in commands on a real sshd's PATH: what each prints, in the format of the real one."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from host_sshd import Account, Sshd, sshd
from host_world import PASSWORD, USER, host, surroundings

from app.checks.model import Surroundings
from app.site.model import HostExpect


@dataclass(frozen=True)
class Said:
    stdout: str | bytes = ""
    stderr: str = ""
    status: int = 0


@dataclass(frozen=True)
class Machine:
    """``says``: by command line, without directories and without what ``env`` sets. ``plan``: what it satisfies."""

    says: Mapping[str, Said]
    plan: HostExpect
    noise: str = ""  # what its shell prints before anything else
    banner: str = ""

    def hanging(self, command: str) -> Machine:
        """The same machine, on which this command does not come to an end."""
        return self.saying(command, Said("HANGS"))

    def saying(self, command: str, said: Said) -> Machine:
        return replace(self, says={**self.says, command: said})


def text(block: str) -> Said:
    return Said(textwrap.dedent(block).lstrip("\n"))


WEBLOGIC = "-Dweblogic.Name=jyjc1 -Djava.security.policy=/u01/wls/server/lib/weblogic.policy"
NOT_FOUND = Said(stderr="not found\n", status=127)

AIX = Machine(
    {
        "uname -srm": Said("AIX 1 00F6BF2A4C00\n"),
        "uname -n": Said("jyjcapp1\n"),
        "oslevel -s": Said("7100-04-02-1614\n"),
        "df -k": text("""
            Filesystem    1024-blocks      Free %Used    Iused %Iused Mounted on
            /dev/hd4           524288    284672   46%    11284    16% /
            /dev/hd2          5242880   2148352   60%    49876    10% /usr
            /dev/hd9var       2097152   1508864   29%     9613     3% /var
            /dev/hd3          4194304   4127816    2%       97     1% /tmp
            /proc                   -         -    -         -     -  /proc
            /dev/fslv00      52428800  37748736   28%    98403     2% /u01
            /dev/oradatalv  209715200 104857600   50%       42     1% /u02
            10.1.1.9:/backup  104857600  52428800   50%      100     1% /backup
            """),
        "vmstat -v": text("""
                          8388608 memory pages
                          8110432 lruable pages
                           204512 free pages
                                4 memory pools
                          2310044 pinned pages
                             90.0 maxpin percentage
                              3.0 minperm percentage
                             90.0 maxperm percentage
                             33.1 numperm percentage
                          2684354 file pages
                              0.0 compressed percentage
                                0 compressed pages
                             33.1 numclient percentage
                             90.0 maxclient percentage
                          2684354 client pages
            """),
        "lsps -s": text("""
            Total Paging Space   Percent Used
                  16384MB               3%
            """),
        "uptime": Said("  03:14PM   up 121 days,  3:02,  2 users,  load average: 1.13, 1.26, 1.26\n"),
        "bindprocessor -q": Said("The available processors are:  0 1 2 3 4 5 6 7 \n"),
        "ps -eo pid,args": text(f"""
                 PID COMMAND
                   1 /etc/init
             3211432 /usr/sbin/srcmstr
             4718802 /usr/java6_64/bin/java -Xms1024m -Xmx2048m {WEBLOGIC} weblogic.Server
             5308502 ora_pmon_JYJC
             6553716 ps -eo pid,args
            """),
        "java -version": Said(
            stderr='java version "1.6.0"\nJava(TM) SE Runtime Environment (build pap6460sr16-20140418_01(SR16))\n'
        ),
        "ifconfig -a": text("""
            en0: flags=1e080863,480<UP,BROADCAST,NOTRAILERS,RUNNING,SIMPLEX,MULTICAST,GROUPRT,64BIT,CHAIN>
                    inet 127.0.0.1 netmask 0xff000000 broadcast 127.255.255.255
                    inet 10.51.0.31 netmask 0xffffff00 broadcast 10.51.0.255
                     tcp_sendspace 262144 tcp_recvspace 262144 rfc1323 1
            lo0: flags=e08084b,c0<UP,BROADCAST,LOOPBACK,RUNNING,SIMPLEX,MULTICAST,GROUPRT,64BIT>
                    inet6 ::1%1/0
            """),
        "netstat -rn": text("""
            Routing tables
            Destination        Gateway           Flags   Refs     Use  If   Exp  Groups

            Route Tree for Protocol Family 2 (Internet):
            default            10.51.0.1         UG        9   8829071 en0      -      -
            10.51.0.0          10.51.0.31        UHSb      0         0 en0      -      -   =>
            10.51.0/24         10.51.0.31        U        18  10348834 en0      -      -
            127/8              127.0.0.1         U         9   3488234 lo0      -      -
            """),
        "host jyjcapp1": Said("jyjcapp1 is 10.51.0.31,  Aliases:   jyjcapp1.example\n"),
        "netstat -an": text("""
            Active Internet connections (including servers)
            Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
            tcp4       0      0  *.22                   *.*                    LISTEN
            tcp        0      0  *.PORT                 *.*                    LISTEN
            tcp4       0      0  10.51.0.31.22          10.51.0.99.51022       ESTABLISHED
            udp4       0      0  *.514                  *.*
            """),
        "procwdx 4718802": Said("4718802: /u01/domains/jyjc/\n"),
        "ls -lLd BOOT": Said(
            "drwxr-x---   14 weblogic bea  4096 Nov 23 09:12 /u01/domains/jyjc\n"
            "-rw-------    1 weblogic bea    96 Nov 23 09:12 "
            "/u01/domains/jyjc/servers/jyjc1/security/boot.properties\n",
            "ls: 0653-341 The file /u01/domains/jyjc/boot.properties does not exist.\n"
            "ls: 0653-341 The file /u01/domains/jyjc/servers/jyjc1/data/nodemanager/boot.properties does not exist.\n",
            2,
        ),
    },
    HostExpect({"/u01": 20, "/u02": 50}, ">=1.6", ">=7.1", (), ("-Dweblogic.Name=jyjc1", "ora_pmon_JYJC")),
)

HP_UX = Machine(
    {
        "uname -srm": Said("HP-UX B.11.31 ia64\n"),
        "uname -n": Said("jyjcdb1\n"),
        "swlist -l bundle": text("""
            # Initializing...
            # Contacting target "jyjcdb1"...
            #
            # Target:  jyjcdb1:/
            #

              FEATURE11i                            B.11.31.1303.390    Feature Enablement Patches for HP-UX 11i v3
              HPUX11i-DC-OE                         B.11.31.1303        HP-UX Data Center Operating Environment
              QPKAPPS                               B.11.31.1303.390    Applications Patches for HP-UX 11i v3
              QPKBASE                               B.11.31.1303.390    Base Quality Pack Bundle for HP-UX 11i v3
            """),
        "bdf -i": text("""
            Filesystem          kbytes    used   avail %used  iused  ifree %iuse Mounted on
            /dev/vg00/lvol3    2097152  213496 1868944   10%   2988  58900    5% /
            /dev/vg00/lvol1    1835008  362264 1461280   20%     97  45647    0% /stand
            /dev/vg00/lvol8    8912896 5241560 3645712   59%  31055 114209   21% /var
            /dev/vgapp/lvol_u01_weblogic_domains
                               52428800 15728640 36406336   30%  98403 1137700    8% /u01
            /dev/vgora/lvol_u02_oracle_oradata
                               209715200 104857600 104038400   50%     42 3251200    0% /u02
            DevFS                    8       8       0  100%    412      0  100% /dev/deviceFileSystem
            """),
        "machinfo": text("""
            CPU info:
              2 Intel(R) Itanium(R)  Processor 9340s (1.6 GHz, 20 MB)
                      4.79 GT/s QPI, CPU version E0
                      8 logical processors (4 per socket)

            Memory: 65469 MB (63.93 GB)

            Firmware info:
               Firmware revision:  01.93
            """),
        "vmstat": text("""
                     procs           memory                   page                              faults       cpu
                r     b     w      avm    free   re   at    pi   po    fr   de    sr     in     sy    cs  us sy id
                2     0     0  3402172  8126311  10    0     0    0     0    0     0  12440  45512  4431   5  2 93
            """),
        "swapinfo -tam": text("""
                         Mb      Mb      Mb   PCT  START/      Mb
            TYPE      AVAIL    USED    FREE  USED   LIMIT RESERVE  PRI  NAME
            dev       16384       0   16384    0%       0       -    1  /dev/vg00/lvol2
            reserve       -   12021  -12021
            memory    62166   22403   39763   36%
            total     78550   34424   44126   44%       -       0    -
            """),
        "uptime": Said("  3:14pm  up 45 days, 21:35,  2 users,  load average: 0.53, 0.54, 0.54\n"),
        "ps -exo pid,args": text(f"""
                PID COMMAND
                  0 swapper
                  1 init
               2213 /usr/sbin/syslogd -D
               4588 /opt/java6/bin/IA64W/../java -Xms1024m
               4604 /opt/java6/bin/java -Xms1024m {WEBLOGIC} -Dweblogic.RootDirectory=/u01/domains/jyjc weblogic.Server
               5308 ora_pmon_JYJC
               6553 ps -exo pid,args
            """),
        "java -version": Said(
            stderr='java version "1.6.0.25"\nJava(TM) SE Runtime Environment (build 1.6.0.25-jinteg)\n'
        ),
        "netstat -in": text("""
            Name      Mtu  Network         Address         Ipkts              Ierrs Opkts              Oerrs Coll
            lan0      1500 10.51.0.0       10.51.0.41      1839212            0     1529011            0     0
            lo0      32808 127.0.0.0       127.0.0.1       120344             0     120344             0     0
            """),
        "netstat -rn": text("""
            Routing tables
            Destination           Gateway            Flags Refs Interface  Pmtu
            127.0.0.1             127.0.0.1          UH    0    lo0       32808
            10.51.0.41            10.51.0.41         UH    0    lan0      32808
            10.51.0.0             10.51.0.41         U     2    lan0       1500
            default               10.51.0.1          UG    0    lan0          0
            """),
        "nsquery hosts jyjcdb1": text("""
            Using "files dns" for the hosts policy.

            Searching /etc/hosts for jyjcdb1
            Hostname:     jyjcdb1
            Aliases:      jyjcdb1.example
            Address:      10.51.0.41
            Switch configuration: Terminates Search
            """),
        "netstat -an": text("""
            Active Internet connections (including servers)
            Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
            tcp        0      0  *.22                   *.*                     LISTEN
            tcp        0      0  *.PORT                 *.*                     LISTEN
            tcp        0      0  10.51.0.41.22          10.51.0.99.51022        ESTABLISHED
            """),
        "ls -lLd BOOT": Said(
            "drwxr-x---  14 weblogic   bea           8192 Nov 23 09:12 /u01/domains/jyjc\n"
            "-rw-------   1 weblogic   bea             96 Nov 23 09:12 /u01/domains/jyjc/boot.properties\n",
            "/u01/domains/jyjc/servers/jyjc1/security/boot.properties not found\n"
            "/u01/domains/jyjc/servers/jyjc1/data/nodemanager/boot.properties not found\n",
            2,
        ),
    },
    HostExpect({"/u01": 20, "/u02": 50}, ">=1.6", ">=11.31.1303", (), ("-Dweblogic.Name=jyjc1", "ora_pmon_JYJC")),
)

SOLARIS = Machine(
    {
        "uname -srm": Said("SunOS 5.10 sun4v\n"),
        "uname -n": Said("jyjcapp2\n"),
        "uname -v": Said("Generic_150400-61\n"),
        "cat /etc/release": text("""
                                Oracle Solaris 10 1/13 s10s_u11wos_24a SPARC
              Copyright (c) 1983, 2013, Oracle and/or its affiliates. All rights reserved.
                                        Assembled 17 January 2013
            """),
        "df -k": text("""
            Filesystem            kbytes    used   avail capacity  Mounted on
            /dev/dsk/c0t0d0s0    20646121 9187654 11252006    45%    /
            /devices                   0       0       0     0%    /devices
            ctfs                       0       0       0     0%    /system/contract
            proc                       0       0       0     0%    /proc
            mnttab                     0       0       0     0%    /etc/mnttab
            swap                 18213408    1704 18211704     1%    /etc/svc/volatile
            objfs                      0       0       0     0%    /system/object
            sharefs                    0       0       0     0%    /etc/dfs/sharetab
            /platform/sun4v/lib/libc_psr/libc_psr_hwcap2.so.1
                                 20646121 9187654 11252006    45%    /platform/sun4v/lib/libc_psr.so.1
            fd                         0       0       0     0%    /dev/fd
            swap                 18212904    1200 18211704     1%    /tmp
            /dev/md/dsk/d60_weblogic_domains_and_logs
                                 51637520 15491256 35629889    31%    /u01
            orapool/oradata      209715200 104857600 104857600    50%    /u02
            """),
        "df -F ufs -o i": text("""
            Filesystem             iused   ifree  %iused  Mounted on
            /dev/dsk/c0t0d0s0     163412 2324332     7%   /
            /dev/md/dsk/d60_weblogic_domains_and_logs
                                   98403 6129597     2%   /u01
            """),
        "prtconf": text("""
            System Configuration:  Oracle Corporation  sun4v
            Memory size: 32640 Megabytes
            System Peripherals (Software Nodes):

            ORCL,SPARC-T4-1
                scsi_vhci, instance #0
            """),
        "vmstat 1 2": text("""
             kthr      memory            page            disk          faults      cpu
             r b w   swap  free  re  mf pi po fr de sr s0 s1 s2 --   in   sy   cs us sy id
             0 0 0 22318504 9911232 41 162 3 0 0 0  0  0  1  0  0 1187 4011 1921  2  1 97
             0 0 0 21012344 8121344 10 44  0 0 0 0  0  0  0  0  0 1033 2911 1520  1  1 98
            """),
        "swap -l": text("""
            swapfile             dev  swaplo blocks   free
            /dev/dsk/c0t0d0s1   118,1      16 33560304 33560304
            """),
        "swap -s": Said("total: 9812352k bytes allocated + 1120032k reserved = 10932384k used, 18211704k available\n"),
        "uptime": Said("  3:14pm  up 45 day(s), 21:35,  2 users,  load average: 0.53, 0.54, 0.54\n"),
        "psrinfo": Said("".join(f"{number}\ton-line   since 10/09/2026 17:23:30\n" for number in range(8))),
        "ps -auxww": text(f"""
            USER       PID %CPU %MEM   SZ  RSS TT       S    START  TIME COMMAND
            root         3  0.2  0.0    0    0 ?        S   Oct 09 3941:22 fsflush
            root         1  0.0  0.0 2560 1512 ?        S   Oct 09  0:41 /sbin/init
            weblogic  4604  0.1  6.624161842061512 ?    S 10:20:30 12:41 /usr/jdk/bin/java {WEBLOGIC} weblogic.Server
            oracle    5308  0.0  0.9 9912  812 ?        S   Oct 09 30:12 ora_pmon_JYJC
            weblogic  6553  0.0  0.0 1200  900 ?        S 15:14:02  0:00 /usr/ucb/ps -auxww
            """),
        "java -version": Said(stderr='java version "1.6.0_45"\nJava(TM) SE Runtime Environment (build 1.6.0_45-b06)\n'),
        "ifconfig -a": text("""
            lo0: flags=2001000849<UP,LOOPBACK,RUNNING,MULTICAST,IPv4,VIRTUAL> mtu 8232 index 1
                    inet 127.0.0.1 netmask ff000000
            igb0: flags=1000843<UP,BROADCAST,RUNNING,MULTICAST,IPv4> mtu 1500 index 2
                    inet 10.51.0.51 netmask ffffff00 broadcast 10.51.0.255
            """),
        "netstat -rn": text("""

            Routing Table: IPv4
              Destination           Gateway           Flags  Ref     Use     Interface
            -------------------- -------------------- ----- ----- ---------- ---------
            default              10.51.0.1            UG        1    8829071
            10.51.0.0            10.51.0.51           U         1     108114 igb0
            127.0.0.1            127.0.0.1            UH        3      74912 lo0
            """),
        "getent hosts jyjcapp2": Said("10.51.0.51\tjyjcapp2 loghost\n"),
        "netstat -an": text("""

            UDP: IPv4
               Local Address        Remote Address      State
            -------------------- -------------------- ----------
                  *.111                               Idle

            TCP: IPv4
               Local Address        Remote Address    Swind Send-Q Rwind Recv-Q    State
            -------------------- -------------------- ----- ------ ----- ------ -----------
                  *.*                  *.*                0      0 49152      0 IDLE
                  *.22                 *.*                0      0 49152      0 LISTEN
                  *.PORT               *.*                0      0 49152      0 LISTEN
            10.51.0.51.22        10.51.0.99.51022     64240     47 49232      0 ESTABLISHED
            """),
        "pwdx 4604": Said("4604:\t/u01/domains/jyjc\n"),
        "ls -lLd BOOT": Said(
            "drwxr-x---  14 weblogic bea          1024 Nov 23 09:12 /u01/domains/jyjc\n"
            "-rw-------   1 weblogic bea            96 Nov 23 09:12 "
            "/u01/domains/jyjc/servers/jyjc1/security/boot.properties\n",
            "/u01/domains/jyjc/boot.properties: No such file or directory\n"
            "/u01/domains/jyjc/servers/jyjc1/data/nodemanager/boot.properties: No such file or directory\n",
            2,
        ),
    },
    HostExpect({"/u01": 20, "/u02": 50}, ">=1.6", ">=10u9", (), ("-Dweblogic.Name=jyjc1", "ora_pmon_JYJC")),
)

LINUX = Machine(
    {
        "uname -srm": Said("Linux 2.6.18-398.el5 x86_64\n"),
        "uname -n": Said("jyjcapp3\n"),
        "cat /etc/os-release": Said(stderr="cat: /etc/os-release: No such file or directory\n", status=1),
        "cat /etc/redhat-release /etc/SuSE-release /etc/.productinfo": Said(
            "Red Hat Enterprise Linux Server release 5.11 (Tikanga)\n",
            "cat: /etc/SuSE-release: No such file or directory\ncat: /etc/.productinfo: No such file or directory\n",
            1,
        ),
        "df -kP": text("""
            Filesystem         1024-blocks      Used Available Capacity Mounted on
            /dev/mapper/VolGroup00-LogVol00  20158332   9187654   9946678      49% /
            tmpfs                 16451600         0  16451600       0% /dev/shm
            /dev/sdb1             51606140  15491256  33493444      32% /u01
            /dev/sdc1            206424760 104857600  91081400      54% /u02
            """),
        "df -iP": text("""
            Filesystem            Inodes   IUsed   IFree IUse% Mounted on
            /dev/mapper/VolGroup00-LogVol00 2564096  163412 2400684    7% /
            tmpfs                4112900       1 4112899    1% /dev/shm
            /dev/sdb1            6553600   98403 6455197    2% /u01
            /dev/sdc1           26214400      42 26214358    1% /u02
            """),
        "cat /proc/meminfo": text("""
            MemTotal:     32903200 kB
            MemFree:       5120332 kB
            Buffers:        312480 kB
            Cached:       12804116 kB
            SwapCached:          0 kB
            SwapTotal:    16777208 kB
            SwapFree:     16777208 kB
            """),
        "uptime": Said(" 15:14:02 up 45 days, 21:35,  2 users,  load average: 0.53, 0.54, 0.54\n"),
        "getconf _NPROCESSORS_ONLN": Said("8\n"),
        "ps -eo pid,args": text(f"""
              PID COMMAND
                1 init [3]
             4604 /usr/java/jdk1.6.0_45/bin/java {WEBLOGIC} weblogic.Server
             5308 ora_pmon_JYJC
             6553 ps -eo pid,args
            """),
        "java -version": Said(stderr='java version "1.6.0_45"\nJava(TM) SE Runtime Environment (build 1.6.0_45-b06)\n'),
        "date -u +%s.%N": Said("NOW"),
        "sysctl kernel.shmmax kernel.shmall kernel.shmmni kernel.sem fs.file-max": text("""
            kernel.shmmax = 68719476736
            kernel.shmall = 4294967296
            kernel.shmmni = 4096
            kernel.sem = 250	32000	100	128
            fs.file-max = 6815744
            """),
        "cat /proc/5308/limits": text("""
            Limit                     Soft Limit           Hard Limit           Units
            Max cpu time              unlimited            unlimited            ms
            Max processes             2047                 16384                processes
            Max open files            1024                 65536                files
            """),
        "ip addr": text("""
            1: lo: <LOOPBACK,UP,LOWER_UP> mtu 16436 qdisc noqueue
                inet 127.0.0.1/8 scope host lo
            2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast qlen 1000
                inet 10.51.0.61/24 brd 10.51.0.255 scope global eth0
            """),
        "ip route": text("""
            10.51.0.0/24 dev eth0  proto kernel  scope link  src 10.51.0.61
            default via 10.51.0.1 dev eth0
            """),
        "getent hosts jyjcapp3": Said("10.51.0.61      jyjcapp3\n"),
        "ss -lnt": NOT_FOUND,
        "netstat -an": text("""
            Active Internet connections (servers and established)
            Proto Recv-Q Send-Q Local Address               Foreign Address             State
            tcp        0      0 0.0.0.0:PORT                0.0.0.0:*                   LISTEN
            tcp        0      0 :::22                       :::*                        LISTEN
            Active UNIX domain sockets (servers and established)
            Proto RefCnt Flags       Type       State         I-Node Path
            unix  2      [ ACC ]     STREAM     LISTENING     9921   /var/run/dbus/system_bus_socket
            """),
        "readlink /proc/4604/cwd": Said("/u01/domains/jyjc\n"),
        "ls -lLd BOOT": Said(
            "drwxr-x--- 14 weblogic bea 4096 Nov 23 09:12 /u01/domains/jyjc\n"
            "-rw------- 1 weblogic bea 96 Nov 23 09:12 /u01/domains/jyjc/servers/jyjc1/security/boot.properties\n",
            "ls: /u01/domains/jyjc/boot.properties: No such file or directory\n"
            "ls: /u01/domains/jyjc/servers/jyjc1/data/nodemanager/boot.properties: No such file or directory\n",
            2,
        ),
    },
    HostExpect({"/u01": 20, "/u02": 50}, ">=1.6", ">=5.8", (), ("-Dweblogic.Name=jyjc1", "ora_pmon_JYJC")),
)
MACHINES: Mapping[str, Machine] = {"AIX": AIX, "HP-UX": HP_UX, "Solaris": SOLARIS, "Linux": LINUX}
BOOT = (
    "ls -lLd /u01/domains/jyjc /u01/domains/jyjc/boot.properties "
    "/u01/domains/jyjc/servers/jyjc1/security/boot.properties "
    "/u01/domains/jyjc/servers/jyjc1/data/nodemanager/boot.properties"
)
OWN_PLACES = "s#/usr/ucb/##; s#/[a-z0-9/._-]*/java -version#java -version#"


@contextlib.contextmanager
def running(folder: Path, machine: Machine, port: int = 0) -> Iterator[tuple[Sshd, Surroundings]]:
    """The machine behind a real sshd, and a site that has it as app-host; ``port``: one that is planned and listens."""
    path = folder / "bin"
    path.mkdir()
    for command, said in machine.says.items():
        _write(path, BOOT if command == "ls -lLd BOOT" else command, said, port)
    for program in {one.split()[0] for one in machine.says} | {"date"}:
        _finish(path / program)
    banner = [f"Banner {_file(folder / 'banner', machine.banner)}"] if machine.banner else []
    account = Account(USER, PASSWORD, str(_shell(folder, machine.noise)), str(path))
    with sshd(folder, *banner, account=account) as server:
        plan = replace(machine.plan, ports=(port,) if port else ())
        target = host(server.port, host_key=server.fingerprint("ed25519"), expect=plan)
        yield server, surroundings(target)


def _file(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def _shell(folder: Path, noise: str) -> Path:
    """A shell that prints ``noise`` first, and for which the system's own directories are those on the PATH."""
    said = f"printf '%s' '{noise}'\n" if noise else ""
    script = f"#!/bin/sh\n{said}exec /bin/sh -c \"$(printf '%s' \"$2\" | /bin/sed '{OWN_PLACES}')\"\n"
    path = _file(folder / "shell", script)
    path.chmod(0o755)
    return path


def _write(path: Path, command: str, said: Said, port: int) -> None:
    """Adds one answer to the stand-in of its program."""
    program, _, arguments = command.partition(" ")
    stdout = said.stdout if isinstance(said.stdout, bytes) else said.stdout.replace("PORT", str(port)).encode()
    number = len(list(path.iterdir()))
    for kind, content in (("out", stdout), ("err", said.stderr.encode())):
        (path / f"{number}.{kind}").write_bytes(content)
    special = {b"NOW": "/bin/date -u +%s.%N", b"HANGS": "exec /bin/sleep 60"}
    prints = special.get(stdout, f"/bin/cat {path}/{number}.out")
    case = f"'{arguments}') {prints}; /bin/cat {path}/{number}.err >&2; exit {said.status};;\n"
    with (path / program).open("a") as script:
        script.write(case)


def _finish(path: Path) -> None:
    cases = path.read_text() if path.exists() else ""
    usual = f'exec /bin/{path.name} "$@"' if path.name in ("cat", "date", "ls") else "exit 2"
    path.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}esac\necho "{path.name}: $*: not known" >&2\n{usual}\n')
    path.chmod(0o755)
