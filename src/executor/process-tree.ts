import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { systemCode } from './errors.ts';

/** A process, told apart from a later one with the same number by when it started. */
type ProcessFacts = {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly started: string;
};

/** What belongs to a script: its process, which leads a session of its own, and the pipes its output goes to. */
export type TreeRoot = { readonly pid: number; readonly outputInodes: ReadonlySet<number> };

/**
 * Ends a script with everything it started: its session and process group, all their descendants wherever they went,
 * and whoever still holds the script's output. Each is asked by `stopSignal` first; what lives after `graceMs` is
 * killed. Returns when none of them is left.
 */
export async function endTree(root: TreeRoot, stopSignal: NodeJS.Signals, graceMs: number): Promise<void> {
  const known = new Map<number, ProcessFacts>();
  const living = (): ProcessFacts[] => {
    const now = allProcesses();
    for (const one of membersOf(root, now, known)) known.set(one.pid, one);
    return [...known.values()].filter((one) => now.get(one.pid)?.started === one.started);
  };
  signalAll(root, living(), stopSignal);
  const killAt = performance.now() + graceMs;
  for (let left = living(); left.length > 0 || groupLives(root.pid); left = living()) {
    if (performance.now() >= killAt) signalAll(root, left, 'SIGKILL');
    await pause(10);
  }
}

/** What tells a living process from a later one of the same number; undefined where it has ended, or without /proc. */
export function processMark(pid: number): string | undefined {
  return process.platform === 'linux' ? processFacts(pid)?.started : undefined;
}

function signalAll(root: TreeRoot, members: readonly ProcessFacts[], signal: NodeJS.Signals): void {
  send(process.platform === 'win32' ? root.pid : -root.pid, signal);
  for (const { pid } of members) send(pid, signal);
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (systemCode(error) === 'ESRCH' || systemCode(error) === 'EPERM') return false;
    throw error;
  }
}

/** Where there is no /proc, the process group is all that can be asked about. */
function groupLives(pid: number): boolean {
  return process.platform !== 'linux' && send(process.platform === 'win32' ? pid : -pid, 0);
}

function membersOf(
  root: TreeRoot,
  all: ReadonlyMap<number, ProcessFacts>,
  known: ReadonlyMap<number, ProcessFacts>,
): ProcessFacts[] {
  const members = new Set<number>();
  for (const one of all.values()) {
    const own = one.pid === root.pid || one.session === root.pid || one.group === root.pid;
    if (own || known.get(one.pid)?.started === one.started || holdsOutput(one.pid, root))
      members.add(one.pid);
  }
  members.delete(process.pid);
  for (let grown = true; grown;) {
    grown = false;
    for (const { pid, parent } of all.values()) {
      if (members.has(pid) || !members.has(parent)) continue;
      members.add(pid);
      grown = true;
    }
  }
  return [...members].map((pid) => all.get(pid)!);
}

function holdsOutput(pid: number, root: TreeRoot): boolean {
  if (pid === process.pid) return false;
  return [1, 2].some((descriptor) => {
    try {
      return root.outputInodes.has(statSync(`/proc/${pid}/fd/${descriptor}`).ino);
    } catch (error) {
      if (systemCode(error) !== undefined) return false;
      throw error;
    }
  });
}

/** Every living process of this machine; zombies have ended. Empty where there is no /proc. */
function allProcesses(): Map<number, ProcessFacts> {
  const found = new Map<number, ProcessFacts>();
  if (process.platform !== 'linux') return found;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const facts = processFacts(Number(name));
    if (facts !== undefined) found.set(facts.pid, facts);
  }
  return found;
}

function processFacts(pid: number): ProcessFacts | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
  // The second field is the program's name in parentheses and may hold anything, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    started: fields[19] ?? '',
  };
}
