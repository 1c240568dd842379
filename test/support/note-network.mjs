// Preloaded into a command: writes down each attempt to reach out, and each place it listens at.
import { appendFileSync } from 'node:fs';
import { Socket as Datagram } from 'node:dgram';
import { Server, Socket } from 'node:net';

const note = (what, args) =>
  appendFileSync(process.env['NETWORK_NOTES'], `${what} ${JSON.stringify(args[0] ?? null)}\n`);

for (const [prototype, method] of [
  [Socket.prototype, 'connect'],
  [Datagram.prototype, 'connect'],
  [Datagram.prototype, 'send'],
  [Datagram.prototype, 'bind'],
  [Server.prototype, 'listen'],
]) {
  const original = prototype[method];
  prototype[method] = function noted(...args) {
    note(method, args.flat());
    return original.apply(this, args);
  };
}
