import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collect } from '../../src/cli/runs/collect.ts';
import type { DeploymentView } from '../../src/projections/index.ts';
import { freshFolder } from './typed.ts';

const root = freshFolder();
const folderIn = (): string => mkdtempSync(join(root, 'x-'));

function deploymentOf(folders: readonly (string | null)[]): DeploymentView {
  return {
    id: 'd-1',
    steps: folders.map((folder, at) => ({
      id: `step-${at + 1}`,
      name: `Step ${at + 1}`,
      state: 'failed',
      conventions: [],
      outputs: { 'Package.InstallationDirectoryPath': folder },
    })),
  } as unknown as DeploymentView;
}

function application(...files: string[]): string {
  const folder = folderIn();
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), file);
  }
  return folder;
}

test('a file lands under its own name', () => {
  const to = folderIn();
  const found = collect(deploymentOf([application('a/deep/Result.xml', 'other.txt')]), '**/Result.xml', to);
  expect(found).toEqual([join(to, 'Result.xml')]);
  expect(readFileSync(join(to, 'Result.xml'), 'utf8')).toBe('a/deep/Result.xml');
});

test('where two have the same name each keeps its path below its step', () => {
  const to = folderIn();
  const found = collect(deploymentOf([application('x/R.xml'), application('R.xml')]), '**/R.xml', to);
  expect(found).toEqual([join(to, 'step-1', 'x', 'R.xml'), join(to, 'step-2', 'R.xml')]);
});

test('what a link leads to is not the application’s', () => {
  const elsewhere = application('private.txt');
  const folder = application('a.txt');
  symlinkSync(join(elsewhere, 'private.txt'), join(folder, 'b.txt'));
  symlinkSync(elsewhere, join(folder, 'folder'));
  const to = folderIn();
  expect(collect(deploymentOf([folder]), '**', to)).toEqual([join(to, 'a.txt')]);
});

test('a step without a package and a folder that is gone give nothing', () => {
  expect(collect(deploymentOf([null, '/nowhere/at/all']), '**', folderIn())).toEqual([]);
});

test('a place that can not be written is named, with the deployment as it is', () => {
  const to = join(application('file'), 'file');
  expect(() => collect(deploymentOf([application('a.txt')]), '*', to)).toThrow(
    expect.objectContaining({ code: 'FILE_NOT_WRITTEN', exitCode: 3 }),
  );
});

test('what a step asked to be kept is collected too, once where the application has it as well', () => {
  const to = folderIn();
  const app = application('Result.xml');
  const kept = (name: string, text: string) => {
    const file = join(folderIn(), name);
    writeFileSync(file, text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    return { step: 'step-1', name, file, sizeBytes: text.length, sha256 };
  };
  const artifacts = [kept('Result.xml', 'Result.xml'), kept('Other.xml', 'other'), kept('log.txt', 'no')];
  const found = collect(deploymentOf([app]), '**/*.xml', to, artifacts);
  expect(found).toEqual([join(to, 'Result.xml'), join(to, 'Other.xml')]);
});
