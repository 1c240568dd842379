/**
 * Named points between two effects at which a test can end this process as a power cut would.
 *
 * `CROSSGAP_FAULT=NAME` (or `NAME:N` for the N-th time it is passed) sends SIGKILL to this very process when it
 * reaches the point of that name. Without the variable a fault point does nothing.
 */
const [armedName, armedCount] = (process.env['CROSSGAP_FAULT'] ?? '').split(':');
let passesLeft = Number(armedCount ?? 1);

/** Ends the process with SIGKILL if a test armed this point; names are listed in docs/architecture.md. */
export function faultPoint(name: string): void {
  if (name !== armedName) return;
  passesLeft -= 1;
  if (passesLeft <= 0) process.kill(process.pid, 'SIGKILL');
}
