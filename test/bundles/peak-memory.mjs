// Preloaded into a command: writes down what it had at most, when it ends by itself.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  writeFileSync(process.env['PEAK_FILE'], String(process.resourceUsage().maxRSS * 1024));
});
