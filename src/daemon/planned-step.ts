import type { PackageAction, PlannedStep, PreviousInstallation } from '../executor/index.ts';
import { stepApplies, type Place, type Step } from '../process/index.ts';

/** The file behind a package step, by which bytes it is known, and whose signature it must bear. */
export type PlannedPackage = PackageAction['package'];

/** What a step put on this machine before, newest first. */
export type EarlierInstallations = (stepId: string) => readonly PreviousInstallation[];

/** A step of a revision as a plan holds it; `packageOf` finds the package of an id. */
export function plannedStep(
  step: Step,
  place: Place,
  packageOf: (id: string) => PlannedPackage,
  earlier: EarlierInstallations = () => [],
): PlannedStep {
  const skippedBecause = stepApplies(step, place);
  const { id, name, when, start, required, timeLimitMs, retriesMax, action } = step;
  return {
    id,
    name,
    when,
    ...(start !== undefined && { start }),
    ...(required && { required }),
    retriesMax,
    ...(skippedBecause !== undefined && { skippedBecause }),
    ...(timeLimitMs !== null && { timeLimitMs }),
    properties: Object.fromEntries(step.properties.map((property) => [property.name, property.value])),
    action: action.kind !== 'package' ? action : plannedAction(action, packageOf, earlier(id)),
  };
}

function plannedAction(
  action: Extract<Step['action'], { kind: 'package' }>,
  packageOf: (id: string) => PlannedPackage,
  earlier: readonly PreviousInstallation[],
): PackageAction {
  const [previous] = earlier;
  const previousSuccessful = earlier.find(({ succeeded }) => succeeded);
  const { substituteInFiles, configVariables, installTo, scripts } = action;
  return {
    kind: 'package',
    package: packageOf(action.package),
    substituteInFiles,
    configVariables,
    ...(installTo !== null && { installTo }),
    scripts,
    ...(previous !== undefined && { previous }),
    ...(previousSuccessful !== undefined && { previousSuccessful }),
  };
}
