import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runPlan, type RunOutcome } from '../../../src/executor/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { requires } from '../../support/requires.ts';
import { installedFolder, logOf, packageStep, planOf, run } from '../../support/scripts-run.ts';

const hasAnalyze = requires('systemd-analyze', 'the check of generated units by systemd itself');

/** A stand-in for `systemctl`: it notes each call, and knows of one unit whether it runs and is enabled. */
const systemctl = String.raw`#!/bin/bash
home=$(dirname "$0")
verb=$1
unit=${'$'}{!#}
get() { cat "$home/$1" 2>/dev/null || echo "$2"; }
if [ "$verb" = show ]; then
  case "$2" in
    --property=LoadState) if [ -e "$home/../units/$unit" ]; then echo loaded; else echo not-found; fi ;;
    --property=ActiveState) get active inactive ;;
    --property=UnitFileState) get enabled disabled ;;
    --property=Result) echo success ;;
  esac
  exit 0
fi
echo "$*" >> "$home/calls"
if [ -e "$home/fails-$verb" ]; then rm "$home/fails-$verb"; echo "$verb fails" >&2; exit 5; fi
case "$verb" in
  start) echo active > "$home/active"; cp "$home/../units/$unit" "$home/started-with" ;;
  stop) echo inactive > "$home/active" ;;
  enable) echo enabled > "$home/enabled" ;;
  disable) echo disabled > "$home/enabled" ;;
esac
`;

/** A host with that stand-in first on the PATH. */
function hostBelow(root: string, state: { active?: string; enabled?: string; unit?: string } = {}) {
  const bin = join(root, 'bin');
  const units = join(root, 'units');
  mkdirSync(bin);
  mkdirSync(units);
  writeFileSync(join(bin, 'systemctl'), systemctl);
  chmodSync(join(bin, 'systemctl'), 0o755);
  if (state.active !== undefined) writeFileSync(join(bin, 'active'), `${state.active}\n`);
  if (state.enabled !== undefined) writeFileSync(join(bin, 'enabled'), `${state.enabled}\n`);
  if (state.unit !== undefined) writeFileSync(join(units, 'shop.service'), state.unit);
  const said = (name: string): string =>
    existsSync(join(bin, name)) ? readFileSync(join(bin, name), 'utf8').trim() : '';
  return {
    units,
    environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: root },
    calls: () => said('calls').split('\n').filter(Boolean),
    said,
    failOnce: (verb: string) => writeFileSync(join(bin, `fails-${verb}`), ''),
    settings: {
      'Octopus.Action.EnabledFeatures': 'Crossgap.Features.Systemd',
      'Crossgap.Action.Systemd.ServiceName': 'shop',
      'Crossgap.Action.Systemd.Description': 'The shop, 100 %',
      'Crossgap.Action.Systemd.ExecutablePath': 'bin/shop.sh',
      'Crossgap.Action.Systemd.UnitsDirectory': units,
    },
  };
}

const program = { 'bin/shop.sh': '#!/bin/sh\nexec sleep 1\n' };
const makeRunnable = { kind: 'bash', text: 'chmod +x bin/shop.sh' } as const;
const scripts = { preDeploy: [], deploy: [makeRunnable], postDeploy: [] };
const oldUnit = '[Service]\nExecStart=/bin/true\n';

function lineOf(outcome: RunOutcome, number: number | 'F') {
  return outcome.steps[0]!.conventions.find((line) => line.number === number)!;
}

