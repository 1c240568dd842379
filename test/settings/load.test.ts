import { mkdirSync } from 'node:fs';
import { assert as assertLaw, oneof, property, string, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadSettings, SettingsError } from '../../src/settings/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { codeOf, refusal } from '../support/refusal.ts';

const defaults = {
  listen: '127.0.0.1:7420',
  'allowed-hosts': [],
  'log-level': 'info',
  sync: { 'look-every': 5, 'head-every': 300, 'disk-reserve': 100_000_000 },
  packages: { entries: 65_533, unpacked: 8 * 2 ** 30, ratio: 250, depth: 64, 'name-length': 1024 },
  retention: { packages: false },
  feed: { serve: true },
  source: [],
  push: [],
  consent: { scripts: 'follow-signature' },
  report: { when: 'always', trace: true, files: true, errors: true, lines: true },
};

function load(text: string): ReturnType<typeof loadSettings> {
  using folder = temporaryFolder();
  return loadSettings(folder.file('crossgap.toml', Buffer.from(text)));
}

describe('settings', () => {
  test('that nobody wrote are the defaults', () => {
    using folder = temporaryFolder();
    expect(loadSettings(folder.file('crossgap.toml'))).toEqual(defaults);
    expect(load('')).toEqual(defaults);
  });

  test('that say some things leave the others as they are', () => {
    const text =
      'listen = "localhost:8000"\nmachine = "web-1"\n[sync]\nlook-every = 1\n[report]\nerrors = false\n';
    expect(load(text)).toEqual({
      ...defaults,
      listen: 'localhost:8000',
      machine: 'web-1',
      sync: { 'look-every': 1, 'head-every': 300, 'disk-reserve': 100_000_000 },
      report: { when: 'always', trace: true, files: true, errors: false, lines: true },
    });
  });

  test.each([
    ['a key that is not known', 'lissten = "127.0.0.1:1"', 'lissten'],
    ['an unknown key in a table', '[sync]\nlook-evry = 5', 'look-evry'],
    ['an address without a port', 'listen = "127.0.0.1"', 'listen'],
    ['a level that does not exist', 'log-level = "loud"', 'log-level'],
    ['a span below its bound', '[sync]\nlook-every = 0', 'sync.look-every'],
    ['a span that is no whole number', '[sync]\nhead-every = 1.5', 'sync.head-every'],
    ['a proxy that is none', '[sync]\nproxy = "proxy:3128"', 'sync.proxy'],
    ['a proxy with a password', '[sync]\nproxy = "http://me:secret@proxy:3128"', 'sync.proxy'],
    ['more entries than an archive can count', '[packages]\nentries = 65534', 'packages.entries'],
    ['a size without its unit', '[packages]\nunpacked = "100"', 'packages.unpacked'],
    ['a depth of nothing', '[packages]\ndepth = 0', 'packages.depth'],
    ['text for a switch', '[report]\ntrace = "no"', 'report.trace'],
    ['an empty name', 'machine = ""', 'machine'],
  ])('with %s are refused, and it is named', (_what, text, named) => {
    const error = refusal(() => load(text));
    expect(codeOf(error)).toBe('SETTINGS_INVALID misused');
    expect(error.message).toContain(named);
  });

  test('with several mistakes name all of them', () => {
    const error = refusal(() => load('listen = 7420\nlog-level = "loud"\n'));
    expect(error.details['problems']).toHaveLength(2);
  });

  test('that are no TOML are refused in one line', () => {
    const error = refusal(() => load('listen = \n'));
    expect(codeOf(error)).toBe('SETTINGS_INVALID misused');
    expect(error.message).not.toContain('\n');
  });

  test('that are a folder are refused', () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file('crossgap.toml'));
    expect(codeOf(refusal(() => loadSettings(folder.file('crossgap.toml'))))).toBe(
      'SETTINGS_INVALID misused',
    );
  });

  test('of any content are settings or a refusal', () => {
    using folder = temporaryFolder();
    const contents = oneof(
      string().map((text) => Buffer.from(text)),
      uint8Array(),
      string().map((text) => Buffer.from(`listen = ${JSON.stringify(text)}`)),
    );
    assertLaw(
      property(contents, (bytes) => {
        const path = folder.file('crossgap.toml', bytes);
        try {
          expect(loadSettings(path)).toHaveProperty('report.trace');
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
        }
      }),
    );
  });
});
