import type { Decided, Decision } from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import type { CrossgapEvent, Log, LoggedEntry } from '../events/index.ts';

/** Decides on what is known now and appends what was decided, in one immediate transaction. */
export type Record = (decide: (db: Database) => Decision) => readonly LoggedEntry[];

/**
 * The same for a decision about thousands: it is taken whole or not at all, and no more of it is in memory than a piece.
 * `decide` looks at everything before it gives the first event, since it sees what was appended when it goes on. Each
 * entry is shown to `written` and not kept.
 */
export type RecordEach = (
  decide: (db: Database) => Iterable<Decided>,
  written: (entry: LoggedEntry) => void,
) => void;

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

const pieceMax = 100;

/** @see RecordEach */
export function recorderOfMany({ log, introduction, actor, refuseSecrets }: Recorder): RecordEach {
  return (decide, written) =>
    log.write((tx) => {
      const append = (piece: readonly Decided[]): void => {
        // To all the same is told, which is looked through once.
        refuseSecrets([...new Set(piece.map(({ event }) => event))]);
        const all = piece.map(({ to, event }) => {
          const audience = to === 'self' ? log.instanceId : to.link;
          return { feed: tx.openFeed({ audience, introduction }), event };
        });
        for (const entry of tx.appendAll(all, { actor })) written(entry);
      };
      let piece: Decided[] = [];
      for (const decided of decide(tx.db)) {
        piece.push(decided);
        if (piece.length < pieceMax) continue;
        append(piece);
        piece = [];
      }
      if (piece.length > 0) append(piece);
    });
}
