import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { backOff, type NugetError, type Patience } from '../nuget/index.ts';
import { fetchPackages, lacking } from './fetch-packages.ts';
import { duePushes, pushPackages } from './push-packages.ts';

/** What the daemon does with others' repositories while it runs: one task, which fetches and pushes what there is to. */
export interface RepositoryWork {
  /** Looks soon what there is to do. */
  look(): void;
  /** Resolves when nothing is under way; nothing begins any more where the signal fired. */
  idle(): Promise<void>;
}

export type WorkOptions = {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** Changes come in bursts: so long is waited for more of them. */
  readonly soonMs?: number;
};

const usualSoonMs = 1000;
const minute = 60_000;
/** What passes by itself is tried again sooner than what a person has to mend. */
const spans = {
  soon: { firstMs: minute, mostMs: 60 * minute },
  configured: { firstMs: 15 * minute, mostMs: 6 * 60 * minute },
  never: { firstMs: 60 * minute, mostMs: 6 * 60 * minute },
  /** A repository that has none may be given one later. */
  none: { firstMs: 10 * minute, mostMs: 6 * 60 * minute },
};

type Resting = { readonly until: number; readonly failed: number };

export function repositoryWork(
  instance: Instance,
  { log, signal, patience, soonMs = usualSoonMs }: WorkOptions,
): RepositoryWork {
  const { clock, settings } = instance;
  const isUsed = settings.source.some((source) => source.fetch) || settings.push.length > 0;
  const resting = new Map<string, Resting>();
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;
  let working: Promise<void> | undefined;
  let isAskedAgain = false;

  const rests = (what: string): boolean => (resting.get(what)?.until ?? 0) > clock.now();
  const rest = (what: string, span: keyof typeof spans): void => {
    const failed = (resting.get(what)?.failed ?? 0) + 1;
    resting.set(what, { failed, until: clock.now() + backOff(failed, spans[span]) });
  };
  const restAll = (to: string, failures: readonly NugetError[]): void => {
    for (const { again, details } of failures) rest(`${to} ${String(details['repository'])}`, again);
  };
  const options = { log, signal, ...(patience && { patience }) };

  async function work(): Promise<void> {
    const asked = new Set<string>();
    const vain = (source: string, digest: string): string => `none ${source} ${digest}`;
    const { failures } = await fetchPackages(instance, {
      ...options,
      mayAsk: (source, pin) => {
        if (rests(`fetch ${source}`) || rests(vain(source, pin.contentDigest))) return false;
        asked.add(`fetch ${source}`);
        return true;
      },
      onVain: (source, pin) => rest(vain(source, pin.contentDigest), 'none'),
    });
    const failed = new Set(failures.map(({ details }) => `fetch ${String(details['repository'])}`));
    for (const what of asked) if (!failed.has(what)) resting.delete(what);
    for (const error of failures) log.warn({ err: error }, 'repository not asked');
    restAll('fetch', failures);
    const pushed = await pushPackages(instance, { ...options, mayAsk: (to) => !rests(`push ${to}`) });
    restAll(
      'push',
      pushed.failures.filter(({ again }) => again !== 'never'),
    );
  }

  async function run(): Promise<void> {
    try {
      await work();
      const isLeft = lacking(instance).length + duePushes(instance).length > 0;
      const times = [...resting.values()].map(({ until }) => until).filter((until) => until > clock.now());
      if (isLeft && times.length > 0) wakeWithin(Math.min(...times) - clock.now());
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, 'work with repositories hindered');
      wakeWithin(minute);
    }
  }

  const begin = (): void => {
    if (signal.aborted) return;
    if (working !== undefined) {
      isAskedAgain = true;
      return;
    }
    working = run().finally(() => {
      working = undefined;
      if (isAskedAgain) wakeWithin(soonMs);
      isAskedAgain = false;
    });
  };

  function wakeWithin(ms: number): void {
    const at = performance.now() + Math.max(ms, soonMs);
    if (signal.aborted || at >= timerAt) return;
    timerAt = at;
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        timerAt = Infinity;
        begin();
      },
      Math.max(ms, soonMs),
    );
  }

  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  let isFirst = true;
  return {
    look() {
      if (!isUsed || signal.aborted) return;
      if (isFirst) begin();
      else wakeWithin(soonMs);
      isFirst = false;
    },
    async idle() {
      while (working !== undefined) await working;
    },
  };
}
