/** Part of a JSON document that is made a piece at a time; the pieces one after the other are the JSON of a value. */
export class JsonPieces {
  readonly pieces: Iterable<string>;
  constructor(pieces: Iterable<string>) {
    this.pieces = pieces;
  }
}

/** An array whose elements come some at a time, so that no more of them than these are in memory. */
export function arrayInPieces(batches: Iterable<readonly unknown[]>): JsonPieces {
  return new JsonPieces(
    (function* () {
      let before = '[';
      for (const batch of batches) {
        if (batch.length === 0) continue;
        yield before + batch.map((one) => JSON.stringify(one)).join(',');
        before = ',';
      }
      yield before === '[' ? '[]' : ']';
    })(),
  );
}

/** An object some of whose members are made in pieces, in the order given. */
export function objectInPieces(members: Readonly<Record<string, unknown>>): JsonPieces {
  return new JsonPieces(
    (function* () {
      let before = '{';
      for (const [name, value] of Object.entries(members)) {
        if (value === undefined) continue;
        yield `${before}${JSON.stringify(name)}:`;
        if (value instanceof JsonPieces) yield* value.pieces;
        else yield JSON.stringify(value);
        before = ',';
      }
      yield before === '{' ? '{}' : '}';
    })(),
  );
}
