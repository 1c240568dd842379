import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchDatabase, type Watch, type WatchOptions } from '../../src/daemon/watch.ts';
import { addEnvironment } from '../../src/commands/index.ts';
import { openInstance, type Instance } from '../../src/instance/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { heldClock, makeInstance } from '../support/instances.ts';

let root: ReturnType<typeof memoryFolder>;
let instance: Instance;
let command: Instance;
const open: Watch[] = [];
beforeEach(async () => {
  root = memoryFolder();
  instance = await makeInstance(root.path, 'acme', heldClock());
  command = await openInstance(instance.folder.root, { clock: instance.clock });
});
afterEach(() => {
  for (const watch of open.splice(0)) watch[Symbol.dispose]();
  instance.close();
  command.close();
  root[Symbol.dispose]();
});

const never = 3_600_000;
const silent = (): undefined => undefined;

function watched(options: WatchOptions): { readonly watch: Watch; readonly heard: ReturnType<typeof vi.fn> } {
  const watch = watchDatabase(instance, options);
  open.push(watch);
  const heard = vi.fn();
  watch.onChange(heard);
  return { watch, heard };
}

let environments = 0;
/** As a person's command writes, beside the daemon. */
function writeBeside(): void {
  environments += 1;
  command.record(() => addEnvironment([], { name: `environment-${environments}`, after: [], tags: [] }));
}

test.runIf(process.platform === 'linux')(
  'a commit is heard of by the write itself, without waiting for the timer',
  async () => {
    const { heard } = watched({ lookEveryMs: never });
    for (let commits = 1; commits <= 3; commits++) {
      writeBeside();
      await expect.poll(() => heard).toHaveBeenCalledTimes(commits);
    }
  },
);

test('where the system tells of no writes, the timer finds the commit', async () => {
  const { heard } = watched({ lookEveryMs: 5, watchFile: silent });
  writeBeside();
  await expect.poll(() => heard).toHaveBeenCalledOnce();
});

test('a write that commits nothing is no change, and whoever looks hears of a commit at once', () => {
  const { watch, heard } = watched({ lookEveryMs: never, watchFile: silent });
  watch.look();
  expect(heard).not.toHaveBeenCalled();
  writeBeside();
  watch.look();
  watch.look();
  expect(heard).toHaveBeenCalledOnce();
});

test('a commit that is visible some time after the write is still found by it', async () => {
  const told = Promise.withResolvers<() => void>();
  const { heard } = watched({
    lookEveryMs: never,
    watchFile(_folder, _name, written) {
      told.resolve(written);
      return undefined;
    },
  });
  (await told.promise)();
  writeBeside();
  await expect.poll(() => heard).toHaveBeenCalledOnce();
});
