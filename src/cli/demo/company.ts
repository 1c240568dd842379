import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import type { Narrator } from './narrator.ts';
import { StoryError } from './story-error.ts';

/** What a command came to; `seen` is both streams in the order in which a person saw them. */
export type Answer = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seen: string;
};

export type CompanyOptions = {
  readonly name: string;
  readonly data: string;
  /** Where its processes run, so that people's relative paths mean the same each time. */
  readonly workFolder: string;
  readonly page: { readonly host: string; readonly port: number };
  /** How to start this program. */
  readonly program: readonly string[];
  readonly narrator: Narrator;
};

/** What is typed besides the command line, and the exit code it must end with. */
export type Typed = { readonly expect?: number; readonly input?: string };

/** Several people type at once; it is told one after the other. */
export async function together(
  typed: readonly (readonly [company: Company, line: string, options?: Typed])[],
): Promise<Answer[]> {
  const answers = await Promise.all(
    typed.map(([company, line, { input = '' } = {}]) => company.does(line, input)),
  );
  for (const [n, [company, line, options = {}]] of typed.entries()) company.tells(line, options, answers[n]!);
  return answers;
}

/** One party of the story: an instance with its data folder, its people's commands and its daemon, all real processes. */
export class Company implements AsyncDisposable {
  readonly name: string;
  readonly data: string;
  readonly #options: CompanyOptions;
  #daemon: ChildProcess | undefined;

  constructor(options: CompanyOptions) {
    this.name = options.name;
    this.data = options.data;
    this.#options = options;
  }

  get page(): string {
    const { host, port } = this.#options.page;
    return `http://${host}:${port}/`;
  }

  /** Somebody types `crossgap …`; what comes back is told. Another exit code than expected ends the story. */
  async types(line: string, { expect = 0, input = '' }: Typed = {}): Promise<Answer> {
    const [answer] = await together([[this, line, { expect, input }]]);
    return answer!;
  }

  /** What was typed and what came back. */
  tells(line: string, { expect = 0, input = '' }: Typed, answer: Answer): void {
    this.#options.narrator.types(this.name, `${input === '' ? '' : '… | '}crossgap ${line}`);
    this.#options.narrator.sees(answer.seen, answer.exitCode, expect);
    if (answer.exitCode === expect) return;
    throw new StoryError(
      `${this.name}: crossgap ${line} ended with ${answer.exitCode}, ${expect} was expected`,
    );
  }

  /** Runs a command line of this program. */
  does(line: string, input = ''): Promise<Answer> {
    return this.#run(words(line), input);
  }

  /** Starts the daemon and waits until its page answers. */
  async startDaemon(): Promise<void> {
    const { host, port } = this.#options.page;
    const [command, ...args] = this.#options.program;
    const log = openSync(`${this.data}.log`, 'a', 0o600);
    const daemon = spawn(command!, [...args, '--data', this.data, 'run', '--listen', `${host}:${port}`], {
      cwd: this.#options.workFolder,
      stdio: ['ignore', log, log],
    });
    this.#daemon = daemon;
    await this.eventually('its page answers', async () => {
      if (daemon.exitCode !== null)
        throw new StoryError(`${this.name}: the daemon ended, see ${this.data}.log`);
      return (await this.look<{ ready: boolean }>('readyz')) !== undefined;
    });
  }

  async stopDaemon(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon === undefined || daemon.exitCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await ended;
  }

  /** What the page's JSON says now, undefined where it doesn't answer. */
  async look<T>(path: string): Promise<T | undefined> {
    try {
      const response = await fetch(new URL(path, this.page));
      return response.ok ? ((await response.json()) as T) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Waits until the page shows what the story waits for; gives up after a minute. */
  async eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    const giveUpAt = performance.now() + 60_000;
    while (!(await holds())) {
      if (performance.now() > giveUpAt)
        throw new StoryError(`${this.name}: waited a minute in vain until ${what}`);
      await after(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopDaemon();
  }

  #run(args: readonly string[], input: string): Promise<Answer> {
    const [command, ...start] = this.#options.program;
    const child = spawn(command!, [...start, '--data', this.data, ...args], {
      cwd: this.#options.workFolder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(input);
    return collect(child);
  }
}

async function collect(child: ChildProcess): Promise<Answer> {
  const texts = { stdout: '', stderr: '', seen: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      texts[stream] += text;
      texts.seen += text;
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode: exitCode ?? -1, ...texts };
}

/** A command line cut into words, double quotes holding words together. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map(([whole, quoted]) => quoted ?? whole);
}
