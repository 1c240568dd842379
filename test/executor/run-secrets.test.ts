import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRunKey, type RunEvent } from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import {
  everyFile,
  logOf,
  packageStep,
  planOf,
  pythonScript,
  run,
  runStep,
  saidOf,
} from '../support/scripts-run.ts';

const password = `c0rrect "horse" & <battery>/ü`;
const inputs = [{ name: 'Db.Password', secret: true, version: 1 } as const];
const secrets = { 'Db.Password': password };

/** The forms in which a careless program writes a value. */
function forms(value: string): string[] {
  return [
    value,
    Buffer.from(value).toString('base64').replace(/=+$/, '').slice(0, -1),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  ];
}

function expectNowhere(root: string, values: readonly string[], except: readonly string[] = []): void {
  for (const [path, bytes] of everyFile(root)) {
    if (except.some((end) => path.endsWith(end))) continue;
    const text = bytes.toString('utf8');
    for (const value of values.flatMap(forms)) expect(text.includes(value), `${path}: ${value}`).toBe(false);
  }
}

test('J3.F8 a secret that scripts print is in no file and no event of the run, in no form and not across two writes', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const leak = [
    'p=$(get_octopusvariable Db.Password)',
    'echo "plain: $p"',
    'printf "halves: %s" "${p:0:9}"; (: ; :) ; printf "%s\\n" "${p:9}"',
    'printf "%s" "$p" | base64',
    'printf "x%s" "$p" | base64 -w0; echo',
    `python3 - "$p" <<'END'`,
    'import sys, json, urllib.parse, xml.sax.saxutils as x',
    'p = sys.argv[1]',
    'print(json.dumps(p)); print(json.dumps(p, ensure_ascii=False)); print(urllib.parse.quote(p, safe=""))',
    'print(urllib.parse.quote_plus(p)); print(x.escape(p)); print(x.quoteattr(p))',
    'END',
    'echo "$p" >&2; set -x; true "$p"; set +x',
    'set_octopusvariable Copy "$p"',
    'set_octopusvariable Chosen "very-own-token" -sensitive; echo "very-own-token is out" >&2',
    'update_progress 5 "$p"',
    'printf "%s" "$p" > note.txt; new_octopusartifact note.txt "$p"',
    'printf "harmless" > fine.txt; new_octopusartifact fine.txt',
    'fail_step "it was $p"',
  ].join('\n');
  const web = await packageStep(
    root,
    {
      'a.txt': '#{Db.Password}',
      'Deploy.sh': leak,
      'DeployFailed.sh': 'get_octopusvariable OctopusLastError; exit 1',
    },
    {
      substituteInFiles: ['a.txt'],
      scripts: { preDeploy: [{ kind: 'bash', text: 'echo "#{Db.Password}"' }], deploy: [], postDeploy: [] },
    },
  );
  const events: RunEvent[] = [];
  const report = (event: RunEvent): void => void events.push(event);
  const outcome = await run(root, planOf(root, [web], { inputs }), { secrets, report });
  const application = 'Orders.Web/3.2.0/a.txt';
  expect(outcome.failedAt).toMatchObject({ convention: 10 });
  expect(readFileSync(join(root, 'data/apps/uat', application), 'utf8')).toBe(password);
  const theirs = [application, 'Orders.Web/3.2.0/note.txt', '3.2.0/Deploy.sh', '.nupkg'];
  expectNowhere(root, [password, 'very-own-token'], theirs);
  for (const value of [password, 'very-own-token'].flatMap(forms)) {
    expect(JSON.stringify([events, outcome])).not.toContain(JSON.stringify(value).slice(1, -1));
  }
  const said = saidOf(root);
  expect(said).toContain('plain: ********');
  expect(said).toContain('halves: ********');
  expect(saidOf(root, 'error')).toContain('******** is out');
  expect(outcome.steps[0]!.outputs).toMatchObject({ Copy: null, Chosen: null });
  expect(outcome.error).toBe('Cannot go on: Deploy.sh of step 1 "Web" failed: it was ********');
  expect(outcome.steps[0]!.artifacts.map((artifact) => artifact.name)).toEqual(['fine.txt']);
  expect(logOf(root)).toContain('is not kept: it holds a secret');
});

