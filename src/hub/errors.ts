import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

const exits = {
  HUB_URL_UNFIT: exitCodes.misused,
  HUB_SETTING_UNFIT: exitCodes.misused,
  HUB_NOWHERE: exitCodes.misused,
  HUB_SETTINGS_UNREADABLE: exitCodes.misused,
  HUB_AUTHORITY_UNREADABLE: exitCodes.verification,
  HUB_NOT_WRITTEN: exitCodes.misused,
  HUB_UNFIT: exitCodes.refused,
} as const satisfies Record<string, ExitCode>;

export type HubErrorCode = keyof typeof exits;

/** The NATS server that links meet at can't be named, configured or vouched for as asked. */
export class HubError extends CrossgapError<HubErrorCode> {
  constructor(code: HubErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}
