import { pino, type Logger } from 'pino';

export type { Logger };

/** Fields that may hold key material or a value of a variable; whatever stands there is never written. */
const blanked = [
  'value',
  'values',
  'secret',
  'secrets',
  'password',
  'privateKey',
  'key',
  '*.value',
  '*.password',
];

/** The program's log: one JSON line an event on stderr, with the fields named above blanked. */
export function programLog(settings: { readonly level: string }): Logger {
  return pino(
    { level: settings.level, base: null, redact: { paths: blanked, censor: '[blanked]' } },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** A log that writes nothing, for commands that talk to a person instead. */
export function silentLog(): Logger {
  return pino({ level: 'silent' });
}
