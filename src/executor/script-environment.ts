/** What a script sees of the environment of the process that runs it; everything else stays out. */
const passedOn = /^(?:PATH|HOME|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|USER|LOGNAME|SHELL)$/;

/** Windows programs don't start without these. */
const passedOnWindows =
  /^(?:PATH|PATHEXT|COMSPEC|SYSTEMROOT|SYSTEMDRIVE|WINDIR|TEMP|TMP|USERPROFILE|USERNAME|USERDOMAIN|COMPUTERNAME|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES|PROGRAMFILES\(X86\)|NUMBER_OF_PROCESSORS|PROCESSOR_ARCHITECTURE|HOMEDRIVE|HOMEPATH|PSMODULEPATH|TZ)$/i;

/**
 * The environment of a script: an allow-list of `from`, with a UTF-8 locale whatever that says, and what keeps
 * PowerShell from phoning home and from colouring its output.
 */
export function scriptEnvironment(
  from: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const allowed = process.platform === 'win32' ? passedOnWindows : passedOn;
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && allowed.test(name)) environment[name] = value;
  }
  const locale = environment['LC_ALL'] ?? environment['LC_CTYPE'] ?? environment['LANG'] ?? '';
  if (!/utf-?8/i.test(locale)) {
    delete environment['LC_ALL'];
    environment['LC_CTYPE'] = 'C.UTF-8';
    environment['LANG'] ??= 'C.UTF-8';
  }
  return { ...environment, POWERSHELL_TELEMETRY_OPTOUT: '1', NO_COLOR: '1' };
}
