import type { ConfigFileError } from '../../config-files/index.ts';
import { flag } from '../../variables/index.ts';
import type { Work } from '../convention.ts';
import { ExecutorError } from '../errors.ts';

/** The switch by which what is only told becomes a failure; off unless a step sets it. */
const strictName = 'Crossgap.Action.Package.TreatConfigurationWarningsAsErrors';

/** Logs what an error means for the deployment, which its sentence does not say, and hands it back to be thrown. */
export function explained(work: Work, error: ConfigFileError): ConfigFileError {
  work.log('info', error.hint);
  return error;
}

/** Tells a warning, or fails where the step asks for that. */
export function warn(work: Work, doing: string, warning: string): void {
  if (flag(work.variables, strictName, false)) {
    throw new ExecutorError('CONFIGURATION_INCOMPLETE', `Cannot ${doing}: ${warning}`, {
      hint: `Mend what it says; without ${strictName} it is a warning and the deployment goes on.`,
      details: { warning },
    });
  }
  work.log('warning', warning);
}

/** Names for the line of a trace: all of them while they are few. */
export function fewNames(names: readonly string[]): string {
  const shown = 20;
  return names.length <= shown
    ? names.join(', ')
    : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`;
}
