import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ScriptKind } from '../../src/executor/index.ts';
import type { LogLevel } from '../../src/executor/run-log.ts';
import { scriptEnvironment } from '../../src/executor/script-environment.ts';
import { scriptLanguages } from '../../src/executor/script-kinds.ts';
import { scriptOutput } from '../../src/executor/script-output.ts';
import { runScript } from '../../src/executor/run-script.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { requires } from '../support/requires.ts';

/** How each language says what the contract asks for. */
type Phrases = {
  readonly print: (text: string) => string;
  /** Prints the value of a variable as hex, so that nothing on the way can improve it. */
  readonly printHex: (name: string) => string;
  readonly printError: (text: string) => string;
  readonly set: (name: string, value: string, sensitive?: boolean) => string;
  readonly artifact: (path: string, name: string) => string;
  readonly progress: (percent: number, message: string) => string;
  readonly fail: (message: string) => string;
  readonly exit: (code: number) => string;
  readonly say: Readonly<Record<'verbose' | 'highlight' | 'wait' | 'warning', (text: string) => string>>;
  readonly syntaxError: string;
};

const phrases: Record<ScriptKind, Phrases> = {
  bash: {
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
    say: {
      verbose: (text) => `write_verbose '${text}'`,
      highlight: (text) => `write_highlight '${text}'`,
      wait: (text) => `write_wait '${text}'`,
      warning: (text) => `write_warning '${text}'`,
    },
    syntaxError: 'if then',
  },
  python: {
    print: (text) => `print('${text}')`,
    printHex: (name) => `print(get_octopusvariable('${name}').encode('utf-8').hex())`,
    printError: (text) => `import sys; print('${text}', file=sys.stderr)`,
    set: (name, value, sensitive) => `set_octopusvariable('${name}', '${value}'${sensitive ? ', True' : ''})`,
    artifact: (path, name) => `createartifact('${path}', '${name}')`,
    progress: (percent, message) => `updateprogress(${percent}, '${message}')`,
    fail: (message) => `failstep('${message}')`,
    exit: (code) => `import sys; sys.exit(${code})`,
    say: {
      verbose: (text) => `printverbose('${text}')`,
      highlight: (text) => `printhighlight('${text}')`,
      wait: (text) => `printwait('${text}')`,
      warning: (text) => `printwarning('${text}')`,
    },
    syntaxError: 'if then',
  },
  powershell: {
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
    say: {
      verbose: (text) => `Write-Verbose '${text}'`,
      highlight: (text) => `Write-Highlight '${text}'`,
      wait: (text) => `Write-Wait '${text}'`,
      warning: (text) => `Write-Warning '${text}'`,
    },
    syntaxError: 'if {',
  },
};

type Ran = {
  exitCode: number;
  said: [LogLevel, string][];
  outputs: [string, string, boolean][];
  artifacts: [string, string][];
  resultMessage: string | undefined;
};

/** The system's own interpreters come first: some machines put slow wrappers before them. */
const environment = scriptEnvironment({
  ...process.env,
  CROSSGAP_DATA: 'canary',
  PATH: `/usr/bin:/bin:${process.env['PATH']}`,
});

async function runText(
  kind: ScriptKind,
  root: string,
  text: string,
  variables: Record<string, string> = {},
  body?: string,
): Promise<Ran> {
  const language = scriptLanguages[kind];
  const folder = join(root, 'a folder');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `It's a $script.${language.extension}`);
  if (body === undefined) writeFileSync(file, text);
  const ran: Ran = { exitCode: -1, said: [], outputs: [], artifacts: [], resultMessage: undefined };
  const output = scriptOutput({
    log: (level, line) => ran.said.push([level, line]),
    mask: () => undefined,
    setOutput: (...set) => ran.outputs.push(set),
    keepArtifact: (...artifact) => ran.artifacts.push(artifact),
  });
  const end = await runScript({
    language,
    file,
    body,
    variables: new Map(Object.entries(variables)),
    environment,
    scratch: join(root, 'scratch'),
    signal: new AbortController().signal,
    graceMs: 1000,
    onStart: () => undefined,
    onLine: (stream, line) => output.line(stream, line),
  });
  ran.exitCode = end.exitCode;
  ran.resultMessage = output.end().resultMessage;
  return ran;
}

const everyCharacter = Array.from({ length: 255 }, (_, n) => String.fromCharCode(n + 1)).join('');
const trickyValues: Record<string, string> = {
  'every character from 1 to 255': everyCharacter,
  quotes: `'"\`\\' "" $(exit 9) \${HOME} $HOME %PATH% #{x} !! \u2018\u2019\u201c\u201d`,
  'line ends at its ends': '\n\r\n a \r\n\n',
  'a message': `##octopus[setVariable name='QQ==' value='QQ==']`,
  'other planes': '\u{1F680}\u00e9\u0416\u4e2d\ufeff',
  empty: '',
};

