import { expect, test } from 'vitest';
import { knownValues, type Plan } from '../../src/executor/index.ts';

const plan: Plan = {
  format: 1,
  deployment: 'preview',
  process: 'Orders',
  release: '1.0.0',
  environment: 'uat',
  machine: 'host',
  appsFolder: '/apps/uat',
  guardedFolders: [],
  variables: [
    { name: 'Title', value: 'Orders #{Octopus.Release.Number} in #{Octopus.Environment.Name}' },
    { name: 'Url', value: 'http://#{octopus.machine.name}:#{Port}/' },
    { name: 'Late', value: '#{Db} #{Octopus.Step.Name} #{Octopus.Deployment.Id}' },
    { name: 'Loop', value: 'x #{Loop}' },
  ],
  inputs: [
    { name: 'Port', secret: false, version: 1, value: '80#{Title}' },
    { name: 'Db', secret: true, version: 1, environment: null },
  ],
  steps: [],
};

test('what is known before a run is evaluated; secrets, steps and loops stay as they are written', () => {
  expect(knownValues(plan)).toEqual([
    { name: 'Title', value: 'Orders 1.0.0 in uat' },
    { name: 'Url', value: 'http://host:80#{Title}/' },
    { name: 'Late', value: '#{Db} #{Octopus.Step.Name} #{Octopus.Deployment.Id}' },
    { name: 'Loop', value: 'x #{Loop}' },
  ]);
});
