import type { Decision } from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import type { CrossgapEvent, Log, LoggedEntry } from '../events/index.ts';

/** Decides on what is known now and appends what was decided, in one immediate transaction. */
export type Record = (decide: (db: Database) => Decision) => readonly LoggedEntry[];

/** What recording needs of an instance. */
export type Recorder = {
  readonly log: Log<CrossgapEvent>;
  readonly introduction: Uint8Array;
  readonly actor: string;
  /** Throws where one of the events would carry what must not leave the vault. */
  readonly refuseSecrets: (events: readonly CrossgapEvent[]) => void;
};

/**
 * The one way from intent to entries. The feed to a link is opened by the first thing told on it. Several processes
 * may record at once: each decision sees all before it.
 */
export function recorder({ log, introduction, actor, refuseSecrets }: Recorder): Record {
  return (decide) =>
    log.write((tx) => {
      const decision = decide(tx.db);
      refuseSecrets(decision.map(({ event }) => event));
      return decision.map(({ to, event }) => {
        const audience = to === 'self' ? log.instanceId : to.link;
        return tx.append(tx.openFeed({ audience, introduction }), event, { actor });
      });
    });
}