function keepsTheScriptContract(kind: ScriptKind): void {
  const say = phrases[kind];

  test(`T-73 ${kind}: values arrive as they are, whatever they hold`, async () => {
    using folder = temporaryFolder();
    const names = Object.keys(trickyValues);
    const ran = await runText(kind, folder.path, names.map(say.printHex).join('\n'), trickyValues);
    expect(ran.exitCode).toBe(0);
    expect(ran.said.map(([, line]) => Buffer.from(line, 'hex').toString('utf8'))).toEqual(
      Object.values(trickyValues),
    );
  });

  test(`T-73 ${kind}: names with brackets, quotes and signs are names like others`, async () => {
    using folder = temporaryFolder();
    const name = 'Octopus.Action[Web site].Output[web-1].A $(b) @ *';
    const variables = { [name]: 'here', '': 'nameless', '@': 'x' };
    const ran = await runText(kind, folder.path, say.printHex(name), variables);
    expect(ran.said).toEqual([['info', Buffer.from('here').toString('hex')]]);
  });

  test(`${kind}: two thousand variables arrive`, async () => {
    using folder = temporaryFolder();
    const variables = Object.fromEntries(
      Array.from({ length: 2000 }, (_, n) => [`Name.${n}`, `value ${n} `.repeat(9)]),
    );
    const ran = await runText(kind, folder.path, say.printHex('Name.1999'), variables);
    expect(Buffer.from(ran.said[0]![1], 'hex').toString()).toBe(variables['Name.1999']);
  });

  test(`${kind}: output variables, artifacts and progress are told as messages`, async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('result.xml'), 'four');
    const text = [
      say.set('Url', 'http://x/?a=1&b="2"  ü'),
      say.set('Key', 'secret', true),
      say.artifact(folder.file('result.xml'), 'Tests.xml'),
      say.progress(40, 'Half way'),
    ].join('\n');
    const ran = await runText(kind, folder.path, text);
    expect(ran.outputs).toEqual([
      ['Url', 'http://x/?a=1&b="2"  ü', false],
      ['Key', 'secret', true],
    ]);
    expect(ran.artifacts).toEqual([[folder.file('result.xml'), 'Tests.xml']]);
    expect(ran.said).toEqual([['info', '40 % Half way']]);
  });

  test(`${kind}: lines have the level they were written with`, async () => {
    using folder = temporaryFolder();
    const text = [
      say.print('plain'),
      say.say.verbose('whispered'),
      say.say.highlight('shouted'),
      say.say.wait('waiting'),
      say.say.warning('careful'),
      say.print('plain again'),
    ];
    const ran = await runText(kind, folder.path, text.join('\n'));
    expect(ran.said).toEqual([
      ['info', 'plain'],
      ['verbose', 'whispered'],
      ['highlight', 'shouted'],
      ['wait', 'waiting'],
      ['warning', 'careful'],
      ['info', 'plain again'],
    ]);
    const failing = await runText(kind, folder.path, say.printError('oh no'));
    expect(failing).toMatchObject({ exitCode: 0, said: [['error', 'oh no']] });
  });

  test(`${kind}: the exit code is the script's`, async () => {
    using folder = temporaryFolder();
    expect((await runText(kind, folder.path, say.exit(3))).exitCode).toBe(3);
    expect((await runText(kind, folder.path, say.print('fine'))).exitCode).toBe(0);
    expect((await runText(kind, folder.path, '')).exitCode).toBe(0);
    expect((await runText(kind, folder.path, say.syntaxError)).exitCode).not.toBe(0);
    const failed = await runText(kind, folder.path, say.fail('no database'));
    expect(failed.exitCode).not.toBe(0);
    expect(failed.resultMessage).toBe('no database');
  });

  test(`${kind}: a script given as text runs without ever being a file`, async () => {
    using folder = temporaryFolder();
    const ran = await runText(kind, folder.path, '', {}, `${say.print('from the pipe')}\n${say.exit(4)}`);
    expect(ran).toMatchObject({ exitCode: 4, said: [['info', 'from the pipe']] });
  });
}

describe('bash', () => keepsTheScriptContract('bash'));
if (requires('python3', 'Python scripts')) describe('python', () => keepsTheScriptContract('python'));
// No continuous integration of ours has PowerShell, so where it is missing that is said and nothing more.
if (spawnSync('pwsh', ['-Version']).status === 0)
  describe('powershell', () => keepsTheScriptContract('powershell'));
else process.stderr.write('not run, because pwsh is not on this machine: PowerShell scripts\n');

