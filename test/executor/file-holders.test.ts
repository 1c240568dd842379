import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holdersOf } from '../../src/executor/file-holders.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';

test.runIf(process.platform === 'linux')(
  'J3.F6 who has a file open, or stands in a folder, is named',
  async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'web.config');
    const other = join(folder.path, 'other');
    writeFileSync(file, 'x');
    mkdirSync(other);
    const opened = openSync(file, 'r');
    const holder = spawn('cat', [], { cwd: other, stdio: ['pipe', 'ignore', 'ignore', opened] });
    closeSync(opened);
    try {
      await once(holder, 'spawn');
      expect(holdersOf(file)).toEqual([`cat (process ${holder.pid})`]);
      expect(holdersOf(other)).toEqual([`cat (process ${holder.pid})`]);
      expect(holdersOf(join(folder.path, 'nobody'))).toEqual([]);
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    expect(holdersOf(file)).toEqual([]);
  },
);
