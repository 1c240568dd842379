import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, runScript } from '../../src/executor/run-script.ts';
import type { LogLevel, ScriptKind } from '../../src/executor/index.ts';
import { scriptEnvironment } from '../../src/executor/script-environment.ts';
import { scriptLanguages } from '../../src/executor/script-kinds.ts';
import { scriptOutput } from '../../src/executor/script-output.ts';

/** How each language says what the contract asks for. */
export type Phrases = {
  readonly print: (text: string) => string;
  /** Prints the value of a variable as hex, so that nothing on the way can improve it. */
  readonly printHex: (name: string) => string;
  readonly printError: (text: string) => string;
  readonly set: (name: string, value: string, sensitive?: boolean) => string;
  readonly artifact: (path: string, name: string) => string;
  readonly progress: (percent: number, message: string) => string;
  readonly fail: (message: string) => string;
  readonly exit: (code: number) => string;
  readonly raise: string;
  readonly say: Readonly<Record<'verbose' | 'highlight' | 'wait' | 'warning', (text: string) => string>>;
  readonly mask: (text: string) => string;
  readonly setState: (key: string, value: string, sensitive?: boolean) => string;
  readonly setUrl: (key: string, url: string) => string;
  readonly syntaxError: string;
  readonly printFolder: string;
  /** Prints the name of every environment variable, a line each. */
  readonly printEnvironment: string;
  /** Prints `tty` where the controlling terminal can be opened, else `none`. */
  readonly openTerminal: string;
  /** Prints what is to be read from standard input, between brackets. */
  readonly readInput: string;
  /** Starts `sleep 300` without waiting for it and writes its process id to `file`. */
  readonly leaveBehind: (file: string) => string;
  /** Waits until somebody has written to the named pipe `path`. */
  readonly waitFor: (path: string) => string;
};

/** A program that runs scripts of one kind, as the contract looks at it. */
export type ScriptHost = {
  readonly name: 'Bash' | 'Python 3' | 'PowerShell' | 'Windows PowerShell';
  readonly kind: ScriptKind;
  readonly programs: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
  readonly say: Phrases;
};

const bash: Phrases = {
  print: (text) => `echo '${text}'`,
  printHex: (name) =>
    `name='${name}'; printf '%s' "\${octopus_parameters["$name"]}" | od -An -v -tx1 | tr -d ' \\n'; echo`,
  printError: (text) => `echo '${text}' >&2`,
  set: (name, value, sensitive) =>
    `set_octopusvariable '${name}' '${value}'${sensitive ? ' -sensitive' : ''}`,
  artifact: (path, name) => `new_octopusartifact '${path}' '${name}'`,
  progress: (percent, message) => `update_progress ${percent} '${message}'`,
  fail: (message) => `fail_step '${message}'`,
  exit: (code) => `exit ${code}`,
  raise: 'set -u; echo "$no_such_value"',
  say: {
    verbose: (text) => `write_verbose '${text}'`,
    highlight: (text) => `write_highlight '${text}'`,
    wait: (text) => `write_wait '${text}'`,
    warning: (text) => `write_warning '${text}'`,
  },
  mask: (text) => `__mask_sensitive_value '${text}'`,
  setState: (key, value, sensitive) =>
    `set_environmentstate '${key}' '${value}'${sensitive ? ' -sensitive' : ''}`,
  setUrl: (key, url) => `set_environmenturl '${key}' '${url}'`,
  syntaxError: 'if then',
  printFolder: 'echo "$PWD"',
  printEnvironment: 'env -0 | while IFS= read -r -d "" entry; do echo "${entry%%=*}"; done',
  openTerminal: '(: < /dev/tty) 2> /dev/null && echo tty || echo none',
  readInput: 'echo "[$(cat)]"',
  leaveBehind: (file) => `sleep 300 & echo $! > '${file}'`,
  waitFor: (path) => `read -r _ < '${path}'`,
};

const python: Phrases = {
  print: (text) => `print('${text}')`,
  printHex: (name) => `print(get_octopusvariable('${name}').encode('utf-8').hex())`,
  printError: (text) => `import sys; print('${text}', file=sys.stderr)`,
  set: (name, value, sensitive) => `set_octopusvariable('${name}', '${value}'${sensitive ? ', True' : ''})`,
  artifact: (path, name) => `createartifact('${path}', '${name}')`,
  progress: (percent, message) => `updateprogress(${percent}, '${message}')`,
  fail: (message) => `failstep('${message}')`,
  exit: (code) => `import sys; sys.exit(${code})`,
  raise: `raise RuntimeError('no such value')`,
  say: {
    verbose: (text) => `printverbose('${text}')`,
    highlight: (text) => `printhighlight('${text}')`,
    wait: (text) => `printwait('${text}')`,
    warning: (text) => `printwarning('${text}')`,
  },
  mask: (text) => `print("##octopus[mask value='%s']" % encode('${text}'))`,
  setState: (key, value, sensitive) =>
    `set_environmentstate('${key}', '${value}'${sensitive ? ', True' : ''})`,
  setUrl: (key, url) => `set_environmenturl('${key}', '${url}')`,
  syntaxError: 'if then',
  printFolder: 'import os; print(os.getcwd())',
  printEnvironment: String.raw`import os; print("\n".join(os.environ))`,
  openTerminal: [
    'try:',
    '    open("/dev/tty").close()',
    '    print("tty")',
    'except OSError:',
    '    print("none")',
  ].join('\n'),
  readInput: 'import sys; print("[%s]" % sys.stdin.read())',
  leaveBehind: (file) =>
    `import subprocess; open('${file}', 'w').write(str(subprocess.Popen(['sleep', '300']).pid))`,
  waitFor: (path) => `open('${path}').read()`,
};