test.skipIf(!hasAnalyze)(
  'a service is stopped before its files are replaced and started from its unit after',
  async () => {
    using folder = temporaryFolder();
    const host = hostBelow(folder.path, { active: 'active', unit: oldUnit });
    const target = installedFolder(folder.path, 'srv', 'shop app');
    const properties = {
      ...host.settings,
      'Crossgap.Action.Systemd.Arguments': '--title\na "b" $HOME 5% #{Title}',
      'Crossgap.Action.Systemd.Environment': 'TOKEN=#{Token}\nPORT=80',
      'Crossgap.Action.Systemd.ServiceAccount': 'www-data',
      'Crossgap.Action.Systemd.Dependencies': 'postgresql.service',
    };
    const installTo = { folder: target, purge: false, keep: [] };
    const step = await packageStep(folder.path, program, { installTo, scripts, step: { properties } });
    const inputs = [{ name: 'Token', secret: true, version: 1 }] as const;
    const variables = [{ name: 'Title', value: "two words ; rm 'x' \\" }];
    const plan = planOf(folder.path, [step], { inputs, variables });
    const { environment } = host;
    const outcome = await run(folder.path, plan, { environment, secrets: { Token: 'hush "hush" $x' } });
    expect(outcome.error).toBeUndefined();
    expect(host.calls()).toEqual([
      'stop -- shop.service',
      'daemon-reload',
      'enable -- shop.service',
      'start -- shop.service',
    ]);
    expect(readFileSync(join(host.units, 'shop.service'), 'utf8')).toBe(`[Unit]
Description=The shop, 100 %%
After=network.target postgresql.service
Wants=postgresql.service

[Service]
Type=simple
ExecStart="${target}/bin/shop.sh" "--title" "a \\"b\\" $$HOME 5%% two words ; rm 'x' \\\\"
WorkingDirectory=${target}
EnvironmentFile=${host.units}/shop.env
User=www-data
Restart=on-failure

[Install]
WantedBy=multi-user.target
`);
    const environmentFile = join(host.units, 'shop.env');
    expect(readFileSync(environmentFile, 'utf8')).toBe('TOKEN="hush \\"hush\\" \\$x"\nPORT="80"\n');
    expect(statSync(environmentFile).mode & 0o777).toBe(0o600);
    // Whatever stands in a value, systemd reads back the words that were meant.
    execFileSync('systemd-analyze', ['verify', join(host.units, 'shop.service')], { stdio: 'pipe' });
    expect(lineOf(outcome, 3)).toMatchObject({
      state: 'done',
      detail: 'a systemd service: shop.service is stopped',
    });
    expect(lineOf(outcome, 13)).toMatchObject({
      state: 'done',
      files: [join(host.units, 'shop.service'), environmentFile],
      detail: 'a systemd service: shop.service is started',
    });
    expect(logOf(folder.path)).not.toContain('hush');
    expect(existsSync(join(folder.path, 'run', 'kept', '1'))).toBe(false);
  },
);

test('after a failure the unit, and that it ran, are as they were', async () => {
  using folder = temporaryFolder();
  const host = hostBelow(folder.path, { active: 'active', enabled: 'disabled', unit: oldUnit });
  const files = { ...program, 'PostDeploy.sh': 'exit 3' };
  const step = await packageStep(folder.path, files, { scripts, step: { properties: host.settings } });
  const outcome = await run(folder.path, planOf(folder.path, [step]), { environment: host.environment });
  expect(outcome).toMatchObject({ state: 'failed', failedAt: { convention: 14 } });
  expect(readFileSync(join(host.units, 'shop.service'), 'utf8')).toBe(oldUnit);
  expect(host.said('started-with')).toBe(oldUnit.trim());
  expect([host.said('active'), host.said('enabled')]).toEqual(['active', 'disabled']);
  expect(lineOf(outcome, 'F').detail).toBe(
    'a systemd service: shop.service is as it was before, and started again',
  );
});

test('a service that was stopped for a deployment that fails before its unit is written is started again', async () => {
  using folder = temporaryFolder();
  const host = hostBelow(folder.path, { active: 'active', unit: oldUnit });
  const files = { ...program, 'Deploy.sh': 'exit 3' };
  const step = await packageStep(folder.path, files, { step: { properties: host.settings } });
  const outcome = await run(folder.path, planOf(folder.path, [step]), { environment: host.environment });
  expect(outcome.state).toBe('failed');
  expect(host.calls()).toEqual(['stop -- shop.service', 'start -- shop.service']);
});

