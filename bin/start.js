// Compiled code where there is any (Node does not strip types below node_modules), else the source as it stands.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const compiled = new URL('../dist/cli/main.js', import.meta.url);
const source = new URL('../src/cli/main.ts', import.meta.url);

if (existsSync(fileURLToPath(compiled))) {
  await import(compiled.href);
} else if (process.features.typescript) {
  await import(source.href);
} else {
  process.stderr.write(
    `crossgap: Cannot start: this is a checkout without a build, and Node ${process.versions.node} does not run TypeScript [NOT_BUILT]\n` +
      '     try: Run `npm run build`, or use Node 24, which `npm install` brings for `npm run` and `npx`.\n',
  );
  process.exit(2);
}
