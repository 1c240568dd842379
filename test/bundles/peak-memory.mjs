// Preloaded into a command: writes down what it had at most, when it ends by itself. Linux tells it for the program
// alone; `maxRSS` also holds what the process had that started it.
import { readFileSync, writeFileSync } from 'node:fs';

const ownPeakKiB = () =>
  process.platform === 'linux'
    ? Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
    : process.resourceUsage().maxRSS;

process.on('exit', () => {
  writeFileSync(process.env['PEAK_FILE'], String(ownPeakKiB() * 1024));
});
