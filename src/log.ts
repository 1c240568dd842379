import { pino, stdSerializers, type Logger } from 'pino';
import { foreseen } from './disk-error.ts';

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
  return pino(optionsFor(settings), pino.destination({ fd: 2, sync: true }));
}

/** The same for a person at a terminal: each entry is handed over with its fields, to be said in words. */
export function spokenLog(
  settings: { readonly level: string },
  say: (entry: Readonly<Record<string, unknown>>) => void,
): Logger {
  return pino(optionsFor(settings), {
    write: (line: string) => say(JSON.parse(line) as Readonly<Record<string, unknown>>),
  });
}

const optionsFor = ({ level }: { readonly level: string }) => ({
  level,
  base: null,
  redact: { paths: blanked, censor: '[blanked]' },
  serializers: { err: errorFields },
});

/** What was expected is told in words with its evidence; where it was noticed helps only with what was not. */
function errorFields(error: unknown): unknown {
  const known = foreseen(error);
  if (known !== undefined) {
    const { code, message, hint, details } = known;
    return { code, message, hint, details };
  }
  return error instanceof Error ? stdSerializers.err(error) : error;
}

/** A log that writes nothing, for commands that talk to a person instead. */
export function silentLog(): Logger {
  return pino({ level: 'silent' });
}