test('T-86 a script sees nothing of our environment, has no terminal and an empty input', async () => {
  using folder = temporaryFolder();
  const text =
    'env; echo "input: $(cat)"; (: </dev/tty) 2>/dev/null && echo tty; [ -e /proc/$$/fd/3 ] && echo pipe; echo "in $PWD, $0"';
  const { said } = await runText('bash', folder.path, text);
  const lines = said.map(([, line]) => line);
  expect(lines.join('\n')).not.toMatch(/canary|VITEST|npm_/);
  expect(lines).toContain('input: ');
  expect(lines).not.toContain('tty');
  expect(lines).not.toContain('pipe');
  expect(lines.at(-1)).toBe(`in ${folder.path}/a folder, ${folder.path}/a folder/It's a $script.sh`);
  const names = lines.filter((line) => line.includes('=')).map((line) => line.split('=')[0]);
  const ours = [
    'PATH',
    'HOME',
    'LANG',
    'LANGUAGE',
    'LC_CTYPE',
    'LC_ALL',
    'TZ',
    'TMPDIR',
    'USER',
    'LOGNAME',
    'SHELL',
  ];
  const bashs = ['PWD', 'OLDPWD', 'SHLVL', '_', 'POWERSHELL_TELEMETRY_OPTOUT', 'NO_COLOR'];
  expect(names.filter((name) => ![...ours, ...bashs].includes(name!))).toEqual([]);
});

test('values never stand in arguments or on disk while a script runs', async () => {
  using folder = temporaryFolder();
  const text = "tr '\\0' ' ' < /proc/$$/cmdline; echo; cat ../scratch/*";
  const ran = await runText('bash', folder.path, text, { Secret: 'correct horse battery' });
  expect(ran.exitCode).toBe(0);
  expect(ran.said.length).toBeGreaterThan(3);
  expect(JSON.stringify(ran.said)).not.toContain('correct horse');
});

test('a script opens its output streams again by name, as scripts do', async () => {
  using folder = temporaryFolder();
  const text = 'echo one > /dev/stdout\necho two > /dev/stderr\necho three | tee /dev/stderr';
  const { said } = await runText('bash', folder.path, text);
  expect(said.filter(([level]) => level === 'info').map(([, line]) => line)).toEqual(['one', 'three']);
  expect(said.filter(([level]) => level === 'error').map(([, line]) => line)).toEqual(['two', 'three']);
});

test('bash names are case-sensitive, an unknown one is empty, one with NUL is an error that says so', async () => {
  using folder = temporaryFolder();
  const text =
    'set -euo pipefail\necho "[$(get_octopusvariable name)] [$(get_octopusvariable Name)]"\nget_octopusvariable Nul';
  const { said, exitCode } = await runText('bash', folder.path, text, { Name: 'x', Nul: 'a\0b' });
  expect(said).toEqual([
    ['info', '[] [x]'],
    ['error', "The value of Nul holds a NUL character, which Bash can't carry"],
  ]);
  expect(exitCode).toBe(1);
});

test('a last line without end, and bytes that are no text, are read too', async () => {
  using folder = temporaryFolder();
  const { said } = await runText('bash', folder.path, "printf 'a\\xffb\\nlast'");
  expect(said.map(([, line]) => line)).toEqual(['a\ufffdb', 'last']);
});

test('a server that a script leaves behind does not hold up the step, and that its output is lost is known', async () => {
  using folder = temporaryFolder();
  const file = folder.file('start.sh', Buffer.from('sleep 300 & echo $! > server.pid; echo started'));
  const lines: string[] = [];
  const end = await runScript({
    language: scriptLanguages.bash,
    file,
    body: undefined,
    variables: new Map(),
    environment,
    scratch: folder.file('scratch'),
    signal: new AbortController().signal,
    graceMs: 1000,
    onStart: () => undefined,
    onLine: (_, line) => lines.push(line),
  });
  const pid = Number(readFileSync(folder.file('server.pid'), 'utf8'));
  try {
    expect(process.kill(pid, 0)).toBe(true);
    expect(lines).toEqual(['started']);
    expect(end).toEqual({ exitCode: 0, outputHeld: true });
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});

test('a missing interpreter is named', async () => {
  using folder = temporaryFolder();
  const run = {
    language: scriptLanguages.python,
    file: folder.file('a.py'),
    body: undefined,
    variables: new Map<string, string>(),
    environment: { PATH: folder.path },
    scratch: folder.file('scratch'),
    signal: new AbortController().signal,
    graceMs: 1000,
    onStart: () => undefined,
    onLine: () => undefined,
  };
  await expect(runScript(run)).rejects.toMatchObject({
    code: 'SCRIPT_NOT_STARTED',
    message: 'Cannot run a Python 3 script: python3 is not on this machine',
  });
});
