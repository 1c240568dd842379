import { expect, test } from 'vitest';
import { referencesIn, unknownReferences } from '../../src/process/index.ts';
import { read } from './orders.ts';

const namesIn = (text: string): string[] => [...text.matchAll(/#\{([^}]+)\}/g)].map((match) => match[1]!);
const { revision } = read(`process: P
inputs: { ConnectionStrings.Main: {} }
variables: { Site.Port: 1, Site.Url: "http://#{Site.Host}:#{Site.Port}", Json: "{}", "Depot[north].City": Oslo }
steps:
  - name: One
    run: { bash: "echo #{ConnectionString.Main} #{site.port} #{Json.a.b} #{Octopus.Release.Number} #{Depot[north]}" }
    properties: { Custom.Thing: "#{Zzz}" }
  - name: Two
    package: X
    features: { install-to: { folder: "/srv/#{Site.Folder}" } }
`);

test('names that are used are listed once, with the first place that uses them', () => {
  expect(referencesIn(revision, namesIn).map(({ name, where }) => `${name}: ${where}`)).toEqual([
    'Site.Host: variable Site.Url',
    'Site.Port: variable Site.Url',
    'ConnectionString.Main: bash script of step One',
    'Json.a.b: bash script of step One',
    'Octopus.Release.Number: bash script of step One',
    'Depot[north]: bash script of step One',
    'Zzz: property Custom.Thing of step One',
    'Site.Folder: features of step Two',
  ]);
});

test('scripts that look, try and take away are searched as well', () => {
  const looking = read(`process: P
inputs: { A: { test: { bash: "ping #{One}" } } }
checks: [{ name: Disk, run: { python: "#{Two}" } }]
steps: [{ name: Go, run: { bash: go } }]
uninstall: [{ name: Stop, run: { bash: "stop #{Three}" } }, { name: Ask, manual: { instructions: "Is #{Four} gone?" } }]
`);
  expect(referencesIn(looking.revision, namesIn).map(({ name, where }) => `${name}: ${where}`)).toEqual([
    'One: bash script of test of input A',
    'Two: python script of check Disk',
    'Three: bash script of uninstall step Stop',
    'Four: instructions of uninstall step Ask',
  ]);
});

test('J1.F12: a name that nothing gives is told, with the one that was probably meant', () => {
  expect(
    unknownReferences(revision, namesIn, ['Site.Folder']).map(({ name, meant }) => [name, meant]),
  ).toEqual([
    ['Site.Host', 'Site.Port'],
    ['ConnectionString.Main', 'ConnectionStrings.Main'],
    ['Zzz', undefined],
  ]);
});
