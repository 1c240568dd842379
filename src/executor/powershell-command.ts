import { join } from 'node:path';

/** Which program runs a script, and how it is started. */
export type ScriptCommand = {
  /** Names to look for on PATH, or absolute paths; the first one found is taken. */
  readonly programs: readonly string[];
  /** Switches before the name of the bootstrap file. */
  readonly switches: readonly string[];
  /** What a setting asks for that can't be had here. */
  readonly remark?: string;
};

/**
 * PowerShell as Octopus chooses it. On Windows that is Windows PowerShell unless `Octopus.Action.PowerShell.Edition`
 * is `Core`; `…CustomPowerShellVersion` names a folder below `Program Files\PowerShell`, or for Windows PowerShell
 * what its `-Version` gets. Elsewhere there is `pwsh` alone, whatever these two say. The profile of the account is
 * read unless `…ExecuteWithoutProfile` is `True`.
 */
export function powershellCommand(
  setting: (name: string) => string | undefined,
  platform: NodeJS.Platform = process.platform,
  programFiles: string = process.env['ProgramFiles'] ?? 'C:\\Program Files',
): ScriptCommand {
  const of = (name: string): string => (setting(`Octopus.Action.PowerShell.${name}`) ?? '').trim();
  const version = of('CustomPowerShellVersion');
  const edition = of('Edition').toLowerCase();
  const profile = of('ExecuteWithoutProfile').toLowerCase() === 'true' ? ['-NoProfile'] : [];
  const switches = [...profile, '-NoLogo', '-NonInteractive', '-ExecutionPolicy', 'Bypass'];
  if (platform !== 'win32') {
    const asked = [edition === 'desktop' ? 'Windows PowerShell' : '', version].filter((one) => one !== '');
    const remark = `${asked.join(' ')} is asked for; the PowerShell of this machine is taken`;
    return { programs: ['pwsh'], switches, ...(asked.length > 0 && { remark }) };
  }
  if (edition === 'core') {
    const programs = version === '' ? ['pwsh'] : [join(programFiles, 'PowerShell', version, 'pwsh')];
    return { programs, switches };
  }
  // `-Version` must come first.
  if (version !== '') return { programs: ['powershell'], switches: ['-Version', version, ...switches] };
  return { programs: ['powershell', 'pwsh'], switches };
}
