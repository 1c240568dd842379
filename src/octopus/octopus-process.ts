/** A deployment process as Octopus Deploy has it, whichever way it was exported. */
export type OctopusStep = {
  readonly name: string;
  readonly slug: string | undefined;
  /** `Success`, `Failure`, `Always` or `Variable`. */
  readonly condition: string;
  readonly startTrigger: string;
  readonly properties: ReadonlyMap<string, PropertyValue>;
  readonly actions: readonly OctopusAction[];
};

export type OctopusAction = {
  readonly name: string;
  readonly slug: string | undefined;
  readonly type: string;
  readonly isDisabled: boolean;
  readonly isRequired: boolean;
  readonly notes: string;
  readonly condition: string;
  readonly environments: readonly string[];
  readonly excludedEnvironments: readonly string[];
  readonly channels: readonly string[];
  readonly tenantTags: readonly string[];
  readonly properties: ReadonlyMap<string, PropertyValue>;
  readonly packages: readonly OctopusPackage[];
  /** What it has besides that only the server of Octopus knows what to do with. */
  readonly more: readonly string[];
};

export type OctopusPackage = { readonly name: string; readonly id: string };

/** A property's text; a sensitive one is in no export. */
export type PropertyValue = string | { readonly isSensitive: true };
