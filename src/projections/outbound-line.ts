import { readRelease, type CrossgapEvent } from '../events/index.ts';
import { count, moment, size, took } from '../words.ts';

/** One entry of an outward feed in words, with everything that leaves in it named. */
export function describeEvent(event: CrossgapEvent): string {
  switch (event.name) {
    case 'feed.opened':
      return 'introduction: instance name, public keys and company certificate';
    case 'epoch.started':
      return `a new epoch was started: ${event.data.reason}`;
    case 'key.rotated':
      return 'a new key, introduced by the company certificate: it signs what follows';
    case 'key.replaced':
      return `the key was replaced by the company certificate: ${event.data.reason}`;
    case 'receipt.given': {
      const { seq, holds, refused } = event.data;
      const blobs = holds.length === 0 ? [] : [`${count(holds.length, 'digest')} held`];
      const bad = refused.map(({ digest, parts }) => `${digest.slice(0, 12)} refused (${parts.join(', ')})`);
      return [`receipt: your feed is held up to entry ${seq}`, ...blobs, ...bad].join(', ');
    }
    case 'fork.found':
      return `proof that their key signed two histories: at entry ${event.data.seq} of epoch ${event.data.epoch}`;
    case 'release.offered': {
      const document = readRelease(event.data.document, event.data.digest);
      if (document === undefined) return `release ${event.data.digest.slice(0, 12)} offered, unreadable`;
      const packages = document.packages.map(({ id, version }) => `${id} ${version}`).join(', ');
      return `release ${document.process} ${document.number} offered: revision ${document.revision.number}, ${packages || 'no packages'}`;
    }
    case 'release.timed': {
      const { digest, ms, runs } = event.data;
      return `release ${digest.slice(0, 12)} took ${took(ms)} here, the median of ${count(runs, 'run')}`;
    }
    case 'chunks.listed':
      return `${count(event.data.lists.length, 'package')} listed by chunks`;
    case 'chunks.asked': {
      const { package: of, pieces, parts } = event.data;
      const pieceCount = pieces.reduce((sum, run) => sum + run.count, 0);
      const wrong = parts.length === 0 ? '' : `, since they came wrong (${parts.join(', ')})`;
      return `${count(pieceCount, 'piece')} of package ${of.slice(0, 12)} asked for${wrong}`;
    }
    case 'revocation.told': {
      const { issuer, thisUpdate } = event.data;
      return `list of certificates that "${issuer}" revoked, of ${moment(thisUpdate)}`;
    }
    case 'release.withdrawn':
      return `release ${event.data.digest.slice(0, 12)} withdrawn: ${event.data.reason}`;
    case 'value.given':
      return `value of ${event.data.name}: ${event.data.value}`;
    case 'offer.answered': {
      const { digest, answer, reason, until } = event.data;
      const more = [until === null ? '' : ` until ${until}`, reason === null ? '' : `: ${reason}`].join('');
      return `release ${digest.slice(0, 12)} ${answer}${more}`;
    }
    case 'input.reported': {
      const { name, environment, state } = event.data;
      return `input ${name} is ${state}${environment === null ? '' : ` for ${environment}`} (never its value)`;
    }
    case 'deployment.reported': {
      const { process, release, environment, state, reason, steps, remark, log, struck } = event.data;
      const how = reason === 'deploy' ? '' : ` (${reason})`;
      const parts = [
        steps.length === 0 ? '' : `trace of ${count(steps.length, 'step')}`,
        remark === null ? '' : 'a remark',
        log === null ? '' : `its log of ${size(log.sizeBytes)}`,
        struck.length === 0 ? '' : `${count(struck.length, 'line')} struck out`,
      ].filter((part) => part !== '');
      return [`${process} ${release} in ${environment}: ${state}${how}`, ...parts].join(', ');
    }
    default:
      return event.name;
  }
}
