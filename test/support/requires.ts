import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const places: Record<string, readonly string[]> = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser'],
  // Debian puts servers where only root's path leads.
  nginx: ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'],
  'nats-server': ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'],
};

/**
 * Whether `tool` is on this machine. Where it is missing, one line says what does not run because of it; with
 * `CI=true` a missing tool is a failure instead, so that nothing passes quietly.
 */
export function requires(tool: string, forWhat: string): boolean {
  const there = places[tool]?.some((path) => existsSync(path)) ?? onPath(tool);
  if (there) return true;
  if (process.env['CI'] === 'true')
    throw new Error(`${tool} is required in CI, for ${forWhat}, and is not here`);
  process.stderr.write(`not run, because ${tool} is not on this machine: ${forWhat}\n`);
  return false;
}

/** The same for what only root may do: mount a small disk that gets full. */
export function requiresSmallDisk(forWhat: string): boolean {
  if (process.geteuid?.() === 0) return requires('mount', forWhat);
  if (process.env['CI'] === 'true')
    throw new Error(`root is required in CI to mount a small disk, for ${forWhat}`);
  process.stderr.write(`not run, because only root may mount a small disk: ${forWhat}\n`);
  return false;
}

function onPath(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v "$1"`, 'sh', tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
