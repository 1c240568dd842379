import { randomUUID } from 'node:crypto';
import {
  addEnvironment,
  addPackage,
  answerOffer,
  askForChunks,
  giveValue,
  importTests,
  judgeRelease,
  recordRun,
  refuseBlob,
  removeEnvironment,
  requestDeployment,
  requestUninstall,
  setInput,
  startRun,
  withdrawRelease,
  type ReportRules,
  type RunTold,
} from '../../src/commands/index.ts';
import { clearBlobs } from '../../src/daemon/index.ts';
import { deployable, placeOf, type Instance } from '../../src/instance/index.ts';
import {
  findDeployment,
  readEnvironments,
  readInputs,
  readOpenDeployments,
  readPublications,
  readReleases,
  readSteps,
  readWantedBlobs,
  type DeploymentRow,
  type ReleaseRow,
} from '../../src/projections/index.ts';
import { deliver, giveReceipt, makeRelease, offer, settle, sha256, type Pair } from '../support/instances.ts';

const everything: ReportRules = { when: 'always', trace: true, files: true, errors: true, lines: true };
const pick = <T>(list: readonly T[], which: number): T | undefined => list[which % Math.max(1, list.length)];
const own = (instance: Instance): ReleaseRow[] => readReleases(instance.db).filter(({ link }) => link === '');
const offered = (instance: Instance): ReleaseRow[] =>
  readReleases(instance.db).filter(({ link }) => link !== '');
let numbers = 0;

/** Asks for a deployment as people do, held or not; gives back its id. */
export function askFor(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  reason: DeploymentRow['reason'] = 'again',
): string {
  const deployment = randomUUID();
  instance.record((db) => {
    const facts = deployable(db, release, environment, () => true);
    const place = placeOf(db, release.process, release.link, environment);
    const ready = { ...facts, lacking: [], refusedParts: [], missingInputs: [], succeededIn: everywhere };
    if (reason === 'uninstall')
      return requestUninstall({ ...ready, hasUninstall: true }, place, { deployment, of: null });
    return requestDeployment(ready, place, { deployment, reason, of: null }).decision;
  });
  return deployment;
}
const everywhere = new Set(['uat', 'production', 'qa']);

/** Records a run of a deployment, from its start to the state it comes to, as the daemon does. */
export function runTo(
  instance: Instance,
  deployment: string,
  state: RunTold['state'],
  report = everything,
): void {
  const row = (): DeploymentRow => findDeployment(instance.db, deployment)!;
  if (row().state !== 'running') {
    instance.record(() => startRun(row(), sha256('plan'), report));
  }
  const failedAt =
    state === 'failed' || state === 'interrupted' ? { step: 1, stepId: 'web', convention: 7.5 } : undefined;
  const told: RunTold = {
    state,
    startedAt: instance.clock.now(),
    endedAt: state === 'running' ? undefined : instance.clock.now() + 5,
    failedAt,
    error: failedAt && 'the script ended with exit code 3',
    logSha256: sha256('log'),
    steps: [
      {
        id: 'web',
        name: 'Web',
        state: state === 'running' ? 'succeeded' : state,
        conventions: [{ number: 1, name: 'Extract', state: 'done', files: ['a.json'] }],
        outputs: { Port: '80' },
      },
    ],
  };
  instance.record((db) => recordRun(row(), readSteps(db, deployment), told, report));
}

