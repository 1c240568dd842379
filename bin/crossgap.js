#!/usr/bin/env node
// Plain JavaScript that any Node can read: better-sqlite3 ends the whole process on a Node that is too old, so
// the version is looked at before anything else is loaded.
'use strict';

var found = process.versions.node.split('.').map(Number);
if (found[0] < 22 || (found[0] === 22 && found[1] < 12)) {
  process.stderr.write(
    'crossgap: Cannot start: this is Node ' +
      process.versions.node +
      ', 22.12 or newer is required [NODE_TOO_OLD]\n' +
      '     try: In a checkout run `npm install` once, then `npx crossgap`: it brings its own Node.\n',
  );
  process.exit(2);
}
import('./start.js').catch(function (error) {
  process.stderr.write('crossgap: Cannot start: ' + (error && error.stack ? error.stack : error) + '\n');
  process.exit(1);
});
