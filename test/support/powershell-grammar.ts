import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as TreeSitter from '@vscode/tree-sitter-wasm';
import type { Node, Parser, Tree } from '@vscode/tree-sitter-wasm';

const require = createRequire(import.meta.url);

/** Reads PowerShell as its grammar has it, on machines that have no PowerShell too. */
async function powershellParser(): Promise<Parser> {
  const treeSitter = require('@vscode/tree-sitter-wasm') as typeof TreeSitter;
  const folder = dirname(require.resolve('@vscode/tree-sitter-wasm'));
  await treeSitter.Parser.init();
  const grammar = readFileSync(join(folder, 'tree-sitter-powershell.wasm'));
  return new treeSitter.Parser().setLanguage(await treeSitter.Language.load(grammar));
}

let parser: Promise<Parser> | undefined;

/** The tree of a script; its byte order mark is left out, which the grammar does not know. */
export async function parsePowerShell(script: string): Promise<Tree> {
  parser ??= powershellParser();
  const tree = (await parser).parse(script.replace(/^\ufeff/, ''));
  if (tree === null) throw new Error('the grammar of PowerShell gave no tree');
  return tree;
}

/** What of a script the grammar can't read, with its line; empty for a script that parses. */
export async function powershellProblems(script: string): Promise<string[]> {
  return nodesOf((await parsePowerShell(script)).rootNode)
    .filter((node) => node.isError || node.isMissing)
    .map(
      (node) =>
        `line ${node.startPosition.row + 1}: ${node.isMissing ? 'missing ' : ''}${node.text || node.type}`,
    );
}

/** A node and everything below it. */
export function nodesOf(node: Node): Node[] {
  return [node, ...node.children.flatMap((child) => (child === null ? [] : nodesOf(child)))];
}
