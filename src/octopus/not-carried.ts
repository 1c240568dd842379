/** Something of a process that the process file does not say, and why. */
export type NotCarried = { readonly step: string; readonly what: string; readonly why: string };

/** Collects what can't be carried, each thing of a step once. */
export class Notes {
  readonly all: NotCarried[] = [];

  add(step: string, what: string, why: string): void {
    const isKnown = this.all.some((one) => one.step === step && one.what === what && one.why === why);
    if (!isKnown) this.all.push({ step, what, why });
  }
}
