import { BundleError } from './errors.ts';
import type { Inspection } from './inspect.ts';
import { askAgain } from './part-bytes.ts';
import type { Found, SpoiltPart } from './scan.ts';

/** A part whose front is damaged says itself which one it was, more often than not. */
export function withSpoilt(inspection: Inspection, spoilt: readonly SpoiltPart[]): Inspection {
  const { bundle, missing } = inspection;
  const claimed = spoilt.filter(
    ({ claims }) => claims?.id === bundle.facts.id && missing.includes(claims.part),
  );
  const parts = claimed.map(({ path, fileBytes, why, claims }) => ({
    part: claims!.part,
    file: path,
    size: fileBytes,
    ok: false,
    sha256: claims!.content.sha256,
    why,
  }));
  const found = new Set(parts.map(({ part }) => part));
  return {
    ...inspection,
    parts: [...inspection.parts, ...parts].toSorted((a, b) => a.part - b.part),
    missing: missing.filter((part) => !found.has(part)),
  };
}

/** What is wrong with bundles of which not every part is here and whole; undefined where all is well. */
export function incompleteError(
  { spoilt }: Pick<Found, 'spoilt'>,
  inspections: readonly Inspection[],
): BundleError | undefined {
  return incompleteness(
    inspections.map((one) => withSpoilt(one, spoilt)),
    spoilt,
  );
}

/** The same of bundles whose damaged fronts were told apart already. */
export function incompleteness(
  inspections: readonly Inspection[],
  spoilt: readonly SpoiltPart[],
): BundleError | undefined {
  const [bad] = inspections.filter(({ complete }) => !complete);
  if (bad === undefined) {
    const [stray] = spoilt;
    return inspections.length === 0 && stray !== undefined ? frontError(stray) : undefined;
  }
  const { facts } = bad.bundle;
  const damaged = bad.parts.filter(({ ok }) => !ok);
  const wrong = [
    ...damaged.map(({ part, file }) => `part ${part} is damaged (${file})`),
    ...bad.missing.map((part) => `part ${part} is not here`),
  ];
  return new BundleError(
    damaged.length > 0 ? 'BUNDLE_PART_DAMAGED' : 'BUNDLE_PART_MISSING',
    `Cannot call bundle ${facts.number} complete: ${wrong.slice(0, 10).join(', ')}`,
    {
      hint: `Copy it again, or ${askAgain(facts, damaged[0]?.part ?? bad.missing[0] ?? 1)}`,
      details: { bundle: facts.number, damaged: damaged.map(({ part }) => part), missing: bad.missing },
    },
  );
}

/** The error for a file that begins like a part and is none that can be used. */
export function frontError({ path, why, unfit, claims }: SpoiltPart): BundleError {
  if (unfit === 'version')
    return new BundleError('BUNDLE_VERSION_UNKNOWN', `Cannot read ${path}: ${why}`, {
      hint: 'It was made by a newer crossgap; update the one here and run the command again.',
      details: { file: path },
    });
  const which = claims === undefined ? '' : ` (it says it is part ${claims.part} of bundle ${claims.number})`;
  return new BundleError('BUNDLE_FRONT_DAMAGED', `Cannot use ${path} as part of a bundle: ${why}${which}`, {
    hint: 'Copy the file again, or ask the sender to make that part again with --bundle and --part, a site that installs by a file with --result FILE.',
    details: { file: path, ...(claims && { bundle: claims.number, part: claims.part }) },
  });
}
