import type { Instance } from '../instance/index.ts';

/** What the log got since the last look. */
export type Concerned = {
  /** Whether there may be other links now than before, or the same ones in another state. */
  readonly linksChanged: boolean;
  /** The ids of the links it is about; `all` where it may be about any. */
  readonly links: ReadonlySet<string> | 'all';
};

const lookedAtMax = 5000;
const nothing: Concerned = { linksChanged: false, links: new Set() };

/**
 * Looks, at each call, what came since the one before: of thousands of links a commit is about one or two, and the
 * others need not be looked at. Entries that this instance writes for itself may be about any link.
 */
export function concernedLinks({ log }: Pick<Instance, 'log'>): () => Concerned {
  let seen = log.lastPosition();
  let allowed = new Set(log.epochsAllowed());
  /** The links of which a person said meanwhile that their frozen feed may go on; that is no entry. */
  const newlyAllowed = (): ReadonlySet<string> => {
    const before = allowed;
    allowed = new Set(log.epochsAllowed());
    return new Set([...allowed].filter((link) => !before.has(link)));
  };
  return () => {
    const last = log.lastPosition();
    const before = seen;
    seen = last;
    const links = new Set<string>(newlyAllowed());
    if (last === before) return links.size === 0 ? nothing : { linksChanged: false, links };
    if (last < before || last - before > lookedAtMax) return { linksChanged: true, links: 'all' };
    let linksChanged = false;
    for (const page of log.pages({ after: before })) {
      for (const { header, pos } of page) {
        if (pos > last) continue;
        links.add(header.audience);
        // Where keys or epochs change, what was read of earlier entries may not count any more.
        linksChanged ||= /^(link|key|epoch)\./.test(header.type);
      }
    }
    return { linksChanged, links: linksChanged || links.has(log.instanceId) ? 'all' : links };
  };
}
