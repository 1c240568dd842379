import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/** Which folder may enter which, besides itself and the files at the top of src/. */
const mayEnter: Record<string, readonly string[]> = {
  settings: [],
  db: [],
  identity: [],
  variables: [],
  'config-files': [],
  process: [],
  evidence: [],
  octopus: [],
  packages: ['identity'],
  nuget: ['packages'],
  hub: ['identity'],
  events: ['db', 'identity'],
  projections: ['events', 'db'],
  commands: ['events', 'process'],
  sync: ['events'],
  bundles: ['events', 'sync', 'identity'],
  installer: ['events', 'identity', 'bundles'],
  guide: ['process', 'web'],
  executor: ['packages', 'variables', 'config-files'],
  http: ['projections', 'packages', 'nuget', 'web'],
  web: [],
  instance: ['settings', 'db', 'identity', 'events', 'projections', 'commands', 'packages', 'process'],
  daemon: ['settings', 'db', 'identity', 'events', 'projections', 'commands', 'packages', 'process'].concat([
    'variables',
    'sync',
    'bundles',
    'executor',
    'http',
    'hub',
    'nuget',
    'instance',
  ]),
};
mayEnter['cli'] = Object.keys(mayEnter);

/** Every import of every source file: who, whom, and through which file. */
function imports(): { from: string; to: string; specifier: string }[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.flatMap((name) => {
    const text = readFileSync(join(src, name), 'utf8');
    const found = [...text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'(\.[^']+)'/g)];
    return found.map(([, specifier]) => ({
      from: name,
      to: relative(src, resolve(src, dirname(name), specifier!)),
      specifier: specifier!,
    }));
  });
}

const room = (file: string): string | undefined => (file.includes('/') ? file.split('/')[0] : undefined);

test('every import follows the floor plan and enters another folder through its front door', () => {
  const wrong = imports().filter(({ from, to }) => {
    const [here, there] = [room(from), room(to)];
    if (there === undefined || there === here) return false;
    // What the program is called is no part of the house.
    if (from === 'installation.ts' && to === join('..', 'package.json')) return false;
    if (here === undefined) return true;
    return !mayEnter[here]?.includes(there) || to !== join(there, 'index.ts');
  });
  expect(wrong.map(({ from, specifier }) => `${from} -> ${specifier}`)).toEqual([]);
});

test('every folder of src has its place on the floor plan', () => {
  const rooms = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rooms.map((entry) => entry.name).filter((name) => !(name in mayEnter))).toEqual([]);
});

test('no folder is entered from one that it enters itself', () => {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    (mayEnter[from] ?? []).some(
      (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
    );
  expect(Object.keys(mayEnter).filter((name) => reaches(name, name))).toEqual([]);
});

test('no file comes back to itself over what it imports', () => {
  const files = new Map<string, string[]>();
  for (const { from, to } of imports()) files.set(from, [...(files.get(from) ?? []), to]);
  const circles: string[] = [];
  const done = new Set<string>();
  const follow = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' -> '));
    if (done.has(file)) return;
    done.add(file);
    for (const next of files.get(file) ?? []) follow(next, [...way, file]);
  };
  for (const file of files.keys()) follow(file, []);
  expect(circles).toEqual([]);
});

test('the rooms of the command line are entered one way', () => {
  const roomOf = (file: string): string | undefined => /^cli\/([^/]+)\//.exec(file)?.[1];
  const enters = new Map<string, Set<string>>();
  for (const { from, to } of imports()) {
    const [here, there] = [roomOf(from), roomOf(to)];
    if (here !== undefined && there !== undefined && here !== there)
      enters.set(here, (enters.get(here) ?? new Set()).add(there));
  }
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    [...(enters.get(from) ?? [])].some(
      (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
    );
  expect([...enters.keys()].filter((name) => reaches(name, name))).toEqual([]);
});
