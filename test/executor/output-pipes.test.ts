import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { openOutputPipes } from '../../src/executor/output-pipes.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';

/** What a command writes through the pipes of a platform, and whether somebody still holds them after its end. */
async function through(
  platform: NodeJS.Platform,
  command: string,
): Promise<{ stdout: string; stderr: string; held: boolean }> {
  using folder = temporaryFolder();
  const said = { stdout: '', stderr: '' };
  const pipes = openOutputPipes(folder.path, (stream, bytes) => (said[stream] += bytes.toString()), platform);
  const child = spawn('bash', ['-c', command], {
    stdio: ['ignore', pipes.stdout, pipes.stderr],
    detached: true,
  });
  const ended = once(child, 'exit');
  pipes.handedOver(child);
  await ended;
  const held = await pipes.drain();
  pipes.close();
  if (held) process.kill(-child.pid!, 'SIGKILL');
  return { ...said, held };
}

test.each<NodeJS.Platform>(['linux', 'win32'])(
  'on %s all that a program wrote is there when it has ended',
  async (platform) => {
    const { stdout, stderr, held } = await through(platform, 'seq 100000; echo oh >&2; printf last');
    expect(stdout.split('\n').slice(-2)).toEqual(['100000', 'last']);
    expect(stderr).toBe('oh\n');
    expect(held).toBe(false);
  },
);

test.each<NodeJS.Platform>(['linux', 'win32'])(
  'on %s a program left behind does not keep its parent from having ended',
  async (platform) => {
    expect(await through(platform, 'echo started; sleep 300 &')).toEqual({
      stdout: 'started\n',
      stderr: '',
      held: true,
    });
  },
);

test('pipes that scripts open again by name are there on Linux', async () => {
  const { stderr } = await through('linux', 'echo again > /dev/stderr');
  expect(stderr).toBe('again\n');
  expect((await through('win32', 'echo again > /dev/stderr')).stderr).not.toBe('again\n');
});
