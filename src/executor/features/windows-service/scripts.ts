/**
 * What is asked of Windows. Everything is handed over as objects to the system's own classes: no command line is put
 * together, so that no value can be read as an option, and no password stands in a list of processes.
 */
const begin = String.raw`
$name = $OctopusParameters['Octopus.Action.WindowsService.ServiceName']

function Find-Service {
    # Compared as text: Get-Service takes a name for a pattern, and a filter would have to be put together.
    Get-CimInstance -ClassName Win32_Service | Where-Object { $_.Name -eq $name } | Select-Object -First 1
}

function Get-Controller {
    # Services that this account may not see are no error here.
    Get-Service -ErrorAction SilentlyContinue | Where-Object { $_.ServiceName -eq $name } | Select-Object -First 1
}

function Wait-Service([string] $status) {
    $controller = Get-Controller
    if (-not $controller) { throw "There is no service $name" }
    $controller.WaitForStatus($status, [TimeSpan]::FromSeconds(30))
}

function Confirm-Result($result, [string] $what) {
    if ($result.ReturnValue -ne 0) { throw "$what failed: Win32_Service says $($result.ReturnValue)" }
}

function Stop-Found($service) {
    Write-Host "Stopping the service $name"
    foreach ($dependent in (Get-Controller).DependentServices) {
        if ($dependent.Status -eq 'Stopped') { continue }
        $dependent.Stop()
        $dependent.WaitForStatus('Stopped', [TimeSpan]::FromSeconds(30))
    }
    Confirm-Result (Invoke-CimMethod -InputObject $service -MethodName StopService) "Stopping the service $name"
    Wait-Service 'Stopped'
}

function Start-Found {
    Write-Host "Starting the service $name"
    Confirm-Result (Invoke-CimMethod -InputObject (Find-Service) -MethodName StartService) "Starting the service $name"
    Wait-Service 'Running'
}
`;

export const windowsServiceScripts = {
  stop: `${begin}${String.raw`
$service = Find-Service
if (-not $service) {
    Write-Host "The service $name is not there yet"
    Set-OctopusVariable -name 'Octopus.Action.WindowsService.Status' -value 'Stopped'
} else {
    $status = if ($service.State -eq 'Start Pending') { 'StartPending' } else { $service.State }
    Set-OctopusVariable -name 'Octopus.Action.WindowsService.Status' -value $status
    if ($service.State -ne 'Stopped') { Stop-Found $service }
}
`}`,
  setUp: `${begin}${String.raw`
function Get-Setting([string] $setting) {
    $value = $OctopusParameters["Octopus.Action.WindowsService.$setting"]
    if ($value) { $value } else { $null }
}

$program = Get-Setting 'ExecutablePath'
if (-not [IO.Path]::IsPathRooted($program)) { $program = Join-Path (Get-Location).ProviderPath $program }
if (-not (Test-Path -LiteralPath $program -PathType Leaf)) { throw "There is no program $program" }
$path = '"' + $program + '"'
$arguments = Get-Setting 'Arguments'
if ($arguments) { $path = $path + ' ' + $arguments }

$display = Get-Setting 'DisplayName'
$account = Get-Setting 'ServiceAccount'
$password = $null
if ($account -eq '_CUSTOM') {
    $account = Get-Setting 'CustomAccountName'
    $password = Get-Setting 'CustomAccountPassword'
}
[string[]] $dependencies = @()
$written = Get-Setting 'Dependencies'
if ($written) { $dependencies = @($written -split '/' | Where-Object { $_ -ne '' }) }
$start = Get-Setting 'StartMode'
$modes = @{ 'auto' = 'Automatic'; 'delayed-auto' = 'Automatic'; 'demand' = 'Manual'; 'disabled' = 'Disabled' }

$service = Find-Service
if (-not $service) {
    Write-Host "The service $name is made"
    $facts = @{
        Name = $name
        DisplayName = if ($display) { $display } else { $name }
        PathName = $path
        ServiceType = [byte] 16
        ErrorControl = [byte] 1
        StartMode = if ($start -and $modes.ContainsKey($start)) { $modes[$start] } else { 'Manual' }
        DesktopInteract = $false
        StartName = if ($account) { $account } else { 'LocalSystem' }
    }
    if ($password) { $facts['StartPassword'] = $password }
    if ($dependencies.Count -gt 0) { $facts['ServiceDependencies'] = $dependencies }
    Confirm-Result (Invoke-CimMethod -ClassName Win32_Service -MethodName Create -Arguments $facts) "Making the service $name"
} else {
    Write-Host "The service $name is there and is set"
    if ($service.State -ne 'Stopped') { Stop-Found $service }
    # One empty name stands for none; without the fact those of before would stay.
    if ($dependencies.Count -eq 0) { $dependencies = @('') }
    $facts = @{ PathName = $path; ServiceDependencies = $dependencies }
    if ($display) { $facts['DisplayName'] = $display }
    if ($start -and $modes.ContainsKey($start)) { $facts['StartMode'] = $modes[$start] }
    if ($account) { $facts['StartName'] = $account }
    if ($password) { $facts['StartPassword'] = $password }
    Confirm-Result (Invoke-CimMethod -InputObject $service -MethodName Change -Arguments $facts) "Setting the service $name"
}

$key = 'HKLM:\SYSTEM\CurrentControlSet\Services\' + $name
if ($start -eq 'auto' -or $start -eq 'delayed-auto') {
    $delayed = if ($start -eq 'delayed-auto') { 1 } else { 0 }
    Set-ItemProperty -LiteralPath $key -Name DelayedAutostart -Value $delayed -Type DWord
}
$description = Get-Setting 'Description'
if ($description) { Set-ItemProperty -LiteralPath $key -Name Description -Value $description -Type String }

$desired = Get-Setting 'DesiredStatus'
$before = $OctopusParameters['Octopus.Action.WindowsService.Status']
$service = Find-Service
$starts = $true
if ($desired -eq 'Stopped' -or $service.StartMode -eq 'Disabled') { $starts = $false }
elseif ($desired -eq 'Started') { $starts = $true }
elseif ($desired -eq 'Unchanged') { $starts = $before -eq 'Running' -or $before -eq 'StartPending' }
elseif ($start -eq 'unchanged' -or $start -eq 'demand') { $starts = $false }
if ($starts) { Start-Found } else { Write-Host "The service $name is left stopped" }
`}`,
  startAgain: `${begin}${String.raw`
$service = Find-Service
if ($service -and $service.State -eq 'Stopped') { Start-Found }
`}`,
};
