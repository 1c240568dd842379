import { count, size } from '../../words.ts';

/** What the daemon logs, as the fields of one entry. */
export type LogEntry = Readonly<Record<string, unknown>>;

const silent = new Set(['ready', 'status page is up']);

/**
 * An entry of the daemon's log as a line for who watches it at a terminal: `18:24 contoso: 2 entries received`;
 * undefined where it is nothing to watch.
 */
export function daemonLine(entry: LogEntry): string | undefined {
  const message = text(entry['msg']);
  if (silent.has(message)) return undefined;
  const about = text(entry['peer']) || text(entry['deploymentId']);
  const what = message === 'exchanged' ? exchanged(entry) : described(entry, message);
  return `${clock(entry['time'])} ${about === '' ? '' : `${about}: `}${what}`;
}

function exchanged(entry: LogEntry): string {
  const number = (name: string): number => (typeof entry[name] === 'number' ? entry[name] : 0);
  const moved = (entries: number, bytes: number, how: string): string[] => {
    const parts = [
      ...(entries > 0 ? [count(entries, 'entry', 'entries')] : []),
      ...(bytes > 0 ? [size(bytes)] : []),
    ];
    return parts.length === 0 ? [] : [`${parts.join(' and ')} ${how}`];
  };
  return [
    ...moved(number('entriesIn'), number('blobBytesIn'), 'received'),
    ...moved(number('entriesOut'), number('blobBytesOut'), 'sent'),
  ].join(', ');
}

function described(entry: LogEntry, message: string): string {
  const error = entry['err'];
  const why =
    typeof error === 'object' && error !== null && 'message' in error
      ? text(error.message)
      : text(entry['message']);
  const code = text(entry['code']);
  const more = [text(entry['state']), text(entry['what']), why].filter((one) => one !== '').join(': ');
  return `${message}${more === '' ? '' : `: ${more}`}${code === '' ? '' : ` [${code}]`}`;
}

/** The hour and minute of this machine, as the wall shows them. */
function clock(time: unknown): string {
  const at = new Date(typeof time === 'number' ? time : 0);
  return [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
