import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { runText, scriptFolder, type ScriptHost } from '../support/scripts-hosts.ts';
import { isGone } from '../support/scripts-run.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';

const everyCharacter = Array.from({ length: 255 }, (_, n) => String.fromCharCode(n + 1)).join('');
const trickyValues: Record<string, string> = {
  'every character from 1 to 255': everyCharacter,
  quotes: `'"\`\\' "" $(exit 9) \${HOME} $HOME %PATH% #{x} !! \u2018\u2019\u201c\u201d`,
  'line ends at its ends': '\n\r\n a \r\n\n',
  'a message': `##octopus[setVariable name='QQ==' value='QQ==']`,
  'other planes': '\u{1F680}\u00e9\u0416\u4e2d\ufeff',
  empty: '',
};

/** Every name an environment variable of a script may have that we hand on, and those that shells make themselves. */
const allowedNames =
  /^(?:PATH|HOME|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|USER|LOGNAME|SHELL|PWD|OLDPWD|SHLVL|_|PSModulePath|POWERSHELL_[A-Z_]+|NO_COLOR|OctopusCalamariWorkingDirectory)$/;

/** What scripts of every kind may rely on; a kind is done when it keeps all of it. */
export function keepsTheScriptContract(host: ScriptHost): void {
  const { name: kind, say } = host;

  test(`T-73 ${kind}: values arrive as they are, whatever they hold`, async () => {
    using folder = temporaryFolder();
    const names = Object.keys(trickyValues);
    const text = names.map(say.printHex).join('\n');
    const ran = await runText(host, folder.path, { text, variables: trickyValues });
    expect(ran.exitCode).toBe(0);
    expect(ran.said.map(([, line]) => Buffer.from(line, 'hex').toString('utf8'))).toEqual(
      Object.values(trickyValues),
    );
  });

  test(`T-73 ${kind}: names with brackets, quotes and signs are names like others`, async () => {
    using folder = temporaryFolder();
    const name = 'Octopus.Action[Web site].Output[web-1].A $(b) @ *';
    const variables = { [name]: 'here', '': 'nameless', '@': 'x' };
    const ran = await runText(host, folder.path, { text: say.printHex(name), variables });
    expect(ran.said).toEqual([['info', Buffer.from('here').toString('hex')]]);
  });

  test(`${kind}: five thousand variables arrive`, async () => {
    using folder = temporaryFolder();
    const variables = Object.fromEntries(
      Array.from({ length: 5000 }, (_, n) => [`Name.${n}`, `value ${n} `.repeat(9)]),
    );
    const ran = await runText(host, folder.path, { text: say.printHex('Name.4999'), variables });
    expect(Buffer.from(ran.said[0]![1], 'hex').toString()).toBe(variables['Name.4999']);
  });

  test(`T-74 INV-8 ${kind}: while a script runs, its values stand in no argument, environment, open or temporary file`, async () => {
    using folder = temporaryFolder();
    const secret = `correct "horse" & <battery>/ü`;
    const forms = secretForms(secret);
    const go = folder.file('go');
    execFileSync('mkfifo', [go]);
    const found: string[] = [];
    const look = (where: string, bytes: Buffer): void => {
      for (const [form, held] of forms) if (bytes.includes(held)) found.push(`${where}: ${form}`);
    };
    let pid = 0;
    const seen: string[] = [];
    const onSaid = (text: string): void => {
      if (text !== 'ready') return;
      look('arguments', readFileSync(`/proc/${pid}/cmdline`));
      look('environment', readFileSync(`/proc/${pid}/environ`));
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        const target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
        seen.push(`${descriptor} ${target}`);
        if (target.startsWith(folder.path) && !target.endsWith('/go') && !target.includes(' (deleted)'))
          look(target, readFileSync(target));
      }
      for (const [file, form] of filesHolding(folder.path, forms)) found.push(`${file}: ${form}`);
      writeFileSync(go, 'go\n');
    };
    const body = [say.print('ready'), say.waitFor(go), say.printHex('Secret'), '# #{Secret}'].join('\n');
    const ran = await runText(host, folder.path, {
      body,
      variables: { Secret: secret },
      onStart: (started) => (pid = started),
      onSaid,
    });
    expect(ran.said.map(([, line]) => line)).toEqual(['ready', Buffer.from(secret).toString('hex')]);
    expect(found).toEqual([]);
    expect(seen.filter((line) => /^3 (?:pipe|socket)/.test(line))).toEqual([]);
  });

  test(`${kind}: output variables, artifacts and progress are told as messages`, async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('result.xml'), 'four');
    const text = [
      say.set('Url', 'http://x/?a=1&b="2"  ü'),
      say.set('Key', 'secret', true),
      say.artifact(folder.file('result.xml'), 'Tests.xml'),
      say.progress(40, 'Half way'),
      say.mask('hunter22'),
    ].join('\n');
    const ran = await runText(host, folder.path, { text });
    expect(ran.outputs).toEqual([
      ['Url', 'http://x/?a=1&b="2"  ü', false],
      ['Key', 'secret', true],
    ]);
    expect(ran.artifacts).toEqual([[folder.file('result.xml'), 'Tests.xml']]);
    expect(ran.said.filter(([level]) => level !== 'verbose')).toEqual([['info', '40 % Half way']]);
    expect([...new Set(ran.masked)]).toEqual(['hunter22']);
  });

  test(`${kind}: the state of an environment is told as messages`, async () => {
    using folder = temporaryFolder();
    const text = [
      say.setState('namespace', 'webstore-pr-482'),
      say.setState('connection', 'Server=db', true),
      say.setUrl('Store front', 'https://pr-123.example.com'),
    ].join('\n');
    const ran = await runText(host, folder.path, { text });
    expect(ran.exitCode).toBe(0);
    expect(ran.states).toEqual([
      ['namespace', 'webstore-pr-482', false, 'State'],
      ['connection', 'Server=db', true, 'State'],
      ['Store front', 'https://pr-123.example.com', false, 'Url'],
    ]);
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
    ].join('\n');
    const ran = await runText(host, folder.path, { text });
    expect(ran.said).toEqual([
      ['info', 'plain'],
      ['verbose', 'whispered'],
      ['highlight', 'shouted'],
      ['wait', 'waiting'],
      ['warning', 'careful'],
      ['info', 'plain again'],
    ]);
  });

  test(`${kind}: what is written to the error stream is an error in the log, and no failure by itself`, async () => {
    using folder = temporaryFolder();
    const ran = await runText(host, folder.path, { text: say.printError('oh no') });
    expect(ran).toMatchObject({ exitCode: 0, said: [['error', 'oh no']], wroteErrors: true });
    const quiet = await runText(host, folder.path, { text: say.print('fine') });
    expect(quiet.wroteErrors).toBe(false);
  });

  test(`${kind}: messages switch the level of what follows, on either stream`, async () => {
    using folder = temporaryFolder();
    const text = ['stdout-error', 'stdout-ignore', 'stdout-default'].flatMap((level) => [
      say.print(`##octopus[${level}]`),
      say.print(`after ${level}`),
    ]);
    const ran = await runText(host, folder.path, { text: text.join('\n') });
    expect(ran.said).toEqual([
      ['error', 'after stdout-error'],
      ['info', 'after stdout-default'],
    ]);
    const progress = [say.print('##octopus[stderr-progress]'), say.printError('60 %')].join('\n');
    expect((await runText(host, folder.path, { text: progress })).said).toEqual([['verbose', '60 %']]);
    const ignored = [say.print('##octopus[stderr-ignore]'), say.printError('noise')].join('\n');
    expect((await runText(host, folder.path, { text: ignored })).said).toEqual([]);
  });

  test(`${kind}: the exit code is the script's`, async () => {
    using folder = temporaryFolder();
    const codeOf = async (text: string): Promise<number> =>
      (await runText(host, folder.path, { text })).exitCode;
    expect(await codeOf(say.exit(3))).toBe(3);
    expect(await codeOf(say.print('fine'))).toBe(0);
    expect(await codeOf('')).toBe(0);
    expect(await codeOf(say.syntaxError)).not.toBe(0);
    const failed = await runText(host, folder.path, { text: say.fail('no database') });
    expect(failed.exitCode).not.toBe(0);
    expect(failed.resultMessage).toBe('no database');
  });

  test(`${kind}: an error that nobody caught ends the script there and is told`, async () => {
    using folder = temporaryFolder();
    const ran = await runText(host, folder.path, { text: `${say.raise}\n${say.print('not reached')}` });
    expect(ran.exitCode).toBe(1);
    expect(ran.said.length).toBeGreaterThan(0);
    expect(ran.said.every(([level]) => level === 'error')).toBe(true);
    expect(ran.said.map(([, line]) => line).join('\n')).toMatch(/no.such.value/);
  });

  test(`${kind}: a script given as text runs without ever being a file`, async () => {
    using folder = temporaryFolder();
    const body = `${say.print('from the pipe')}\n${say.exit(4)}`;
    const ran = await runText(host, folder.path, { body });
    expect(ran).toMatchObject({ exitCode: 4, said: [['info', 'from the pipe']] });
    expect(readdirSync(join(folder.path, scriptFolder))).toEqual([]);
  });

  test(`${kind}: files with a byte order mark, Windows line ends and no end of the last line run`, async () => {
    using folder = temporaryFolder();
    const text = `\ufeff${say.print('ü')}\r\n\r\n${say.print('last')}`;
    const spoken = [
      ['info', 'ü'],
      ['info', 'last'],
    ];
    const files = [Buffer.from(text), Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()];
    for (const bytes of files) {
      const ran = await runText(host, folder.path, { text: bytes });
      expect(ran).toMatchObject({ exitCode: 0, said: spoken });
    }
    const asText = await runText(host, folder.path, { body: text.slice(1).replaceAll('\r\n', '\n') });
    expect(asText).toMatchObject({ exitCode: 0, said: spoken });
  });

  test.each([
    ['C', { LC_ALL: 'C' }],
    ['POSIX', { LANG: 'POSIX' }],
    ['Latin-1', { LC_ALL: 'de_DE.ISO-8859-1', LANG: 'de_DE.ISO-8859-1' }],
  ])(`${kind}: text is UTF-8 under the locale %s too`, async (_, environment) => {
    using folder = temporaryFolder();
    const none = { LC_ALL: '', LC_CTYPE: '', LANG: '' };
    const spoken = 'Grüße 中 🚀';
    const text = [say.print(spoken), say.printHex('Value')].join('\n');
    const variables = { Value: spoken };
    const ran = await runText(host, folder.path, {
      text,
      variables,
      environment: { ...none, ...environment },
    });
    expect(ran.said.map(([, line]) => line)).toEqual([spoken, Buffer.from(spoken).toString('hex')]);
  });

  test(`T-86 ${kind}: a script sees nothing of our environment, has no terminal and an empty input`, async () => {
    using folder = temporaryFolder();
    const names = await runText(host, folder.path, { text: say.printEnvironment });
    expect(names.said.map(([, name]) => name).filter((name) => !allowedNames.test(name))).toEqual([]);
    const text = [say.openTerminal, say.readInput, say.printFolder].join('\n');
    const ran = await runText(host, folder.path, { text });
    expect(ran.said.map(([, line]) => line)).toEqual(['none', '[]', join(folder.path, scriptFolder)]);
  });

  test(`${kind}: what runs the script is told, unless it is to be quiet`, async () => {
    using folder = temporaryFolder();
    const name = 'Octopus.Action.Script.SuppressEnvironmentLogging';
    const told = await runText(host, folder.path, { text: '', variables: { [name]: 'False' } });
    expect(told.said).toEqual([['verbose', expect.stringMatching(/^(?:Bash|Python|PowerShell) [\d.]+/)]]);
    const quiet = await runText(host, folder.path, { text: '', variables: { [name]: 'true' } });
    expect(quiet.said).toEqual([]);
  });

  test(`${kind}: what a script leaves behind does not hold it up, and that its output is lost is known`, async () => {
    using folder = temporaryFolder();
    const text = [say.leaveBehind(folder.file('left.pid')), say.print('started')].join('\n');
    const ran = await runText(host, folder.path, { text });
    const left = Number(readFileSync(folder.file('left.pid'), 'utf8'));
    try {
      expect(process.kill(left, 0)).toBe(true);
      expect(ran).toMatchObject({ exitCode: 0, outputHeld: true, said: [['info', 'started']] });
    } finally {
      process.kill(left, 'SIGKILL');
    }
    expect((await runText(host, folder.path, { text: say.print('alone') })).outputHeld).toBe(false);
  });

  test(`${kind}: a script that is stopped ends with all it started`, async () => {
    using folder = temporaryFolder();
    execFileSync('mkfifo', [folder.file('never')]);
    const stop = new AbortController();
    const text = [
      say.leaveBehind(folder.file('left.pid')),
      say.print('ready'),
      say.waitFor(folder.file('never')),
    ].join('\n');
    const running = runText(host, folder.path, {
      text,
      signal: stop.signal,
      onSaid: () => stop.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    const left = Number(readFileSync(folder.file('left.pid'), 'utf8'));
    expect(isGone(left)).toBe(true);
  });
}
