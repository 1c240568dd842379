import { jetstreamTransport } from '../../src/sync/over-nats.ts';
import type { Carriage, CarriageParts, Mischief, Side } from './carriage.ts';
import type { Chance } from './chance.ts';
import { flipped, forge } from './forge.ts';
import { HubEnd, JetStream } from './jetstream-server.ts';

/** The real JetStream transport on both ends, over a server in memory to which things happen. */
export function hub({ link, elapsed, history, defect }: CarriageParts): Carriage {
  const streams = [new JetStream(link, 'down'), new JetStream(link, 'up')] as const;
  const remember = (bytes: Buffer): void => {
    history.push(bytes);
    if (history.length > 300) history.shift();
  };
  const live = new Map<Side, HubEnd>();
  for (const stream of streams) stream.isStubborn = defect === 'leaves a durable where it stands';

  function happen(what: Mischief, from: Side, chance: Chance): string {
    const stream = streams[from];
    const { messages } = stream;
    const at = chance.below(Math.max(1, messages.length));
    const found = messages[at];
    switch (what) {
      case 'withhold':
        stream.withheld = !stream.withheld;
        return `${what} ${stream.withheld}`;
      case 'refuse':
        stream.refusing = 1 + chance.below(3);
        if (chance.below(2) === 0) disconnect();
        return what;
      case 'swallow':
        stream.swallowing = 1 + chance.below(3);
        return what;
      case 'lose acks':
        stream.acksLost = 1 + chance.below(5);
        return what;
      case 'shuffle':
        stream.shuffled = chance;
        return what;
      case 'forget all':
        // The server lost its disk: both ways are made anew.
        for (const one of streams) one.makeAgain();
        disconnect();
        return what;
      case 'forget some':
        stream.loseTail(at, chance.below(2) === 0);
        disconnect();
        return `${what} ${at}`;
      case 'replay': {
        if (history.length === 0) return `${what} nothing`;
        const subject = `${stream.subject}.${chance.one(['e.1', `b.${'0'.repeat(64)}`])}.${chance.below(9)}.${10 + chance.below(9)}`;
        stream.store(subject, Buffer.from(chance.one(history)), elapsed());
        return what;
      }
      default:
    }
    if (found === undefined) return `${what} nothing`;
    switch (what) {
      case 'drop':
        messages.splice(at, 1);
        break;
      case 'double':
        for (const durable of stream.durables.values()) durable.again.push(found.seq);
        break;
      case 'cut':
        found.data = found.data.subarray(0, chance.below(found.data.length));
        break;
      case 'flip':
        if (found.data.length > 0) found.data = flipped(found.data, chance);
        break;
      case 'forge':
        if (found.data.length > 0) found.data = forge(found.data, chance);
        break;
    }
    return `${what} ${at}`;
  }

  function disconnect(): void {
    for (const end of live.values()) end.disconnect();
  }

  return {
    kind: 'hub',
    open(side: Side) {
      live.get(side)?.disconnect();
      const end = new HubEnd(streams, elapsed, remember);
      live.set(side, end);
      return jetstreamTransport({
        connection: end.connection(),
        link,
        side: side === 0 ? 'hub' : 'customer',
        lookMs: 0,
        now: elapsed,
        ...(defect === 'believes its server for ever' && {
          lookMs: Number.POSITIVE_INFINITY,
          belief: { firstMs: Number.POSITIVE_INFINITY, mostMs: Number.POSITIVE_INFINITY },
        }),
      });
    },
    happen,
    carry: () => undefined,
    stalled: () =>
      streams
        .filter((stream) => stream.isAwaitingThePast('entries'))
        .map(({ name }) => `who reads ${name} waits for what was`),
    heal() {
      for (const stream of streams) {
        stream.withheld = false;
        stream.refusing = stream.swallowing = stream.acksLost = 0;
      }
    },
  };
}
