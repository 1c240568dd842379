import { approve, previewPlan, revisionOf, scriptsOfRelease } from '../../daemon/index.ts';
import {
  CommandError,
  installedRun,
  refuseUndeployable,
  rollbackTarget,
  type Place,
} from '../../commands/index.ts';
import type { InputStanding, ScriptApproval, ScriptsStanding, Standing } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { compareVersions, parseVersion } from '../../packages/index.ts';
import { expectedDuration, findDeployment, type ReleaseRow } from '../../projections/index.ts';
import { deployableRelease } from '../runs/obstacle.ts';
import { releaseDiff } from '../told/release-diff.ts';
import { releaseOfRun } from '../runs/release-of-run.ts';
import { heldRevision } from '../told/revisions.ts';
import { lookAtScripts } from '../runs/script-changes.ts';
import { inputsHere } from './inputs-here.ts';
import { openRun } from './open-run.ts';
import { placeHere } from './place-here.ts';

/** How a release stands in an environment that this site has, or is to have. Writes nothing. */
export async function standingHere(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
): Promise<Standing> {
  const { db } = instance;
  const { process, link } = release;
  const place = placeHere(db, release, environment);
  const runs = installedRun(place.past);
  const before = runs && releaseOfRun(db, { link, ...runs });
  const revision = await revisionOf(instance, release);
  const preview = await previewPlan(instance, release, environment);
  return {
    environment,
    installed:
      runs === undefined
        ? null
        : { number: runs.number, digest: runs.digest, since: since(instance, runs.deployment) },
    compared: comparedWith(before, release),
    previous: await previousOf(instance, release, place),
    open: openRun(instance, { process, link, environment }) ?? null,
    inputs: inputsHere(instance, release, { revision, environment, before }),
    changes:
      before === undefined || before.digest === release.digest
        ? []
        : releaseDiff(instance, before, release).deployed,
    ...(await scriptsHere(instance, release, environment)),
    steps: preview.steps.map(({ id, name, action, skippedBecause }) => ({
      id,
      name,
      kind: action,
      isManual: revision.steps.some((step) => step.id === id && step.action.kind === 'manual'),
      skippedBecause: skippedBecause ?? null,
    })),
    inTheWay: inTheWay(instance, release, environment),
    expectedMs: expectedDuration(db, release)?.ms ?? null,
  };
}

function since({ db, clock }: Instance, deployment: string): string {
  return new Date(findDeployment(db, deployment)?.endedAt ?? clock.now()).toISOString();
}

/** By their numbers where both are versions, else by when they were made. */
export function comparedWith(before: ReleaseRow | undefined, release: ReleaseRow): Standing['compared'] {
  if (before === undefined) return 'nothing-installed';
  if (before.digest === release.digest) return 'same';
  const [one, other] = [parseVersion(before.number), parseVersion(release.number)];
  const order = one === undefined || other === undefined ? 0 : compareVersions(other, one);
  return (order === 0 ? release.createdAt - before.createdAt : order) < 0 ? 'older' : 'newer';
}

async function previousOf(
  instance: Instance,
  { process, link }: ReleaseRow,
  place: Place,
): Promise<Standing['previous']> {
  const before = previousHere(instance, { process, link }, place);
  if (before === undefined) return null;
  const { environment } = place;
  const areAsked = instance.settings.consent.scripts === 'ask';
  return {
    number: before.number,
    lacking: lackingHere(instance, before, environment),
    asked: areAsked ? await scriptsHere(instance, before, environment) : null,
  };
}

/** What a rollback would go to; undefined where there is nothing. */
export function previousHere(
  { db }: Instance,
  { process, link }: Pick<ReleaseRow, 'process' | 'link'>,
  place: Place,
): ReleaseRow | undefined {
  try {
    return releaseOfRun(db, { link, ...rollbackTarget(process, place) });
  } catch (error) {
    if (error instanceof CommandError && error.code === 'NOTHING_TO_ROLL_BACK') return undefined;
    throw error;
  }
}

/** What a release needs and nobody has given here. Its tests are those of another release, and are not offered. */
function lackingHere(instance: Instance, release: ReleaseRow, environment: string): readonly InputStanding[] {
  const revision = heldRevision(instance, release.document.revision.digest) ?? { inputs: [] };
  return inputsHere(instance, release, { revision, environment, before: undefined })
    .filter((input) => input.required && !input.isKnown && input.default === null)
    .map((input) => ({ ...input, hasTest: false }));
}

/** Every script with what was said to it here; none where the release is not whole here, which is in the way by itself. */
async function scriptsHere(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
): Promise<ScriptsStanding> {
  const { lacking, refusedParts } = deployableRelease(instance, instance.db, release, environment);
  if (lacking.length > 0 || refusedParts.length > 0)
    return { scripts: [], consent: { set: '', isAsked: false } };
  const { scripts, set, areAsked } = await lookAtScripts(instance, release, environment);
  return {
    scripts: scripts.map(({ approval, place: _place, sizeBytes: _size, ...script }) => ({
      ...script,
      approval: approval && {
        by: approval.by,
        at: new Date(approval.at).toISOString(),
        release: approval.release,
      },
    })),
    consent: { set, isAsked: areAsked },
  };
}

/** A person lets the scripts of a release run here. @throws CommandError SCRIPTS_NOT_APPROVED */
export async function approveHere(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  approval: ScriptApproval,
): Promise<void> {
  const of = await scriptsOfRelease(instance, release, environment);
  instance.record((db) => approve(db, of, approval));
}

/** What no answer and no decision of the operator takes away. */
const asked = new Set<string>(['INPUT_MISSING', 'DEPLOYMENT_HELD']);

function inTheWay(instance: Instance, release: ReleaseRow, environment: string): Standing['inTheWay'] {
  const { db } = instance;
  try {
    refuseUndeployable(
      deployableRelease(instance, db, release, environment),
      placeHere(db, release, environment),
    );
    return null;
  } catch (error) {
    if (error instanceof CommandError)
      return asked.has(error.code) ? null : { why: error.message, hint: error.hint };
    throw error;
  }
}
