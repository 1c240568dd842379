import { expect, test } from 'vitest';
import { by, hexId, makeInstance, note } from './instance.ts';

test('what was told last is told of all feeds together, newest first, and of no feed that is not asked for', () => {
  const { log, introduction, instanceId } = makeInstance();
  const [a, b, gone] = [hexId(), hexId(), hexId()] as const;
  const feedOf = new Map(
    [a, b, gone, instanceId].map((audience) => [audience, log.openFeed({ audience, introduction, ...by })]),
  );
  const tell = (audience: string, text: string): void => {
    log.write((tx) => tx.append(feedOf.get(audience)!, note(text), by));
  };
  for (const [audience, text] of [
    [a, 'a 1'],
    [b, 'b 1'],
    [b, 'b 2'],
    [gone, 'gone'],
    [instanceId, 'at home'],
    [a, 'a 2'],
    [b, 'b 3'],
  ] as const)
    tell(audience, text);
  const told = (limit: number, ...audiences: string[]): string[] =>
    log
      .newestTold(audiences, limit)
      .map(({ event }) => (event.known && event.name === 'note.made' ? event.data.text : event.name));
  expect(told(4, b, a)).toEqual(['b 3', 'a 2', 'b 2', 'b 1']);
  expect(told(1, a)).toEqual(['a 2']);
  expect(told(100, a)).toEqual(['a 2', 'a 1', 'feed.opened']);
  expect(told(100, hexId())).toEqual([]);
});

test('of thousands of feeds no more are looked at than are needed', () => {
  const { log, introduction } = makeInstance();
  const [first, last] = [hexId(), hexId()] as const;
  for (const audience of [first, last]) log.openFeed({ audience, introduction, ...by });
  log.write((tx) => tx.append(log.feedTo(last), note('told last'), by));
  const asked: string[] = [];
  const audiences = function* () {
    for (const audience of [last, first, hexId()]) {
      asked.push(audience);
      yield audience;
    }
  };
  expect(log.newestTold(audiences(), 1)).toHaveLength(1);
  expect(asked).toEqual([last, first]);
});
