import { randomInt } from 'node:crypto';

/** Without the letters and digits that are taken for one another on the phone. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** An id for a new deployment, short enough to be read out. */
export function newDeploymentId(): string {
  return `d-${Array.from({ length: 10 }, () => letters[randomInt(letters.length)]!).join('')}`;
}
