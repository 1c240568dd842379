import type { FeatureFinding } from '../check-host.ts';
import { fewOf, good, lacking, note, type HostCheck } from './host-check.ts';
import type { PortAsked } from './ports.ts';

/** As whom this runs, and whether that is enough for what the steps ask of the machine. */
export type AccountFacts = {
  readonly account: string;
  readonly isPrivileged: boolean;
  readonly platform: NodeJS.Platform;
};

/** Where ports begin that need no privilege to be opened. */
const plainPortsFrom = 1024;

/** Whether an administrator is needed, and for what; said before anything else. */
export function lookAtAccount(
  { account, isPrivileged, platform }: AccountFacts,
  features: readonly Pick<FeatureFinding, 'step' | 'called' | 'lacking'>[],
  ports: readonly PortAsked[],
): HostCheck {
  const looked = { id: 'account', name: 'Account' };
  const administrator = platform === 'win32' ? 'an administrator' : 'root';
  const asking = features
    .filter(
      ({ called, lacking: lacks }) => platform === 'win32' || isRefused(lacks) || /systemd/.test(called),
    )
    .map(({ step, called }) => `step ${step.name} for ${called}`);
  if (isPrivileged) {
    if (asking.length === 0) return good(looked, `${account}; nothing here needs ${administrator}`);
    return good(looked, `${account}, which is needed by ${fewOf(asking)}`);
  }
  const refused = features.filter(({ lacking: lacks }) => platform === 'win32' || isRefused(lacks));
  if (refused.length > 0) {
    const who = fewOf(refused.map(({ step, called }) => `step ${step.name} for ${called}`));
    const hint =
      platform === 'win32'
        ? 'Start it again by a right click and "Run as administrator".'
        : 'Start it again as root, with sudo for instance.';
    return lacking(looked, `${account} is not ${administrator}, which is needed by ${who}`, hint);
  }
  const low = ports.filter(({ port }) => port < plainPortsFrom);
  if (low.length > 0 && platform !== 'win32') {
    const which = fewOf(low.map(({ port, label, input }) => `${port} (${label ?? input})`));
    return note(
      looked,
      `${account}; ports below ${plainPortsFrom} need root, or a service that root set up: ${which}`,
    );
  }
  return good(looked, `${account}; nothing here needs ${administrator}`);
}

function isRefused(lacks: readonly string[]): boolean {
  return lacks.some((why) => why.startsWith('this account may not'));
}
