import { bashBootstrap } from './bootstrap/bash.ts';
import { powershellBootstrap } from './bootstrap/powershell.ts';
import { pythonBootstrap } from './bootstrap/python.ts';
import type { ScriptKind } from './plan.ts';
import { powershellCommand, type ScriptCommand } from './powershell-command.ts';

/** What a script is given beside its file: its text, where that must not be on disk, and all variables evaluated. */
export type Handover = {
  readonly body: string | undefined;
  readonly variables: ReadonlyMap<string, string>;
};

/** How scripts of one language are named, started and handed their values. */
export type ScriptLanguage = {
  readonly kind: ScriptKind;
  readonly name: string;
  /** Without the dot; compared as written, except on Windows. */
  readonly extension: string;
  /** Programs that run it where no setting says otherwise; the first one found on PATH is taken. */
  readonly programs: readonly string[];
  /** How it is started under the settings of a step; the names of the bootstrap file and the script follow. */
  readonly command: (setting: (name: string) => string | undefined) => ScriptCommand;
  readonly bootstrap: { readonly file: string; readonly text: string };
  /** Where the values arrive: on a pipe of their own, or on standard input, of which it then reads exactly as much. */
  readonly valuesOn: 'descriptor-3' | 'stdin';
  readonly encode: (handover: Handover) => Buffer;
  /** Whether a script file is rewritten to LF line ends and without byte order mark before it runs. */
  readonly plainUtf8: boolean;
  /** What asks it to end, before it is killed. */
  readonly stopSignal: NodeJS.Signals;
};

const pythons = process.platform === 'win32' ? ['python', 'python3'] : ['python3'];

export const scriptLanguages: Readonly<Record<ScriptKind, ScriptLanguage>> = {
  bash: {
    kind: 'bash',
    name: 'Bash',
    extension: 'sh',
    programs: ['bash'],
    command: () => ({ programs: ['bash'], switches: ['--noprofile', '--norc'] }),
    bootstrap: { file: 'bootstrap.sh', text: bashBootstrap },
    valuesOn: 'descriptor-3',
    encode: nulEnded,
    plainUtf8: true,
    stopSignal: 'SIGTERM',
  },
  python: {
    kind: 'python',
    name: 'Python 3',
    extension: 'py',
    programs: pythons,
    command: () => ({ programs: pythons, switches: ['-B'] }),
    bootstrap: { file: 'bootstrap.py', text: pythonBootstrap },
    valuesOn: 'descriptor-3',
    encode: json,
    plainUtf8: true,
    stopSignal: 'SIGTERM',
  },
  powershell: {
    kind: 'powershell',
    name: 'PowerShell',
    extension: 'ps1',
    programs: powershellCommand(() => undefined).programs,
    command(setting) {
      const { switches, ...command } = powershellCommand(setting);
      return { ...command, switches: [...switches, '-File'] };
    },
    bootstrap: { file: 'bootstrap.ps1', text: `\uFEFF${powershellBootstrap}` },
    valuesOn: 'stdin',
    encode: lengthPrefixed,
    plainUtf8: false,
    stopSignal: 'SIGINT',
  },
};

/** Extensions in the order in which one packaged script is chosen; `csx` is known so that it can be named. */
export const preferredExtensions: readonly string[] =
  process.platform === 'win32' ? ['ps1', 'py', 'csx', 'sh'] : ['sh', 'py', 'csx', 'ps1'];

/** The order in which inline scripts of one stage run, on any platform. */
export const inlineOrder: readonly ScriptKind[] = ['powershell', 'bash', 'python'];

export function languageOf(extension: string): ScriptLanguage | undefined {
  return Object.values(scriptLanguages).find((language) => language.extension === extension);
}

function nulEnded({ body, variables }: Handover): Buffer {
  const texts = [body ?? ''];
  for (const [name, value] of variables) {
    if (name === '' || name.includes('\0')) continue;
    if (value.includes('\0')) texts.push(`nul:${name}`, '');
    else texts.push(`=${name}`, value);
  }
  return Buffer.from(`${texts.join('\0')}\0`, 'utf8');
}

function json({ body, variables }: Handover): Buffer {
  return Buffer.from(
    JSON.stringify({ body: body ?? null, variables: Object.fromEntries(variables) }),
    'utf8',
  );
}

function lengthPrefixed({ body, variables }: Handover): Buffer {
  const texts = [body, ...[...variables].flat()];
  const content = Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text ?? '', 'utf8');
      const length = Buffer.alloc(4);
      length.writeInt32LE(text === undefined ? -1 : bytes.length);
      return [length, bytes];
    }),
  );
  return Buffer.concat([Buffer.from(`${content.length}\n`), content]);
}
