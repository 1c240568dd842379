/**
 * What PowerShell runs before and around a script, 5.1 and 7 alike. Values arrive on standard input: the length of
 * what follows as decimal text and a line feed, then texts as 32-bit little-endian length (-1: null) and UTF-8: the
 * script's own text (null where it is a file), then names and values in turn. Exactly that much is read, so that
 * native programs find an empty input. Written with a byte order mark, since 5.1 reads a file without one as ANSI.
 */
export const powershellBootstrap = String.raw`param([string] $__CrossgapScript)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false
$OutputEncoding = [Console]::OutputEncoding

$__CrossgapInput = [Console]::OpenStandardInput()
$__CrossgapLength = 0
while (($__CrossgapByte = $__CrossgapInput.ReadByte()) -ne 10) {
  if ($__CrossgapByte -lt 48 -or $__CrossgapByte -gt 57) { [Console]::Error.WriteLine('No values arrived for the script'); exit 78 }
  $__CrossgapLength = $__CrossgapLength * 10 + $__CrossgapByte - 48
}
$__CrossgapBytes = New-Object byte[] $__CrossgapLength
$__CrossgapAt = 0
while ($__CrossgapAt -lt $__CrossgapLength) {
  $__CrossgapRead = $__CrossgapInput.Read($__CrossgapBytes, $__CrossgapAt, $__CrossgapLength - $__CrossgapAt)
  if ($__CrossgapRead -le 0) { [Console]::Error.WriteLine('The values for the script broke off'); exit 78 }
  $__CrossgapAt += $__CrossgapRead
}
$__CrossgapTexts = [Collections.Generic.List[string]]::new()
$__CrossgapAt = 0
while ($__CrossgapAt -lt $__CrossgapLength) {
  $__CrossgapSize = [BitConverter]::ToInt32($__CrossgapBytes, $__CrossgapAt)
  $__CrossgapAt += 4
  if ($__CrossgapSize -lt 0) { $__CrossgapTexts.Add([NullString]::Value); continue }
  $__CrossgapTexts.Add([Text.Encoding]::UTF8.GetString($__CrossgapBytes, $__CrossgapAt, $__CrossgapSize))
  $__CrossgapAt += $__CrossgapSize
}
[Array]::Clear($__CrossgapBytes, 0, $__CrossgapBytes.Length)
$__CrossgapBody = $__CrossgapTexts[0]
$global:OctopusParameters = [Collections.Generic.Dictionary[string, string]]::new([StringComparer]::OrdinalIgnoreCase)
for ($__CrossgapAt = 1; $__CrossgapAt -lt $__CrossgapTexts.Count; $__CrossgapAt += 2) {
  $__CrossgapName = $__CrossgapTexts[$__CrossgapAt]
  $global:OctopusParameters[$__CrossgapName] = $__CrossgapTexts[$__CrossgapAt + 1]
  if ($__CrossgapName.Contains('[')) { continue }
  $__CrossgapPlain = $__CrossgapName -replace '[^A-Za-z0-9_]', ''
  if ($__CrossgapPlain -eq '' -or (Test-Path -LiteralPath "variable:$__CrossgapPlain")) { continue }
  Set-Variable -Name $__CrossgapPlain -Value $__CrossgapTexts[$__CrossgapAt + 1] -Scope Global
}
Remove-Variable __CrossgapTexts, __CrossgapBytes, __CrossgapInput, __CrossgapAt, __CrossgapSize, __CrossgapName, __CrossgapPlain, __CrossgapByte, __CrossgapRead, __CrossgapLength -ErrorAction SilentlyContinue

function Convert-ServiceMessageValue([string] $value) {
  return [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($value))
}

function Set-OctopusVariable([string] $name, [string] $value, [switch] $sensitive) {
  $global:OctopusParameters[$name] = $value
  $isSensitive = if ($sensitive) { 'True' } else { 'False' }
  Microsoft.PowerShell.Utility\Write-Host "##octopus[setVariable name='$(Convert-ServiceMessageValue $name)' value='$(Convert-ServiceMessageValue $value)' sensitive='$(Convert-ServiceMessageValue $isSensitive)']"
}

function New-OctopusArtifact {
  param(
    [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)] [Alias('FullName')] [string] $Path,
    [Parameter(Position = 1)] [string] $Name
  )
  process {
    $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    $shown = if ($Name) { $Name } else { [IO.Path]::GetFileName($full) }
    $length = if ([IO.File]::Exists($full)) { (New-Object IO.FileInfo $full).Length } else { 0 }
    Microsoft.PowerShell.Utility\Write-Host "##octopus[createArtifact path='$(Convert-ServiceMessageValue $full)' name='$(Convert-ServiceMessageValue $shown)' length='$(Convert-ServiceMessageValue "$length")']"
  }
}

function Update-Progress([int] $percentage, [string] $message) {
  Microsoft.PowerShell.Utility\Write-Host "##octopus[progress percentage='$(Convert-ServiceMessageValue "$percentage")' message='$(Convert-ServiceMessageValue $message)']"
}

function Fail-Step([string] $message) {
  if ($message) { Microsoft.PowerShell.Utility\Write-Host "##octopus[resultMessage message='$(Convert-ServiceMessageValue $message)']" }
  exit -1
}

function __CrossgapSay([string] $level, [string] $message) {
  Microsoft.PowerShell.Utility\Write-Host "##octopus[stdout-$level]"
  Microsoft.PowerShell.Utility\Write-Host $message
  Microsoft.PowerShell.Utility\Write-Host '##octopus[stdout-default]'
}
function Write-Verbose([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [string] $Message) { process { __CrossgapSay 'verbose' $Message } }
function Write-Debug([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [string] $Message) { process { __CrossgapSay 'verbose' $Message } }
function Write-Highlight([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [string] $Message) { process { __CrossgapSay 'highlight' $Message } }
function Write-Wait([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [string] $Message) { process { __CrossgapSay 'wait' $Message } }
function Write-Warning([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [string] $Message) { process { __CrossgapSay 'warning' $Message } }

$__CrossgapDone = $false
try {
  do {
    if ($null -ne $__CrossgapBody) { . ([ScriptBlock]::Create($__CrossgapBody)) } else { . $__CrossgapScript }
    $__CrossgapDone = $true
  } while ($false)
} catch {
  [Console]::Error.WriteLine(($_ | Out-String).TrimEnd())
  if ($_.ScriptStackTrace) { [Console]::Error.WriteLine($_.ScriptStackTrace) }
  exit 1
}
if (-not $__CrossgapDone) {
  [Console]::Error.WriteLine('The script used break or continue outside of a loop')
  exit 1
}
if (Test-Path variable:global:LASTEXITCODE) { exit $global:LASTEXITCODE }
`;
