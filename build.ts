// Makes `dist/`: the whole program as a few files, so that a start reads ten files instead of six hundred. What has
// native code stays outside. `node build.ts` builds where something changed; `node build.ts --fresh` in any case.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { builtIsCurrent } from './bin/built.js';

const root = import.meta.dirname;
const native = ['better-sqlite3'];

/**
 * What twenty commands share comes as one file, since each more that a start has to read costs; and what executors share
 * with them as another.
 */
const shared = [
  { name: 'common', test: /[\\/](?:src[\\/][\w-]+\.ts$|zod[\\/])/ },
  {
    name: 'instance',
    test: /[\\/](?:src[\\/](?:cli|commands|db|events|identity|instance|projections|settings)|msgpackr)[\\/]/,
  },
];

/** What a module requires for itself when it needs it is part of the bundle too, where `require` is the bundler's own. */
const bundledRequire: Plugin = {
  name: 'bundled-require',
  transform: {
    filter: { code: /createRequire/ },
    handler: (code) => code.replace(/^const require = createRequire\(import\.meta\.url\);$/m, ''),
  },
};

/**
 * The engine keeps a program's text as long as the program runs, and takes two bytes for each character where a single
 * one of them needs two. Left alone is text in which an escape would not be read as one.
 */
const plainText: Plugin = {
  name: 'plain-text',
  generateBundle(_, parts) {
    for (const part of Object.values(parts)) {
      if (part.type !== 'chunk') continue;
      if (/String\.raw|(?<!\\)(?:\\\\)*\\[^\0-\x7F]/.test(part.code)) continue;
      part.code = part.code.replaceAll(/[^\0-\x7F]/g, escaped);
    }
  },
};

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Builds `dist/` where the source is newer than it; what is running meanwhile sees the old one or the new one. */
export async function build({ fresh = false } = {}): Promise<void> {
  if (!fresh && builtIsCurrent()) return;
  const [next, last, place] = [`dist-next-${process.pid}`, `dist-last-${process.pid}`, 'dist'].map((name) =>
    join(root, name),
  ) as [string, string, string];
  const bundle = await rolldown({
    cwd: root,
    input: {
      'cli/main': 'src/cli/main.ts',
      'cli/help': 'src/cli/help.ts',
      'executor/process': 'src/executor/process.ts',
      'packages/write-files-thread': 'src/packages/write-files-thread.ts',
    },
    platform: 'node',
    // None of our modules does anything by being read, so that each command gets what it uses and nothing besides.
    treeshake: { moduleSideEffects: (id) => !id.startsWith(join(root, 'src')) },
    external: native,
    plugins: [bundledRequire, plainText],
    // What one command reads late another may read at once.
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await bundle.write({
    dir: next,
    format: 'esm',
    chunkFileNames: 'parts/[name]-[hash].js',
    codeSplitting: { minShareCount: 20, groups: shared },
  });
  await bundle.close();
  await buildBootstrap(join(next, 'installer'));
  const modules = output.flatMap((part) => (part.type === 'chunk' ? Object.keys(part.modules) : []));
  writeFileSync(join(next, 'THIRD-PARTY-NOTICES.md'), notices(modules));
  if (existsSync(place)) renameSync(place, last);
  renameSync(next, place);
  rmSync(last, { recursive: true, force: true });
}

/** What an installer begins with is one script that reads no other, and runs before there is a package. */
async function buildBootstrap(dir: string): Promise<void> {
  const bundle = await rolldown({
    cwd: root,
    input: { bootstrap: 'src/installer/bootstrap/main.ts' },
    platform: 'node',
  });
  await bundle.write({ dir, format: 'cjs', entryFileNames: '[name].cjs' });
  await bundle.close();
}

/** The licence of every package that went into the bundle, as their licences ask. */
function notices(modules: readonly string[]): string {
  const folders = new Set(modules.map(packageFolder).filter((folder) => folder !== undefined));
  const texts = [...folders].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Record<'name' | 'version' | 'license', string>;
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    return `## ${name} ${version} (${license})\n${text}`;
  });
  return `# What crossgap contains of others\n\n${texts.join('\n')}`;
}

function packageFolder(module: string): string | undefined {
  const inside = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(
    module.replace(/^\0/, ''),
  )?.[1];
  return inside?.split('/').join(sep);
}

if (import.meta.main) {
  await build({ fresh: process.argv.includes('--fresh') });
}