test('an inline script whose text holds a secret runs without ever being a file, also when it fails', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const text = [
    'word=$(get_octopusvariable Db.Word)',
    'grep -rl "$word" "$PWD/.." >&2 && exit 3',
    '[ "#{Db.Word}" = "$word" ] && ls && fail_step "as it should"',
  ].join('\n');
  const plan = planOf(root, [runStep('One', text)], {
    inputs: [{ name: 'Db.Word', secret: true, version: 1 }],
  });
  const outcome = await run(root, plan, { secrets: { 'Db.Word': 'horse-power' } });
  expect(outcome.error).toBe('Cannot go on: the script of step 1 "One" failed: as it should');
  expect(saidOf(root)).toEqual([]);
  expectNowhere(root, ['horse-power']);
});

test('a text to mask and a sensitive output are masked from then on; one too short for it is told', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const text = [
    'echo "hunter22 before"',
    `printf "##octopus[mask value='%s']\\n" "$(encode_servicemessagevalue hunter22)"`,
    'echo "hunter22 after"',
    'set_octopusvariable Pin 42 -sensitive',
    'echo "42 is shown"',
  ].join('\n');
  const outcome = await run(root, planOf(root, [runStep('One', text)]));
  expect(saidOf(root)).toEqual(['hunter22 before', '******** after', '42 is shown']);
  expect(logOf(root)).toContain('Pin (output of One) has fewer than four characters');
  expect(outcome.steps[0]!.outputs).toEqual({ Pin: null });
  expect(readFileSync(join(root, 'run', 'journal.jsonl'), 'utf8')).not.toContain('"42"');
});

test('sensitive outputs reach later steps, and no one without the key of the run', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const read = [
    'token = get_octopusvariable("Octopus.Action[First step].Output.Token")',
    'print(len(token), get_octopusvariable("Octopus.Action[First step].Output[web-1].Url"))',
  ].join('\n');
  const set = 'echo c2Vj | base64 -d > p; set_octopusvariable Token "$(cat p)r3t-tok" -sensitive; rm p';
  const plan = planOf(root, [
    runStep('First step', `${set}; set_octopusvariable Url 'http://x/#''{if y}'`),
    runStep('Second', '', { action: pythonScript(read) }),
  ]);
  const outcome = await run(root, plan);
  expect(outcome.error).toBeUndefined();
  expect(saidOf(root)).toEqual(['10 http://x/#{if y}']);
  expect(outcome.steps[0]!.outputs).toEqual({ Token: null, Url: 'http://x/#{if y}' });
  expectNowhere(root, ['secr3t-tok']);
});

test('a run without a value for one of its secrets does not begin', async () => {
  using folder = temporaryFolder();
  const plan = planOf(folder.path, [runStep('One', 'echo hi')], { inputs });
  await expect(run(folder.path, plan)).rejects.toMatchObject({
    code: 'RUN_SECRET_MISSING',
    message: 'Cannot run Orders: no value for Db.Password',
  });
});

test('an input typed by a person is text, never a template', async () => {
  using folder = temporaryFolder();
  const motto = '#{Db.Password} is not #{evaluated}';
  const typed = [{ name: 'Motto', secret: false, version: 1, value: motto } as const];
  const plan = planOf(folder.path, [runStep('One', 'get_octopusvariable Sign')], {
    inputs: [...typed, ...inputs],
    variables: [{ name: 'Sign', value: 'Our motto: #{Motto}' }],
  });
  await run(folder.path, plan, { secrets });
  expect(saidOf(folder.path)).toEqual([`Our motto: ${motto}`]);
});

test('T-75 what a script prints can forge no line of the log and say nothing to a terminal', async () => {
  using folder = temporaryFolder();
  const text = [
    String.raw`printf 'red \033[31m bell \a back \b carriage\rreturn \x9b csi\n'`,
    String.raw`printf 'bidi \xe2\x80\xae next \xe2\x80\xa8 line\n'`,
    String.raw`head -c 100000 /dev/zero | tr '\0' a; echo`,
  ].join('\n');
  await run(folder.path, planOf(folder.path, [runStep('One', text)]));
  expect(logOf(folder.path)).not.toMatch(/[^\P{Cc}\n]|\u202e|\u2028/u);
  const [first, second, third] = saidOf(folder.path);
  expect(first).toBe(String.raw`red \u001b[31m bell \u0007 back \u0008 carriage\u000dreturn ` + '\ufffd csi');
  expect(second).toBe(String.raw`bidi \u202e next \u2028 line`);
  expect(third?.length).toBeLessThan(17_000);
  expect(third).toMatch(/ \[83616 more characters\]$/);
});

test('a key of a run is 32 bytes and never the same', () => {
  expect(Buffer.from(makeRunKey(), 'base64')).toHaveLength(32);
  expect(makeRunKey()).not.toBe(makeRunKey());
});
