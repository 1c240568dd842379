import { CrossgapError, exitCodes, type ErrorFacts } from '../errors.ts';

export type SettingsErrorCode = 'SETTINGS_INVALID';

/** The settings file can't be used as it stands. */
export class SettingsError extends CrossgapError<SettingsErrorCode> {
  constructor(message: string, facts: ErrorFacts) {
    super('SETTINGS_INVALID', exitCodes.misused, message, facts);
  }
}
