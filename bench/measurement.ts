/** One thing that is measured, beside what it is compared with in the same run. */
export type Measurement = {
  /** What a person does or waits for that this stands for. */
  readonly what: string;
  /** What ours is compared with: the least that anybody would have to do. Absent where nothing bare exists. */
  readonly baseline?: string;
  /** Where the figures come from: what runs where, and what is counted. */
  readonly how: string;
  /** What a size counts: `entries`, `bytes`, `links`. */
  readonly unit: string;
  /** The sizes that are measured where nobody names others. */
  readonly sizes: readonly number[];
  /** Fills the folder, in a process of its own, so that it is no part of what the measurement is told to need. */
  readonly prepare?: (folder: string, size: number) => Promise<void>;
  /** Runs in a process of its own too, which ends when this resolves. The folder is removed by whoever made it. */
  readonly measure: (folder: string, size: number) => Promise<Measured>;
};

/** What one measurement gives at one size. */
export type Measured = {
  readonly figures: readonly Figure[];
  /** The most memory each process had, in MiB, by what a reader calls it; taken before anything was profiled. */
  readonly peakMiB: Readonly<Record<string, number>>;
  /** Where our time went, most first. */
  readonly timeIn: readonly string[];
};

/** One number of ours, and the baseline's. */
export type Figure = {
  /** What the number says, where the measurement's name is not enough: `p50`, `resume`. */
  readonly name?: string;
  /** `/s`, `ms`, `MB/s`. */
  readonly unit: string;
  readonly ours: number;
  readonly baseline?: number;
  /** What ours, or its ratio to the baseline, should be: `≥ 0.7 ×`, `< 15 ms`. */
  readonly goal?: string;
};