/** Things that people and daemons do; each does nothing where there is nothing to do it with. */
export const actions = {
  publish({ vendor, link, clock }: Pair, which: number) {
    numbers += 1;
    clock.advance(1000);
    const inputs =
      which % 2 === 0
        ? []
        : [
            { name: 'Port', default: '80' },
            { name: 'Db.Password', secret: true },
          ];
    offer(vendor, makeRelease(vendor, `1.${numbers}.0`, { inputs }), [link]);
  },
  createOnly({ vendor }: Pair, which: number) {
    numbers += 1;
    makeRelease(vendor, `1.${numbers}.0`, { process: which % 2 === 0 ? 'Orders' : 'Billing' });
  },
  withdraw({ vendor }: Pair, which: number) {
    const release = pick(own(vendor), which);
    if (release === undefined) return;
    vendor.record((db) => {
      const links = readPublications(db).filter(({ digest }) => digest === release.digest);
      return withdrawRelease(
        release,
        `because ${which}`,
        links.map(({ link }) => link),
      );
    });
  },
  judge({ vendor }: Pair, which: number) {
    const release = pick(own(vendor), which);
    if (release === undefined) return;
    const { digest } = release;
    vendor.record(() =>
      judgeRelease(release.verdict, { digest, ok: which % 3 !== 0, note: `note ${which}` }),
    );
  },
  importResults({ vendor }: Pair, which: number) {
    const release = pick(own(vendor), which);
    if (release === undefined) return;
    const file = { file: 'junit.xml', sha256: sha256(`${which}`), sizeBytes: 1, format: 'junit' };
    vendor.record(() =>
      importTests(
        { digest: release.digest, ...file, passed: which, failed: 0, skipped: 1, type: null },
        new Set(),
      ),
    );
  },
  addOwnPackage({ vendor }: Pair, which: number) {
    const pin = {
      id: `Own.${which}`,
      version: '1.0.0',
      sha256: sha256(`p${which}`),
      contentDigest: sha256(`c${which}`),
      sizeBytes: which,
    };
    const signer = { subject: 'CN=acme', fingerprint: vendor.identity.certificate.fingerprint };
    vendor.record(() => addPackage([], { pin, signer, link: null }));
  },
  signAgain({ vendor, customer, link }: Pair, which: number) {
    const named = readWantedBlobs(customer.db).flatMap(({ pin }) => pin ?? []);
    const known = pick(named, which);
    if (known === undefined) return;
    const pin = { ...known, sha256: sha256(`again ${which}`) };
    const signer = { subject: 'CN=acme', fingerprint: vendor.identity.certificate.fingerprint };
    customer.record(() => addPackage([], { pin, signer, link: which % 2 === 0 ? link : null }));
  },
  clear({ vendor, customer }: Pair, which: number) {
    clearBlobs(which % 3 === 0 ? vendor : customer, { unreleased: which % 2 === 0 });
  },
  hold({ vendor, customer, link }: Pair, which: number) {
    const blob = pick(readWantedBlobs(customer.db), which);
    if (blob === undefined) return;
    giveReceipt(customer, link, blob.pin === null ? [blob.digest] : [blob.pin.contentDigest, blob.digest]);
    if (which % 4 === 0)
      customer.record(() => askForChunks({ link, package: blob.digest, attempt: which + 1, pieces: [0] }));
    return deliver(customer, vendor, link);
  },
  giveValue({ vendor, link }: Pair, which: number) {
    vendor.record(() => giveValue([], { link, name: `Value.${which % 2}`, value: `v${which}` }));
  },
  arrange({ customer }: Pair, which: number) {
    const name = ['uat', 'production', 'qa'][which % 3]!;
    const tags = which > 3 ? ['live'] : [];
    customer.record((db) => addEnvironment(readEnvironments(db), { name, after: [], tags }));
  },
  removePlace({ customer }: Pair) {
    customer.record((db) => removeEnvironment(readEnvironments(db), 'qa'));
  },
  answer({ customer }: Pair, which: number) {
    const release = pick(offered(customer), which);
    if (release === undefined) return;
    const answer = (['accepted', 'refused', 'postponed'] as const)[which % 3]!;
    if (answer === 'accepted' && release.withdrawn !== null) return;
    customer.record(() => answerOffer(release, { answer, reason: `since ${which}`, until: null }));
  },
  setInput({ customer, link }: Pair, which: number) {
    const secret = which % 2 === 0;
    const environment = which > 4 ? 'uat' : null;
    const intent = { name: 'Port', environment, secret, value: secret ? null : `${which}` };
    customer.record((db) => {
      const known = readInputs(db).find((row) => row.name === 'Port' && row.environment === environment);
      return setInput(known, intent, [link]).decision;
    });
  },
  deploy(pair: Pair, which: number) {
    const { customer } = pair;
    const release = offered(customer).findLast(
      ({ answer, withdrawn }) => withdrawn === null && (answer === null || answer.answer === 'accepted'),
    );
    if (release === undefined) return;
    actions.arrange(pair, 0);
    if (readOpenDeployments(customer.db).length > 0) return;
    const states = ['succeeded', 'failed', 'interrupted', 'succeeded', 'cancelled', 'running'] as const;
    runTo(customer, askFor(customer, release, 'uat'), states[which % states.length]!);
  },
  finish({ customer, clock }: Pair, which: number) {
    const [open] = readOpenDeployments(customer.db);
    if (open === undefined) return;
    clock.advance(1000);
    runTo(customer, open.deployment, which % 2 === 0 ? 'succeeded' : 'failed');
  },
  refuseBlob({ customer, link }: Pair, which: number) {
    const blob = pick(readWantedBlobs(customer.db), which);
    if (blob === undefined) return;
    const { digest, refusals, what } = blob;
    const why = { parts: ['lib/web.dll'], problems: ['changed'], final: which === 7 };
    customer.record(() => refuseBlob({ link, digest, what, attempt: refusals + 1, ...why }));
  },
  async exchange(pair: Pair) {
    await settle(pair);
  },
};
export type Action = keyof typeof actions;
