// Preloaded into a command: writes down each file of the program that it reads.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) appendFileSync(process.env['PARTS_NOTES'], `${url}\n`);
    return next(url, context);
  },
});