const powershell: Phrases = {
  print: (text) => `Write-Host '${text}'`,
  printHex: (name) =>
    `Write-Host ([BitConverter]::ToString([Text.Encoding]::UTF8.GetBytes($OctopusParameters['${name}'])).Replace('-', '').ToLower())`,
  printError: (text) => `[Console]::Error.WriteLine('${text}')`,
  set: (name, value, sensitive) =>
    `Set-OctopusVariable '${name}' '${value}'${sensitive ? ' -sensitive' : ''}`,
  artifact: (path, name) => `New-OctopusArtifact '${path}' '${name}'`,
  progress: (percent, message) => `Update-Progress ${percent} '${message}'`,
  fail: (message) => `Fail-Step '${message}'`,
  exit: (code) => `exit ${code}`,
  raise: `throw 'no such value'`,
  say: {
    verbose: (text) => `Write-Verbose '${text}'`,
    highlight: (text) => `Write-Highlight '${text}'`,
    wait: (text) => `Write-Wait '${text}'`,
    warning: (text) => `Write-Warning '${text}'`,
  },
  mask: (text) => `Write-Host "##octopus[mask value='$(Convert-ServiceMessageValue '${text}')']"`,
  setState: (key, value, sensitive) =>
    `Set-EnvironmentState '${key}' '${value}'${sensitive ? ' -Sensitive' : ''}`,
  setUrl: (key, url) => `Set-EnvironmentUrl '${key}' '${url}'`,
  syntaxError: 'if {',
  printFolder: 'Write-Host $PWD',
  printEnvironment: 'Get-ChildItem env: | ForEach-Object { Write-Host $_.Name }',
  openTerminal: `try { [IO.File]::OpenRead('/dev/tty').Close(); Write-Host tty } catch { Write-Host none }`,
  readInput: 'Write-Host "[$([Console]::In.ReadToEnd())]"',
  leaveBehind: (file) => `& sh -c 'sleep 300 & echo $! > "$0"' '${file}'`,
  waitFor: (path) => `[void][IO.File]::ReadAllText('${path}')`,
};

export const scriptHosts: readonly ScriptHost[] = [
  { name: 'Bash', kind: 'bash', programs: ['bash'], settings: {}, say: bash },
  {
    name: 'Python 3',
    kind: 'python',
    programs: scriptLanguages.python.programs,
    settings: {},
    say: python,
  },
  {
    name: 'PowerShell',
    kind: 'powershell',
    programs: ['pwsh'],
    settings: { 'Octopus.Action.PowerShell.Edition': 'Core' },
    say: powershell,
  },
  { name: 'Windows PowerShell', kind: 'powershell', programs: ['powershell'], settings: {}, say: powershell },
];

/** The system's own interpreters come first: some machines put slow wrappers before them. */
export const path = `/usr/bin:/bin:${process.env['PATH']}`;

export const isHere = (host: ScriptHost): boolean => findProgram(host.programs, path) !== undefined;

export type Ran = {
  exitCode: number;
  said: [LogLevel, string][];
  outputs: [string, string, boolean][];
  artifacts: [string, string][];
  states: [key: string, value: string, sensitive: boolean, type: string][];
  masked: string[];
  resultMessage: string | undefined;
  wroteErrors: boolean;
  outputHeld: boolean;
  leftOutBytes: number;
};

export type Asked = {
  /** The file's content; what it holds besides text is up to the test. */
  readonly text?: string | Buffer;
  /** The script's text where it is to run without a file. */
  readonly body?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onStart?: (pid: number) => void;
  readonly onSaid?: (text: string) => void;
};

/** Where `runText` lets scripts run, below a test's own folder. */
export const scriptFolder = 'a folder';

/** Runs one script without a step around it, and tells everything that came of it. */
export async function runText(host: ScriptHost, root: string, asked: Asked): Promise<Ran> {
  const language = scriptLanguages[host.kind];
  const folder = join(root, scriptFolder);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `It's a $script.${language.extension}`);
  if (asked.body === undefined) writeFileSync(file, asked.text ?? '');
  const ran: Ran = {
    exitCode: -1,
    said: [],
    outputs: [],
    artifacts: [],
    states: [],
    masked: [],
    resultMessage: undefined,
    wroteErrors: false,
    outputHeld: false,
    leftOutBytes: 0,
  };
  const output = scriptOutput({
    log(level, line) {
      ran.said.push([level, line]);
      asked.onSaid?.(line);
    },
    mask: (value) => void ran.masked.push(value),
    setOutput: (...set) => void ran.outputs.push(set),
    keepArtifact: (...artifact) => void ran.artifacts.push(artifact),
    setState: (...state) => void ran.states.push(state),
  });
  const quiet = { 'Octopus.Action.Script.SuppressEnvironmentLogging': 'True' };
  const end = await runScript({
    language,
    file,
    body: asked.body,
    variables: new Map(Object.entries({ ...quiet, ...host.settings, ...asked.variables })),
    environment: scriptEnvironment({
      ...process.env,
      CROSSGAP_DATA: 'canary',
      PATH: path,
      ...asked.environment,
    }),
    scratch: join(root, 'scratch'),
    signal: asked.signal ?? new AbortController().signal,
    graceMs: 1000,
    onStart: asked.onStart ?? (() => undefined),
    onLines(stream, lines) {
      for (const line of lines) output.line(stream, line);
    },
  });
  return { ...ran, ...end, ...output.end() };
}
