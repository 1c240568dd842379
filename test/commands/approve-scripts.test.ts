import { describe, expect, test } from 'vitest';
import { approveScripts, refuseUnapproved, scriptSet } from '../../src/commands/index.ts';
import { exitCodes } from '../../src/errors.ts';
import { refusal } from '../support/refusal.ts';
import { digest, id } from './decided.ts';

const stop = { place: 'step/stop/run/bash', where: 'step Stop', digest: digest('1') };
const web = { place: 'step/web/package/Deploy.sh', where: 'step Web, Deploy.sh', digest: digest('2') };
const release = {
  called: 'acme:Orders/1.0.0',
  link: id('a'),
  process: 'Orders',
  number: '1.0.0',
  digest: digest('f'),
  environment: 'uat',
};
const none = { ...release, scripts: [stop, web], isApproved: () => false };
const some = { ...none, isApproved: (one: { place: string }) => one.place === stop.place };
const said = { set: null, by: 'S. Officer', note: 'CHG-1' };

describe('J2.15: scripts are approved', () => {
  test('by their places and bytes, with who did it and why; those that are approved already are not named again', () => {
    const [whole, ...more] = approveScripts(none, said);
    expect(more).toEqual([]);
    expect(whole).toMatchObject({
      to: 'self',
      event: {
        name: 'scripts.approved',
        data: {
          link: id('a'),
          process: 'Orders',
          release: '1.0.0',
          digest: digest('f'),
          scripts: [
            { place: stop.place, digest: stop.digest },
            { place: web.place, digest: web.digest },
          ],
          by: 'S. Officer',
          note: 'CHG-1',
        },
      },
    });
    const [rest] = approveScripts(some, said);
    expect(rest?.event.data).toMatchObject({ scripts: [{ place: web.place, digest: web.digest }] });
    expect(approveScripts({ ...none, isApproved: () => true }, said)).toEqual([]);
  });

  test('as the set that was read: its digest does not depend on the order, and on each place and text', () => {
    const set = scriptSet([stop, web]);
    expect(scriptSet([web, stop])).toBe(set);
    expect(scriptSet([stop])).not.toBe(set);
    expect(scriptSet([stop, { ...web, digest: digest('3') }])).not.toBe(set);
    expect(
      scriptSet([
        { ...stop, digest: web.digest },
        { ...web, digest: stop.digest },
      ]),
    ).not.toBe(set);
    expect(approveScripts(none, { ...said, set })).toHaveLength(1);
    const other = refusal(() => approveScripts(none, { ...said, set: digest('9') }));
    expect([other.code, other.exitCode]).toEqual(['SCRIPTS_NOT_APPROVED', exitCodes.refused]);
    expect(other.message).toContain(digest('9'));
    expect(other.details).toMatchObject({ set });
  });

  test('in as many entries as they need', () => {
    const scripts = Array.from({ length: 401 }, (_, at) => ({ ...stop, place: `step/s${at}/run/bash` }));
    const decision = approveScripts({ ...none, scripts }, said);
    expect(decision).toHaveLength(3);
    const named = decision.flatMap(({ event }) =>
      event.name === 'scripts.approved' ? event.data.scripts : [],
    );
    expect(named.map(({ place }) => place)).toEqual(scripts.map(({ place }) => place));
  });

  test('or refused by name, with the set to approve', () => {
    expect(() => refuseUnapproved({ ...none, isApproved: () => true })).not.toThrow();
    const open = refusal(() => refuseUnapproved(some));
    expect([open.code, open.exitCode]).toEqual(['SCRIPTS_NOT_APPROVED', exitCodes.refused]);
    expect(open.message).toContain('step Web, Deploy.sh');
    expect(open.message).not.toContain('step Stop');
    expect(open.hint).toContain(scriptSet([stop, web]));
    expect(open.details).toMatchObject({ scripts: [{ place: web.place, digest: web.digest }] });
  });
});
