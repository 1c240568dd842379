import { describe, expect, test } from 'vitest';
import { lookAtAccount, type AccountFacts } from '../../../src/executor/preflight/account.ts';
import { lookAtClock } from '../../../src/executor/preflight/clock.ts';
import { runStep } from '../../support/scripts-run.ts';

const ada: AccountFacts = { account: 'ada', isPrivileged: false, platform: 'linux' };
const root: AccountFacts = { account: 'root', isPrivileged: true, platform: 'linux' };
const web = runStep('Web', 'true');
const systemd = (...lacking: string[]) => ({ step: web, called: 'a systemd service', lacking });
const refused = 'this account may not write to /etc/systemd/system';

describe('the account', () => {
  test('is good where nothing needs more than it may', () => {
    expect(lookAtAccount(ada, [], [])).toMatchObject({
      state: 'good',
      found: 'ada; nothing here needs root',
    });
    expect(lookAtAccount(root, [], [])).toMatchObject({ state: 'good' });
  });

  test('is lacking where a feature is refused to it, with what to do', () => {
    expect(lookAtAccount(ada, [systemd(refused)], [])).toMatchObject({
      state: 'lacking',
      found: 'ada is not root, which is needed by step Web for a systemd service',
      hint: 'Start it again as root, with sudo for instance.',
    });
    expect(lookAtAccount(root, [systemd()], [])).toMatchObject({
      state: 'good',
      found: 'root, which is needed by step Web for a systemd service',
    });
  });

  test('is not blamed for what the machine lacks whoever asks', () => {
    expect(lookAtAccount(ada, [systemd('systemctl is not on this machine')], [])).toMatchObject({
      state: 'good',
    });
  });

  test('is noted where a port is low, which a service may open for it', () => {
    const port = { input: 'Port', label: 'Web port', port: 443 };
    expect(lookAtAccount(ada, [], [port])).toMatchObject({
      state: 'note',
      found: expect.stringContaining('443 (Web port)'),
    });
    expect(lookAtAccount(root, [], [port])).toMatchObject({ state: 'good' });
    expect(lookAtAccount(ada, [], [{ ...port, port: 1024 }])).toMatchObject({ state: 'good' });
  });

  test('on Windows has to be an administrator for every feature, and for no port', () => {
    const windows = { ...ada, platform: 'win32' } as const;
    const iis = { step: web, called: 'an IIS site', lacking: [] };
    expect(lookAtAccount(windows, [iis], [])).toMatchObject({
      state: 'lacking',
      found: 'ada is not an administrator, which is needed by step Web for an IIS site',
      hint: 'Start it again by a right click and "Run as administrator".',
    });
    expect(lookAtAccount(windows, [], [{ input: 'Port', label: null, port: 80 }])).toMatchObject({
      state: 'good',
    });
  });
});

describe('the clock', () => {
  const now = Date.UTC(2026, 2, 2, 12);
  const day = 86_400_000;

  test('is good beside the newest thing that was signed, and where nothing was', () => {
    for (const signed of [null, now, now - 30 * day, now + day / 2])
      expect(lookAtClock(now, signed)).toMatchObject({ id: 'clock', state: 'good', hint: null });
  });

  test('is a note where it stands years off, before or after, and never more', () => {
    expect(lookAtClock(now, now + 2 * 365 * day)).toMatchObject({
      state: 'note',
      found: expect.stringMatching(/23 months before the newest thing that was signed$/),
      hint: expect.stringContaining('Set the clock'),
    });
    expect(lookAtClock(now, now - 4 * 365 * day)).toMatchObject({
      state: 'note',
      found: expect.stringMatching(/47 months after the newest thing that was signed$/),
    });
  });
});
