import type { HubFinding } from './hub-finding.ts';

type Version = readonly [number, number, number];
/** What is known of servers, by the release of each line that ended it. */
const holes: readonly { readonly what: string; readonly fixed: readonly Version[] }[] = [
  {
    what: 'CVE-2023-47090 (a user without a password where only a system account is set)',
    fixed: [[2, 9, 23]],
  },
  {
    what: 'CVE-2025-30215 (JetStream administered without permission)',
    fixed: [
      [2, 10, 27],
      [2, 11, 1],
    ],
  },
  { what: 'whole streams erased when the server crashes (2.10.20 to 2.10.22)', fixed: [[2, 10, 23]] },
  {
    what: 'CVE-2026-33222 and CVE-2026-33248 (restoring into other streams, certificates mistaken for others)',
    fixed: [
      [2, 11, 15],
      [2, 12, 6],
    ],
  },
  {
    what: 'advisories 2026-16 and 2026-18 (permissions that can be got round)',
    fixed: [
      [2, 11, 16],
      [2, 12, 7],
    ],
  },
];
const oldest: Version = [2, 9, 10];

/** What a server's version means. Events are safe whatever it is; the pipe is better with a supported one. */
export function versionFinding(text: string): HubFinding {
  const about = 'version';
  const version = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
  const [major = 0, minor = 0, patch = 0] = version ?? [];
  const is: Version = [major, minor, patch];
  const hint = 'Run nats-server 2.11.16, 2.12.7 or newer.';
  if (!version || before(is, oldest))
    return {
      level: 'wrong',
      about,
      message: `nats-server ${text} is older than 2.9.10, with which this was tested`,
      hint,
    };
  const open = holes.filter(({ fixed, what }) => isOpen(is, fixed, what));
  if (open.length === 0) return { level: 'good', about, message: `nats-server ${text}` };
  const message = `nats-server ${text} has known holes: ${open.map(({ what }) => what).join('; ')}`;
  return { level: 'advice', about, message, hint };
}

/** Whether a hole is in a release: not if its own line, or an older one, had the fix before it. */
function isOpen(is: Version, fixed: readonly Version[], what: string): boolean {
  if (what.includes('2.10.20 to 2.10.22') && before(is, [2, 10, 20])) return false;
  const own = fixed.find(([, minor]) => minor === is[1]);
  if (own) return before(is, own);
  return fixed.every((release) => before(is, release));
}

function before(a: Version, b: Version): boolean {
  return (a[0] - b[0] || a[1] - b[1] || a[2] - b[2]) < 0;
}
