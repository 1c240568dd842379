/** What process files know of the properties of Octopus. */
export type KnownToProcess = {
  /** Why a property can't stand in a process file, in words; undefined where it can. */
  readonly refusedProperty: (name: string, value: string) => string | undefined;
  /** Whether a feature may be enabled by its name. */
  readonly isFeature: (name: string) => boolean;
  /** The feature that a property belongs to, undefined for one of none. */
  readonly featureOwning: (name: string) => string | undefined;
};

/** Tells what could not be taken over as it is, and why. */
export type Say = (what: string, why: string) => void;