test('a service that was not there is gone again after a failure', async () => {
  using folder = temporaryFolder();
  const host = hostBelow(folder.path);
  host.failOnce('start');
  const step = await packageStep(folder.path, program, { scripts, step: { properties: host.settings } });
  const outcome = await run(folder.path, planOf(folder.path, [step]), { environment: host.environment });
  expect(outcome).toMatchObject({
    state: 'failed',
    errorCode: 'SCRIPT_FAILED',
    failedAt: { convention: 13 },
  });
  expect(readdirSync(host.units)).toEqual([]);
  expect(host.said('enabled')).toBe('disabled');
  expect(host.calls().at(-1)).toBe('daemon-reload');
});

test('a run that goes on after the service was stopped still knows that it ran', async () => {
  using folder = temporaryFolder();
  const host = hostBelow(folder.path, { active: 'active', unit: oldUnit });
  const interrupt = new AbortController();
  const properties = { ...host.settings, 'Crossgap.Action.Systemd.DesiredStatus': 'Unchanged' };
  const step = await packageStep(folder.path, program, { scripts, step: { properties } });
  const { environment } = host;
  const first = await run(folder.path, planOf(folder.path, [step]), {
    environment,
    interrupt: interrupt.signal,
    report(event) {
      if (event.kind === 'convention-ended' && event.key === '3') interrupt.abort();
    },
    runKey: Buffer.alloc(32, 7).toString('base64'),
  });
  expect(first.state).toBe('interrupted');
  expect(host.said('active')).toBe('inactive');
  const second = await runPlan(undefined, {
    runFolder: join(folder.path, 'run'),
    mode: 'resume',
    secrets: {},
    runKey: Buffer.alloc(32, 7).toString('base64'),
    environment,
  });
  expect(second.state).toBe('succeeded');
  expect(host.said('active')).toBe('active');
});

test('a secret in what everybody may read is refused', async () => {
  using folder = temporaryFolder();
  const host = hostBelow(folder.path);
  const properties = { ...host.settings, 'Crossgap.Action.Systemd.Arguments': '--key\n#{Token}' };
  const step = await packageStep(folder.path, program, { scripts, step: { properties } });
  const inputs = [{ name: 'Token', secret: true, version: 1 }] as const;
  const plan = planOf(folder.path, [step], { inputs });
  const { environment } = host;
  const outcome = await run(folder.path, plan, { environment, secrets: { Token: 'hush-hush' } });
  expect(outcome).toMatchObject({ state: 'failed', errorCode: 'FEATURE_FAILED' });
  expect(readdirSync(host.units)).toEqual([]);
});

test.each([
  ['Crossgap.Action.Systemd.Description', 'one\nExecStartPre=/bin/evil', 'line break'],
  ['Crossgap.Action.Systemd.ServiceName', '../evil', 'name of a unit'],
  ['Crossgap.Action.Systemd.ServiceAccount', 'root evil', 'name of an account'],
  ['Crossgap.Action.Systemd.Restart', 'sometimes', 'none of on-failure, always, no'],
  ['Crossgap.Action.Systemd.ExecutablePath', '#{Nobody.Knows}', 'no value for #{Nobody.Knows}'],
])('%s that can not be used is refused before the service is stopped', async (property, value, why) => {
  using folder = temporaryFolder();
  const host = hostBelow(folder.path, { active: 'active', unit: oldUnit });
  const properties = { ...host.settings, [property]: value };
  const step = await packageStep(folder.path, program, { step: { properties } });
  const outcome = await run(folder.path, planOf(folder.path, [step]), { environment: host.environment });
  expect(outcome).toMatchObject({
    state: 'failed',
    errorCode: 'FEATURE_FAILED',
    failedAt: { convention: 1 },
  });
  expect(outcome.error).toContain(why);
  expect(host.calls()).toEqual([]);
});

test('a host without systemd is refused before anything is started', async () => {
  using folder = temporaryFolder();
  const host = hostBelow(folder.path);
  const step = await packageStep(folder.path, program, { step: { properties: host.settings } });
  const environment = { PATH: join(folder.path, 'nothing'), HOME: folder.path };
  await expect(run(folder.path, planOf(folder.path, [step]), { environment })).rejects.toMatchObject({
    code: 'HOST_LACKS_FEATURE',
    message: expect.stringContaining('step Web asks for a systemd service, and '),
  });
});
