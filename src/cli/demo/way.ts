import type { Company } from './company.ts';

/** How the two companies of the story reach each other, and what somebody on the way can do. */
export interface Way extends AsyncDisposable {
  /** What the release crosses, in the story's words. */
  readonly crosses: string;
  /** The options of `link invite`, and those of `link accept` with a space before them. */
  readonly invite: string;
  readonly accept: string;
  /** Makes the way ready once both sides know each other; told as part of the story. */
  open(vendor: Company): Promise<void>;
  /** Whether this part of a package lies there for the other side now. */
  lies(part: string): Promise<boolean>;
  /** Flips one bit in the stored bytes of a part that lies there, and mends every checksum. */
  changeOneByte(part: string): Promise<void>;
}
