import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readPfx } from '../../src/identity/index.ts';
import { packageFileName, packNupkg, signPackage } from '../../src/packages/index.ts';
import { companyPfx } from './certificates.ts';
import { openCounter, type Counter } from './counter.ts';

export const program = fileURLToPath(new URL('../../bin/crossgap.js', import.meta.url));
const builtProgram = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a command came to. */
export type Answer = {
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** An error as `--json` tells it. */
export type Refusal = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** How a command is started: what it reads, what it finds in its environment, and as whom. */
export type Start = {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
};

export type Files = Readonly<Record<string, string | Buffer>>;

/** A daemon that runs: a process of its own, with its page. */
export type Daemon = AsyncDisposable & {
  readonly pid: number;
  readonly address: string;
  /** Resolves when it has ended, in whatever way. */
  readonly ended: Promise<Answer>;
  /** Asks it to end, and waits. */
  stop(): Promise<Answer>;
  /** Ends it as a power cut would, and waits. */
  kill(): Promise<Answer>;
};

/**
 * One company of a test: a data folder, and a desk from where its people type into the program that is delivered. What is
 * typed is taken by one process after another command; what is started, and what is typed meanwhile or in another
 * environment, is a process of its own.
 */
export class Company implements AsyncDisposable {
  readonly name: string;
  readonly data: string;
  readonly desk: string;
  readonly #started = new Set<ChildProcess>();
  readonly #counter: Counter;

  constructor(root: string, name: string, desk = join(root, `${name}-desk`)) {
    this.name = name;
    this.data = join(root, name);
    this.desk = desk;
    mkdirSync(this.desk, { recursive: true });
    this.#counter = openCounter(builtProgram, this.desk);
  }

  /** Makes the instance, with a company certificate that lies on the desk. */
  async init(): Promise<void> {
    this.file('company.pfx', Buffer.from(await companyPfx(this.name)));
    await this.does('init', '--name', this.name, '--certificate', 'company.pfx');
  }

  /** Puts a file on the desk; commands find it under its name. */
  file(name: string, content: string | Buffer): string {
    const path = join(this.desk, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Starts a command and hands over the process itself. */
  start(args: readonly string[], start: Start = {}): { child: ChildProcess; ended: Promise<Answer> } {
    const child = spawn(process.execPath, [program, '--data', this.data, ...args], {
      cwd: this.desk,
      env: { ...process.env, CROSSGAP_DATA: '', ...start.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...start.user,
    });
    child.stdin.on('error', () => undefined).end(start.input ?? '');
    this.#started.add(child);
    child.once('exit', () => this.#started.delete(child));
    return { child, ended: answerOf(child) };
  }

  /** Closes its counter, and ends what a test that failed left running. */
  async endAll(): Promise<void> {
    await this.#counter.end();
    const left = [...this.#started].map((child) => {
      child.kill('SIGKILL');
      return once(child, 'exit');
    });
    await Promise.all(left);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.endAll();
  }

  /** Types a command; whatever it comes to is told. */
  types(args: readonly string[], start: Start = {}): Promise<Answer> {
    const { input, env, user } = start;
    if (env !== undefined || user !== undefined || this.#counter.isBusy())
      return this.start(args, start).ended;
    return this.#counter.types(['--data', this.data, ...args], input);
  }

  /** Types a command that must succeed, and gives its document. */
  async does<Document>(...args: string[]): Promise<Document> {
    return documentOf(args, await this.types([...args, '--json']));
  }

  /** The same with something on its standard input. */
  async gives<Document>(input: string, ...args: string[]): Promise<Document> {
    return documentOf(args, await this.types([...args, '--json'], { input }));
  }

  /** Types a command that must end with this exit code, and gives the error it told. */
  async isRefused(exitCode: number, ...args: string[]): Promise<Refusal> {
    return refusalOf(exitCode, args, await this.types([...args, '--json']));
  }

  /** Exchanges and deploys all there is to, and ends. */
  async runsOnce(): Promise<{
    exchanged: { link: string; sent: number; received: number; refused: string[] }[];
  }> {
    return await this.does('run', '--once');
  }

  /** Starts the daemon and waits until it says where its page is. */
  async daemon(env: Readonly<Record<string, string>> = {}): Promise<Daemon> {
    const args = ['run', '--listen', '127.0.0.1:0', '--json'];
    const { child, ended } = this.start(args, { env });
    const ready = await Promise.race([firstLine(child), ended]);
    if (typeof ready !== 'string') throw new Error(`the daemon of ${this.name} ended:\n${ready.stderr}`);
    const { address } = JSON.parse(ready) as { address: string };
    const end = (signal: NodeJS.Signals) => (): Promise<Answer> => {
      child.kill(signal);
      return ended;
    };
    const stop = end('SIGTERM');
    return {
      pid: child.pid!,
      address,
      ended,
      stop,
      kill: end('SIGKILL'),
      async [Symbol.asyncDispose]() {
        await stop();
      },
    };
  }

  /** A package as this company's build makes it: signed with its certificate, or not at all. */
  async package(
    id: string,
    version: string,
    files: Files,
    { signed = true, as = this as Company, name = packageFileName({ id, version }) } = {},
  ): Promise<string> {
    const outFile = join(this.desk, name);
    const packed = Object.entries(files).map(([path, bytes]) => ({ path, bytes: Buffer.from(bytes) }));
    await packNupkg({ id, version, files: packed, outFile });
    if (!signed) return outFile;
    const company = await readPfx(readFileSync(join(as.desk, 'company.pfx')), '');
    await signPackage(outFile, outFile, company, { hash: 'sha256' });
    return outFile;
  }
}

/** Pairs a vendor and a customer through a folder; each is given the words of the other. */
export async function pair(vendor: Company, customer: Company, folder: string): Promise<void> {
  const invitation = join(vendor.desk, `to-${customer.name}.json`);
  const reply = join(vendor.desk, `from-${customer.name}.json`);
  const invite = ['link', 'invite', customer.name, '--folder', folder, '--out', invitation];
  const { words } = await vendor.does<{ words: string }>(...invite);
  const accept = ['link', 'accept', invitation, '--folder', folder, '--fingerprint', words, '--out', reply];
  const { ourWords } = await customer.does<{ ourWords: string }>(...accept);
  await vendor.does('link', 'confirm', reply, '--fingerprint', ourWords);
}

/** Lets everything cross that one has for the other, and what comes back. */
export async function cross(from: Company, to: Company): Promise<void> {
  await from.runsOnce();
  await to.runsOnce();
  await from.runsOnce();
}

/** The document a command printed; it must have ended well. */
export function documentOf<Document>(args: readonly string[], answer: Answer): Document {
  expect(answer.exitCode, `crossgap ${args.join(' ')}\n${answer.stderr}${answer.stdout}`).toBe(0);
  return (answer.stdout === '' ? undefined : JSON.parse(answer.stdout)) as Document;
}

/** The error a command told with `--json`; it must have ended with this exit code. */
export function refusalOf(exitCode: number, args: readonly string[], answer: Answer): Refusal {
  expect(answer.exitCode, `crossgap ${args.join(' ')}\n${answer.stderr}${answer.stdout}`).toBe(exitCode);
  const last = answer.stderr.trimEnd().split('\n').at(-1) ?? '';
  const { error } = JSON.parse(last) as { error: Refusal };
  expect(error.message).toMatch(/^Cannot .+: .+[^.]$/s);
  expect(error.hint).not.toBe('');
  return error;
}

/** Resolves when the file holds what is waited for; the test's own time limit ends a wait in vain. */
export async function untilFileHolds(path: string, holds: (text: string) => boolean): Promise<void> {
  const look = (): boolean => existsSync(path) && holds(readFileSync(path, 'utf8'));
  const watcher = watch(dirname(path));
  try {
    while (!look()) await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}

/** How often each line stands in the file: effects leave one line each. */
export function effectsIn(path: string): Record<string, number> {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  return Object.fromEntries(
    [...Map.groupBy(lines, (line) => line)].map(([line, all]) => [line, all.length] as const),
  );
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => (texts[stream] += text));
  }
  // Not `close`: what a killed one left behind may hold its output for long.
  const [exitCode, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (signal === null) await Promise.all([ended(child.stdout), ended(child.stderr)]);
  return { exitCode, signal, ...texts };
}

async function ended(stream: Readable | null): Promise<void> {
  if (stream?.readableEnded === false) await once(stream, 'end');
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  return await new Promise((resolve) => {
    child.stdout?.on('data', (more: string) => {
      text += more;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
  });
}
