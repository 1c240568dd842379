/*
 * Takes what comes to a durable, in a process of its own: `node nats-taker.ts URL STREAM DURABLE [DATABASE]`. With a database it
 * keeps the entries of each message there, a transaction a message, before it acknowledges.
 */
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { decodeParcelFile } from '../src/sync/index.ts';
import { bareTable } from './instances.ts';
import { peakMiB, profiled } from './measured.ts';
import { answer, now, tell } from './nats-told.ts';

const [url, stream, durable, path] = process.argv.slice(2);
const keep = path ? keeperIn(path) : () => undefined;
const nats = await connect({ servers: url! });
const consumer = await jetstream(nats).consumers.get(stream!, durable!);
let [count, bytes] = [0, 0];
const messages = await consumer.consume({
  callback(message) {
    keep(message.data);
    message.ack();
    count += 1;
    bytes += message.data.length;
    tell({ kind: 'messages', count, bytes, at: now() });
  },
});
tell({ kind: 'ready' });
await answer({ peakMiB, profile: (until) => profiled(() => until) });
await messages.close();
await nats.close();
process.exit();

function keeperIn(path: string): (payload: Uint8Array) => void {
  const bare = bareTable(path);
  const insertAll = bare.db.transaction((payload: Uint8Array) => {
    const decoded = decodeParcelFile(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
    if (!('parcel' in decoded) || decoded.parcel.kind !== 'entries') throw new TypeError('no entries');
    for (const entry of decoded.parcel.entries) bare.insert(entry.bytes, entry.signature);
  });
  return (payload) => insertAll.immediate(payload);
}
