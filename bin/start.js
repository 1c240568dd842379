// Compiled code where it is what the source says (Node does not strip types below node_modules), else the source.
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { builtIsCurrent } from './built.js';

// Most of what a short command costs is reading its own program; the runtime keeps what it has read once.
enableCompileCache();

const entry = process.argv[2] === '__execute' ? 'executor/process' : 'cli/main';
const source = new URL(`../src/${entry}.ts`, import.meta.url);

if (builtIsCurrent()) {
  await import(new URL(`../dist/${entry}.js`, import.meta.url).href);
} else if (process.features.typescript && existsSync(fileURLToPath(source))) {
  await import(source.href);
} else {
  process.stderr.write(
    `crossgap: Cannot start: this is a checkout without a build, and Node ${process.versions.node} does not run TypeScript [NOT_BUILT]\n` +
      '     try: Run `npm run build`, or use Node 24, which `npm install` brings for `npm run` and `npx`.\n',
  );
  process.exit(2);
}
