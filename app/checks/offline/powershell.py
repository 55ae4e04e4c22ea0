"""The script for Windows PCs (PowerShell 2.0 on, .NET 2.0): keys of the registry exported in the way of a .reg file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.checks.client import browser, fonts, printer
from app.checks.offline import marks

KEYS = (*browser.KEYS, *printer.KEYS, *fonts.KEYS)
BODY = r"""
$ErrorActionPreference = 'Stop'
$nonce = '@nonce@'
$out = Join-Path (Get-Location).ProviderPath '@out@'
if ($args.Count -gt 0) { $out = $args[0] }
if ($env:PROCESSOR_ARCHITEW6432) { Write-Host '@wrong@'; exit 1 }
$all = New-Object System.Text.StringBuilder
$asked = 0
function Mark([string]$said) { [void]$script:all.Append('@@onsite ' + $script:nonce + ' ' + $said + "`n") }
function Plain([string]$said) {
  $made = New-Object System.Text.StringBuilder
  foreach ($sign in $said.ToCharArray()) {
    if (([string]$sign) -cmatch '^[A-Za-z0-9_.:/+=@,-]$') { [void]$made.Append($sign) }
    else { [void]$made.Append('\' + ([int]$sign).ToString('X4')) }
  }
  return $made.ToString()
}
function Quoted([string]$said) {
  return '"' + $said.Replace([string][char]13, '').Replace('\', '\\').Replace('"', '\"') + '"'
}
function Hexed([byte[]]$data) {
  if ($data -eq $null -or $data.Length -eq 0) { return '' }
  return [System.BitConverter]::ToString($data).Replace('-', ',').ToLower()
}
function Unicode([string]$said) { return Hexed ([System.Text.Encoding]::Unicode.GetBytes($said)) }
function Value($key, [string]$name) {
  $data = $key.GetValue($name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
  switch ($key.GetValueKind($name).ToString()) {
    'String' { return Quoted ([string]$data) }
    'ExpandString' { return 'hex(2):' + (Unicode (([string]$data) + [char]0)) }
    'MultiString' {
      $joined = [string]::Join([string][char]0, [string[]]$data)
      return 'hex(7):' + (Unicode ($joined + [char]0 + [char]0))
    }
    'DWord' { return 'dword:' + ([int]$data).ToString('x8') }
    'QWord' { return 'hex(b):' + (Hexed ([System.BitConverter]::GetBytes([long]$data))) }
    'Binary' { return 'hex:' + (Hexed ([byte[]]$data)) }
  }
  return 'hex(0):'
}
function Walk($key, [string]$path, [int]$depth, $text) {
  [void]$text.Append('[' + $path + ']' + "`n")
  foreach ($name in $key.GetValueNames()) {
    $shown = '@'
    if ($name -ne '') { $shown = Quoted $name }
    [void]$text.Append($shown + '=' + (Value $key $name) + "`n")
  }
  if ($depth -le 0) { return }
  foreach ($name in $key.GetSubKeyNames()) {
    $inside = $key.OpenSubKey($name)
    if ($inside -ne $null) { Walk $inside ($path + '\' + $name) ($depth - 1) $text; $inside.Close() }
  }
}
function Text([string]$word, [string]$said) {
  [long]$sum = 7
  foreach ($sign in $said.ToCharArray()) { $sum = ($sum * 31 + [int]$sign) % 1000000007 }
  Mark $word
  [void]$script:all.Append($said + "`n")
  Mark ('is sum ' + $sum + ' ' + $said.Length)
}
function Ask([int]$depth, [string]$root, [string]$below) {
  $script:asked = $script:asked + 1
  Mark ('ask ' + $script:asked)
  Mark ('key ' + $depth + ' ' + $root + '\' + $below)
  $base = [Microsoft.Win32.Registry]::LocalMachine
  if ($root -eq 'HKCU') { $base = [Microsoft.Win32.Registry]::CurrentUser }
  try {
    $key = $base.OpenSubKey($below)
    if ($key -eq $null) { Mark 'state absent' }
    else {
      $text = New-Object System.Text.StringBuilder
      Walk $key ($root + '\' + $below) $depth $text
      $key.Close()
      Mark 'state present'
      Text 'reg' ($text.ToString())
    }
  } catch { Mark 'state denied' }
  Mark ('done ' + $script:asked)
}
Mark 'head @head@'
Mark ('fact time=' + (Get-Date).ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"))
Mark ('fact node=' + (Plain $env:COMPUTERNAME))
Mark 'fact system=Windows'
Mark ('fact user=' + (Plain $env:USERNAME))
Mark ('fact release=' + (Plain ([System.Environment]::OSVersion.VersionString)))
@asks@
Mark ('last ' + $asked)
[System.IO.File]::WriteAllText($out, $all.ToString(), (New-Object System.Text.UTF8Encoding($true)))
Write-Host $out
"""
WRONG = "请用 64 位的 PowerShell 运行（C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe）。"


def script(nonce: str, head: Mapping[str, str], comment: Sequence[str], out: str) -> str:
    """The whole script, to be written with a byte order mark, without which PowerShell 2.0 reads another character set.

    ValueError for an ``out`` that cannot stand in quotes.
    """
    if "'" in out:
        raise ValueError(f"cannot be quoted: {out!r}")
    asks = [f"Ask {depth} '{path.partition(chr(92))[0]}' '{path.partition(chr(92))[2]}'" for path, depth in KEYS]
    filled = {"@nonce@": nonce, "@out@": out, "@head@": marks.head(head), "@asks@": "\n".join(asks), "@wrong@": WRONG}
    body = BODY
    for name, value in filled.items():
        body = body.replace(name, value)
    return "\r\n".join([*(f"# {line}" for line in comment), *body.split("\n")])
