import { runDaemon, type DaemonSummary, type ListenAt } from '../../daemon/index.ts';
import type { Instance } from '../../instance/index.ts';
import { programLog, silentLog, spokenLog, type Logger } from '../../log.ts';
import { command, flag, misuse, text, type Context, type Outcome } from '../command.ts';
import { daemonLine } from '../told/daemon-lines.ts';
import { count } from '../../words.ts';
import { neverHeard } from '../links/never-heard.ts';

export const run = command({
  path: 'run',
  about: 'The daemon: sync, deploy, status page',
  example: 'crossgap --data ./acme run --listen 127.0.0.1:7420',
  args: {},
  options: {
    once: flag('do all there is to do, then end (for cron and scripts)'),
    listen: text('HOST:PORT', 'where the status page listens (else the setting, else 127.0.0.1:7420)'),
  },
  async run(context, _args, { once, listen }): Promise<Outcome> {
    const at = listen === undefined ? undefined : listenAt(listen);
    const instance = await context.open();
    const { terminal, json } = context;
    const done = await runDaemon(instance, {
      once,
      ...(at !== undefined && { listen: at }),
      log: once ? silentLog() : logFor(context, instance),
      signal: context.signal,
      onReady: (address) => {
        if (json) terminal.document({ name: instance.identity.name, address });
        else terminal.result(`${instance.identity.name}: status page at ${address} (Ctrl-C ends)`);
      },
    });
    if (!once) {
      if (terminal.isWatched) terminal.talk(`${instance.identity.name}: stopped`);
      return {};
    }
    for (const { link, refused } of done.exchanged) {
      for (const why of refused)
        terminal.talk(`${terminal.talkTone('warn', 'refused')} from ${link}: ${why}`);
    }
    for (const line of neverHeard(instance.db)) terminal.talk(`note: ${line}`);
    return { document: done, text: summary(done) };
  },
});

/** JSON for whoever collects logs; words for who sits at a terminal. */
function logFor({ terminal }: Context, { settings }: Instance): Logger {
  const level = { level: settings['log-level'] };
  if (!terminal.isWatched) return programLog(level);
  return spokenLog(level, (entry) => {
    const line = daemonLine(entry);
    if (line === undefined) return;
    terminal.talk(Number(entry['level']) >= 40 ? terminal.talkTone('warn', line) : line);
  });
}

function summary({ exchanged, deployments }: DaemonSummary): string[] {
  const lines = exchanged.map(
    ({ link, sent, received, refused }) =>
      `${link}: ${count(sent, 'entry', 'entries')} sent, ${received} received${refused.length === 0 ? '' : `, ${refused.length} refused`}`,
  );
  lines.push(...deployments.map((deployment) => `deployment ${deployment} was worked on`));
  return lines.length === 0 ? ['There was nothing to do'] : lines;
}

/** `127.0.0.1:7420`, or `[::1]:7420`. Port 0 takes any that is free. */
export function listenAt(text: string): ListenAt {
  const parts = /^(?:\[(?<six>[0-9A-Fa-f:.]+)\]|(?<host>[^\s:[\]]+)):(?<port>\d{1,5})$/.exec(text)?.groups;
  const host = parts?.['six'] ?? parts?.['host'];
  const port = Number(parts?.['port']);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw misuse(`Cannot listen on ${text}: it is not HOST:PORT`, 'Write, for example, 127.0.0.1:7420.');
}
