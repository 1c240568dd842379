import fc from 'fast-check';

/** Any character there is. As fast-check's own unit `binary`, which takes seconds to list them all first. */
export const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((point) => String.fromCodePoint(point));
