import type { OutputStream } from './output-pipes.ts';
import type { LogLevel } from './run-log.ts';
import { ServiceMessageParser, type ServiceMessage } from './service-messages.ts';

/** What a script's output does to the step it belongs to. */
export type OutputEffects = {
  readonly log: (level: LogLevel, text: string) => void;
  readonly mask: (value: string) => void;
  readonly setOutput: (name: string, value: string, sensitive: boolean) => void;
  readonly keepArtifact: (path: string, name: string) => void;
  /** A fact about the environment that the script wants kept; `Url` where it is an address to open. */
  readonly setState: (key: string, value: string, sensitive: boolean, type: 'State' | 'Url') => void;
};

/** What a script said about itself, once it has ended. */
export type ScriptSaid = { readonly resultMessage: string | undefined; readonly wroteErrors: boolean };

const stdoutLevels: Readonly<Record<string, LogLevel | undefined>> = {
  'stdout-verbose': 'verbose',
  'stdout-default': 'info',
  'stdout-warning': 'warning',
  'stdout-error': 'error',
  'stdout-highlight': 'highlight',
  'stdout-wait': 'wait',
  'stdout-ignore': undefined,
};
const stderrLevels: Readonly<Record<string, LogLevel | undefined>> = {
  'stderr-default': 'error',
  'stderr-error': 'error',
  'stderr-progress': 'verbose',
  'stderr-ignore': undefined,
};

/** What only a server with machines of its own can do; scripts that ask for it are told. */
const infrastructure = new Set(['createStepPackageTarget', 'delete-target']);

/**
 * Reads the lines of one script: text goes to the log, service messages on stdout take effect at once. On stderr only
 * `mask` is a message, since Bash writes it to both.
 */
export function scriptOutput(effects: OutputEffects) {
  const parsers = { stdout: new ServiceMessageParser(), stderr: new ServiceMessageParser() };
  const level: Record<OutputStream, LogLevel | undefined> = { stdout: 'info', stderr: 'error' };
  let resultMessage: string | undefined;
  let wroteErrors = false;

  const act = (message: ServiceMessage): void => {
    const { name, values } = message;
    if (name in stdoutLevels) level.stdout = stdoutLevels[name];
    else if (name in stderrLevels) level.stderr = stderrLevels[name];
    else if (name === 'mask') effects.mask(values.get('value') ?? '');
    else if (name === 'resultMessage') resultMessage = values.get('message');
    else if (name === 'setVariable') setVariable(values);
    else if (name === 'createArtifact') createArtifact(values);
    else if (name === 'set-environmentstate') setState(values);
    else if (name === 'progress') {
      effects.log('info', `${values.get('percentage') ?? ''} % ${values.get('message') ?? ''}`.trim());
    } else if (infrastructure.has(name)) {
      effects.log(
        'warning',
        `The service message ${name} has no effect here: there are no targets to make or remove`,
      );
    } else effects.log('verbose', `The service message ${name} has no effect here`);
  };
  const isSensitive = (values: ReadonlyMap<string, string>): boolean =>
    values.get('sensitive')?.toLowerCase() === 'true';
  const setState = (values: ReadonlyMap<string, string>): void => {
    const key = values.get('key');
    const type = values.get('type')?.toLowerCase() === 'url' ? 'Url' : 'State';
    if (key === undefined || key === '')
      effects.log('warning', 'A set-environmentstate message has no key and is ignored');
    else effects.setState(key, values.get('value') ?? '', isSensitive(values), type);
  };
  const setVariable = (values: ReadonlyMap<string, string>): void => {
    const name = values.get('name');
    const sensitive = isSensitive(values);
    if (name === undefined || name === '')
      effects.log('warning', 'A setVariable message has no name and is ignored');
    else effects.setOutput(name, values.get('value') ?? '', sensitive);
  };
  const createArtifact = (values: ReadonlyMap<string, string>): void => {
    const path = values.get('path');
    if (path === undefined || path === '')
      effects.log('warning', 'A createArtifact message has no path and is ignored');
    else effects.keepArtifact(path, values.get('name') ?? '');
  };
  const take = (stream: OutputStream, parts: ReturnType<ServiceMessageParser['take']>): void => {
    for (const part of parts) {
      const now = level[stream];
      if (part.kind === 'text') {
        if (now !== undefined) effects.log(now, part.text);
      } else if (stream === 'stdout') act(part.message);
      else if (part.message.name === 'mask') act(part.message);
    }
  };
  return {
    line(stream: OutputStream, line: string): void {
      if (stream === 'stderr' && line.trim() !== '' && !line.startsWith('##octopus')) wroteErrors = true;
      take(stream, parsers[stream].take(line));
    },
    end(): ScriptSaid {
      take('stdout', parsers.stdout.end());
      take('stderr', parsers.stderr.end());
      return { resultMessage, wroteErrors };
    },
  };
}
