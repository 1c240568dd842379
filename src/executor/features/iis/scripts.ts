/**
 * What IIS can only be told on Windows, after its file is written: which certificate http.sys takes for an address, and
 * that pools and sites run. Values come as variables; the certificate's line is `THUMBPRINT sni|ip ADDRESS:PORT:HOST`.
 */
export const iisScripts = {
  start: String.raw`
$appcmd = Join-Path $env:SystemRoot 'System32\inetsrv\appcmd.exe'
if (-not (Test-Path -LiteralPath $appcmd)) { throw "There is no $appcmd. Is IIS installed?" }

function Get-Lines([string] $name) {
    $value = $OctopusParameters[$name]
    if ($value) { $value -split "\r?\n" | Where-Object { $_ -ne '' } }
}

foreach ($line in @(Get-Lines 'Crossgap.Action.IIS.Certificates')) {
    $thumbprint, $kind, $information = $line -split ' ', 3
    $address, $port, $hostName = $information -split ':(?![^\[]*\])', 3
    $certificate = Get-ChildItem -Path Cert:\LocalMachine -Recurse |
        Where-Object { $_.Thumbprint -eq $thumbprint -and $_.HasPrivateKey } | Select-Object -First 1
    if (-not $certificate) { throw "There is no certificate $thumbprint with its private key in Cert:\LocalMachine" }
    $store = Split-Path -Leaf (Split-Path -Parent $certificate.PSPath)
    if ($kind -eq 'sni') { $where = 'hostnameport=' + $hostName + ':' + $port }
    else {
        if ($address -eq '*') { $address = '0.0.0.0' }
        $where = 'ipport=' + $address + ':' + $port
    }
    $bound = (& netsh http show sslcert $where) -join ' '
    if ($LASTEXITCODE -eq 0 -and $bound.IndexOf($thumbprint, [StringComparison]::OrdinalIgnoreCase) -ge 0) {
        Write-Host "$where has its certificate"
        continue
    }
    if ($LASTEXITCODE -eq 0) {
        & netsh http delete sslcert $where | Out-Null
        if ($LASTEXITCODE -ne 0) { throw "The certificate at $where could not be taken away" }
    }
    $application = '{' + [Guid]::NewGuid().ToString() + '}'
    & netsh http add sslcert $where "certhash=$thumbprint" "appid=$application" "certstorename=$store"
    if ($LASTEXITCODE -ne 0) { throw "Certificate $thumbprint could not be set at $where" }
}

foreach ($pool in @(Get-Lines 'Crossgap.Action.IIS.Pools')) {
    & $appcmd start apppool "/apppool.name:$pool"
}
foreach ($site in @(Get-Lines 'Crossgap.Action.IIS.Sites')) {
    & $appcmd start site "/site.name:$site"
}
# appcmd fails where a thing runs already; what counts is how they are.
foreach ($site in @(Get-Lines 'Crossgap.Action.IIS.Sites')) {
    $state = & $appcmd list site "/site.name:$site" /text:state
    if ($state -ne 'Started') { throw "Site $site is not started: $state" }
}
$global:LASTEXITCODE = 0
`,
};
