/**
 * What PowerShell runs before and around a script, 5.1 and 7 alike. Values arrive on standard input: the length of
 * what follows as decimal text and a line feed, then texts as 32-bit little-endian length (-1: null) and UTF-8: the
 * script's own text (null where it is a file), then names and values in turn. Exactly that much is read, so that
 * native programs find an empty input. Written with a byte order mark, since 5.1 reads a file without one as ANSI.
 *
 * `-File` runs it in the global scope, in which Octopus runs scripts too. The functions are those that Octopus
 * offers, by its names and parameters. Error texts are laid out here rather than by PowerShell, which breaks lines at
 * 80 columns and so could break a secret into halves that nothing finds.
 */
export const powershellBootstrap = String.raw`param([string] $__CrossgapScript)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# How native programs were given their arguments before 7.3, which is what scripts were written for.
$PSNativeCommandArgumentPassing = 'Legacy'
# 5.1 allows 4,096 variables otherwise.
$MaximumVariableCount = 32768
$OutputEncoding = New-Object System.Text.UTF8Encoding $false
try { [Console]::OutputEncoding = $OutputEncoding } catch {
  # 5.1 without a console window can't; its output is then read as what it is.
}

function __CrossgapTake([IO.Stream] $from, [int] $length) {
  $bytes = New-Object byte[] $length
  $at = 0
  while ($at -lt $length) {
    $read = $from.Read($bytes, $at, $length - $at)
    if ($read -le 0) { [Console]::Error.WriteLine('The values for the script broke off'); exit 78 }
    $at += $read
  }
  return , $bytes
}

function __CrossgapLoad {
  $from = [Console]::OpenStandardInput()
  $length = 0
  while (($byte = $from.ReadByte()) -ne 10) {
    if ($byte -lt 48 -or $byte -gt 57) { [Console]::Error.WriteLine('No values arrived for the script'); exit 78 }
    $length = $length * 10 + $byte - 48
  }
  $bytes = __CrossgapTake $from $length
  $texts = New-Object 'Collections.Generic.List[string]'
  $at = 0
  while ($at -lt $length) {
    $size = [BitConverter]::ToInt32($bytes, $at)
    $at += 4
    if ($size -lt 0) { $texts.Add([NullString]::Value); continue }
    $texts.Add([Text.Encoding]::UTF8.GetString($bytes, $at, $size))
    $at += $size
  }
  [Array]::Clear($bytes, 0, $bytes.Length)
  $global:__CrossgapBody = $texts[0]
  $global:OctopusParameters = [Collections.Generic.Dictionary[string, string]]::new([StringComparer]::OrdinalIgnoreCase)
  $scope = $ExecutionContext.SessionState.PSVariable
  for ($at = 1; $at -lt $texts.Count; $at += 2) {
    $name = $texts[$at]
    $value = $texts[$at + 1]
    $global:OctopusParameters[$name] = $value
    if ($name.Contains('[')) { continue }
    # With and without underscores: scripts are there that use the one, and others that use the other.
    $plain = $name -replace '[^\p{L}\p{Nd}_]', ''
    foreach ($one in @($plain.Replace('_', ''), $plain)) {
      if ($one -eq '' -or $null -ne $scope.Get("global:$one")) { continue }
      $scope.Set("global:$one", $value)
    }
  }
}

function __CrossgapImport {
  foreach ($name in @($OctopusParameters.Keys)) {
    if ($name -notmatch '^Octopus\.Script\.Module\[(.+)\]$') { continue }
    $module = $Matches[1]
    $text = $OctopusParameters[$name]
    $language = $OctopusParameters["Octopus.Script.Module.Language[$module]"]
    if ($language -and $language -ne 'PowerShell') { continue }
    [void]$OctopusParameters.Remove($name)
    try {
      New-Module -Name ($module -replace '[^\p{L}\p{Nd}]', '') -ScriptBlock ([ScriptBlock]::Create($text)) | Import-Module -DisableNameChecking -Global
    } catch {
      [Console]::Error.WriteLine("Script module $module can't be imported: $($_.Exception.Message)")
      exit 1
    }
  }
}

function Convert-ServiceMessageValue([string] $value) {
  return [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($value))
}

function Convert-ToServiceMessageParameter([string] $name, [string] $value) {
  return "$name='$(Convert-ServiceMessageValue $value)'"
}

function __CrossgapMessage([string] $kind, [Collections.IDictionary] $values) {
  $parts = @($kind)
  foreach ($key in $values.Keys) { $parts += Convert-ToServiceMessageParameter $key $values[$key] }
  Microsoft.PowerShell.Utility\Write-Host "##octopus[$($parts -join ' ')]"
}

function Set-OctopusVariable([string] $name, [string] $value, [switch] $sensitive) {
  __CrossgapMessage 'setVariable' ([ordered]@{ name = $name; value = $value; sensitive = [string][bool]$sensitive })
}

function Set-EnvironmentState([string] $Key, [string] $Value, [switch] $Sensitive) {
  __CrossgapMessage 'set-environmentstate' ([ordered]@{ key = $Key; value = $Value; sensitive = [string][bool]$Sensitive; type = 'State' })
}

function Set-EnvironmentUrl([string] $Key, [string] $Url) {
  __CrossgapMessage 'set-environmentstate' ([ordered]@{ key = $Key; value = $Url; sensitive = 'False'; type = 'Url' })
}

function New-OctopusArtifact {
  [CmdletBinding()]
  param(
    [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)] [Alias('FullName', 'FullPath')] [string] $Path,
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = $true)] [string] $Name
  )
  process {
    $full = [IO.Path]::GetFullPath($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path))
    $shown = if ($Name) { $Name } else { [IO.Path]::GetFileName($full) }
    $length = if ([IO.File]::Exists($full)) { (New-Object IO.FileInfo $full).Length } else { 0 }
    Write-Verbose "Artifact $shown will be collected from $full after this step completes"
    __CrossgapMessage 'createArtifact' ([ordered]@{ path = $full; name = $shown; length = "$length" })
  }
}

function Update-Progress {
  [CmdletBinding()]
  param([Parameter(Position = 0)] [int] $percentage, [Parameter(Position = 1, ValueFromPipeline = $true)] [string] $message)
  process { __CrossgapMessage 'progress' ([ordered]@{ percentage = "$percentage"; message = $message }) }
}

function Fail-Step([string] $message) {
  if ($message) { __CrossgapMessage 'resultMessage' ([ordered]@{ message = $message }) }
  exit -1
}

function New-OctopusTarget {
  [CmdletBinding()]
  param(
    [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)] [string] $Name,
    [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)] [string] $TargetId,
    [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)] [string] $Inputs,
    [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)] [string] $Roles,
    [Parameter(ValueFromPipelineByPropertyName = $true)] [string] $WorkerPoolIdOrName = '',
    [switch] $UpdateIfExisting
  )
  process {
    __CrossgapMessage 'createStepPackageTarget' ([ordered]@{
      name = $Name; targetId = $TargetId; inputs = $Inputs; octopusRoles = $Roles
      octopusDefaultWorkerPoolIdOrName = $WorkerPoolIdOrName; updateIfExisting = [string][bool]$UpdateIfExisting
    })
  }
}

function Remove-OctopusTarget([string] $targetIdOrName) {
  __CrossgapMessage 'delete-target' ([ordered]@{ machine = $targetIdOrName })
}

function Report-KubernetesManifest {
  [CmdletBinding()]
  param([Parameter(Position = 0, ValueFromPipeline = $true)] [string] $manifest, [Parameter(Position = 1)] [string] $namespace)
  process {
    foreach ($one in $manifest -split '(?m)^---\s*$') {
      if ([string]::IsNullOrWhiteSpace($one)) { continue }
      $values = [ordered]@{ manifest = $one }
      if (-not [string]::IsNullOrWhiteSpace($namespace)) { $values['ns'] = $namespace }
      __CrossgapMessage 'k8s-manifest-applied' $values
    }
  }
}

function Report-KubernetesManifestFile {
  [CmdletBinding()]
  param([Parameter(Position = 0, ValueFromPipeline = $true)] [string] $path, [Parameter(Position = 1)] [string] $namespace)
  process {
    if (Test-Path -LiteralPath $path -PathType Leaf) {
      Report-KubernetesManifest -manifest ([IO.File]::ReadAllText((Convert-Path -LiteralPath $path))) -namespace $namespace
    } else {
      Write-Verbose "No Kubernetes manifest file was found at '$path'."
    }
  }
}

function Execute-WithRetry([ScriptBlock] $command, [int] $maxFailures = 3, [int] $sleepBetweenFailures = 1) {
  for ($attempt = 1; $attempt -le $maxFailures; $attempt += 1) {
    try {
      & $command
      return
    } catch {
      if ($attempt -ge $maxFailures) { throw }
      Write-Host "Attempt $attempt of $maxFailures failed: $($_.Exception.Message)"
    }
    Write-Host "Waiting for $sleepBetweenFailures seconds before retrying..."
    Start-Sleep -Seconds $sleepBetweenFailures
  }
}

function __CrossgapLevel([string] $level) {
  Microsoft.PowerShell.Utility\Write-Host "##octopus[stdout-$level]"
}
function Write-Verbose {
  [CmdletBinding()]
  param([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [AllowNull()] [string] $Message)
  begin { __CrossgapLevel 'verbose' }
  process { Microsoft.PowerShell.Utility\Write-Host $Message }
  end { __CrossgapLevel 'default' }
}
function Write-Debug {
  [CmdletBinding()]
  param([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [AllowNull()] [string] $Message)
  begin { __CrossgapLevel 'verbose' }
  process { Microsoft.PowerShell.Utility\Write-Host $Message }
  end { __CrossgapLevel 'default' }
}
function Write-Highlight {
  [CmdletBinding()]
  param([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [AllowNull()] [string] $Message)
  begin { __CrossgapLevel 'highlight' }
  process { Microsoft.PowerShell.Utility\Write-Host $Message }
  end { __CrossgapLevel 'default' }
}
function Write-Wait {
  [CmdletBinding()]
  param([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [AllowNull()] [string] $Message)
  begin { __CrossgapLevel 'wait' }
  process { Microsoft.PowerShell.Utility\Write-Host $Message }
  end { __CrossgapLevel 'default' }
}
function Write-Warning {
  [CmdletBinding()]
  param([Parameter(Position = 0, ValueFromPipeline = $true)] [AllowEmptyString()] [AllowNull()] [string] $Message)
  begin { __CrossgapLevel 'warning' }
  process { if ($WarningPreference -ne 'SilentlyContinue') { Microsoft.PowerShell.Utility\Write-Host $Message } }
  end { __CrossgapLevel 'default' }
}

__CrossgapLoad
__CrossgapImport
Remove-Item -Path 'function:__CrossgapLoad'
Remove-Item -Path 'function:__CrossgapImport'
Remove-Item -Path 'function:__CrossgapTake'
$global:OctopusProxy = [System.Net.WebRequest]::DefaultWebProxy
if ($OctopusParameters['Octopus.Action.Script.SuppressEnvironmentLogging'] -ne 'True') {
  Write-Verbose "PowerShell $($PSVersionTable.PSVersion) on $([Environment]::OSVersion), process $PID of user $([Environment]::UserName), in $PWD"
}

$__CrossgapDone = $false
try {
  do {
    if ($null -ne $__CrossgapBody) { . ([ScriptBlock]::Create($__CrossgapBody)) } else { . $__CrossgapScript }
    $__CrossgapDone = $true
  } while ($false)
} catch {
  [Console]::Error.WriteLine("$($_.CategoryInfo.Category): $($_.Exception.Message)")
  if ($null -ne $_.InvocationInfo) { [Console]::Error.WriteLine($_.InvocationInfo.PositionMessage) }
  if ($null -ne $_.ScriptStackTrace) { [Console]::Error.WriteLine($_.ScriptStackTrace) }
  if ($null -ne $_.ErrorDetails) { [Console]::Error.WriteLine($_.ErrorDetails.Message) }
  exit 1
}
if (-not $__CrossgapDone) {
  [Console]::Error.WriteLine('The script used break or continue outside of a loop')
  exit 1
}
if (Test-Path -Path 'variable:global:LASTEXITCODE') { exit $global:LASTEXITCODE }
`;
