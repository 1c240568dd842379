/* Writes entries.json anew: node test/vectors/entries/make.ts. Released entries never change; only add to them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeGolden } from '../../events/golden.ts';

writeFileSync(join(import.meta.dirname, 'entries.json'), `${JSON.stringify(makeGolden(), null, 1)}\n`);
